"""Backup, restore and adoption of states, against an AWS in this process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway.aws import Aws
from slipway.errors import InfraError, LockedError, UsageError
from slipway.infra import adopt, applied, locks, restore, statefile, statestore
from slipway.infra.backup import InBucket, InFolder, backup
from slipway.infra.holding import hold
from slipway.infra.stacks import service_stack
from slipway.paths import Checkout

from .conftest import BUCKET, TABLE, service, settings
from .test_locks import WHERE, lock_file, written
from .test_statefile import a_state

PLATFORM = WHERE._replace(stack="platform", service="")
SOURCE = adopt.Source(bucket="theirs", key="prod/app.tfstate")


@pytest.fixture
def versioned(place: Aws) -> Aws:
    """A versioned bucket in which the state of greeter has two versions."""
    place.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put(place, a_state("a.x", serial=4))
    put(place, a_state("a.x", "a.y", serial=7))
    return place


def put(aws: Aws, text: str, where: locks.Place = WHERE) -> None:
    """Write a state as somebody else would."""
    aws.s3.put_object(Bucket=where.bucket, Key=where.path, Body=text.encode())


def digest(aws: Aws) -> str:
    """What Terraform will compare the state with."""
    key: Any = {"LockID": {"S": f"{BUCKET}/{WHERE.path}-md5"}}
    item: Any = aws.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    return str(item["Digest"]["S"])


def test_versions_are_listed_newest_first(versioned: Aws) -> None:
    """With serial and resources each; what is broken or was deleted is listed as well."""
    put(versioned, "no state")
    versioned.s3.delete_object(Bucket=BUCKET, Key=WHERE.path)
    # Another state whose name begins alike is none of its versions.
    put(versioned, a_state(), WHERE._replace(service="greeter.tfstate-2"))
    found = statestore.described(WHERE, versioned)
    assert [(e.serial, e.resources, e.version.deleted) for e in found] == [
        (0, 0, True),
        (0, 0, False),
        (7, 2, False),
        (4, 1, False),
    ]
    assert [e.version.latest for e in found] == [True, False, False, False]


def test_an_older_version_is_put_back(versioned: Aws, checkout: Checkout) -> None:
    """It gets the next serial and its digest; the lock is free, the record no longer counts."""
    stack = service_stack(settings(), service(), "r@sha256:1", checkout)
    applied.note(stack, versioned, inputs_hash="h", serial=7, outputs={})
    old = statestore.versions(WHERE, versioned)[1]
    state = restore.wanted(WHERE, versioned, version=old.id, file="")
    done = restore.restore(WHERE, state, versioned, force=False)
    now = statestore.current(WHERE, versioned)
    assert now
    assert (now.serial, now.addresses, now.lineage) == (8, ("a.x",), "ours")
    assert digest(versioned) == hashlib.md5(now.text.encode()).hexdigest()
    assert locks.holder(WHERE, versioned) is None
    record = applied.read(stack, versioned)
    assert record
    assert record.inputs_hash == ""
    # And back again, with what it was told.
    again = restore.wanted(WHERE, versioned, version=done.undo, file="")
    assert restore.restore(WHERE, again, versioned, force=False).after.serial == 9


def test_a_look_changes_nothing(versioned: Aws) -> None:
    """A dry run says what would come, and leaves state and versions as they were."""
    before = statestore.versions(WHERE, versioned)
    state = restore.wanted(WHERE, versioned, version=before[1].id, file="")
    assert restore.look(WHERE, state, versioned, force=False).after.serial == 8
    assert statestore.versions(WHERE, versioned) == before


@pytest.mark.parametrize("damage", ["broken", "deleted"])
def test_a_lost_state_is_restored(versioned: Aws, damage: str) -> None:
    """Where the newest version is broken or deleted, an older one replaces it all the same."""
    old = statestore.versions(WHERE, versioned)[0]
    if damage == "broken":
        put(versioned, "{")
    else:
        versioned.s3.delete_object(Bucket=BUCKET, Key=WHERE.path)
    state = restore.wanted(WHERE, versioned, version=old.id, file="")
    done = restore.restore(WHERE, state, versioned, force=False)
    assert done.before is None
    assert statestore.current(WHERE, versioned) == done.after


def test_a_file_is_restored(versioned: Aws, tmp_path: Path) -> None:
    """From here or from S3; another state's file is refused unless it is forced."""
    file = tmp_path / "old.tfstate"
    file.write_text(a_state("a.z", lineage="theirs"))
    versioned.s3.put_object(Bucket=BUCKET, Key="backup/x", Body=a_state("a.q").encode())
    theirs = restore.wanted(WHERE, versioned, version="", file=str(file))
    with pytest.raises(InfraError, match="lineage theirs"):
        restore.restore(WHERE, theirs, versioned, force=False)
    ours = restore.wanted(WHERE, versioned, version="", file=f"s3://{BUCKET}/backup/x")
    assert restore.restore(WHERE, ours, versioned, force=False).after.addresses == ("a.q",)
    assert restore.restore(WHERE, theirs, versioned, force=True).after.addresses == ("a.z",)


