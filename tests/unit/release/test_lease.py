"""One deploy per environment and service at a time."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway import signals
from slipway.errors import DeployError, LockedError
from slipway.release import holder, inherited, lease

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
    assert second.token > first.token


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
        successor = lease.acquire(client, TABLE, KEY)
    left = lease.read(client, TABLE, KEY)
    assert left
    assert left.id == successor.id


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


def test_the_token_grows_over_leases_that_were_given_back(client: DynamoDBClient) -> None:
    """Nothing of the first one is left, and the second one is still told from it."""
    first = lease.acquire(client, TABLE, KEY)
    first.release()
    time.sleep(0.002)
    assert lease.acquire(client, TABLE, KEY).token > first.token


def test_a_killed_process_of_this_machine_is_known_to_be_gone(client: DynamoDBClient) -> None:
    """Nobody waits a minute for a deploy that was killed right here."""
    if not holder.machine():
        pytest.skip("this system does not tell")
    lease.acquire(client, TABLE, KEY)
    pretend(client, Process="1:0")
    assert lease.acquire(client, TABLE, KEY)


def test_a_process_of_another_machine_is_waited_for(client: DynamoDBClient) -> None:
    """Whether it is alive can't be known here: its lease has to run out."""
    lease.acquire(client, TABLE, KEY)
    pretend(client, Process="1:0", Machine="another")
    with pytest.raises(LockedError):
        lease.acquire(client, TABLE, KEY)


def pretend(client: DynamoDBClient, **values: str) -> None:
    """Change what the lease says of its holder."""
    for name, value in values.items():
        client.update_item(
            TableName=TABLE,
            Key={"LockID": {"S": KEY}},
            UpdateExpression=f"SET {name} = :it",
            ExpressionAttributeValues={":it": {"S": value}},
        )


def test_a_holder_that_renewed_meanwhile_keeps_it(
    client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat between our look and our grasp wins."""
    first = lease.acquire(client, TABLE, KEY)
    expire(client)
    real = client.put_item

    def late(**words: Any) -> Any:
        first.enter("awake again")
        return real(**words)

    monkeypatch.setattr(client, "put_item", late)
    with pytest.raises(LockedError):
        lease.acquire(client, TABLE, KEY)
    assert not first.lost


def test_children_inherit_what_we_hold(client: DynamoDBClient) -> None:
    """A deploy that a hook of a deploy starts is let in, and does not free its parent's lease."""
    with lease.hold(client, TABLE, "local", ["greeter"]) as (mine,):
        with lease.hold(client, TABLE, "local", ["greeter"]) as (inner,):
            assert (inner.id, inner.token, inner.ours) == (mine.id, mine.token, False)
        assert lease.read(client, TABLE, KEY)
    assert inherited.VARIABLE not in os.environ


def test_what_was_inherited_and_is_over_gives_no_right(
    client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent is gone and somebody else deploys: we wait like anybody."""
    monkeypatch.setenv(inherited.VARIABLE, json.dumps({KEY: "old"}))
    lease.acquire(client, TABLE, KEY)
    with pytest.raises(LockedError):
        lease.acquire(client, TABLE, KEY)


@pytest.mark.parametrize("text", ["", "no json", "[1]", "null"])
def test_nonsense_in_the_variable_is_nothing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Whatever put it there, it gives no lease, and breaks nothing."""
    monkeypatch.setenv(inherited.VARIABLE, text)
    assert inherited.taken() == {}


def test_a_wait_is_told_once_per_phase(client: DynamoDBClient) -> None:
    """Waiting ten minutes in CI is a line for each phase of the other one, not 120."""
    held = lease.acquire(client, TABLE, KEY)
    said: list[str] = []
    turns = iter([lambda: None, lambda: held.enter("rollout"), lambda: None, held.release])
    lease.acquire(client, TABLE, KEY, wait=60, say=said.append, pause=lambda _: next(turns)())
    assert ["starting" in said[0], "rollout" in said[1], len(said)] == [True, True, 2]


def test_time_is_what_dynamodb_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose clock is off takes over nothing that is alive."""
    date = "Fri, 20 Nov 2026 14:00:00 GMT"
    told = {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    monkeypatch.setattr("slipway.release.holder.time.time", lambda: 5.0)
    assert holder.now_of(told) == datetime(2026, 11, 20, 14, tzinfo=UTC).timestamp()
    assert holder.now_of({}) == 5.0


def test_a_beat_that_fails_is_not_the_last(
    client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that is away for a moment ends no deploy."""
    monkeypatch.setattr(lease, "HEARTBEAT", 0.001)
    held = lease.acquire(client, TABLE, KEY)
    beats: list[int] = []

    def renew() -> None:
        beats.append(1)
        if len(beats) == 3:
            held._stop.set()
        raise ConnectionError

    monkeypatch.setattr(held, "_renew", renew)
    held.beat()
    assert len(beats) == 3


def test_a_second_signal_gives_leases_back(client: DynamoDBClient) -> None:
    """Leaving at once leaves no lease, as far as the network answers."""
    with signals.interruptible() as state, lease.hold(client, TABLE, "local", ["greeter"]):
        assert lease.read(client, TABLE, KEY)
        for part in state.second:
            part()
        assert lease.read(client, TABLE, KEY) is None


def test_who_is_at_work(client: DynamoDBClient) -> None:
    """A lease that has run out is nobody's."""
    assert lease.alive(client, TABLE, "local", "greeter") is None
    lease.acquire(client, TABLE, KEY)
    assert lease.alive(client, TABLE, "local", "greeter")
    expire(client)
    assert lease.alive(client, TABLE, "local", "greeter") is None
