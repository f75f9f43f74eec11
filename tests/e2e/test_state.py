"""State, locks and applies with the real Terraform against the embedded AWS, on a tiny stack."""

from __future__ import annotations

import io
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from slipway import local, tools
from slipway.aws import Aws, connect
from slipway.config import Environment, Local, Settings
from slipway.console import Console
from slipway.errors import InfraError, Interrupted, LockedError, UsageError
from slipway.infra import (
    adopt,
    applied,
    backup,
    destroy,
    holding,
    locks,
    restore,
    state,
    statefile,
    statestore,
)
from slipway.infra.apply import Terraforming, apply_stack, plan_stack
from slipway.infra.stacks import Stack, data_dir
from slipway.infra.terraform import Backend
from slipway.paths import Checkout
from slipway.runner import DryRunner, SubprocessRunner
from tests.e2e.checkout import ROOT, free_port

pytestmark = pytest.mark.e2e

BEFORE = 'word["hello"]: Creation complete'
BUCKET, TABLE = "tiny-state-000000000000-us-west-1", "tiny-locks"

TINY = """
terraform {
  backend "s3" {}
}

variable "environment" {
  type = string
  validation {
    condition     = terraform.workspace == var.environment
    error_message = "not the selected workspace"
  }
}
variable "name" { type = string }
variable "words" { type = list(string) }
variable "sleep" { type = number }
variable "linger" { type = number }

# Goes after all words, and takes its time.
resource "terraform_data" "last" {
  count = var.linger > 0 ? 1 : 0
  input = var.linger
  provisioner "local-exec" {
    when    = destroy
    command = "sleep ${self.output}"
  }
}

# Takes its time, so that a test can come in between.
resource "terraform_data" "slow" {
  count      = var.sleep > 0 ? 1 : 0
  depends_on = [WORDS.word]
  provisioner "local-exec" { command = "sleep ${var.sleep}" }
}

output "name" { value = var.name }
output "secret" {
  value     = "hush"
  sensitive = true
}
"""
PLAIN = """
resource "terraform_data" "word" {
  for_each   = toset(var.words)
  depends_on = [terraform_data.last]
  input      = "/${var.name}/${each.value}"
}
"""
"""Nothing of the provider's, whose start is most of a run's time."""
ON_AWS = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

resource "aws_ssm_parameter" "word" {
  for_each   = toset(var.words)
  depends_on = [terraform_data.last]
  name       = "/${var.name}/${each.value}"
  type       = "String"
  value      = each.value
}

resource "aws_s3_bucket" "data" {
  count  = contains(var.words, "bucket") ? 1 : 0
  bucket = "${var.name}-data"
}
"""

READER = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
  backend "s3" {}
}

data "aws_ssm_parameter" "platform" {
  name = "/tiny-local/platform"
}
"""


