"""Planning and applying a stack, and telling what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from slipway import tools
from slipway.aws import Aws, at, calls
from slipway.command import Command
from slipway.config import Environment, Settings
from slipway.console import Console
from slipway.errors import InfraError, Interrupted
from slipway.infra import applied, failures, locks
from slipway.infra.plan import PlanSummary, guard, summarise
from slipway.infra.prepare import prepare, run_folder, terraform
from slipway.infra.progress import Progress
from slipway.infra.stacks import Stack
from slipway.infra.terraform import CHANGES, NO_CHANGES, Terraform
from slipway.paths import Checkout
from slipway.runner import DryRunner, OnLine, Result, Runner

Confirm = Callable[[Stack, PlanSummary], bool]


def unasked(stack: Stack, summary: PlanSummary) -> bool:  # noqa: ARG001
    """Apply without asking; what loses data is refused all the same."""
    return True


@dataclass(frozen=True, kw_only=True)
class Terraforming:
    """What applying stacks needs. `environments` are the workspaces that may be chosen.

    `aws` is the environment's own; `reaching` gives what a stack of another one needs.
    """

    binary: Path
    cli_config: Path | None
    env: Mapping[str, str | None]
    environments: Mapping[str, Environment]
    runner: Runner
    console: Console
    aws: Aws
    confirm: Confirm = unasked

    def reaching(self, stack: Stack) -> Terraforming:
        """This, with the keys of the stack's own account: a registry may be in another one."""
        home = self.environments.get(stack.environment)
        return replace(self, aws=at(self.aws, home)) if home else self

    def run(
        self,
        command: Command,
        stack: Stack,
        doing: str,
        *,
        good: Collection[int] = (0,),
        on_line: OnLine | None = None,
    ) -> Result:
        """Run one of Terraform's commands; its failure is the one error that a user gets."""
        try:
            result = self.runner.run(command, check=False, on_line=on_line)
        except Interrupted as error:
            raise Interrupted(
                f"{stack.label} in {stack.environment}: interrupted at {doing}",
                next_step="run the same command again",
                signal=error.signal,
            ) from error
        if result.code not in good:
            self.fail(command.mask(result.output), stack, doing)
        return result

    def fail(self, output: str, stack: Stack, doing: str) -> NoReturn:
        """Raise what a failed run means."""
        if failures.is_locked(output):
            where = locks.place(stack)
            raise locks.locked(where, locks.holder(where, self.aws))
        raise failures.explain(output, stack, doing)


def terraforming(
    checkout: Checkout,
    settings: Settings,
    *,
    runner: Runner,
    console: Console,
    aws: Aws,
    confirm: Confirm = unasked,
) -> Terraforming:
    """What applying stacks needs, found on this machine."""
    cli_config = tools.cli_config_path(checkout)
    return Terraforming(
        binary=tools.terraform(checkout, runner),
        cli_config=cli_config if cli_config.is_file() else None,
        env=tools.child_env(),
        environments=settings.environments,
        runner=runner,
        console=console,
        aws=aws,
        confirm=confirm,
    )


