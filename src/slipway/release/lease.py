"""One deploy per environment and service at a time: a lease in the lock table.

A lease expires by itself, so a deploy that was killed blocks nobody for longer than `TERM`, and
nobody at all on the machine where it ran; while it lives, a heartbeat renews it. The time is
DynamoDB's, so that no clock of ours decides. `token` grows with every holder: it tells a holder
that lost its lease and came back from the one that has it now.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slipway import signals
from slipway.aws import calls
from slipway.errors import DeployError
from slipway.release import inherited
from slipway.release.holder import TERM, Holder, here, holder_of, item_for, locked, now_of
from slipway.release.holder import ci_link as ci_link
from slipway.release.holder import whoami as whoami

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HEARTBEAT = 15.0
"""Seconds between renewals: three may get lost."""

BATCH = 100
"""Items of a BatchGetItem call: the API's limit."""

POLL = 5.0
"""Seconds between looks at somebody else's lease."""

PARTING = 2.0
"""Seconds that a second signal leaves for giving leases back."""


@dataclass(kw_only=True)
class Lease:
    """A lease that we hold. Its heartbeat runs until `release`.

    `ours` is false for one that the process which started us holds: it renews and releases it.
    `ahead` is how far DynamoDB's clock is before ours, in seconds.
    """

    client: DynamoDBClient
    table: str
    key: str
    token: int
    id: str
    phase: str = "starting"
    lost: bool = False
    ours: bool = True
    ahead: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def service(self) -> str:
        return self.key.rpartition("/")[2]

    def enter(self, phase: str) -> None:
        """Note the phase for those who wait. Raises `DeployError` where the lease was lost."""
        self.phase = phase
        with calls(f"renewing the lease of {self.service}"):
            self._renew()
        if self.lost:
            raise DeployError(
                f"the lease {self.key} was taken over by another deploy",
                next_step="look at the other deploy; run this one again when it has ended",
            )

    def beat(self) -> None:
        """Renew every `HEARTBEAT` s until released; runs in a thread of its own."""
        while not self._stop.wait(HEARTBEAT):
            # The network may be away for a moment; one of the next beats gets through, or the lease
            # expires, which `enter` notices.
            with suppress(Exception):
                self._renew()

    def release(self) -> None:
        """Give the lease back, unless somebody else has it by now."""
        self._stop.set()
        try:
            if self.ours:
                self._if_ours(self.client.delete_item, {})
        except self.client.exceptions.ConditionalCheckFailedException:
            # Somebody took it over after it had expired; it is theirs now.
            return

    def _renew(self) -> None:
        expires = time.time() + self.ahead + TERM
        values = {":expires": {"N": str(expires)}, ":phase": {"S": self.phase}}
        update = {"UpdateExpression": "SET Expires = :expires, Phase = :phase"}
        try:
            self._if_ours(self.client.update_item, values, **update)
        except self.client.exceptions.ConditionalCheckFailedException:
            self.lost = True

    def _if_ours(self, call: Callable[..., Any], values: Mapping[str, Any], **more: Any) -> None:
        call(
            TableName=self.table,
            Key={"LockID": {"S": self.key}},
            ConditionExpression="LeaseID = :id",
            ExpressionAttributeValues={":id": {"S": self.id}, **values},
            **more,
        )


def key_of(environment: str, service: str) -> str:
    """The lease's item in the lock table."""
    return f"lease/{environment}/{service}"


@contextmanager
def hold(
    client: DynamoDBClient,
    table: str,
    environment: str,
    services: Sequence[str],
    *,
    wait: float = 0,
    say: Callable[[str], None] = print,
) -> Iterator[list[Lease]]:
    """Hold the leases of all `services`, in name order so that two deploys can't block each other.

    Waits up to `wait` seconds for each, saying for whom; raises `LockedError` after that. What we
    start meanwhile inherits them.
    """
    leases: list[Lease] = []
    with ExitStack() as stack:
        signals.register(on_second=lambda: _part(leases))
        for service in sorted(services):
            # A signal between the answer and our note of it would leave a lease to nobody.
            with signals.deferred(), calls(f"taking the lease of {service}"):
                lease = acquire(client, table, key_of(environment, service), wait=wait, say=say)
                stack.callback(_give_back, lease, say)
                leases.append(lease)
            if lease.ours:
                threading.Thread(target=lease.beat, daemon=True).start()
        with inherited.given({lease.key: lease.id for lease in leases}):
            yield leases


