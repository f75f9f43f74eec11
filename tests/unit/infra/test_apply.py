"""Applying a stack: what runs in which order, what is skipped, what is refused."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import slipway.aws
from slipway.aws import Aws
from slipway.command import Command
from slipway.config import Environment
from slipway.console import Console
from slipway.errors import AccessError, InfraError, Interrupted, LockedError, UsageError
from slipway.infra import applied, locks
from slipway.infra.apply import Terraforming, apply_stack, plan_stack
from slipway.infra.stacks import Stack, service_stack
from slipway.paths import Checkout
from slipway.runner import DryRunner, Result
from slipway.testing import FakeRunner, printed

from .conftest import BUCKET, TABLE, environment, service, settings
from .test_locks import ID, lock_table, written

PLAN: dict[str, Any] = {
    "resource_changes": [
        {
            "address": "aws_ecs_service.this",
            "mode": "managed",
            "type": "aws_ecs_service",
            "change": {"actions": ["create"], "before": None, "after": {}},
        }
    ]
}
STATE = {
    "serial": 4,
    "outputs": {
        "url": {"value": "http://x", "type": "string"},
        "password": {"value": "hush", "type": "string", "sensitive": True},
    },
}


class Terraform(FakeRunner):
    """Answers like a Terraform whose plan is `plan`, and makes what the real one would."""

    def __init__(self, plan: dict[str, Any] | None = None) -> None:
        super().__init__()
        changes = 2 if plan else 0
        self.on("/tf init", "")
        self.on(
            "/tf workspace select", printed("", code=1, stderr='Workspace "dev" doesn\'t exist')
        )
        self.on("/tf workspace new", self._new_workspace)
        self.on("/tf plan", lambda _: printed("", code=changes))
        self.on("/tf show", json.dumps(plan))
        self.on("/tf apply", "")
        self.on("/tf state pull", json.dumps(STATE))

    @property
    def verbs(self) -> list[str]:
        return [" ".join(word for word in c.argv[1:3] if word[0] not in "-/") for c in self.ran]

    def instead(self, prefix: str, answer: str | Result | Any) -> Terraform:
        """Answer otherwise than above."""
        self.answers.insert(0, (prefix, answer))
        return self

    @staticmethod
    def _new_workspace(command: Command) -> str:
        folder = command.env["TF_DATA_DIR"]
        assert folder
        (Path(folder) / "environment").write_text(command.argv[-1])
        return ""


def world(runner: Any, aws: Aws, **more: Any) -> Terraforming:
    """What applying needs, with Terraform pretended."""
    return Terraforming(
        binary=Path("/tf"),
        cli_config=None,
        env={},
        environments={"dev": environment("dev")},
        runner=runner,
        console=Console(out=io.StringIO(), err=io.StringIO()),
        aws=aws,
        **more,
    )


@pytest.fixture
def stack(checkout: Checkout) -> Stack:
    return service_stack(settings(), service(), "r@sha256:1", checkout)


def test_first_apply_in_order(stack: Stack, place: Aws) -> None:
    """Init, workspace, plan, its summary, apply, state; and the record at the end."""
    terraform = Terraform(PLAN)
    outcome = apply_stack(stack, world(terraform, place))
    assert terraform.verbs == [
        "init",
        "workspace select",
        "workspace new",
        "plan",
        "show",
        "apply",
        "state pull",
    ]
    assert (outcome.changed, outcome.skipped, outcome.serial) == (True, False, 4)
    assert outcome.outputs == {"url": "http://x"}
    assert outcome.created("aws_ecs_service")
    assert not outcome.created("aws_lb")
    record = applied.read(stack, place)
    assert record
    assert record.inputs_hash == stack.inputs_hash()


def test_the_same_inputs_run_nothing(stack: Stack, place: Aws) -> None:
    """A second apply starts no process, even with another image, and has the outputs."""
    first = apply_stack(stack, world(Terraform(PLAN), place))
    idle = FakeRunner()
    newer = replace(stack, variables={**stack.variables, "image": "r@sha256:2"})
    again = apply_stack(newer, world(idle, place))
    assert idle.ran == []
    assert again.skipped
    assert again.outputs == first.outputs


def test_refresh_runs_all_the_same_but_not_init(stack: Stack, place: Aws) -> None:
    """With `refresh` Terraform plans; what was initialised is not initialised again."""
    apply_stack(stack, world(Terraform(PLAN), place))
    terraform = Terraform()
    outcome = apply_stack(stack, world(terraform, place), refresh=True)
    assert terraform.verbs == ["plan", "state pull"]
    assert not outcome.changed


def test_changed_hcl_is_initialised_again(stack: Stack, place: Aws) -> None:
    """Other HCL may call another module, so init runs; the workspace is chosen anew."""
    apply_stack(stack, world(Terraform(PLAN), place))
    (stack.folder / "more.tf").write_text("# more\n")
    selected: list[bool] = []

    def init(_: Command) -> str:
        # With a workspace selected that is gone, the real one refuses.
        selected.append((stack.data_dir / "environment").exists())
        return ""

    terraform = Terraform(PLAN).instead("/tf init", init)
    apply_stack(stack, world(terraform, place))
    assert terraform.verbs[0] == "init"
    assert selected == [False]


def test_a_moved_mirror_is_initialised_again(stack: Stack, place: Aws) -> None:
    """A provider that links to nowhere makes init run."""
    apply_stack(stack, world(Terraform(PLAN), place))
    link = stack.data_dir / "providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
    link.parent.mkdir(parents=True)
    link.symlink_to("/nonexistent")
    terraform = Terraform()
    apply_stack(stack, world(terraform, place), refresh=True)
    assert terraform.verbs[0] == "init"


def test_plan_and_variables_are_ours_alone_and_gone_afterwards(stack: Stack, place: Aws) -> None:
    """Both hold secrets: in a folder that nobody else may enter, removed at the end."""
    seen: list[Any] = []

    def plan(command: Command) -> Result:
        folder = Path(command.argv[-1].partition("=")[2]).parent
        values = json.loads((folder / "inputs.tfvars.json").read_text())
        seen.append((folder.stat().st_mode & 0o777, values["image"]))
        # On one line, Terraform would print all values with each validation error.
        assert len((folder / "inputs.tfvars.json").read_text().splitlines()) > len(values)
        return printed("", code=2)

    apply_stack(stack, world(Terraform(PLAN).instead("/tf plan", plan), place))
    assert seen == [(0o700, "r@sha256:1")]
    assert list(stack.data_dir.glob("run-*")) == []


def test_losing_data_is_refused_before_anything_happens(stack: Stack, place: Aws) -> None:
    """A plan that destroys a database is not applied, unless its address was given."""
    gone = json.loads(json.dumps(PLAN).replace("create", "delete").replace("ecs_service", "db_x"))
    terraform = Terraform(gone)
    with pytest.raises(InfraError, match="destroys what holds data"):
        apply_stack(stack, world(terraform, place))
    assert "apply" not in terraform.verbs
    assert apply_stack(stack, world(terraform, place), allow_destroy=["aws_db_x.this"]).changed


def test_not_confirmed_is_not_applied(stack: Stack, place: Aws) -> None:
    """Who answers no has applied nothing, and is told so."""
    terraform = Terraform(PLAN)
    with pytest.raises(InfraError, match="not confirmed; nothing was applied"):
        apply_stack(stack, world(terraform, place, confirm=lambda *_: False))
    assert "apply" not in terraform.verbs


def test_a_failed_apply_takes_the_record_back(stack: Stack, place: Aws) -> None:
    """After a failure no hash fits, so that going back to the inputs before runs Terraform."""
    apply_stack(stack, world(Terraform(PLAN), place))
    failing = Terraform(PLAN).instead("/tf apply", printed("", code=1, stderr="Error: no\n"))
    with pytest.raises(InfraError, match="apply failed\nno"):
        apply_stack(stack, world(failing, place), refresh=True)
    assert not apply_stack(stack, world(Terraform(), place)).skipped


def test_a_dry_run_takes_no_lock_and_tells_of_anothers(stack: Stack, place: Aws) -> None:
    """Who only looks keeps nobody from applying, and is told who is at work."""
    apply_stack(stack, world(Terraform(PLAN), place))
    lock_table(place, written(who="bob@ci"))
    terraform = Terraform(PLAN)
    looking = world(DryRunner(terraform, show=lambda _: None), place)
    assert apply_stack(stack, looking, refresh=True, lock_timeout=60).changed
    assert isinstance(looking.console.err, io.StringIO)
    assert "is locked by bob@ci (apply" in looking.console.err.getvalue()
    (plan,) = (each for each in terraform.ran if each.argv[1] == "plan")
    assert "-lock=false" in plan.argv
    assert not any(word.startswith("-lock-timeout") for word in plan.argv)


def test_a_held_lock_names_its_holder(stack: Stack, place: Aws) -> None:
    """The holder is read from the lock itself, never from what Terraform printed."""
    lock_table(place, written(who="bob@ci"))
    text = "Error: Error acquiring the state lock\n\nLock Info:\n  ID: not-this-one\n"
    blocked = Terraform(PLAN).instead("/tf plan", printed("", code=1, stderr=text))
    with pytest.raises(LockedError, match="is locked by bob@ci") as caught:
        apply_stack(stack, world(blocked, place))
    assert caught.value.next_step.endswith(f"--id={ID}")


def test_a_signal_tells_how_far_it_came(stack: Stack, place: Aws) -> None:
    """After INT the message counts what was applied, and says that nothing is locked."""
    done = {"type": "apply_complete", "@message": "done", "hook": {"resource": {"addr": "a.b"}}}

    class Stopped(Terraform):
        def run(self, command: Command, **more: Any) -> Result:
            result = super().run(command, **more)
            if command.argv[1] == "apply":
                raise Interrupted("interrupted: terraform", signal=15)
            return result

    terraform = Stopped(PLAN).instead("/tf apply", printed(json.dumps(done)))
    with pytest.raises(Interrupted) as caught:
        apply_stack(stack, world(terraform, place))
    assert "1 of 1 changes were applied (a.b); the state is saved and not locked" in str(
        caught.value
    )
    assert caught.value.signal == 15
    assert applied.read(stack, place) is None


def test_a_signal_while_planning_is_told_in_a_line(stack: Stack, place: Aws) -> None:
    """A signal says where it came, without Terraform's command line."""

    def stop(_: Command) -> Result:
        raise Interrupted("interrupted: /tf plan -input=false …", signal=15)

    with pytest.raises(Interrupted) as caught:
        apply_stack(stack, world(Terraform(PLAN).instead("/tf plan", stop), place))
    assert caught.value.message == ("service greeter in dev: interrupted at plan")
    assert caught.value.signal == 15


