"""The lifecycle events of an ECS deployment, in order. Pure."""

from __future__ import annotations

from typing import Any

from embedded_aws.codedeploy.appspec import HOOKS

Event = dict[str, Any]

ORDER = (
    *("BeforeInstall", "Install", "AfterInstall"),
    *("AllowTestTraffic", "AfterAllowTestTraffic"),
    *("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"),
)


def events() -> list[Event]:
    """All events of a deployment that has not begun."""
    return [{"lifecycleEventName": name, "status": "Pending"} for name in ORDER]


def is_hook(name: str) -> bool:
    """Whether the event is one that runs a function and nothing else."""
    return name in HOOKS


def begin(found: list[Event], name: str, now: float) -> None:
    """Note that an event is under way."""
    event = _of(found, name)
    if event["status"] == "Pending":
        event.update(status="InProgress", startTime=now)


def end(found: list[Event], name: str, status: str, now: float, message: str = "") -> None:
    """Note how an event ended: Succeeded, Failed or Skipped."""
    event = _of(found, name)
    event.setdefault("startTime", now)
    event.update(status=status, endTime=now)
    if status == "Failed":
        event["diagnostics"] = {
            "errorCode": "ScriptTimedOut" if "timed out" in message else "ScriptFailed",
            "scriptName": "",
            "message": message,
            "logTail": "",
        }


def abandon(found: list[Event], status: str, now: float) -> None:
    """What was under way ends with `status`, what had not begun is skipped."""
    for event in found:
        if event["status"] == "InProgress":
            event.update(status=status, endTime=now)
        elif event["status"] == "Pending":
            event.update(status="Skipped")


def status(found: list[Event], name: str) -> str:
    return str(_of(found, name)["status"])


def _of(found: list[Event], name: str) -> Event:
    return next(event for event in found if event["lifecycleEventName"] == name)
