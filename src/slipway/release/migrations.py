"""Migrations: a one-off task of the new revision, before anything of it serves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from slipway.errors import DeployError
from slipway.release.parallel import side_by_side
from slipway.release.progress import Progress
from slipway.release.world import World
from slipway.rollout import oneoff, strategy
from slipway.rollout.model import Target


def run_all(world: World, progress: Progress, targets: Mapping[str, Target]) -> None:
    """Run the migration of every service that has one and is about to change.

    Raises `DeployError` with the end of the log where one fails; then nothing is rolled out.
    """
    outputs = {name: progress.stacks[name].outputs for name in targets}
    due = {
        name: oneoff.OneOff(
            name=f"the migration of {name}",
            cluster=wanted.cluster,
            service=wanted.service,
            template=outputs[name]["migration_task_definition_arn"],
            image=wanted.image,
        )
        for name, wanted in targets.items()
        if outputs[name].get("migration_task_definition_arn")
        and strategy.of(wanted).differs(world.aws, wanted)
    }
    ended = side_by_side({name: partial(oneoff.run, world.aws, due[name]) for name in due})
    for name, end in ended.items():
        demand_success(name, end)
        world.console.detail(f"{name}: migrated (task {end.task})")


def demand_success(name: str, ended: oneoff.Ended) -> None:
    """Raise `DeployError` unless the migration ended with code 0."""
    if ended.exit_code == 0:
        return
    code = "never ran" if ended.exit_code is None else f"ended with code {ended.exit_code}"
    lines = "\n".join(f"    {line}" for line in (ended.reason, *ended.log))
    raise DeployError(
        f"{name}: the migration {code}; nothing was rolled out\n{lines}",
        next_step="mend the migration, and deploy again",
    )