@dataclass
class Bench:
    """A checkout with the tiny stack, and the embedded AWS that it is applied to."""

    checkout: Checkout
    settings: Settings
    aws: Aws

    def world(self) -> Terraforming:
        """As another process would see it: a runner of its own, its output kept apart."""
        runner = SubprocessRunner()
        return Terraforming(
            binary=tools.terraform(self.checkout, runner),
            cli_config=tools.cli_config_path(self.checkout),
            env=tools.child_env(),
            environments=self.settings.environments,
            runner=runner,
            console=Console(out=io.StringIO(), err=io.StringIO()),
            aws=self.aws,
        )

    def on_aws(self, name: str, *words: str, sleep: int = 0, linger: int = 0) -> Stack:
        """The tiny stack with its words as parameters of AWS, as service `name`."""
        plain = self.stack(name, *words, sleep=sleep, linger=linger)
        return replace(plain, folder=self.checkout.infra / "on_aws")

    def stack(self, name: str, *words: str, sleep: int = 0, linger: int = 0, at: str = "") -> Stack:
        """The tiny stack as service `name`; `at` gives it another data folder."""
        return Stack(
            name="service",
            service=name,
            environment="local",
            folder=self.checkout.infra / "plain",
            backend=Backend(
                bucket=BUCKET, key=f"service/{name}.tfstate", region="us-west-1", lock_table=TABLE
            ),
            variables={
                "environment": "local",
                "name": name,
                "words": list(words) or ["hello"],
                "sleep": sleep,
                "linger": linger,
            },
            data_dir=data_dir(self.checkout, "local", "service", name + at),
        )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("state")
    checkout = Checkout(root)
    for folder in ("infra/plain", "infra/on_aws", "src", ".slipway/terraform"):
        (root / folder).mkdir(parents=True)
    (root / "src/embedded_aws").symlink_to(ROOT / "src/embedded_aws")
    (root / "infra/plain/main.tf").write_text(TINY.replace("WORDS", "terraform_data") + PLAIN)
    (root / "infra/on_aws/main.tf").write_text(TINY.replace("WORDS", "aws_ssm_parameter") + ON_AWS)
    shutil.copy(ROOT / "infra/service/.terraform.lock.hcl", root / "infra/on_aws")
    tools.cli_config_path(checkout).write_text(tools.cli_config(checkout))
    environment = Environment(
        name="local",
        target="embedded",
        region="us-west-1",
        account_id="000000000000",
        role_arn="",
        branch="",
        protected=False,
        registry="local",
    )
    port = Local(port=free_port(), mode="process")
    settings = Settings(
        project="tiny",
        owner="",
        region="us-west-1",
        environment=environment,
        environments={"local": environment},
        local=port,
        services={},
        provenance={},
    )
    runner, console = SubprocessRunner(), Console(err=io.StringIO())
    endpoint = local.up(checkout, port, runner, console)
    try:
        aws = connect(environment, endpoint=endpoint)
        state.ready(settings, aws)
        yield Bench(checkout, settings, aws)
    finally:
        local.reset(checkout, port, SubprocessRunner())


def said(world: Terraforming) -> str:
    """What the user has seen."""
    assert isinstance(world.console.err, io.StringIO)
    return world.console.err.getvalue()


def until(true: Callable[[], object], seconds: float = 120) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def test_bootstrap_holds_and_finds_nothing_to_do_again(bench: Bench) -> None:
    """What the embedded AWS was prepared with is all that is wanted."""
    assert state.wanting(bench.settings, bench.aws) == []
    assert state.bootstrap(bench.settings, bench.aws) == []


def test_first_apply_then_skip_then_change(bench: Bench) -> None:
    """A first apply makes things, the same inputs run nothing at all, other inputs run."""
    world = bench.world()
    first = apply_stack(bench.on_aws("first"), world)
    assert (first.changed, first.skipped) == (True, False)
    assert first.created("aws_ssm_parameter")
    assert first.outputs == {"name": "first"}
    assert '+ aws_ssm_parameter.word["hello"]' in said(world)

    idle = replace(bench.world(), binary=Path("/nonexistent/terraform"))
    again = apply_stack(bench.on_aws("first"), idle)
    assert again.skipped
    assert again.outputs == first.outputs

    more = apply_stack(bench.on_aws("first", "hello", "world"), bench.world())
    assert [str(each) for each in more.summary.changes] == ['+ aws_ssm_parameter.word["world"]']
    assert not apply_stack(
        bench.on_aws("first", "hello", "world"), bench.world(), refresh=True
    ).changed


def test_nothing_secret_is_left_behind(bench: Bench) -> None:
    """After an apply neither plan nor variables are on disk, nor secret outputs in the record."""
    stack = bench.stack("secret")
    apply_stack(stack, bench.world())
    assert list(stack.data_dir.glob("run-*")) == []
    record = applied.read(stack, bench.aws)
    assert record
    assert "hush" not in json.dumps(dict(record.outputs))


