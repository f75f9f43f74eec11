"""Looking at an environment for differences; nothing is changed, and no lock is taken.

What can't be looked at is a gap in the report and keeps nothing else from being shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.drift.judge import judge
from slipway.drift.model import Facts, Finding, Gap, Report, Rule
from slipway.errors import SlipwayError
from slipway.infra import applied, statestore
from slipway.infra.apply import StackOutcome, Terraforming, plan_stack
from slipway.infra.locks import place
from slipway.infra.stacks import Stack, platform_stack, registry_stack, service_stack
from slipway.release import ledger
from slipway.release.parallel import each_alone
from slipway.release.scale import bounds_of
from slipway.release.serving import former_port
from slipway.rollout import deployments, observe, taskdef
from slipway.scaffold import check

if TYPE_CHECKING:
    from slipway.release.world import Site
    from slipway.runner import Runner

AT_ONCE = 4
"""Runs of Terraform side by side: each takes a processor and some hundred MB."""

_IMAGE = f"unknown/unknown@sha256:{'0' * 64}"


@dataclass(frozen=True, kw_only=True)
class Records:
    """What was last applied: the platform's outputs, and those of each service that there is."""

    platform: Mapping[str, Any]
    services: Mapping[str, applied.Applied]


def look(site: Site, terraform: Terraforming, *, whole: bool) -> Report:
    """Everything of the site's services, and with `whole` of what they share."""
    environment = site.settings.environment.name
    records = recorded(site)
    stacks = dict(stacks_of(site, records, whole=whole))
    jobs: dict[str, Callable[[], StackOutcome]] = {
        label: partial(plan_stack, stack, terraform, refresh=True)
        for label, stack in stacks.items()
    }
    planned, failed = each_alone(jobs, at_most=AT_ONCE)
    findings = [each for label in planned for each in of_stack(stacks[label], planned[label], site)]
    gaps = [gap(label, "terraform", error) for label, error in failed.items()]
    behind, unknown = of_template(site, terraform.runner)
    findings += behind
    gaps += unknown
    for service in site.settings.services.values():
        facts, missing = facts_of(site, service, records)
        findings += judge(facts, environment)
        gaps += missing
    return Report(
        environment=environment,
        findings=tuple(findings),
        gaps=tuple(gaps),
        looked_at=(
            *stacks,
            *(f"ECS and load balancer of {name}" for name in records.services),
            "versions of the template",
        ),
    )


def recorded(site: Site) -> Records:
    """What was last applied here."""
    with calls(f"reading what was applied in {site.settings.environment.name}"):
        platform = applied.read(platform_stack(site.settings, site.checkout), site.aws)
        found = {
            service.name: applied.read(
                service_stack(site.settings, service, _IMAGE, site.checkout), site.aws
            )
            for service in site.settings.services.values()
        }
    services = {name: each for name, each in found.items() if each and each.outputs}
    return Records(platform=platform.outputs if platform else {}, services=services)


def stacks_of(site: Site, records: Records, *, whole: bool) -> Iterator[tuple[str, Stack]]:
    """The stacks to plan; a service that was never set up has none to be compared with."""
    if whole:
        yield "platform", platform_stack(site.settings, site.checkout)
        if site.settings.environment.registry == site.settings.environment.name:
            yield "registry", registry_stack(site.settings, site.checkout)
    for name in records.services:
        service = site.settings.services[name]
        yield (
            f"service {name}",
            service_stack(
                site.settings,
                service,
                _IMAGE,
                site.checkout,
                contract=str(records.platform.get("contract", "")),
                former_port=former_port(site.aws, site.settings, service),
            ),
        )


def of_stack(stack: Stack, outcome: StackOutcome, site: Site) -> Iterator[Finding]:
    """The changes that Terraform would make to a stack."""
    if not outcome.changed:
        return
    record = applied.read(stack, site.aws)
    stack = applied.with_template_image(stack, record)
    ours = record is None or record.inputs_hash != stack.inputs_hash()
    note = " (this checkout is not what was last applied)" if ours else ""
    service = f" --service={stack.service}" if stack.service else ""
    step = f"uv run invoke deploy --env={stack.environment}{service} --refresh"
    lines = outcome.summary.lines() or [str(outcome.summary)]
    for line in lines:
        yield Finding(of=stack.label, kind="terraform", text=f"{line}{note}", next_step=step)


