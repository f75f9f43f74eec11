"""One cause and one remedy for a rollout that did not end well. Pure.

The causes are tried in order: what stopped the task comes before what the load balancer saw,
because a container that crashes also fails its health check.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from slipway.rollout import codes
from slipway.rollout.cause import Cause
from slipway.rollout.observe import Evidence, StoppedTask

NO_WAY = r"i/o timeout|no route|deadline exceeded|connection refused|network is unreachable"
"""Words of a task that could not get out of its subnet."""

UNKNOWN = "unknown"
"""The kind of a cause that no rule knows."""

Rule = Callable[[Evidence], Cause | None]


def diagnose(evidence: Evidence) -> Cause:
    """The first cause that the evidence supports, or an honest shrug that shows it."""
    for rule in RULES:
        cause = rule(evidence)
        if cause:
            return replace(cause, kind=cause.kind or rule.__name__)
    return Cause(
        title="ECS gave no reason that we know",
        remedy="read the service's events below and its log",
        lines=(*evidence.events[:5], *evidence.log[-10:]),
        kind=UNKNOWN,
    )


def no_route(evidence: Evidence) -> Cause | None:
    """The way to the registry, or to Secrets Manager, isn't there."""
    task = _stopped_with(evidence, r"CannotPull|ResourceInitializationError|pull image manifest")
    if task is None or not re.search(NO_WAY, task.reason, re.I):
        return None
    secrets = re.search(r"secret from asm|ssm parameters", task.reason)
    where = "Secrets Manager" if secrets else "the registry"
    return Cause(
        title=f"tasks have no route to {where}",
        remedy="check NAT, route tables and security groups, or the VPC endpoints",
        lines=(task.reason,),
    )


def missing_image(evidence: Evidence) -> Cause | None:
    """The image isn't there, or not for these tasks."""
    task = _stopped_with(evidence, r"CannotPullContainer|CannotPullImage|pull image manifest")
    if task is None:
        return None
    if re.search(r"match(ing)?( for)? platform|exec format", task.reason, re.I):
        return _wrong_architecture(task)
    if re.search(r"denied|forbidden|not authorized|no basic auth", task.reason, re.I):
        remedy = "let the execution role pull from that repository"
    else:
        remedy = "deploy again to build and push it; check that the registry still has it"
    return Cause(
        title=f"the image can't be pulled: {evidence.image}", remedy=remedy, lines=(task.reason,)
    )


def missing_secret(evidence: Evidence) -> Cause | None:
    """A secret that the task definition names can't be read."""
    task = _stopped_with(evidence, r"unable to pull secrets|ResourceInitializationError.*secret")
    if task is None:
        return None
    if re.search(r"AccessDenied|not authorized", task.reason):
        remedy = "let the execution role read it, and use the key that it is encrypted with"
    elif "did not contain json key" in task.reason:
        remedy = "write that key into the secret's JSON, or name the key that is there"
    else:
        remedy = "create it, and let the execution role read it: uv run invoke secrets.set"
    named = re.search(r"secret:([^:\s]+?)(?:-\w{6})?(?=[:\s]|$)", task.reason)
    names = named.group(1) if named else ", ".join(evidence.secrets) or "see below"
    return Cause(title=f"a secret can't be read ({names})", remedy=remedy, lines=(task.reason,))


def out_of_memory(evidence: Evidence) -> Cause | None:
    """The container got more memory than its task has."""
    task = next((t for t in evidence.stopped if "OutOfMemory" in _all_reasons(t)), None)
    if task is None:
        return None
    return Cause(
        title=f"the container ran out of memory ({evidence.memory} MiB)",
        remedy="raise memory in service.toml, or use less at start",
        lines=(_all_reasons(task), *task.log[-10:]),
    )


def wrong_architecture(evidence: Evidence) -> Cause | None:
    """An image for another processor."""
    for task in evidence.stopped:
        if "exec format error" in " ".join((_all_reasons(task), *task.log)):
            return _wrong_architecture(task)
    return None


