"""ELBv2: addresses that answer, target health as checked, weighted forwards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from embedded_aws.loadbalancer import addresses, published
from embedded_aws.loadbalancer.choice import weights
from embedded_aws.loadbalancer.health import UNREGISTERED, Health
from embedded_aws.loadbalancer.pool import Key, Pool
from embedded_aws.patches import Symbols, replace_action

SYMBOLS: Symbols = {
    "services.alb._ACTION_MAP": None,
    "services.alb._create_lb": ("params",),
    "services.alb._describe_target_health": ("params",),
    "services.alb._parse_actions": ("params", "prefix"),
    "services.alb._action_xml": ("a",),
    "services.alb._parse_targets_param": ("params", "prefix"),
    "services.alb._lb_xml": ("lb",),
    "services.alb._p": ("params", "key", "default"),
    "services.alb._xml": ("status", "action", "inner"),
    "services.alb._error": ("code", "message", "status"),
    "services.alb._execute_action": (
        *("action", "method", "path", "headers", "body"),
        *("query_params", "raw_query_string", "raw_path"),
    ),
    "services.alb._proxy_http_target": (
        *("target", "tg", "method", "path", "headers", "body"),
        *("query_params", "raw_query_string"),
    ),
    "services.alb.dispatch_request": (
        *("lb", "method", "path", "headers", "body", "query_params"),
        *("port", "client_ip", "raw_query_string", "raw_path"),
    ),
    "services.alb._lbs": None,
    "services.alb._targets": None,
    "services.alb._tgs": None,
}

ADDRESS, SHIFT = "_SlipwayAddress", "_SlipwayShift"


def apply(pool: Pool) -> None:
    """Patch the service; target health comes from `pool`."""
    _patch_addresses()
    _patch_limits()
    _patch_health(pool)
    _patch_weights()
    _patch_forward(pool)


def _patch_addresses() -> None:
    from ministack.services import alb

    create = alb._ACTION_MAP["CreateLoadBalancer"]

    def create_load_balancer(params: Mapping[str, Any]) -> Any:
        before = set(alb._lbs.keys())
        response = create(params)
        for arn in set(alb._lbs.keys()) - before:
            record = alb._lbs[arn]
            give_address(record)
            inner = f"<LoadBalancers>{alb._lb_xml(record)}</LoadBalancers>"
            return alb._xml(200, "CreateLoadBalancer", inner)
        return response

    replace_action(alb, "CreateLoadBalancer", create_load_balancer)


def give_address(record: dict[str, Any]) -> None:
    """Give a load balancer an address that `curl` reaches."""
    from ministack.services import alb

    others = [lb for lb in alb._lbs.all_values() if ADDRESS in lb]
    if ports := published.current():
        record[ADDRESS], record[SHIFT] = published.SHOWN, 0
        record["DNSName"] = f"{published.SHOWN}:{ports.give(record, 80, others)}"
        return
    taken = [(lb[ADDRESS], lb[SHIFT]) for lb in others]
    address, shift = addresses.allocate(taken, port=int(os.environ["GATEWAY_PORT"]))
    record[ADDRESS], record[SHIFT] = address, shift
    record["DNSName"] = addresses.dns_name(address, shift)


def _patch_limits() -> None:
    """Refuse what no port is left for, as AWS refuses what is above its quotas."""
    from ministack.services import alb

    def unless_full(action: str, code: str) -> None:
        create = alb._ACTION_MAP[action]

        def run(params: Mapping[str, Any]) -> Any:
            ports = published.current()
            if ports and not ports.free(alb._lbs.all_values()):
                words = "every port that this instance publishes is in use"
                return alb._error(code, words, 400)
            return create(params)

        replace_action(alb, action, run)

    unless_full("CreateLoadBalancer", "TooManyLoadBalancers")
    unless_full("CreateListener", "TooManyListeners")


def _patch_health(pool: Pool) -> None:
    from ministack.services import alb

    def describe(params: Mapping[str, Any]) -> Any:
        arn = alb._p(params, "TargetGroupArn")
        group = alb._tgs.get(arn)
        if group is None:
            return alb._error("TargetGroupNotFound", f"Target group '{arn}' not found.")
        pool.follow()
        asked = [
            Key(arn, str(t["Id"]), int(t.get("Port") or group["Port"]))
            for t in alb._parse_targets_param(params)
        ]
        inner = "".join(
            health_xml(key, _health(pool, key), group)
            for key in asked or [target.key for target in pool.of(arn)]
        )
        wrapped = f"<TargetHealthDescriptions>{inner}</TargetHealthDescriptions>"
        return alb._xml(200, "DescribeTargetHealth", wrapped)

    replace_action(alb, "DescribeTargetHealth", describe)


def _health(pool: Pool, key: Key) -> Health:
    target = pool.get(key)
    return pool.shown(target) if target else UNREGISTERED


def health_xml(key: Key, health: Health, group: Mapping[str, Any]) -> str:
    """One member of the answer; a healthy target has neither reason nor description."""
    checked = group.get("HealthCheckPort", "traffic-port")
    port = key.port if checked == "traffic-port" else checked
    reason = f"<Reason>{health.reason}</Reason>" if health.reason else ""
    words = f"<Description>{escape(health.description)}</Description>" if health.description else ""
    return (
        f"<member><Target><Id>{escape(key.id)}</Id><Port>{key.port}</Port></Target>"
        f"<HealthCheckPort>{port}</HealthCheckPort>"
        f"<TargetHealth><State>{health.state}</State>{reason}{words}</TargetHealth></member>"
    )


def _patch_weights() -> None:
    """Keep ForwardConfig, which MiniStack drops."""
    from ministack.services import alb

    parse, render = alb._parse_actions, alb._action_xml

    def parse_actions(params: Mapping[str, Any], prefix: str = "DefaultActions") -> Any:
        actions = parse(params, prefix)
        for number, action in enumerate(actions, start=1):
            config = _forward_config(params, f"{prefix}.member.{number}.ForwardConfig")
            if config:
                action["ForwardConfig"] = config
        return actions

    def action_xml(action: Mapping[str, Any]) -> str:
        xml = str(render(action))
        config = action.get("ForwardConfig")
        return xml.replace("</member>", forward_xml(config) + "</member>") if config else xml

    alb._parse_actions, alb._action_xml = parse_actions, action_xml


def _forward_config(params: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    from ministack.services import alb

    groups, number = [], 1
    while arn := alb._p(params, f"{prefix}.TargetGroups.member.{number}.TargetGroupArn"):
        weight = alb._p(params, f"{prefix}.TargetGroups.member.{number}.Weight", "1")
        groups.append({"TargetGroupArn": arn, "Weight": int(weight)})
        number += 1
    stickiness = f"{prefix}.TargetGroupStickinessConfig"
    return (
        {
            "TargetGroups": groups,
            "Stickiness": alb._p(params, f"{stickiness}.Enabled", "false").lower(),
            "Duration": alb._p(params, f"{stickiness}.DurationSeconds"),
        }
        if groups
        else {}
    )


def forward_xml(config: Mapping[str, Any]) -> str:
    """The ForwardConfig of an action as AWS answers it."""
    groups = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn>"
        f"<Weight>{group['Weight']}</Weight></member>"
        for group in config["TargetGroups"]
    )
    duration = config.get("Duration")
    seconds = f"<DurationSeconds>{duration}</DurationSeconds>" if duration else ""
    return (
        f"<ForwardConfig><TargetGroups>{groups}</TargetGroups><TargetGroupStickinessConfig>"
        f"<Enabled>{config['Stickiness']}</Enabled>{seconds}"
        "</TargetGroupStickinessConfig></ForwardConfig>"
    )


def _patch_forward(pool: Pool) -> None:
    from ministack.services import alb

    from embedded_aws.loadbalancer.forward import forwarder

    execute = alb._execute_action
    forward = forwarder(pool)

    async def execute_action(action: Mapping[str, Any], *args: Any, **options: Any) -> Any:
        kind = str(action.get("Type", "")).lower()
        run = forward if kind == "forward" and not _to_lambda(action) else execute
        return await run(action, *args, **options)

    alb._execute_action = execute_action


def _to_lambda(action: Mapping[str, Any]) -> bool:
    from ministack.services import alb

    groups = [alb._tgs.get(arn) or {} for arn, _ in weights(action)]
    return any(group.get("TargetType") == "lambda" for group in groups)