def test_an_apply_that_failed_is_not_taken_for_done(bench: Bench) -> None:
    """After a failed change, going back to the inputs before it runs Terraform again."""
    good = bench.on_aws("halfway")
    apply_stack(good, bench.world())
    bench.aws.ssm.put_parameter(Name="/halfway/taken", Value="theirs", Type="String")
    bad = replace(good, variables={**good.variables, "words": ["hello", "taken"]})
    with pytest.raises(InfraError) as caught:
        apply_stack(bad, bench.world())
    assert 'aws_ssm_parameter.word["taken"]' in caught.value.message
    assert len(caught.value.message.splitlines()) < 20
    assert not apply_stack(good, bench.world()).skipped


def test_the_second_of_two_applies_names_the_first(bench: Bench) -> None:
    """While somebody applies, another apply ends with who that is, and both leave no lock."""
    slow = bench.stack("both", sleep=8)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(apply_stack, slow, bench.world())
        where = locks.place(slow)
        until(lambda: (held := locks.holder(where, bench.aws)) and held.operation == "apply")
        with pytest.raises(LockedError) as caught:
            apply_stack(bench.stack("both", "other", at="-2"), bench.world())
        assert "service both in local is locked by" in caught.value.message
        assert "(apply, since" in caught.value.message
        assert "state.unlock --env=local --stack=service --service=both --id=" in (
            caught.value.next_step
        )
        assert first.result().changed
    assert locks.holder(where, bench.aws) is None


def test_with_a_lock_timeout_the_second_waits(bench: Bench) -> None:
    """`lock_timeout` waits for the first instead."""
    slow = bench.stack("patient", sleep=6)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(apply_stack, slow, bench.world())
        until(lambda: (h := locks.holder(locks.place(slow), bench.aws)) and h.operation == "apply")
        second = apply_stack(
            bench.stack("patient", "hello", "later", at="-2"), bench.world(), lock_timeout=60
        )
        assert first.result().changed
    assert '+ terraform_data.word["later"]' in map(str, second.summary.changes)


def test_a_signal_ends_an_apply_without_a_lock(bench: Bench) -> None:
    """After INT the message says what was applied; the lock is gone; a new run finishes."""
    stack, world = bench.on_aws("signal", sleep=60), bench.world()
    assert isinstance(world.runner, SubprocessRunner)
    timer = threading.Thread(target=_interrupt_when_applied, args=(bench, stack, world))
    timer.start()
    with pytest.raises(Interrupted) as caught:
        apply_stack(stack, world)
    timer.join()
    assert "1 of 2 changes were applied" in caught.value.message
    assert 'aws_ssm_parameter.word["hello"]' in caught.value.message
    assert locks.holder(locks.place(stack), bench.aws) is None
    assert apply_stack(bench.on_aws("signal"), bench.world()).outputs == {"name": "signal"}


def _interrupt_when_applied(bench: Bench, stack: Stack, world: Terraforming) -> None:
    until(lambda: BEFORE in said(world))
    time.sleep(0.5)
    assert isinstance(world.runner, SubprocessRunner)
    world.runner.interrupt()


def test_a_killed_apply_leaves_a_lock_that_only_its_id_opens(bench: Bench) -> None:
    """After kill -9 the next apply names the holder; only that lock's id unlocks."""
    stack, world = bench.on_aws("killed", sleep=60), bench.world()
    assert isinstance(world.runner, SubprocessRunner)
    with ThreadPoolExecutor() as pool:
        broken = pool.submit(apply_stack, stack, world)
        until(lambda: 'hello"]: Creation complete' in said(world))
        world.runner.kill()
        assert isinstance(broken.exception(), InfraError)
    with pytest.raises(LockedError):
        apply_stack(bench.on_aws("killed", "other"), bench.world())
    found = locks.holder(locks.place(stack), bench.aws)
    assert found
    with pytest.raises(LockedError, match="locked by another one"):
        locks.unlock(locks.place(stack), "00000000-0000-0000-0000-000000000000", bench.aws)
    assert locks.unlock(locks.place(stack), found.id, bench.aws) == found
    assert locks.holder(locks.place(stack), bench.aws) is None
    with pytest.raises(UsageError, match="is not locked"):
        locks.unlock(locks.place(stack), found.id, bench.aws)
    # What it had made, Terraform had no time to write down: nobody but us can tidy that up.
    bench.aws.ssm.delete_parameter(Name="/killed/hello")
    assert apply_stack(bench.on_aws("killed"), bench.world()).changed