def crash(evidence: Evidence) -> Cause | None:
    """The app's process ended by itself."""
    task = next((t for t in evidence.stopped if t.exit_code not in (None, 0, 137, 143)), None)
    task = task or _stopped_with(evidence, r"Essential container in task exited")
    if task is None:
        return None
    code = "" if task.exit_code is None else f" with code {task.exit_code}"
    return Cause(
        title=f"the container exits{code} right after its start",
        remedy="mend what its log says below; run the image by hand with docker run",
        lines=(task.reason, *(task.log or evidence.log)[-15:]),
    )


def wont_start(evidence: Evidence) -> Cause | None:
    """The engine could not start the container at all."""
    task = _stopped_with(evidence, r"CannotStartContainer|ResourceInitializationError|TaskFailed")
    if task is None:
        return None
    return Cause(
        title="the container can't be started",
        remedy="check the image's command, user and platform",
        lines=(_all_reasons(task),),
    )


def port_mismatch(evidence: Evidence) -> Cause | None:
    """Nobody listens on the port that the load balancer asks.

    `Target.FailedHealthChecks` is what ELB says where no HTTP answer came at all; a wrong answer is
    `Target.ResponseCodeMismatch` and a slow one `Target.Timeout`.
    """
    if not re.search(r"Target\.FailedHealthChecks|connection refused", _seen(evidence), re.I):
        return None
    return Cause(
        title=f"nothing answers on port {evidence.port}",
        remedy="make port in service.toml the port that the app listens on, on 0.0.0.0",
        lines=_health_lines(evidence),
    )


def failing_health_check(evidence: Evidence) -> Cause | None:
    """The load balancer's or the container's health check says no."""
    seen = _seen(evidence)
    if not re.search(r"health check|unhealthy|Target\.", seen):
        return None
    codes = re.search(r"\[(\d{3})\]", seen)
    answer = f" (it answers {codes.group(1)})" if codes else ""
    return Cause(
        title=f"the health check of {evidence.health_path or 'the service'} fails{answer}",
        remedy="mend the health endpoint, or correct health.path in service.toml",
        lines=_health_lines(evidence),
    )


def quota(evidence: Evidence) -> Cause | None:
    """AWS has no room left for the task."""
    for event in evidence.events:
        if re.search(r"unable to place a task|limit on the number|Capacity is unavailable", event):
            return Cause(
                title="AWS can't place the tasks",
                remedy="raise the Fargate vCPU quota, or try later",
                lines=(event,),
            )
    return None


RULES: tuple[Rule, ...] = (
    codes.alarm,
    codes.hook,
    codes.code,
    no_route,
    missing_image,
    missing_secret,
    wrong_architecture,
    out_of_memory,
    crash,
    wont_start,
    port_mismatch,
    failing_health_check,
    quota,
    codes.vague_code,
)


def _wrong_architecture(task: StoppedTask) -> Cause:
    return Cause(
        title="the image is for another processor architecture",
        remedy="make architecture in service.toml match the machine that builds the image",
        lines=(_all_reasons(task), *task.log[-5:]),
    )


def _stopped_with(evidence: Evidence, pattern: str) -> StoppedTask | None:
    return next((t for t in evidence.stopped if re.search(pattern, _all_reasons(t), re.S)), None)


def _all_reasons(task: StoppedTask) -> str:
    return " ".join(part for part in (task.reason, task.container_reason) if part)


def _seen(evidence: Evidence) -> str:
    return " ".join((*_target_words(evidence), *evidence.events, *_reasons(evidence)))


def _reasons(evidence: Evidence) -> list[str]:
    return [_all_reasons(task) for task in evidence.stopped]


def _target_words(evidence: Evidence) -> list[str]:
    return [f"{each.reason} {each.description}" for each in evidence.targets]


def _health_lines(evidence: Evidence) -> tuple[str, ...]:
    unhealthy = [event for event in evidence.events if "unhealthy" in event][:2]
    targets = [words for words in _target_words(evidence) if words.strip()][:2]
    return (*unhealthy, *targets, *_reasons(evidence)[:1], *evidence.log[-10:])