def test_a_signal_that_left_a_lock_says_how_to_unlock(stack: Stack, place: Aws) -> None:
    """Where Terraform had to be killed, the message has the command."""

    class Killed(Terraform):
        def run(self, command: Command, **more: Any) -> Result:
            if command.argv[1] == "apply":
                lock_table(place, written())
                raise Interrupted("interrupted: terraform")
            return super().run(command, **more)

    with pytest.raises(Interrupted) as caught:
        apply_stack(stack, world(Killed(PLAN), place))
    assert caught.value.next_step == locks.unlock_command(
        locks.place(stack), locks.parse(written())
    )


def test_only_environments_become_workspaces(stack: Stack, place: Aws) -> None:
    """A name that slipway.toml does not have is refused before Terraform runs."""
    idle = FakeRunner()
    with pytest.raises(UsageError, match="locl: no environment"):
        apply_stack(replace(stack, environment="locl"), world(idle, place))
    assert idle.ran == []


def test_another_failure_of_the_workspace_makes_none(stack: Stack, place: Aws) -> None:
    """Only where the workspace is missing it is made; without permission nothing is."""
    text = "Error: AccessDenied: not yours\n"
    terraform = Terraform(PLAN).instead("/tf workspace select", printed("", code=1, stderr=text))
    with pytest.raises(AccessError, match="choosing the workspace failed"):
        apply_stack(stack, world(terraform, place))
    assert "workspace new" not in terraform.verbs