def acquire(
    client: DynamoDBClient,
    table: str,
    key: str,
    *,
    wait: float = 0,
    say: Callable[[str], None] = print,
    pause: Callable[[float], None] = signals.sleep,
) -> Lease:
    """Take the lease `key`, waiting up to `wait` seconds for its holder."""
    deadline, told = time.monotonic() + wait, ""
    while True:
        before, now = look(client, table, key)
        lease = _inherit(client, table, key, before, now) or _try(client, table, key, before, now)
        if lease:
            return lease
        holder = read(client, table, key)
        remaining = deadline - time.monotonic()
        if holder is None:
            continue
        if remaining <= 0:
            raise locked(key, holder)
        if str(holder) != told:
            told = str(holder)
            say(f"waiting for {holder} ({remaining:.0f} s remaining)")
        pause(min(POLL, remaining))


def read(client: DynamoDBClient, table: str, key: str) -> Holder | None:
    """Who holds the lease `key` now."""
    return look(client, table, key)[0]


def look(client: DynamoDBClient, table: str, key: str) -> tuple[Holder | None, float]:
    """Who holds the lease `key`, and what time it is for DynamoDB."""
    answer = client.get_item(TableName=table, Key={"LockID": {"S": key}}, ConsistentRead=True)
    return holder_of(answer.get("Item")), now_of(answer)


def alive(client: DynamoDBClient, table: str, environment: str, service: str) -> Holder | None:
    """Who is at work on a service now: the holder of a lease that has not run out."""
    holder, now = look(client, table, key_of(environment, service))
    return None if holder is None or holder.gone(now) else holder


def all_alive(
    client: DynamoDBClient, table: str, environment: str, services: Sequence[str]
) -> dict[str, Holder]:
    """As `alive`, of many services: `BATCH` a call."""
    found: dict[str, Holder] = {}
    keys = [{"LockID": {"S": key_of(environment, name)}} for name in services]
    while keys:
        asked, keys = keys[:BATCH], keys[BATCH:]
        answer: Any = client.batch_get_item(
            RequestItems={table: {"Keys": asked, "ConsistentRead": True}}
        )
        for item in answer["Responses"].get(table, []):
            holder = holder_of(item)
            if holder and not holder.gone(now_of(answer)):
                found[item["LockID"]["S"].rpartition("/")[2]] = holder
        keys += answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
    return found


def _inherit(
    client: DynamoDBClient, table: str, key: str, holder: Holder | None, now: float
) -> Lease | None:
    """The lease of the process that started us, while it holds it."""
    if holder is None or holder.gone(now) or inherited.taken().get(key) != holder.id:
        return None
    return Lease(client=client, table=table, key=key, token=holder.token, id=holder.id, ours=False)


def _try(
    client: DynamoDBClient, table: str, key: str, before: Holder | None, now: float
) -> Lease | None:
    """Take it if nobody holds it, or somebody who is gone; None if another was quicker."""
    if before and not before.gone(now):
        return None
    # Milliseconds grow over leases that were given back, too, of which nothing is left to count.
    token = max(before.token + 1 if before else 1, int(now * 1000))
    lease_id = uuid.uuid4().hex
    try:
        client.put_item(
            TableName=table,
            Item=item_for(key, here(id=lease_id, token=token, now=now)),
            **_unless_changed(before, lease_id),
        )
    except client.exceptions.ConditionalCheckFailedException:
        return None
    ahead = now - time.time()
    return Lease(client=client, table=table, key=key, token=token, id=lease_id, ahead=ahead)


def _unless_changed(before: Holder | None, ours: str) -> Any:
    """The condition that the item is as we saw it: a holder given up for gone may have renewed.

    Or that it is ours: botocore repeats a request whose answer got lost.
    """
    free, values = "attribute_not_exists(LockID) OR LeaseID = :ours", {":ours": {"S": ours}}
    if before:
        free = f"{free} OR (LeaseID = :seen AND Expires = :expires)"
        values |= {":seen": {"S": before.id}, ":expires": {"N": str(before.expires)}}
    return {"ConditionExpression": free, "ExpressionAttributeValues": values}


def _give_back(lease: Lease, say: Callable[[str], None]) -> None:
    """Release a lease; it hides no verdict that it can't be, for it ends by itself."""
    try:
        lease.release()
    except Exception as error:
        say(f"the lease {lease.key} could not be given back: {error}")
        say(f"it runs out by itself within {TERM:.0f} s")


def _part(leases: Sequence[Lease]) -> None:
    """Give leases back within `PARTING` s, on the way out of the process."""
    threads = [threading.Thread(target=lease.release, daemon=True) for lease in leases]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PARTING
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