@pytest.mark.parametrize(
    ("version", "file", "says"),
    [
        ("", "", "either --version or --from"),
        ("v", "f", "either --version or --from"),
        ("nonsense", "", "has no version nonsense"),
        ("", "/nonexistent/x", "No such file"),
        ("", "s3://nobodys-bucket/x", "no such object"),
        ("", "s3://bucket-only", "no such object"),
    ],
)
def test_nothing_to_restore(versioned: Aws, version: str, file: str, says: str) -> None:
    """What can't be found is told before anything is locked."""
    with pytest.raises(UsageError, match=says):
        restore.wanted(WHERE, versioned, version=version, file=file)


def test_a_locked_state_is_not_restored(versioned: Aws) -> None:
    """While somebody applies, nothing is written."""
    before = statestore.versions(WHERE, versioned)
    state = statefile.parse(a_state("a.z", serial=20), "x")
    lock_file(versioned, written(who="bob@ci"))
    with pytest.raises(LockedError, match="bob@ci"):
        restore.restore(WHERE, state, versioned, force=False)
    assert statestore.versions(WHERE, versioned) == before


def test_a_backup_has_every_state_and_an_index(versioned: Aws) -> None:
    """In the bucket: the texts as they are, and lineage, serial and hash of each."""
    put(versioned, "broken", PLATFORM)
    wheres = locks.places("dev", BUCKET, TABLE, versioned)
    address = backup("dev", wheres, InBucket(BUCKET, versioned), versioned)
    folder = address.removeprefix(f"s3://{BUCKET}/")
    assert folder.startswith("backup/dev/20")
    index = json.loads(statestore.text_of(versioned, BUCKET, f"{folder}/index.json") or "")
    states = {each["key"]: each for each in index["states"]}
    assert states["service/greeter.tfstate"]["serial"] == 7
    assert states["service/greeter.tfstate"]["lineage"] == "ours"
    assert states["platform.tfstate"]["lineage"] == ""
    kept = f"s3://{BUCKET}/{folder}/service/greeter.tfstate"
    assert restore.wanted(WHERE, versioned, version="", file=kept).serial == 7
    assert locks.places("dev", BUCKET, TABLE, versioned) == wheres


def test_a_backup_in_a_folder_is_ours_alone(versioned: Aws, tmp_path: Path) -> None:
    """States hold secrets: nobody else may read them; two backups don't meet."""
    wheres = locks.places("dev", BUCKET, TABLE, versioned)
    first, second = (
        Path(backup("dev", wheres, InFolder(tmp_path / "new"), versioned)) for _ in range(2)
    )
    assert first != second
    file = first / "service/greeter.tfstate"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert first.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in first.iterdir()) == ["index.json", "service"]
    assert [path.name for path in (tmp_path / "new/dev").iterdir() if path.name[0] == "."] == []


def test_a_backup_that_fails_leaves_nothing(
    versioned: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the last file can't be written, the first ones go again, and so do the locks."""
    wheres = locks.places("dev", BUCKET, TABLE, versioned)
    real = versioned.s3.put_object

    def refuse(**call: Any) -> Any:
        if call["Key"].endswith("index.json"):
            raise ConnectionError("gone")
        return real(**call)

    monkeypatch.setattr(versioned.s3, "put_object", refuse)
    with pytest.raises(ConnectionError):
        backup("dev", wheres, InBucket(BUCKET, versioned), versioned)
    monkeypatch.undo()
    assert "Contents" not in versioned.s3.list_objects_v2(Bucket=BUCKET, Prefix="backup/")
    assert locks.holder(WHERE, versioned) is None


def test_one_locked_state_holds_a_backup_back(versioned: Aws) -> None:
    """All states are of one moment, or there is no backup."""
    put(versioned, a_state(), PLATFORM)
    wheres = locks.places("dev", BUCKET, TABLE, versioned)
    with hold([PLATFORM], "apply", versioned), pytest.raises(LockedError, match="platform in dev"):
        backup("dev", wheres, InBucket(BUCKET, versioned), versioned)
    assert "Contents" not in versioned.s3.list_objects_v2(Bucket=BUCKET, Prefix="backup/")


@pytest.fixture
def theirs(versioned: Aws) -> Aws:
    """Another project's bucket with a state in it."""
    versioned.s3.create_bucket(
        Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "us-west-1"}
    )
    their_state(versioned, a_state("a.t", lineage="theirs", serial=40))
    return versioned


