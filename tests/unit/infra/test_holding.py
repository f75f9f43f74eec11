"""Holding the lock of a state as Terraform does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.core.models import botocore_stubber

from slipway.aws import Aws
from slipway.errors import LockedError
from slipway.infra import locks
from slipway.infra.holding import hold
from tests.faults import Faults, scripted

from .conftest import BUCKET, TABLE
from .test_locks import ID, WHERE, lock_file, lock_table, written

OTHER = WHERE._replace(service="payments")


def test_both_locks_are_held_with_one_id(place: Aws) -> None:
    """Item and file have the same content, as Terraform writes it; afterwards neither is left."""
    with hold([WHERE], "restore", place):
        item = place.dynamodb.get_item(TableName=TABLE, Key=WHERE.item)["Item"]["Info"]["S"]
        file = place.s3.get_object(Bucket=BUCKET, Key=WHERE.lock_file)["Body"].read().decode()
        assert item == file
        assert set(json.loads(item)) == set(json.loads(written()))
        found = locks.holder(WHERE, place)
        assert found
        assert found.operation == "restore"
        assert found.created
    assert locks.holder(WHERE, place) is None


@pytest.mark.parametrize("lock", [lock_table, lock_file])
def test_another_holder_keeps_us_out(place: Aws, lock: object) -> None:
    """Either lock of somebody else is told of and left alone; of ours nothing stays."""
    assert callable(lock)
    lock(place, written(who="bob@ci"))
    with (
        pytest.raises(LockedError, match="locked by bob@ci"),
        hold([OTHER, WHERE], "restore", place),
    ):
        pytest.fail("the block must not run")
    assert locks.holder(OTHER, place) is None
    found = locks.holder(WHERE, place)
    assert found
    assert found.id == ID
    locks.unlock(WHERE, ID, place)
    assert locks.holder(WHERE, place) is None


def test_two_holders_at_once_are_none(place: Aws) -> None:
    """The second one is told of the first."""
    with (
        hold([WHERE], "restore", place),
        pytest.raises(LockedError, match=r"\(restore, since"),
        hold([WHERE], "backup", place),
    ):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("fate", ["lost", "cut", "broken after", "throttled", "unreached"])
def test_a_lock_whose_answer_was_lost_is_ours(
    place: Aws, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """botocore asks again, and finds what it has put itself: that is nobody else's lock."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    faults = Faults(choose=scripted(PutObject=[fate], PutItem=[fate]), send=botocore_stubber)
    for client in (place.s3, place.dynamodb):
        events: Any = client.meta.events
        events.unregister("before-send", botocore_stubber)
        events.register("before-send", faults)
    with hold([WHERE], "restore", place):
        found = locks.holder(WHERE, place)
        assert found
        assert found.operation == "restore"
    assert locks.holder(WHERE, place) is None


def test_an_error_lets_go(place: Aws) -> None:
    """What goes wrong in the block leaves no lock."""
    with pytest.raises(ZeroDivisionError), hold([WHERE, OTHER], "backup", place):
        raise ZeroDivisionError
    assert locks.holder(WHERE, place) is None
    assert locks.holder(OTHER, place) is None
