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
from slipway.rollout.evidence import Evidence, StoppedTask
from slipway.rollout.model import Target

NO_WAY = r"i/o timeout|no route|deadline exceeded|connection refused|network is unreachable"
"""Words of a task that could not get out of its subnet."""

NO_ANSWER = r"Target\.FailedHealthChecks|connection refused|reason Health checks failed\)"
"""Words of a load balancer that got no HTTP answer at all."""

NO_ROOM = r"unable to place a task|limit on the number|Capacity is unavailable"

UNKNOWN = "unknown"
"""The kind of a cause that no rule knows."""

SECRET = re.compile(r"secret:([^:\s]+?)(?:-\w{6})?(?=[:\s]|$)")
PARAMETER = re.compile(r"invalid (?:ssm )?parameters?: ([^\s,\]]+)", re.I)

VCPUS = "L-3032A543"
"""The quota of Fargate's vCPUs that run at once in an account and region."""

Rule = Callable[[Evidence], Cause | None]


def diagnose_for(target: Target, evidence: Evidence) -> Cause:
    """The cause of a rollout of `target`, whose files and commands its remedy names."""
    path, name, place = target.health_path, target.name, target.environment
    return diagnose(replace(evidence, health_path=path, service=name, environment=place))


def diagnose(evidence: Evidence) -> Cause:
    """The first cause that the evidence supports, or an honest shrug that shows it."""
    for rule in RULES:
        cause = rule(evidence)
        if cause:
            return replace(cause, kind=cause.kind or rule.__name__)
    return Cause(
        title="ECS gave no reason that we know",
        remedy="read the service's events below and its log; then: uv run invoke doctor",
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
        remedy=f"check nat and interface_endpoints in infra/environments/{evidence.place}.tfvars, "
        "then the tasks' route tables and security groups",
        lines=(task.reason,),
    )


def missing_image(evidence: Evidence) -> Cause | None:
    """The image isn't there, or not for these tasks."""
    task = _stopped_with(evidence, r"CannotPullContainer|CannotPullImage|pull image manifest")
    if task is None:
        return None
    if re.search(r"match(ing)?( for)? platform|exec format", task.reason, re.I):
        return _wrong_architecture(evidence, task)
    if re.search(r"denied|forbidden|not authorized|no basic auth", task.reason, re.I):
        remedy = "let the execution role pull from that repository: " + evidence.deploy("--refresh")
    else:
        remedy = "build and push it again: " + evidence.deploy()
    return Cause(
        title=f"the image can't be pulled: {evidence.image}", remedy=remedy, lines=(task.reason,)
    )


def missing_secret(evidence: Evidence) -> Cause | None:
    """A secret that the task definition names can't be read."""
    task = _stopped_with(evidence, r"unable to pull secrets|ResourceInitializationError.*secret")
    if task is None:
        return None
    named = SECRET.search(task.reason) or PARAMETER.search(task.reason)
    name = named.group(1) if named else ", ".join(evidence.secrets) or "see below"
    return Cause(
        title=f"a secret can't be read ({name})",
        remedy=_secret_remedy(evidence, task.reason, name),
        lines=(task.reason,),
    )


def _secret_remedy(evidence: Evidence, reason: str, name: str) -> str:
    if re.search(r"AccessDenied|not authorized", reason):
        return "let the execution role read it and its key: " + evidence.deploy("--refresh")
    if "did not contain json key" in reason:
        return "write that key into the secret's JSON, or name the key that is there"
    if PARAMETER.search(reason):
        return f"put it, or correct [parameters] in {evidence.manifest}: aws ssm put-parameter"
    if name.endswith("/database"):
        return f"have the migration write it: database.migrate in {evidence.manifest}"
    flags = f"{evidence.flags} --name={name.rpartition('/')[2]}"
    return f"give it a value: uv run invoke secrets.set {flags}"


def out_of_memory(evidence: Evidence) -> Cause | None:
    """The container got more memory than its task has."""
    task = next((t for t in evidence.stopped if "OutOfMemory" in _all_reasons(t)), None)
    if task is None:
        return None
    size = f" ({evidence.memory} MiB)" if evidence.memory else ""
    return Cause(
        title=f"the container ran out of memory{size}",
        remedy=f"raise memory in {evidence.manifest}, or use less at start",
        lines=(_all_reasons(task), *task.log[-10:]),
    )


def wrong_architecture(evidence: Evidence) -> Cause | None:
    """An image for another processor."""
    for task in evidence.stopped:
        if "exec format error" in " ".join((_all_reasons(task), *task.log)):
            return _wrong_architecture(evidence, task)
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
        remedy=f"mend what its log says below; by hand: docker run --rm {evidence.image}".rstrip(),
        lines=(task.reason, *(task.log or evidence.log)[-15:]),
    )


def missing_log(evidence: Evidence) -> Cause | None:
    """The log group isn't there, or can't be written to; nothing starts without it."""
    task = _stopped_with(evidence, r"ResourceInitializationError.*logger")
    if task is None:
        return None
    return Cause(
        title="the task's log can't be opened",
        remedy="have Terraform make the log group again: " + evidence.deploy("--refresh"),
        lines=(task.reason,),
    )


def wont_start(evidence: Evidence) -> Cause | None:
    """The engine could not start the container at all."""
    task = _stopped_with(evidence, r"CannotStartContainer|ResourceInitializationError|TaskFailed")
    if task is None:
        return None
    return Cause(
        title="the container can't be started",
        remedy=f"check CMD, ENTRYPOINT and USER in {evidence.folder}Dockerfile",
        lines=(_all_reasons(task),),
    )


def port_mismatch(evidence: Evidence) -> Cause | None:
    """Nobody listens on the port that the load balancer asks.

    `Target.FailedHealthChecks` is what ELB says where no HTTP answer came at all; a wrong answer is
    `Target.ResponseCodeMismatch` and a slow one `Target.Timeout`. When the tasks are gone, ECS's
    events are what is left of it: without codes, nobody answered.
    """
    if not re.search(NO_ANSWER, _seen(evidence), re.I):
        return None
    return Cause(
        title=f"nothing answers on port {evidence.port}",
        remedy=f"make port in {evidence.manifest} the port that the app listens on, on 0.0.0.0",
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
        remedy=f"mend the health endpoint, or correct health.path in {evidence.manifest}",
        lines=_health_lines(evidence),
    )


def quota(evidence: Evidence) -> Cause | None:
    """AWS has no room left for the task."""
    told = (*evidence.events, *_reasons(evidence))
    event = next((each for each in told if re.search(NO_ROOM, each)), None)
    if event is None:
        return None
    if re.search(r"Capacity is unavailable", event):
        remedy = "Fargate is full in these zones for now; later: " + evidence.deploy()
    else:
        more = f"--service-code fargate --quota-code {VCPUS} --desired-value N"
        remedy = "raise the quota of Fargate's vCPUs: aws service-quotas "
        remedy += f"request-service-quota-increase {more}"
    return Cause(title="AWS can't place the tasks", remedy=remedy, lines=(event,))


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
    missing_log,
    wont_start,
    port_mismatch,
    failing_health_check,
    quota,
    codes.vague_code,
)


def _wrong_architecture(evidence: Evidence, task: StoppedTask) -> Cause:
    return Cause(
        title="the image is for another processor architecture",
        remedy=f"make architecture in {evidence.manifest} match the machine that builds the image",
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
