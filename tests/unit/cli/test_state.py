"""`invoke state.…`: what users type and read, against an AWS in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from invoke.context import Context
from moto import mock_aws

from slipway.aws import Aws
from slipway.cli import state, state_copies
from slipway.config import load
from slipway.errors import InfraError, LockedError, ToolError, UsageError
from slipway.paths import Checkout
from tests.unit.infra.test_statefile import a_state

BUCKET, TABLE = "shop-state-123456789012-us-west-1", "shop-locks"
PATH = "env:/dev/service/greeter.tfstate"
GREETER = {"environment": "dev", "stack": "service", "service": "greeter"}
LOCK = json.dumps({"ID": "a-1", "Who": "ann@laptop", "Operation": "OperationTypeApply"})

CONFIG = """
[project]
name = "shop"
[environments.dev]
target = "aws"
account_id = "123456789012"
[environments.local]
target = "embedded"
"""


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A checkout with one service, and a pretended account behind its environment `dev`."""
    (tmp_path / "slipway.toml").write_text(CONFIG)
    (tmp_path / "services/greeter").mkdir(parents=True)
    (tmp_path / "services/greeter/service.toml").write_text(
        'name = "greeter"\n[route]\npriority = 1\n'
    )
    monkeypatch.chdir(tmp_path)
    environment = load(Checkout(tmp_path), "dev").environment
    with mock_aws():
        session = boto3.Session("key", "secret", region_name="us-west-1")
        aws = Aws(environment, None, session)
        monkeypatch.setattr("slipway.aws.connect", lambda *_, **__: aws)
        yield aws


@pytest.fixture
def states(aws: Aws) -> Aws:
    """With the place for states, one state in it, and its lock held."""
    aws.s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-1"}
    )
    aws.dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.s3.put_object(Bucket=BUCKET, Key=PATH, Body=b"{}")
    lock = {"LockID": {"S": f"{BUCKET}/{PATH}"}, "Info": {"S": LOCK}}
    aws.dynamodb.put_item(TableName=TABLE, Item=lock)
    return aws


def _unlock(**more: Any) -> None:
    values = {"env": "dev", "stack": "service", "service": "greeter", "id": "a-1", **more}
    state.unlock.body(Context(), **values)