def of_template(site: Site, runner: Runner) -> tuple[list[Finding], list[Gap]]:
    """The services that are behind the template; where there is no git nobody can tell."""
    try:
        found = check.check(site.checkout, runner)
    except SlipwayError as error:
        return [], [gap("services", "template", error)]
    behind = [
        Finding(
            of=each.service,
            kind="template",
            text=f"it is behind the template: {each.why}",
            next_step=f"uv run invoke template.update --service={each.service}",
        )
        for each in found
        if each.state == "behind" and each.service in site.settings.services
    ]
    return behind, []


def facts_of(site: Site, service: Service, records: Records) -> tuple[Facts, list[Gap]]:
    """All that is to be known of one service, and what of it is not."""
    record = records.services.get(service.name)
    outputs = record.outputs if record else {}
    name = names.service(site.settings, service.name)
    facts = Facts(
        service=service.name,
        family=name,
        declared=(service.scale.min, service.scale.max),
        strategy=service.deploy.strategy,
        group=str(outputs.get("target_group_arn", "")),
    )
    jobs: dict[str, Callable[[], dict[str, Any]]] = {
        "ECS service": partial(_seen, site, name, outputs),
        "ledger": partial(_released, site, service),
        "scaling": partial(_bounds, site, service),
        "listener rules": partial(_rules, site, service, records, outputs),
    }
    found, errors = each_alone({what: partial(_told, what, job) for what, job in jobs.items()})
    known = {key: value for each in found.values() for key, value in each.items()}
    return replace(facts, **known), [gap(service.name, what, e) for what, e in errors.items()]


def gap(of: str, what: str, error: SlipwayError) -> Gap:
    """What could not be looked at; the first line says why."""
    return Gap(of=of, what=what, why=error.message.partition("\n")[0])


def _told(what: str, job: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with calls(what):
        return job()


def _seen(site: Site, name: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    cluster, aws = names.cluster(site.settings), site.aws
    try:
        seen = observe.snapshots(aws.ecs, cluster, [name])[name]
    except aws.ecs.exceptions.ClusterNotFoundException:
        return {"seen": observe.missing(name)}
    if seen.primary is None:
        return {"seen": seen}
    running, _ = observe.task_definition(aws.ecs, seen.primary.task_definition)
    found: dict[str, Any] = {"seen": seen, "running": running}
    if codedeploy := outputs.get("codedeploy"):
        at_work = deployments.running(
            aws.codedeploy, codedeploy["application"], codedeploy["deployment_group"]
        )
        found["shifting"] = bool(at_work)
    if arn := outputs.get("task_definition_arn"):
        template, tags = observe.task_definition(aws.ecs, arn)
        found["template"] = taskdef.next_revision(template, tags, taskdef.image_of(running))
    return found


def _released(site: Site, service: Service) -> dict[str, Any]:
    place_ = (names.state_bucket(site.settings), site.settings.environment.name, service.name)
    newest = ledger.verified(site.aws.s3, *place_, most=1)
    return {"released": newest[0].task_definition if newest else ""}


def _bounds(site: Site, service: Service) -> dict[str, Any]:
    return {"bounds": bounds_of(site.aws, site.settings, service.name)}


def _rules(
    site: Site, service: Service, records: Records, outputs: Mapping[str, Any]
) -> dict[str, Any]:
    contract = json.loads(str(records.platform.get("contract", "{}")))
    groups = set((outputs.get("target_group_arns") or {}).values())
    if not groups or not contract.get("listener_arn"):
        return {}
    listeners = {contract["listener_arn"]: False}
    if contract.get("test_listener_arn"):
        listeners[contract["test_listener_arn"]] = True
    found = [
        rule
        for listener, test in listeners.items()
        for rule in _rules_to(site, listener, groups, test=test)
    ]
    stack = service_stack(site.settings, service, _IMAGE, site.checkout)
    state = statestore.current(place(stack), site.aws)
    known = rules_in(state.text) if state else frozenset()
    return {"rules": tuple(found), "rules_known": known}


def _rules_to(site: Site, listener: str, groups: set[str], *, test: bool) -> Iterator[Rule]:
    pages = site.aws.elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener)
    for rule in (rule for page in pages for rule in page["Rules"]):
        actions = rule.get("Actions", [])
        shares = {group: deployments.share_of(actions, group) for group in groups}
        if any(shares.values()):
            yield Rule(arn=rule["RuleArn"], shares=shares, test=test)


def rules_in(state: str) -> frozenset[str]:
    """The listener rules that a state knows, by ARN; pure."""
    return frozenset(
        instance["attributes"]["arn"]
        for resource in json.loads(state).get("resources", [])
        if resource["type"] == "aws_lb_listener_rule"
        for instance in resource["instances"]
    )
