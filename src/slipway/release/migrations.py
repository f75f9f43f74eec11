"""Migrations: a one-off task of the new revision, before anything of it serves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from slipway.errors import DeployError, SlipwayError
from slipway.release.parallel import each_alone
from slipway.release.progress import Progress
from slipway.release.world import World
from slipway.rollout import oneoff, strategy
from slipway.rollout.cause import Cause
from slipway.rollout.diagnose import UNKNOWN, diagnose
from slipway.rollout.evidence import Evidence, StoppedTask
from slipway.rollout.model import Target

ITS_OWN = frozenset({"crash", UNKNOWN})
"""Kinds of causes that lie in the migration itself: its log has more to say than any rule."""


def run_all(
    world: World, progress: Progress, targets: Mapping[str, Target]
) -> dict[str, SlipwayError]:
    """Run the migration of every service that has one and is about to change.

    Returns the error of each that failed, with the end of its log; nothing of those is rolled out.
    """
    outputs = {name: progress.stacks[name].outputs for name in targets}
    due = {
        name: oneoff.OneOff(
            name=f"the migration of {name}",
            cluster=wanted.cluster,
            service=wanted.service,
            template=outputs[name]["migration_task_definition_arn"],
            image=wanted.image,
            network=wanted.network if wanted.strategy == "jobs" else None,
        )
        for name, wanted in targets.items()
        if outputs[name].get("migration_task_definition_arn")
        and strategy.of(wanted).differs(world.aws, wanted)
    }
    jobs = {name: partial(migrate, world, name, due[name]) for name in due}
    return each_alone(jobs)[1]


def migrate(world: World, name: str, task: oneoff.OneOff) -> None:
    """Run one migration. Raises `DeployError` where it fails."""
    ended = oneoff.run(world.aws, task, say=world.console.detail)
    demand_success(name, ended, image=task.image, environment=world.settings.environment.name)
    world.console.detail(f"{name}: migrated (task {ended.task})")


def demand_success(
    name: str, ended: oneoff.Ended, *, image: str = "", environment: str = ""
) -> None:
    """Raise `DeployError` unless the migration ended with code 0, with the way out of its cause."""
    if ended.exit_code == 0:
        return
    cause = cause_of(name, ended, image=image, environment=environment)
    its_own = cause.kind in ITS_OWN
    code = "never ran" if ended.exit_code is None else f"ended with code {ended.exit_code}"
    why = "" if its_own else f": {cause.title}"
    lines = "\n".join(f"    {line}" for line in (ended.reason, *ended.log))
    raise DeployError(
        f"{name}: the migration {code}{why}; nothing was rolled out\n{lines}",
        next_step="mend the migration, and deploy again" if its_own else cause.remedy,
    )


def cause_of(name: str, ended: oneoff.Ended, *, image: str, environment: str) -> Cause:
    """What kept a task of the service `name` from ending well."""
    stopped = StoppedTask(
        id=ended.task,
        reason=ended.reason,
        code="",
        exit_code=ended.exit_code,
        container_reason="",
        log=ended.log,
    )
    evidence = Evidence(stopped=(stopped,), image=image, service=name, environment=environment)
    return diagnose(evidence)