def test_a_lock_in_the_table_alone_is_found_and_removed(bench: Bench) -> None:
    """A Terraform without lock files leaves only the item; that counts and can be undone too."""
    stack = bench.stack("tableonly")
    info = json.dumps({"ID": "abc", "Who": "eve@old", "Operation": "OperationTypePlan"})
    bench.aws.dynamodb.put_item(
        TableName=TABLE,
        Item={"LockID": {"S": f"{BUCKET}/{stack.state_path}"}, "Info": {"S": info}},
    )
    with pytest.raises(LockedError, match="eve@old"):
        apply_stack(stack, bench.world())
    locks.unlock(locks.place(stack), "abc", bench.aws)
    assert apply_stack(stack, bench.world()).changed


def test_another_environment_is_refused(bench: Bench) -> None:
    """A workspace that is no environment is never made."""
    stack = replace(bench.stack("wrong"), environment="locl")
    with pytest.raises(UsageError, match="locl: no environment"):
        apply_stack(stack, bench.world())


def test_variables_of_another_environment_are_refused(bench: Bench) -> None:
    """The HCL itself refuses variables that belong to another workspace."""
    stack = bench.stack("mixed")
    stack = replace(stack, variables={**stack.variables, "environment": "prod"})
    with pytest.raises(InfraError, match="not the selected workspace"):
        apply_stack(stack, bench.world())


