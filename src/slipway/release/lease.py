"""One deploy per environment and service at a time: a lease in the lock table.

A lease expires by itself, so a deploy that was killed blocks nobody for longer than `TERM`; while
it lives, a heartbeat renews it. `token` grows with every holder: it tells a holder that lost its
lease and came back from the one that has it now.
"""

from __future__ import annotations

import getpass
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from slipway.errors import DeployError, LockedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TERM = 60.0
"""Seconds until a lease expires unless its heartbeat renews it."""

HEARTBEAT = 15.0
"""Seconds between renewals: three may get lost."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lease; `since` and `expires` are seconds since the epoch."""

    who: str
    phase: str
    link: str
    since: float
    expires: float
    token: int


@dataclass(kw_only=True)
class Lease:
    """A lease that we hold. Its heartbeat runs until `release`."""

    client: DynamoDBClient
    table: str
    key: str
    token: int
    id: str
    phase: str = "starting"
    lost: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    def enter(self, phase: str) -> None:
        """Note the phase for those who wait. Raises `DeployError` where the lease was lost."""
        self.phase = phase
        self._renew()
        if self.lost:
            raise DeployError(
                f"the lease {self.key} was taken over by another deploy",
                next_step="look at the other deploy; run this one again when it has ended",
            )

    def beat(self) -> None:
        """Renew every `HEARTBEAT` s until released; runs in a thread of its own."""
        while not self._stop.wait(HEARTBEAT):
            self._renew()

    def release(self) -> None:
        """Give the lease back, unless somebody else has it by now."""
        self._stop.set()
        self._if_ours(self.client.delete_item, {})

    def _renew(self) -> None:
        values = {":expires": {"N": str(time.time() + TERM)}, ":phase": {"S": self.phase}}
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

    Waits up to `wait` seconds for each, saying for whom; raises `LockedError` after that.
    """
    with ExitStack() as stack:
        leases = []
        for service in sorted(services):
            lease = acquire(client, table, f"lease/{environment}/{service}", wait=wait, say=say)
            stack.callback(_let_go, lease)
            threading.Thread(target=lease.beat, daemon=True).start()
            leases.append(lease)
        yield leases


def acquire(
    client: DynamoDBClient,
    table: str,
    key: str,
    *,
    wait: float = 0,
    say: Callable[[str], None] = print,
    pause: Callable[[float], None] = time.sleep,
) -> Lease:
    """Take the lease `key`, waiting up to `wait` seconds for its holder."""
    deadline = time.monotonic() + wait
    while True:
        lease = _try(client, table, key)
        if lease:
            return lease
        holder = read(client, table, key)
        remaining = deadline - time.monotonic()
        if holder is None:
            continue
        if remaining <= 0:
            raise _locked(key, holder)
        say(f"waiting for {_describe(holder)} ({remaining:.0f} s remaining)")
        pause(min(5.0, remaining))


def read(client: DynamoDBClient, table: str, key: str) -> Holder | None:
    """Who holds the lease `key` now."""
    item: Any = client.get_item(
        TableName=table, Key={"LockID": {"S": key}}, ConsistentRead=True
    ).get("Item")
    if not item:
        return None
    return Holder(
        who=item["Who"]["S"],
        phase=item["Phase"]["S"],
        link=item["Link"]["S"],
        since=float(item["Since"]["N"]),
        expires=float(item["Expires"]["N"]),
        token=int(item["Token"]["N"]),
    )


def _try(client: DynamoDBClient, table: str, key: str) -> Lease | None:
    before = read(client, table, key)
    token = before.token + 1 if before else 1
    now, lease_id = time.time(), uuid.uuid4().hex
    item = {
        "LockID": {"S": key},
        "LeaseID": {"S": lease_id},
        "Who": {"S": whoami()},
        "Phase": {"S": "starting"},
        "Link": {"S": ci_link()},
        "Since": {"N": str(now)},
        "Expires": {"N": str(now + TERM)},
        "Token": {"N": str(token)},
    }
    try:
        client.put_item(
            TableName=table,
            Item=item,
            ConditionExpression="attribute_not_exists(LockID) OR Expires < :now",
            ExpressionAttributeValues={":now": {"N": str(now)}},
        )
    except client.exceptions.ConditionalCheckFailedException:
        return None
    return Lease(client=client, table=table, key=key, token=token, id=lease_id)


def whoami() -> str:
    """`user@host` and the process: enough to find whoever deploys."""
    return f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})"


def ci_link() -> str:
    """The address of the CI run that we are in, or ""."""
    run = os.environ.get("GITHUB_RUN_ID")
    if not run:
        return ""
    server = os.environ.get("GITHUB_SERVER_URL", "")
    return f"{server}/{os.environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"


def _let_go(lease: Lease) -> None:
    try:
        lease.release()
    except lease.client.exceptions.ConditionalCheckFailedException:
        # Somebody took it over after it had expired; it is theirs now.
        return


def _describe(holder: Holder) -> str:
    since = datetime.fromtimestamp(holder.since, tz=UTC).astimezone().strftime("%H:%M:%S")
    link = f", {holder.link}" if holder.link else ""
    return f"{holder.who}, since {since}, now: {holder.phase}{link}"


def _locked(key: str, holder: Holder) -> LockedError:
    _, environment, service = key.split("/")
    return LockedError(
        f"{service} in {environment} is being deployed by {_describe(holder)}",
        next_step="add --wait=600 to wait for it; a deploy that was killed frees its "
        f"lease by itself within {TERM:.0f} s",
    )
