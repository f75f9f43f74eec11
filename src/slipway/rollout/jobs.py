"""Rolling out a service that has nothing but jobs: a parameter and its schedules name the revision.

Nothing is started: what a job does it does at its time, or when somebody runs it.
"""

from __future__ import annotations

from collections.abc import Sequence

from slipway.aws import Aws, calls, error_code
from slipway.errors import DeployError
from slipway.model import Verdict
from slipway.rollout import observe, schedules, taskdef
from slipway.rollout.cause import Cause
from slipway.rollout.decide import Watched, short
from slipway.rollout.model import Rollout, Target

NONE = "none"
"""What the parameter says before the first rollout."""


def start(aws: Aws, target: Target) -> Rollout:
    """Register the revision and have all jobs run by it; or find that they do."""
    with calls(f"releasing {target.name}"):
        now = released(aws, target.released)
        arn, same = _wanted(aws, target, now)
        if same and not schedules.astray(aws, target.schedules, now):
            rollout = Rollout(target=target, watched=_watched(now))
            rollout.end(Verdict.UNCHANGED, "the jobs run by this revision already")
            return rollout
        _name(aws, target, arn)
        return Rollout(target=target, watched=_watched(arn, "" if same else now))


def look(aws: Aws, rollouts: Sequence[Rollout]) -> bool:
    """Read back what the jobs run by; each rollout is at its end then."""
    for rollout in rollouts:
        target, ours = rollout.target, rollout.watched.task_definition
        with calls(f"looking at the jobs of {target.name}"):
            now = released(aws, target.released)
            lost = schedules.astray(aws, target.schedules, ours) if now == ours else ()
        rollout.end(*decide(ours, now, lost))
    return bool(rollouts)


def back(aws: Aws, rollout: Rollout) -> Rollout:
    """Have all jobs run by the revision that they ran by before."""
    previous = rollout.watched.previous
    with calls(f"taking the jobs of {rollout.target.name} back"):
        _name(aws, rollout.target, previous)
    return Rollout(target=rollout.target, watched=_watched(previous, previous))


def restart(aws: Aws, target: Target) -> Rollout:  # noqa: ARG001
    """Raise `DeployError`: a job that runs is left to its end, and the next one is new anyway."""
    raise DeployError(
        f"{target.name} has nothing but jobs: there are no tasks to be replaced",
        next_step=f"uv run invoke jobs.run --env={target.environment} --service={target.name} "
        "--job=NAME runs one now",
    )


def explain(aws: Aws, rollout: Rollout) -> Cause | None:  # noqa: ARG001
    """Nothing runs during such a rollout, so that its reason says all."""
    return rollout.cause


def differs(aws: Aws, target: Target) -> bool:
    """Whether `start` would change what the jobs run by."""
    with calls(f"looking at the jobs of {target.name}"):
        now = released(aws, target.released)
        same = bool(now) and taskdef.same(_definition(aws, now), _content(aws, target))
        return not same or bool(schedules.astray(aws, target.schedules, now))


def decide(ours: str, now: str, lost: Sequence[str]) -> tuple[Verdict, str]:
    """How a rollout of `ours` ended where `now` is released and `lost` jobs run another. Pure."""
    if now != ours:
        return Verdict.SUPERSEDED, f"{short(now) or 'no revision'} is released by somebody else"
    if lost:
        return Verdict.FAILED, f"the schedules of {', '.join(lost)} name another revision"
    return Verdict.DEPLOYED, f"all jobs run by {short(ours)}"


def released(aws: Aws, parameter: str) -> str:
    """The revision that a parameter names; "" where there is none yet."""
    try:
        value = aws.ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except Exception as error:
        if error_code(error) == "ParameterNotFound":
            return ""
        raise
    return "" if value == NONE else value


def _wanted(aws: Aws, target: Target, now: str) -> tuple[str, bool]:
    """The revision to run by, and whether that is `now`; else it is registered."""
    content = _content(aws, target)
    if now and taskdef.same(_definition(aws, now), content):
        return now, True
    answer = aws.ecs.register_task_definition(**content)  # type: ignore[arg-type]
    return answer["taskDefinition"]["taskDefinitionArn"], False


def _content(aws: Aws, target: Target) -> dict[str, object]:
    template, tags = observe.task_definition(aws.ecs, target.template)
    return taskdef.next_revision(template, tags, target.image)


def _definition(aws: Aws, arn: str) -> taskdef.TaskDefinition:
    return observe.task_definition(aws.ecs, arn)[0]


def _name(aws: Aws, target: Target, arn: str) -> None:
    """The parameter first: it is what the next look, and the next deploy, take for released."""
    aws.ssm.put_parameter(Name=target.released, Value=arn, Overwrite=True)
    schedules.point(aws, target.schedules, arn)


def _watched(arn: str, previous: str = "") -> Watched:
    return Watched(deployment_id=short(arn), task_definition=arn, previous=previous)