def test_tf_workspace_of_the_shell_has_no_say(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `TF_WORKSPACE` or a plugin cache of the user's shell changes nothing."""
    monkeypatch.setenv("TF_WORKSPACE", "typo")
    apply_stack(bench.stack("shell"), bench.world())
    names = {each.service for each in locks.states("local", BUCKET, TABLE, bench.aws)}
    assert "shell" in names
    assert list(locks.states("typo", BUCKET, TABLE, bench.aws)) == []


def test_data_is_not_destroyed_unasked(bench: Bench) -> None:
    """Destroying a bucket needs its address on the command line; nothing happens before that."""
    apply_stack(bench.on_aws("data", "hello", "bucket"), bench.world())
    without = bench.on_aws("data", "hello", "more")
    with pytest.raises(InfraError) as caught:
        apply_stack(without, bench.world())
    assert "- aws_s3_bucket.data[0]" in caught.value.message
    assert "--allow-destroy='aws_s3_bucket.data[0]'" in caught.value.next_step
    bench.aws.s3.head_bucket(Bucket="data-data")
    assert locks.holder(locks.place(without), bench.aws) is None
    gone = apply_stack(without, bench.world(), allow_destroy=["aws_s3_bucket.data[0]"])
    assert "aws_s3_bucket.data[0]" in [each.address for each in gone.summary.destroys]


def test_a_dry_run_makes_nothing(bench: Bench) -> None:
    """Neither a workspace nor a record comes of planning a stack that does not exist yet."""
    dry = replace(bench.world(), runner=DryRunner(SubprocessRunner(), show=lambda _: None))
    stack = bench.stack("dry")
    assert apply_stack(stack, dry).changed
    assert applied.read(stack, bench.aws) is None
    apply_stack(stack, bench.world())
    seen = plan_stack(bench.stack("dry", "hello", "you"), dry)
    assert [str(each) for each in seen.summary.changes] == ['+ terraform_data.word["you"]']


def test_an_older_state_is_put_back_and_terraform_goes_on_from_it(bench: Bench) -> None:
    """A restored version has the right digest and serial: plan and apply take it for the newest."""
    apply_stack(bench.stack("back"), bench.world())
    stack = bench.stack("back", "hello", "later")
    apply_stack(stack, bench.world())
    where = locks.place(stack)
    found = statestore.described(where, bench.aws)
    old = next(each for each in found if each.resources == 1)
    wanted = restore.wanted(where, bench.aws, version=old.version.id, file="")
    done = restore.restore(where, wanted, bench.aws, force=False)
    assert statefile.differences(done.before, done.after) == ['- terraform_data.word["later"]']

    seen = plan_stack(stack, bench.world())
    assert [str(each) for each in seen.summary.changes] == ['+ terraform_data.word["later"]']
    undo = restore.wanted(where, bench.aws, version=done.undo, file="")
    again = restore.restore(where, undo, bench.aws, force=False)
    outcome = apply_stack(stack, bench.world())
    assert (outcome.changed, outcome.skipped, outcome.serial) == (False, False, again.after.serial)
    assert outcome.serial > found[0].serial


def test_a_version_put_back_by_hand_is_refused_until_it_is_restored(bench: Bench) -> None:
    """Without its digest Terraform refuses a state, and says what to run; that mends it."""
    stack = bench.stack("byhand")
    apply_stack(stack, bench.world())
    where = locks.place(stack)
    state = statestore.current(where, bench.aws)
    assert state
    bench.aws.s3.put_object(Bucket=BUCKET, Key=where.path, Body=state.text.encode() + b"\n")
    with pytest.raises(InfraError, match="does not have the expected content") as caught:
        plan_stack(bench.stack("byhand", "hello", "more"), bench.world())
    assert "state.versions --env=local --stack=service --service=byhand" in caught.value.next_step
    restore.restore(where, state, bench.aws, force=False)
    assert plan_stack(bench.stack("byhand", "hello", "more"), bench.world()).changed


def test_our_lock_keeps_terraform_out_and_terraforms_us(bench: Bench) -> None:
    """Both take the same two locks, so whoever comes second is told of the first."""
    stack = bench.stack("mutual", sleep=5)
    where = locks.place(stack)
    apply_stack(bench.stack("mutual"), bench.world())
    with holding.hold([where], "restore", bench.aws), pytest.raises(LockedError) as caught:
        apply_stack(stack, bench.world())
    assert "(restore, since" in caught.value.message
    with ThreadPoolExecutor() as pool:
        applying = pool.submit(apply_stack, stack, bench.world())
        until(lambda: (held := locks.holder(where, bench.aws)) and held.operation == "apply")
        shelf = backup.InBucket(BUCKET, bench.aws)
        with pytest.raises(LockedError, match=r"\(apply, since"):
            backup.backup("local", [where], shelf, bench.aws)
        assert applying.result().changed


def test_the_state_of_another_backend_is_adopted(bench: Bench) -> None:
    """What another project made belongs to us then: no difference, and its lineage is kept."""
    theirs = bench.stack("theirs")
    apply_stack(theirs, bench.world())
    there = locks.place(theirs)
    text = statestore.text_of(bench.aws, BUCKET, there.path)
    assert text
    bench.aws.s3.create_bucket(
        Bucket="another-project", CreateBucketConfiguration={"LocationConstraint": "us-west-1"}
    )
    bench.aws.s3.put_object(Bucket="another-project", Key="app.tfstate", Body=text.encode())
    source = adopt.Source(bucket="another-project", key="app.tfstate")

    ours = bench.stack("ours")
    apply_stack(ours, bench.world())
    where = locks.place(ours)
    with pytest.raises(InfraError, match="of another lineage"):
        adopt.adopt(where, source, bench.aws, overwrite=False)
    done = adopt.adopt(where, source, bench.aws, overwrite=True)
    adopted = replace(ours, variables={**ours.variables, "name": "theirs"})
    assert not plan_stack(adopted, bench.world()).changed
    before = restore.wanted(where, bench.aws, version="", file=f"{done.kept}/service/ours.tfstate")
    restore.restore(where, before, bench.aws, force=True)
    assert not plan_stack(ours, bench.world()).changed


def test_a_missing_platform_is_told_as_such(bench: Bench) -> None:
    """A parameter that the stack reads and that is not there is no riddle."""
    folder = bench.checkout.root / "infra/reader"
    folder.mkdir()
    shutil.copy(ROOT / "infra/service/.terraform.lock.hcl", folder)
    (folder / "main.tf").write_text(READER)
    stack = replace(
        bench.stack("reader"),
        folder=folder,
        variables={},
        backend=replace(bench.stack("reader").backend, key="service/reader.tfstate"),
    )
    with pytest.raises(InfraError) as caught:
        apply_stack(stack, bench.world())
    assert "the platform is missing (no parameter /tiny-local/platform" in caught.value.message


def test_a_destroy_that_is_broken_off_goes_on_when_run_again(bench: Bench) -> None:
    """After a signal it says how far it came; the second run ends it, and nothing is left."""
    words = [f"word-{number:02}" for number in range(40)]
    stack, world = bench.on_aws("doomed", *words, linger=3), bench.world()
    apply_stack(stack, bench.world())
    timer = threading.Thread(target=_interrupt_when, args=("Destruction complete", world))
    timer.start()
    with pytest.raises(Interrupted, match=r"of 41 changes were applied.*saved and not locked"):
        destroy.destroy(bench.settings, [_doomed(bench, stack)], world, lambda _: None)
    timer.join()
    left = _doomed(bench, stack)
    assert 0 < len(left.state.addresses) < 41
    destroy.destroy(bench.settings, [left], bench.world(), lambda _: None)
    assert statestore.current(locks.place(stack), bench.aws) is None
    assert locks.holder(locks.place(stack), bench.aws) is None
    assert applied.read(stack, bench.aws) is None
    assert bench.aws.ssm.get_parameters(Names=["/doomed/word-39"])["Parameters"] == []


def _interrupt_when(words: str, world: Terraforming) -> None:
    until(lambda: words in said(world))
    assert isinstance(world.runner, SubprocessRunner)
    world.runner.interrupt()


def _doomed(bench: Bench, stack: Stack) -> destroy.Doomed:
    state = statestore.current(locks.place(stack), bench.aws)
    assert state
    return destroy.Doomed(where=locks.place(stack), state=state, stack=stack)


def test_services_run_side_by_side_and_share_the_provider(bench: Bench) -> None:
    """Two applies are under way at the same time, and no data folder holds a provider."""
    stacks = [bench.on_aws(name, sleep=6) for name in ("left", "right")]
    clocks = [Clock(err=io.StringIO()) for _ in stacks]
    worlds = [replace(bench.world(), console=clock) for clock in clocks]
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(apply_stack, stacks, worlds))
    assert all(outcome.changed for outcome in outcomes)
    began = max(clock.seen[BEFORE] for clock in clocks)
    ended = min(clock.seen["slow[0]: Creation complete"] for clock in clocks)
    assert began < ended
    for stack in stacks:
        size = sum(f.lstat().st_size for f in stack.data_dir.rglob("*") if not f.is_dir())
        assert size < 1_000_000


@dataclass
class Clock(Console):
    """A console that notes when the slow resource began (after the word) and ended."""

    seen: dict[str, float] = field(default_factory=dict)

    def line(self, text: str = "", *, indent: int = 0) -> None:
        for words in (BEFORE, "slow[0]: Creation complete"):
            if words in text:
                self.seen[words] = time.monotonic()
