"""The last snapshot of each database, taken before it is destroyed, and kept.

Terraform's own final snapshot has one name for ever, and is off as soon as protection is: what an
environment has to be without to go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from slipway import signals
from slipway.aws import calls
from slipway.errors import InfraError
from slipway.release.parallel import side_by_side

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.console import Console

POLL = 5.0
"""Seconds between looks at a snapshot that is being made."""

PATIENCE = 3600.0
"""Seconds for one: it grows with what has changed since the last."""

OWN_KEY = "alias/aws/rds"
"""The key that AWS keeps for an account, whatever becomes of ours."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """An instance of a state; `key_goes` says that what encrypts it is destroyed as well."""

    identifier: str
    key_goes: bool = False


def databases(state: str) -> list[Database]:
    """The database instances that a state knows; pure."""
    keys = {each.get("arn") for each in _attributes(state, "aws_kms_key")}
    return [
        Database(identifier=each["identifier"], key_goes=each.get("kms_key_id") in keys - {None})
        for each in _attributes(state, "aws_db_instance")
    ]


def take(states: Iterable[str], aws: Aws, console: Console) -> list[str]:
    """A snapshot of each database that these states know, which outlives it and its key.

    Returns their names, once they are complete. To be called when nobody writes any more.
    """
    found = [each for state in states for each in databases(state)]
    moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S")

    def one(database: Database) -> str:
        name = f"{database.identifier}-final-{moment}"
        with calls(f"the last snapshot of {database.identifier}"):
            console.detail(f"{database.identifier}: taking its last snapshot, {name}")
            if database.key_goes:
                _through(aws, database.identifier, name)
            else:
                _snapshot(aws, database.identifier, name)
        return name

    jobs = {each.identifier: partial(one, each) for each in found}
    with console.step("last snapshots") if jobs else nullcontext():
        return list(side_by_side(jobs).values())


def _snapshot(aws: Aws, identifier: str, name: str) -> None:
    aws.rds.create_db_snapshot(DBInstanceIdentifier=identifier, DBSnapshotIdentifier=name)
    _wait(aws, name)


def _through(aws: Aws, identifier: str, name: str) -> None:
    """By a copy under another key: with the one that goes nobody could read it."""
    first = f"{name}-key"
    _snapshot(aws, identifier, first)
    aws.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=first,
        TargetDBSnapshotIdentifier=name,
        KmsKeyId=OWN_KEY,
        CopyTags=True,
    )
    _wait(aws, name)
    aws.rds.delete_db_snapshot(DBSnapshotIdentifier=first)


def _wait(aws: Aws, name: str) -> None:
    waited = 0.0
    while True:
        (now,) = aws.rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
        status = now["Status"]
        if status == "available":
            return
        if status not in ("creating", "copying", "pending") or waited > PATIENCE:
            raise InfraError(
                f"snapshot {name} is {status} after {waited:.0f} s; its database was not destroyed",
                next_step="run the same command again, or without snapshots: --no-snapshots",
            )
        signals.sleep(POLL)
        waited += POLL


def _attributes(state: str, kind: str) -> Iterator[Any]:
    for resource in json.loads(state).get("resources", []):
        if resource["type"] == kind and resource.get("mode") == "managed":
            yield from (instance["attributes"] for instance in resource["instances"])