@dataclass(frozen=True, kw_only=True)
class StackOutcome:
    """What became of a stack; `outputs` are those that are no secret.

    `skipped`: its inputs are what was last applied, so Terraform was not asked.
    """

    changed: bool
    skipped: bool
    summary: PlanSummary
    outputs: Mapping[str, Any]
    serial: int = 0

    def created(self, kind: str) -> bool:
        """Whether a resource of that type was made just now."""
        return any(each.type == kind and each.creates for each in self.summary.changes)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan on disk; `changes` is Terraform's own word on whether there is anything to do.

    `file` is None for a stack without a workspace in a dry run: everything would be made.
    """

    stack: Stack
    summary: PlanSummary
    changes: bool
    file: Path | None = None
    destroys: bool = False


def apply_stack(
    stack: Stack,
    world: Terraforming,
    *,
    refresh: bool = False,
    allow_destroy: Sequence[str] = (),
    lock_timeout: int = 0,
) -> StackOutcome:
    """Bring a stack to what its inputs say; no Terraform process where it is there already.

    `refresh` runs Terraform all the same. `allow_destroy`: addresses, or `all`, that may be
    destroyed although they hold data. `lock_timeout`: seconds to wait for another's run. Raises
    `InfraError`, `LockedError`, `AccessError`, `ToolError`, `Interrupted`. In a dry run it is
    `plan_stack`: a record of what never happened would keep the real run from happening.
    """
    if isinstance(world.runner, DryRunner):
        return plan_stack(stack, world, refresh=refresh)
    world = world.reaching(stack)
    with calls(f"{stack.label} in {stack.environment}"):
        stack, record = as_templated(stack, world)
        inputs = stack.inputs_hash()
        if record and record.inputs_hash == inputs and not refresh:
            return _skipped(record)
        with planned(stack, world, lock_timeout=lock_timeout) as plan:
            show(plan, world.console)
            guard(plan.summary, allow_destroy, label=f"{stack.label} in {stack.environment}")
            if plan.changes:
                _confirm(plan, world)
                applied.take_back(stack, world.aws, record)
                apply_plan(plan, world, lock_timeout=lock_timeout)
        serial, outputs = _state(stack, world)
        applied.note(stack, world.aws, inputs_hash=inputs, serial=serial, outputs=outputs)
    return StackOutcome(
        changed=plan.changes, skipped=False, summary=plan.summary, outputs=outputs, serial=serial
    )


def plan_stack(stack: Stack, world: Terraforming, *, refresh: bool = False) -> StackOutcome:
    """What `apply_stack` would do; `outputs` are those of the last apply, if there was one.

    It takes no lock, so that it keeps nobody from applying; who is at work is warned of.
    """
    world = world.reaching(stack)
    with calls(f"{stack.label} in {stack.environment}"):
        stack, record = as_templated(stack, world)
        if record and record.inputs_hash == stack.inputs_hash() and not refresh:
            return _skipped(record)
        warn_of_others(stack, world)
        with planned(stack, world, lock=False) as plan:
            return StackOutcome(
                changed=plan.changes,
                skipped=False,
                summary=plan.summary,
                outputs=record.outputs if record else {},
            )


def warn_of_others(stack: Stack, world: Terraforming) -> None:
    """Say who changes the stack while we look at it."""
    if held := locks.holder(locks.place(stack), world.aws):
        told = f"{stack.label} in {stack.environment} is locked by {held}"
        world.console.warn(f"{told}: what is planned now may be half of what that run makes")


def as_templated(stack: Stack, world: Terraforming) -> tuple[Stack, applied.Applied | None]:
    """The stack with the image of its template, and the record that knows it."""
    record = applied.read(stack, world.aws)
    return applied.with_template_image(stack, record), record


@contextmanager
def planned(
    stack: Stack,
    world: Terraforming,
    *,
    lock: bool = True,
    lock_timeout: int = 0,
    destroy: bool = False,
    refresh: bool = True,
) -> Iterator[Planned]:
    """A plan, which is on disk, readable by us alone, only as long as the block lasts.

    `destroy` plans the end of everything in the stack; without `refresh` nothing is read but the
    state; without `lock` it is not to be applied.
    """
    tf = terraform(stack, world)
    if not prepare(stack, tf, world):
        yield Planned(stack=stack, summary=PlanSummary(), changes=True)
        return
    with run_folder(stack) as folder:
        variables = folder / "inputs.tfvars.json"
        # On one line, Terraform would quote all of it in each validation error, values included.
        variables.write_text(json.dumps(dict(stack.variables), indent=2))
        file = folder / "plan"
        files = [*stack.var_files, variables]
        options = {"lock": lock, "destroy": destroy, "refresh": refresh}
        command = tf.plan(file, files, lock_timeout=lock_timeout, **options)
        result = world.run(command, stack, "plan", good=(NO_CHANGES, CHANGES))
        changes = result.code == CHANGES
        summary = _summary(tf, file, stack, world) if changes else PlanSummary()
        yield Planned(stack=stack, summary=summary, changes=changes, file=file, destroys=destroy)


def show(plan: Planned, console: Console) -> None:
    """The plan's lines, for a user to read before anything happens."""
    told = str(plan.summary) if plan.file else "everything would be made: nothing is there yet"
    console.detail(f"{plan.stack.label}: {told}")
    for line in plan.summary.lines():
        console.detail(f"  {line}")


def _summary(tf: Terraform, file: Path, stack: Stack, world: Terraforming) -> PlanSummary:
    text = world.run(tf.show(file), stack, "reading the plan").stdout
    return summarise(json.loads(text), stack.label)


def _confirm(plan: Planned, world: Terraforming) -> None:
    if not world.confirm(plan.stack, plan.summary):
        raise InfraError(
            f"{plan.stack.label} in {plan.stack.environment}: not confirmed; nothing was applied"
        )


def apply_plan(plan: Planned, world: Terraforming, *, lock_timeout: int = 0) -> None:
    """Apply the plan file; after a signal, say how far it came."""
    assert plan.file
    progress = Progress(plan.stack.label, world.console.detail)
    command = terraform(plan.stack, world).apply(plan.file, lock_timeout=lock_timeout)
    try:
        world.run(command, plan.stack, "destroy" if plan.destroys else "apply", on_line=progress)
    except Interrupted as error:
        total = len(plan.summary.changes)
        held = locks.holder(locks.place(plan.stack), world.aws)
        told = failures.broken_off(plan.stack, progress.done, total, held, error.signal)
        raise told from error


def _state(stack: Stack, world: Terraforming) -> tuple[int, dict[str, Any]]:
    """Serial and outputs of the state; secret outputs are left out."""
    text = world.run(terraform(stack, world).pull(), stack, "reading the state").stdout
    state = json.loads(text) if text.strip() else {}
    outputs = {
        name: each["value"]
        for name, each in state.get("outputs", {}).items()
        if not each.get("sensitive")
    }
    return int(state.get("serial", 0)), outputs


def _skipped(record: applied.Applied) -> StackOutcome:
    return StackOutcome(
        changed=False,
        skipped=True,
        summary=PlanSummary(),
        outputs=record.outputs,
        serial=record.serial,
    )
