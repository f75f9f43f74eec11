"""One deploy per environment and service at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from slipway.errors import DeployError, LockedError
from slipway.release import lease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE, KEY = "locks", "lease/local/greeter"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        made = boto3.client("dynamodb", region_name="us-west-1")
        made.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made


def expire(client: DynamoDBClient) -> None:
    client.update_item(
        TableName=TABLE,
        Key={"LockID": {"S": KEY}},
        UpdateExpression="SET Expires = :then",
        ExpressionAttributeValues={":then": {"N": str(time.time() - 1)}},
    )


def test_a_second_deploy_is_told_who_holds_it(client: DynamoDBClient) -> None:
    """The message names the holder, since when, its phase, and how to wait."""
    held = lease.acquire(client, TABLE, KEY)
    held.enter("rolling out")
    with pytest.raises(LockedError) as caught:
        lease.acquire(client, TABLE, KEY)
    text = str(caught.value)
    assert "greeter in local" in text
    assert lease.whoami() in text
    assert "rolling out" in text
    assert "--wait" in text


def test_a_released_lease_is_free(client: DynamoDBClient) -> None:
    """Nothing of a lease is left after its end."""
    with lease.hold(client, TABLE, "local", ["greeter"]):
        assert lease.read(client, TABLE, KEY)
    assert lease.read(client, TABLE, KEY) is None


def test_it_is_released_when_the_work_fails(client: DynamoDBClient) -> None:
    """A deploy that ends with an error blocks nobody."""
    with pytest.raises(RuntimeError), lease.hold(client, TABLE, "local", ["greeter"]):
        raise RuntimeError
    assert lease.read(client, TABLE, KEY) is None


def test_an_expired_lease_is_taken_over(client: DynamoDBClient) -> None:
    """A killed holder's lease heals by itself, and the fencing token grows."""
    first = lease.acquire(client, TABLE, KEY)
    expire(client)
    second = lease.acquire(client, TABLE, KEY)
    assert second.token == first.token + 1


def test_a_holder_that_lost_its_lease_stops(client: DynamoDBClient) -> None:
    """A deploy that slept through its term must not go on beside its successor."""
    first = lease.acquire(client, TABLE, KEY)
    expire(client)
    second = lease.acquire(client, TABLE, KEY)
    with pytest.raises(DeployError, match="taken over"):
        first.enter("rolling out")
    second.enter("rolling out")


def test_a_late_release_leaves_the_successor_alone(client: DynamoDBClient) -> None:
    """Tidying up after a lost lease must not free somebody else's."""
    with lease.hold(client, TABLE, "local", ["greeter"]):
        expire(client)
        lease.acquire(client, TABLE, KEY)
    holder = lease.read(client, TABLE, KEY)
    assert holder
    assert holder.token == 2


def test_waiting_says_for_whom_and_goes_on(client: DynamoDBClient) -> None:
    """A wait names the holder and the time left, and ends as soon as the lease is free."""
    held = lease.acquire(client, TABLE, KEY)
    said: list[str] = []
    mine = lease.acquire(
        client, TABLE, KEY, wait=60, say=said.append, pause=lambda _: held.release()
    )
    assert mine.id != held.id
    assert len(said) == 1
    assert lease.whoami() in said[0]
    assert "s remaining" in said[0]


def test_a_renewal_moves_the_expiry(client: DynamoDBClient) -> None:
    """The heartbeat keeps a long deploy's lease alive."""
    held = lease.acquire(client, TABLE, KEY)
    before = lease.read(client, TABLE, KEY)
    held.enter("migrating")
    after = lease.read(client, TABLE, KEY)
    assert before
    assert after
    assert after.expires > before.expires
    assert after.phase == "migrating"
