"""Who holds a lease, as its item in the lock table says, and whether they are gone."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from slipway.errors import LockedError

TERM = 60.0
"""Seconds until a lease expires unless its heartbeat renews it."""

_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lease; `since` and `expires` are seconds since the epoch by DynamoDB's clock.

    `machine` names a boot of a machine and its set of processes, `process` one of those; both are
    empty where they can't be told.
    """

    id: str
    who: str
    phase: str
    link: str
    since: float
    expires: float
    token: int
    machine: str = ""
    process: str = ""

    def gone(self, now: float) -> bool:
        """Whether the lease has run out, or was a process of this machine that has ended."""
        if self.expires < now:
            return True
        if not self.machine or self.machine != machine():
            return False
        return process(int(self.process.partition(":")[0])) != self.process

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since, tz=UTC).astimezone().strftime("%H:%M:%S")
        link = f", {self.link}" if self.link else ""
        return f"{self.who}, since {since}, now: {self.phase}{link}"


def here(*, id: str, token: int, now: float) -> Holder:  # noqa: A002
    """This process as the holder of a lease from `now` on."""
    place = machine()
    return Holder(
        id=id,
        who=whoami(),
        phase="starting",
        link=ci_link(),
        since=now,
        expires=now + TERM,
        token=token,
        machine=place,
        process=process(os.getpid()) if place else "",
    )


def item_for(key: str, holder: Holder) -> Any:
    """The item that says so."""
    return {
        "LockID": {"S": key},
        "LeaseID": {"S": holder.id},
        "Who": {"S": holder.who},
        "Phase": {"S": holder.phase},
        "Link": {"S": holder.link},
        "Since": {"N": str(holder.since)},
        "Expires": {"N": str(holder.expires)},
        "Token": {"N": str(holder.token)},
        "Machine": {"S": holder.machine},
        "Process": {"S": holder.process},
    }


def holder_of(item: Any) -> Holder | None:
    """Who an item names; None where there is no item."""
    if not item:
        return None
    return Holder(
        id=item["LeaseID"]["S"],
        who=item["Who"]["S"],
        phase=item["Phase"]["S"],
        link=item["Link"]["S"],
        since=float(item["Since"]["N"]),
        expires=float(item["Expires"]["N"]),
        token=int(item["Token"]["N"]),
        machine=item.get("Machine", {}).get("S", ""),
        process=item.get("Process", {}).get("S", ""),
    )


def now_of(answer: Mapping[str, Any]) -> float:
    """What time it is for AWS, in seconds; ours where an answer doesn't say."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    # An answer has whole seconds, ours tell the order of what happens within one.
    ours = time.time()
    with suppress(KeyError, ValueError, TypeError):
        theirs = parsedate_to_datetime(headers["date"]).timestamp()
        return ours if abs(theirs - ours) < 2 else theirs
    return ours


def machine() -> str:
    """This boot of this machine and its set of processes: containers have their own."""
    with suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    return ""


def process(number: int) -> str:
    """`number:start` of a process: a number alone may have a new owner; "" if there is none."""
    with suppress(OSError, IndexError):
        fields = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
        # A zombie has ended, though nobody has asked how. The start is the 22nd field of proc(5).
        return "" if fields[0] == "Z" else f"{number}:{fields[19]}"
    return ""


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


def locked(key: str, holder: Holder) -> LockedError:
    """The error for a lease that somebody else holds."""
    _, environment, service = key.split("/")
    return LockedError(
        f"{service} in {environment} is being deployed by {holder}",
        next_step="add --wait=600 to wait for it; a deploy that was killed frees its "
        f"lease by itself within {TERM:.0f} s",
    )
