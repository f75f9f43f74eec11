"""The thread of Application Auto Scaling: looks at alarms and metrics, sets desired counts."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, ecs

from embedded_aws.autoscaling.decide import Change, Steps, Target, Tracking, bounds, decide
from embedded_aws.autoscaling.metrics import Metrics
from embedded_aws.autoscaling.policies import COOLDOWN
from embedded_aws.autoscaling.store import DESIRED_COUNT, Key, service_of
from embedded_aws.cloudwatch import alarms
from embedded_aws.codedeploy.clock import MINUTE
from embedded_aws.codedeploy.sets import deploys
from embedded_aws.ecs import records
from embedded_aws.ecs.decide import IN_PROGRESS
from embedded_aws.json_api import Record, now
from embedded_aws.patches.cloudwatch import reader

if TYPE_CHECKING:
    from embedded_aws.autoscaling.store import Store

log = logging.getLogger("embedded.scaling")

TICK = max(0.5, min(5.0, MINUTE / 4))
"""Seconds between two looks."""


class Tracker:
    """Scales all registered services, one after the other, on one thread."""

    def __init__(self) -> None:
        self._store: Store | None = None
        self._metrics = Metrics()
        self._known: dict[Any, tuple[int, int]] = {}
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name="embedded-scaling")

    def start(self, store: Store) -> None:
        self._store = store
        self._thread.start()

    def close(self) -> None:
        """Change nothing any more."""
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Look again soon: a target was registered or changed."""
        self._wake.set()

    def _loop(self) -> None:
        while not self._closed.is_set():
            self._wake.wait(TICK)
            self._wake.clear()
            try:
                self._metrics.publish()
                self._look()
            except Exception:
                log.exception("scaling stumbled")

    def _look(self) -> None:
        store = self._store
        items: Any = store.targets if store else None
        for (account, region, key), target in items.all_items() if items else ():
            if self._closed.is_set():
                return
            with request_scope(account, region):
                self._look_at(store, (account, region, key), tuple(key), target)

    def _look_at(self, store: Any, scoped: Any, key: Key, target: Record) -> None:
        names = service_of(key[1]) if key[2] == DESIRED_COUNT else ()
        service = ecs._services.get("/".join(names)) if names else None
        if service is None or service.get("status") != "ACTIVE":
            return
        self._fulfil(store, key, service)
        facts = _facts(store, key, target, service)
        limits = (facts.minimum, facts.maximum)
        change = bounds(facts) if self._known.get(scoped) != limits else None
        self._known[scoped] = limits
        change = change or decide(facts, *_policies(store, key))
        if change:
            _set(store, key, service, change)

    def _fulfil(self, store: Store, key: Key, service: Record) -> None:
        """Note that what was set last has come about."""
        entries = (store.activities.get(key) or {}).get("entries") or []
        if not entries or entries[0]["StatusCode"] != "InProgress":
            return
        if service["runningCount"] >= service["desiredCount"] or not service["desiredCount"]:
            count = entries[0]["_desired"]
            entries[0].update(
                StatusCode="Successful",
                StatusMessage=f"Successfully set desired count to {count}. "
                "Change successfully fulfilled by ecs.",
                EndTime=now(),
            )


def _facts(store: Store, key: Key, target: Record, service: Record) -> Target:
    suspended = target.get("SuspendedState") or {}
    return Target(
        desired=int(service["desiredCount"]),
        minimum=int(target["MinCapacity"]),
        maximum=int(target["MaxCapacity"]),
        deploying=_deploying(service),
        out_suspended=bool(suspended.get("DynamicScalingOutSuspended")),
        in_suspended=bool(suspended.get("DynamicScalingInSuspended")),
        since_out=_since(store, key, "out"),
        since_in=_since(store, key, "in"),
    )


def _deploying(service: Record) -> bool:
    if deploys(service):
        return len(service.get("taskSets") or []) > 1
    first = records.primary(service)
    return bool(first and first["rolloutState"] == IN_PROGRESS)


def _since(store: Store, key: Key, direction: str) -> float:
    """AWS's seconds since the last activity of that direction."""
    entries = (store.activities.get(key) or {}).get("entries") or []
    last = next((e["StartTime"] for e in entries if e.get("_direction") == direction), None)
    return float("inf") if last is None else (time.time() - last) * 60 / MINUTE


def _policies(store: Store, key: Key) -> tuple[list[Tracking], list[Steps]]:
    tracking, steps = [], []
    for policy in store.policies_of(key):
        if policy["PolicyType"] == "TargetTrackingScaling":
            tracking.append(_tracking(policy))
        else:
            steps.append(_steps(policy))
    return tracking, steps


def _tracking(policy: Record) -> Tracking:
    config = policy["TargetTrackingScalingPolicyConfiguration"]
    made = {a["AlarmName"]: cloudwatch._alarms.get(a["AlarmName"]) for a in policy["Alarms"]}
    on = {name for name, alarm in made.items() if alarm and alarm["StateValue"] == "ALARM"}
    any_alarm = next((alarm for alarm in made.values() if alarm), None)
    return Tracking(
        name=policy["PolicyName"],
        target=float(config["TargetValue"]),
        value=_value(any_alarm) if any_alarm else None,
        high=next((name for name in on if "-AlarmHigh-" in name), ""),
        low=next((name for name in on if "-AlarmLow-" in name), ""),
        scale_in=not config.get("DisableScaleIn"),
        out_cooldown=float(config.get("ScaleOutCooldown", COOLDOWN)),
        in_cooldown=float(config.get("ScaleInCooldown", COOLDOWN)),
    )


def _steps(policy: Record) -> Steps:
    """A step policy with the alarm that calls it; who made the policy made the alarm, too."""
    config = policy["StepScalingPolicyConfiguration"]
    for name, alarm in cloudwatch._alarms.items():
        called = policy["PolicyARN"] in (alarm.get("AlarmActions") or [])
        if called and alarm.get("ActionsEnabled", True) and alarm["StateValue"] == "ALARM":
            value = _value(alarm)
            breach = None if value is None else value - float(alarm["Threshold"])
            return Steps(name=policy["PolicyName"], config=config, breach=breach, alarm=name)
    return Steps(name=policy["PolicyName"], config=config)


def _value(alarm: Record) -> float | None:
    """The newest value of what an alarm looks at."""
    try:
        series = alarms.series_of(alarm, reader(time.time(), MINUTE))
    except ValueError as error:
        log.debug("alarm %s has no value: %s", alarm["AlarmName"], error)
        return None
    return next((value for value in reversed(series) if value is not None), None)


def _set(store: Store, key: Key, service: Record, change: Change) -> None:
    """Set the desired count as a client would, and note the activity."""
    before = int(service["desiredCount"])
    names = service_of(key[1])
    request = {"cluster": names[0], "service": names[1], "desiredCount": change.desired}
    status, _, body = ecs._ACTION_MAP["UpdateService"](request)
    log.info("%s: %s -> %s: %s", key[1], before, change.desired, change.cause)
    failed = status != 200
    store.note(
        key,
        {
            "ActivityId": str(uuid4()),
            "ServiceNamespace": key[0],
            "ResourceId": key[1],
            "ScalableDimension": key[2],
            "Description": f"Setting desired count to {change.desired}.",
            "Cause": change.cause,
            "StartTime": now(),
            "StatusCode": "Failed" if failed else "InProgress",
            "StatusMessage": f"Failed to set desired count: {body!r}"
            if failed
            else f"Successfully set desired count to {change.desired}. "
            "Waiting for change to be fulfilled by ecs.",
            "_direction": "out" if change.desired > before else "in",
            "_desired": change.desired,
        },
    )
