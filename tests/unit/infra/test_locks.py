"""Locks as Terraform leaves them, read and removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from slipway.aws import Aws
from slipway.errors import LockedError, UsageError
from slipway.infra import locks

from .conftest import BUCKET, TABLE

WHERE = locks.Place(BUCKET, TABLE, "dev", "service", "greeter")
ID = "0a043f0a-ac7a-686e-9788-9d04b03dd045"


def written(lock_id: str = ID, who: str = "ann@laptop") -> str:
    """What Terraform writes into both of its locks."""
    fields = {
        "ID": lock_id,
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": who,
        "Version": "1.11.4",
        "Created": "2026-11-20T10:47:55.440708014Z",
        "Path": f"{BUCKET}/env:/dev/service/greeter.tfstate",
    }
    return json.dumps(fields)


def lock_table(aws: Aws, text: str) -> None:
    """Lock as a Terraform without lock files does."""
    item = {**WHERE.item, "Info": {"S": text}}
    aws.dynamodb.put_item(TableName=TABLE, Item=item)


def lock_file(aws: Aws, text: str) -> None:
    """Lock as a Terraform without a table does."""
    aws.s3.put_object(Bucket=BUCKET, Key=WHERE.lock_file, Body=text.encode())


def test_nobody_holds_it(place: Aws) -> None:
    """Without item and file there is no holder."""
    assert locks.holder(WHERE, place) is None


def test_no_place_means_no_holder(aws: Aws) -> None:
    """Neither does a missing bucket or table end in an error of its own."""
    assert locks.holder(WHERE, aws) is None


@pytest.mark.parametrize("lock", [lock_table, lock_file])
def test_either_lock_names_its_holder(place: Aws, lock: object) -> None:
    """One of the two locks is enough to know who, what and since when."""
    assert callable(lock)
    lock(place, written())
    found = locks.holder(WHERE, place)
    assert found
    assert (found.id, found.who, found.operation) == (ID, "ann@laptop", "apply")
    assert found.created == datetime(2026, 11, 20, 10, 47, 55, tzinfo=UTC)


def test_unlock_removes_both(place: Aws) -> None:
    """After unlocking by id, neither item nor file is left; the digest stays."""
    digest = {"LockID": {"S": f"{BUCKET}/{WHERE.path}-md5"}, "Digest": {"S": "1"}}
    place.dynamodb.put_item(TableName=TABLE, Item=digest)
    lock_table(place, written())
    lock_file(place, written())
    assert locks.unlock(WHERE, ID, place).who == "ann@laptop"
    assert locks.holder(WHERE, place) is None
    assert place.dynamodb.scan(TableName=TABLE)["Items"] == [digest]


def test_another_lock_is_left_alone(place: Aws) -> None:
    """With another id nothing is removed, and the message has the right one."""
    lock_table(place, written())
    with pytest.raises(LockedError) as caught:
        locks.unlock(WHERE, "another", place)
    assert caught.value.next_step.endswith(
        f"uv run invoke state.unlock --env=dev --stack=service --service=greeter --id={ID}"
    )
    assert locks.holder(WHERE, place)


def test_a_second_holder_of_the_other_lock_is_left_alone(place: Aws) -> None:
    """Where item and file are of different holders, only the named one is removed."""
    lock_table(place, written())
    lock_file(place, written("another", who="bob@ci"))
    locks.unlock(WHERE, ID, place)
    left = locks.holder(WHERE, place)
    assert left
    assert left.who == "bob@ci"


def test_unlocking_what_is_not_locked_is_a_mistake(place: Aws) -> None:
    """Unlocking twice says that nothing is locked."""
    with pytest.raises(UsageError, match="the state of service greeter in dev is not locked"):
        locks.unlock(WHERE, ID, place)


def test_message_names_who_what_since_when_and_the_way_out() -> None:
    """Whoever waits reads the holder, the operation, the time and the command."""
    found = locks.parse(written())
    error = locks.locked(WHERE, found)
    assert error.message.startswith(
        "the state of service greeter in dev is locked by ann@laptop "
        "(apply, since 2026-11-20 10:47:55 UTC"
    )
    assert f"--id={ID}" in error.next_step


def test_message_without_holder() -> None:
    """Where the holder let go before we looked, the next step is to try again."""
    assert locks.locked(WHERE, None).next_step == "run the same command again"


@pytest.mark.parametrize(
    ("seconds", "told"), [(5, "5 s ago"), (200, "3 min ago"), (8000, "2 h ago")]
)
def test_age_is_told_in_fitting_units(seconds: int, told: str) -> None:
    """Seconds, minutes or hours."""
    created = datetime.now(UTC) - timedelta(seconds=seconds)
    info = locks.LockInfo(id="1", who="a", operation="plan", created=created, path="")
    assert told in str(info)


@pytest.mark.parametrize("text", ["not json", '{"ID": 7}', "{}", "[1]"])
def test_a_lock_in_another_hand_is_a_lock(text: str) -> None:
    """What Terraform did not write is still taken for a lock, by somebody unknown."""
    assert locks.parse(text).who == "somebody"


def test_states_are_listed_with_their_locks(place: Aws) -> None:
    """Lock files are no states; a locked state says by whom; other environments are not listed."""
    for key in ("env:/dev/platform.tfstate", WHERE.path, "env:/prod/platform.tfstate"):
        place.s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    lock_file(place, written())
    found = list(locks.states("dev", BUCKET, TABLE, place))
    assert [(each.stack, each.service) for each in found] == [
        ("platform", ""),
        ("service", "greeter"),
    ]
    assert [each.lock.who if each.lock else "" for each in found] == ["", "ann@laptop"]