def their_state(aws: Aws, text: str) -> None:
    aws.s3.put_object(Bucket="theirs", Key=SOURCE.key, Body=text.encode())


def test_a_state_is_adopted_into_nothing(theirs: Aws) -> None:
    """It keeps its lineage; a second time there is nothing to do; theirs is as it was."""
    where = WHERE._replace(service="new")
    done = adopt.adopt(where, SOURCE, theirs, overwrite=False)
    now = statestore.current(where, theirs)
    assert now == done.after
    assert (now.lineage, now.serial, done.kept) == ("theirs", 41, "")
    assert not adopt.adopt(where, SOURCE, theirs, overwrite=False).changed
    text = statestore.text_of(theirs, "theirs", SOURCE.key)
    assert text == a_state("a.t", lineage="theirs", serial=40)


def test_a_state_that_is_not_empty_needs_the_flag(theirs: Aws) -> None:
    """Without it nothing is written; with it, the state before lies in a backup."""
    before = statestore.versions(WHERE, theirs)
    for act in (adopt.look, adopt.adopt):
        with pytest.raises(InfraError, match="not empty") as caught:
            act(WHERE, SOURCE, theirs, overwrite=False)
        assert "--overwrite" in caught.value.next_step
    assert statestore.versions(WHERE, theirs) == before
    done = adopt.adopt(WHERE, SOURCE, theirs, overwrite=True)
    assert (done.after.serial, done.after.addresses) == (41, ("a.t",))
    file = f"{done.kept}/service/greeter.tfstate"
    assert restore.wanted(WHERE, theirs, version="", file=file).addresses == ("a.x", "a.y")


def test_a_state_under_work_is_not_adopted(theirs: Aws) -> None:
    """Their lock counts, whether it is a file or an item of their table."""
    theirs.s3.put_object(Bucket="theirs", Key=f"{SOURCE.key}.tflock", Body=written().encode())
    with pytest.raises(LockedError, match="ann@laptop"):
        adopt.adopt(WHERE, SOURCE, theirs, overwrite=True)
    theirs.s3.delete_object(Bucket="theirs", Key=f"{SOURCE.key}.tflock")
    item: Any = {"LockID": {"S": f"theirs/{SOURCE.key}"}, "Info": {"S": written(who="eve@old")}}
    theirs.dynamodb.put_item(TableName=TABLE, Item=item)
    with pytest.raises(LockedError, match="eve@old"):
        adopt.look(WHERE, replace(SOURCE, table=TABLE), theirs, overwrite=True)
    assert locks.holder(WHERE, theirs) is None


def test_a_state_that_changes_meanwhile_is_not_adopted(
    theirs: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their apply between our two looks is found out, and nothing of ours changes."""

    def slow(*args: Any) -> str:
        their_state(theirs, a_state("a.t", "a.u", lineage="theirs", serial=41))
        return "s3://kept"

    monkeypatch.setattr(adopt, "keep", slow)
    with pytest.raises(LockedError, match="changed while it was copied"):
        adopt.adopt(WHERE, SOURCE, theirs, overwrite=True)
    now = statestore.current(WHERE, theirs)
    assert now
    assert now.serial == 7


def test_a_wrong_key_names_the_states_that_are_there(theirs: Aws) -> None:
    """And the nearest of them; a wrong bucket is told as such."""
    with pytest.raises(UsageError) as caught:
        adopt.read(replace(SOURCE, key="prod/ap.tfstate"), theirs)
    assert "did you mean prod/app.tfstate?" in caught.value.message
    with pytest.raises(UsageError, match="no such bucket"):
        adopt.read(replace(SOURCE, bucket="nobodys"), theirs)