def test_a_dry_run_of_nothing_yet(stack: Stack, place: Aws) -> None:
    """Without a workspace a dry run makes none, and says that everything would be made."""
    terraform = Terraform(PLAN)
    dry = world(DryRunner(terraform, show=lambda _: None), place)
    assert apply_stack(stack, dry).changed
    assert terraform.verbs == ["init", "workspace select"]
    assert applied.read(stack, place) is None


def test_planning_shows_and_applies_nothing(stack: Stack, place: Aws) -> None:
    """`plan_stack` ends with the summary; neither apply nor record."""
    terraform = Terraform(PLAN)
    outcome = plan_stack(stack, world(terraform, place))
    assert [str(each) for each in outcome.summary.changes] == ["+ aws_ecs_service.this"]
    assert "apply" not in terraform.verbs
    assert applied.read(stack, place) is None


def test_the_keys_of_an_account_are_masked(stack: Stack, place: Aws) -> None:
    """What Terraform prints of the secret key is never shown."""
    secret = place.keys().secret
    text = f"Error: bad key {secret}\n"
    failing = Terraform(PLAN).instead("/tf init", printed("", code=1, stderr=text))
    with pytest.raises(InfraError) as caught:
        apply_stack(stack, world(failing, place))
    assert "bad key ****" in caught.value.message


def test_no_table_no_bucket_names_the_command(stack: Stack, aws: Aws) -> None:
    """Without the place for the state, the message has the command that makes it."""
    text = 'Error: Failed to get existing workspaces: S3 bucket "x" does not exist.\n'
    failing = Terraform(PLAN).instead("/tf init", printed("", code=1, stderr=text))
    with pytest.raises(InfraError) as caught:
        apply_stack(stack, world(failing, aws))
    assert caught.value.next_step == "uv run invoke state.bootstrap --env=dev"
    assert BUCKET in caught.value.message
    assert TABLE in caught.value.message


def test_a_registry_of_another_account_gets_its_own_keys(
    stack: Stack, place: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack of an environment with another role or account is reached as that one is."""
    asked: list[str] = []

    def connect(home: Environment, *, endpoint: str | None) -> Aws:
        asked.append(home.name)
        return Aws(home, endpoint, place.session)

    monkeypatch.setattr(slipway.aws, "connect", connect)
    monkeypatch.setattr(Aws, "verify", lambda _: None)
    known = {"dev": environment("dev"), "tools": environment("tools", account_id="2" * 12)}
    ours = replace(world(Terraform(), place), environments=known)
    assert ours.reaching(stack).aws is place
    assert ours.reaching(replace(stack, environment="tools")).aws.account_id == "2" * 12
    assert asked == ["tools"]