def test_bootstrap_tells_what_it_set(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run lists and counts what it makes, the second has nothing to do."""
    monkeypatch.setattr("slipway.infra.state.WAIT", 2.0)
    state.bootstrap.body(Context(), env="dev")
    first = capsys.readouterr()
    assert f"bucket {BUCKET}" in first.err
    assert first.out.endswith("things set\n")
    state.bootstrap.body(Context(), env="dev")
    assert "nothing to do" in capsys.readouterr().out


def test_bootstrap_dry_run_makes_nothing(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run lists what it would make."""
    state.bootstrap.body(Context(), env="dev", dry_run=True)
    assert f"would set: bucket {BUCKET}" in capsys.readouterr().out
    assert aws.s3.list_buckets()["Buckets"] == []


def test_bootstrap_as_json(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The place, and each thing that would be set, was set, and nothing the second time."""
    monkeypatch.setattr("slipway.infra.state.WAIT", 2.0)
    place = {"environment": "dev", "bucket": BUCKET, "lock_table": TABLE}
    state.bootstrap.body(Context(), env="dev", dry_run=True, json=True)
    wanting = document(capsys)
    assert wanting == {**place, "set": wanting["set"], "dry_run": True}
    assert wanting["set"][0] == f"bucket {BUCKET}"
    state.bootstrap.body(Context(), env="dev", json=True)
    told = capsys.readouterr()
    done = [line.strip() for line in told.err.splitlines()]
    assert json.loads(told.out) == {**place, "set": done, "dry_run": False}
    assert done[0] == f"bucket {BUCKET}"
    state.bootstrap.body(Context(), env="dev", json=True)
    assert document(capsys) == {**place, "set": [], "dry_run": False}


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_list_names_states_and_holders(states: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per state, with who holds its lock; the same as JSON."""
    state.list_.body(Context(), env="dev")
    assert "service  greeter  2" in capsys.readouterr().out
    state.list_.body(Context(), env="dev", json=True)
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["service"], found["lock"]["who"]) == ("greeter", "ann@laptop")


def test_versions_of_one_state(states: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per version; what is no state is marked as broken."""
    state.versions.body(Context(), env="dev", stack="service", service="greeter")
    assert "broken" in capsys.readouterr().out
    states.s3.put_object(Bucket=BUCKET, Key=PATH, Body=a_state("a.x", serial=4).encode())
    state.versions.body(Context(), env="dev", stack="service", service="greeter", json=True)
    newest = json.loads(capsys.readouterr().out)[0]
    assert (newest["serial"], newest["resources"], newest["lineage"]) == (4, 1, "ours")


def test_backup_copies_or_says_what_it_would(
    states: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run writes nothing; a held lock is told; then the folder is printed."""
    state_copies.backup.body(Context(), env="dev", dry_run=True)
    assert capsys.readouterr().out == "would copy: service greeter in dev\n"
    with pytest.raises(LockedError, match="ann@laptop"):
        state_copies.backup.body(Context(), env="dev", to=str(tmp_path / "kept"))
    assert not (tmp_path / "kept").exists()
    _unlock()
    capsys.readouterr()
    state_copies.backup.body(Context(), env="dev", to=str(tmp_path / "kept"))
    folder = Path(capsys.readouterr().out.strip())
    assert (folder / "service/greeter.tfstate").read_text() == "{}"


def test_an_environment_without_states_has_no_backup(states: Aws) -> None:
    """An empty folder would look like a backup."""
    states.s3.delete_object(Bucket=BUCKET, Key=PATH)
    with pytest.raises(UsageError, match="dev has no states"):
        state_copies.backup.body(Context(), env="dev")


def test_backup_as_json(states: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each state, and the folder where its copy is; none in a dry run."""
    kept = tmp_path / "kept"
    _unlock(json=True)
    capsys.readouterr()
    state_copies.backup.body(Context(), env="dev", to=str(kept), dry_run=True, json=True)
    assert document(capsys) == {"folder": "", "states": [GREETER], "dry_run": True}
    assert not kept.exists()
    state_copies.backup.body(Context(), env="dev", to=str(kept), json=True)
    (folder,) = (kept / "dev").iterdir()
    assert document(capsys) == {"folder": str(folder), "states": [GREETER], "dry_run": False}


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes which states would be planned, instead of running Terraform."""
    seen: list[str] = []
    monkeypatch.setattr(state_copies, "_plan", lambda *given: seen.append(str(given[3])))
    return seen


def test_restore_shows_differences_undo_and_plan(
    states: Aws, tmp_path: Path, planned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run first; then the state is back, and the command that undoes it is printed."""
    states.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    states.s3.put_object(Bucket=BUCKET, Key=PATH, Body=a_state("a.x", serial=4).encode())
    _unlock()
    file = tmp_path / "old.tfstate"
    file.write_text(a_state("a.y", serial=2))
    capsys.readouterr()
    _restore(from_=str(file), dry_run=True)
    told = capsys.readouterr()
    assert told.out.startswith("would put back: the state of service greeter in dev (serial 5, 1")
    assert ("- a.x" in told.err, "+ a.y" in told.err, planned) == (True, True, [])
    _restore(from_=str(file))
    told = capsys.readouterr()
    assert (
        "undo: uv run invoke state.restore --env=dev --stack=service --service=greeter" in told.err
    )
    assert planned == ["service greeter in dev"]
    undo = told.err.rpartition("--version=")[2].strip()
    _restore(version=undo)
    assert "(serial 6, 1 resources; before: serial 5, 1 resources)" in capsys.readouterr().out


def test_restore_as_json(
    states: Aws, tmp_path: Path, planned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before and after in figures, and the version by which it is undone."""
    states.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    states.s3.put_object(Bucket=BUCKET, Key=PATH, Body=a_state("a.x", "a.z", serial=4).encode())
    version = states.s3.head_object(Bucket=BUCKET, Key=PATH)["VersionId"]
    _unlock()
    file = tmp_path / "old.tfstate"
    file.write_text(a_state("a.y", serial=2))
    for dry_run in (True, False):
        capsys.readouterr()
        _restore(from_=str(file), dry_run=dry_run, json=True)
        told = capsys.readouterr()
        assert json.loads(told.out) == {
            **GREETER,
            "serial": 5,
            "resources": 1,
            "serial_before": 4,
            "resources_before": 2,
            "undo_version": "" if dry_run else version,
            "dry_run": dry_run,
        }
        assert "- a.x" in told.err
    assert planned == ["service greeter in dev"]


def test_restore_over_what_cant_be_read_as_json(
    states: Aws, tmp_path: Path, planned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What was before has no figures then."""
    file = tmp_path / "old.tfstate"
    file.write_text(a_state("a.y", serial=2))
    _restore(from_=str(file), dry_run=True, json=True)
    told = document(capsys)
    assert (told["serial_before"], told["resources_before"]) == (None, None)


def _restore(**more: Any) -> None:
    values = {"env": "dev", "stack": "service", "service": "greeter", **more}
    state_copies.restore.body(Context(), **values)


def test_restore_of_what_is_no_state(states: Aws, tmp_path: Path) -> None:
    """A wrong file is refused before anything is locked."""
    (tmp_path / "x").write_text("{}")
    with pytest.raises(InfraError, match="not a Terraform state"):
        _restore(from_=str(tmp_path / "x"))


def test_copy_adopts_once(
    states: Aws, planned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what came, and warns of the other project; the second time does nothing."""
    states.s3.create_bucket(
        Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "us-west-1"}
    )
    states.s3.put_object(Bucket="theirs", Key="app", Body=a_state("a.t", lineage="l").encode())
    given: Any = {"env": "dev", "stack": "platform", "from_bucket": "theirs", "from_key": "app"}
    state_copies.copy.body(Context(), **given, dry_run=True)
    assert capsys.readouterr().out.startswith("would copy: s3://theirs/app to platform in dev")
    assert planned == []
    state_copies.copy.body(Context(), **given)
    told = capsys.readouterr()
    assert told.out.startswith("copied: s3://theirs/app")
    assert "let nobody apply it again" in told.err
    state_copies.copy.body(Context(), **given)
    assert capsys.readouterr().out.startswith("nothing to do")
    assert planned == ["platform in dev"]


def test_copy_as_json(states: Aws, planned: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What would come, what came, and that there was nothing left to do."""
    place: Any = {"LocationConstraint": "us-west-1"}
    states.s3.create_bucket(Bucket="theirs", CreateBucketConfiguration=place)
    states.s3.put_object(Bucket="theirs", Key="app", Body=a_state("a.t", lineage="l").encode())
    given: Any = {"env": "dev", "stack": "platform", "from_bucket": "theirs", "from_key": "app"}
    told = {
        "environment": "dev",
        "stack": "platform",
        "service": "",
        "source": "s3://theirs/app",
        "changed": True,
        "serial": 2,
        "resources": 1,
        "serial_before": None,
        "resources_before": None,
        "backup": "",
        "dry_run": False,
    }
    state_copies.copy.body(Context(), **given, json=True, dry_run=True)
    assert document(capsys) == {**told, "dry_run": True}
    state_copies.copy.body(Context(), **given, json=True)
    assert document(capsys) == told
    state_copies.copy.body(Context(), **given, json=True)
    before = {"serial": 1, "serial_before": 2, "resources_before": 1}
    assert document(capsys) == {**told, **before, "changed": False}
    assert planned == ["platform in dev"]


def test_copy_over_resources_as_json(
    states: Aws, planned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The state before is kept, and the document says where."""
    place: Any = {"LocationConstraint": "us-west-1"}
    states.s3.create_bucket(Bucket="theirs", CreateBucketConfiguration=place)
    states.s3.put_object(Bucket="theirs", Key="app", Body=a_state("a.t", lineage="l").encode())
    states.s3.put_object(Bucket=BUCKET, Key=PATH, Body=a_state("a.x", serial=4).encode())
    _unlock()
    capsys.readouterr()
    given: Any = {"stack": "service", "service": "greeter", "from_bucket": "theirs"}
    state_copies.copy.body(Context(), env="dev", **given, from_key="app", overwrite=True, json=True)
    assert document(capsys)["backup"].startswith(f"s3://{BUCKET}/backup/dev/")


def test_the_registry_of_another_environment_is_not_ours(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment that takes its images from another has no such state."""
    file = Path("slipway.toml")
    extra = '[environments.test]\ntarget = "aws"\naccount_id = "123456789012"\nregistry = "dev"\n'
    file.write_text(file.read_text() + extra)
    with pytest.raises(UsageError, match="belongs to dev"):
        state.versions.body(Context(), env="test", stack="registry")


def test_list_without_a_place_names_the_command(aws: Aws) -> None:
    """Before the bootstrap there is nothing to list, and the message says what to run."""
    with pytest.raises(InfraError) as caught:
        state.list_.body(Context(), env="dev")
    assert caught.value.next_step == "uv run invoke state.bootstrap --env=dev"


def test_unlock_by_id(states: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """The right id removes the lock and says whose it was."""
    _unlock()
    assert "removed: lock a-1 of ann@laptop (apply)" in capsys.readouterr().out
    with pytest.raises(UsageError, match="is not locked"):
        _unlock()


def test_unlock_dry_run_removes_nothing(states: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run says whose lock it would remove."""
    state.unlock.body(
        Context(), env="dev", stack="service", service="greeter", id="a-1", dry_run=True
    )
    assert "would remove: lock a-1 of ann@laptop" in capsys.readouterr().out
    assert "Item" in states.dynamodb.get_item(
        TableName=TABLE, Key={"LockID": {"S": f"{BUCKET}/{PATH}"}}
    )


@pytest.mark.parametrize("dry_run", [True, False])
def test_unlock_as_json(states: Aws, capsys: pytest.CaptureFixture[str], dry_run: bool) -> None:
    """Which state, and whose lock it was, or is."""
    _unlock(dry_run=dry_run, json=True)
    assert document(capsys) == {
        **GREETER,
        "id": "a-1",
        "who": "ann@laptop",
        "operation": "apply",
        "created": None,
        "path": "",
        "dry_run": dry_run,
    }


def test_unlock_by_another_id_is_refused(states: Aws) -> None:
    """A wrong id removes nothing and is told the holder."""
    with pytest.raises(LockedError, match="locked by another one: ann@laptop"):
        _unlock(id="b-2")


@pytest.mark.parametrize(
    ("stack", "service", "words"),
    [("service", "", "needs --service"), ("platform", "greeter", "has no --service")],
)
def test_unlock_needs_a_service_only_for_services(
    states: Aws, stack: str, service: str, words: str
) -> None:
    """Stack and service have to fit each other."""
    with pytest.raises(UsageError, match=words):
        _unlock(stack=stack, service=service)


def test_unlock_of_the_platform_needs_no_service() -> None:
    """On the command line `--service` may be left out."""
    values = state.unlock.values({"env": "dev", "stack": "platform", "id": "a-1", "service": None})
    assert values["service"] is None


def test_unlock_of_an_unknown_service_names_the_nearest(states: Aws) -> None:
    """A misspelt service is not silently unlocked."""
    with pytest.raises(UsageError, match="greeter"):
        _unlock(service="greter")


def test_the_embedded_aws_has_to_run(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it there is no state to list; nothing is started behind the user's back."""
    monkeypatch.setattr("slipway.local.endpoint", lambda *_: None)
    with pytest.raises(ToolError) as caught:
        state.list_.body(Context(), env="local")
    assert caught.value.next_step == "uv run invoke local.up"
