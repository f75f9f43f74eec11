"""Taking over a state from another project's backend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from slipway.config.nearest import did_you_mean, nearest
from slipway.errors import LockedError, UsageError
from slipway.infra import applied, locks, statefile, statestore
from slipway.infra.backup import InBucket, keep
from slipway.infra.holding import hold
from slipway.infra.statefile import State

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.infra.locks import Place

NEAREST = 10
"""States of the other bucket that are named where the wanted one is not there."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The other backend: where its state lies, and its lock table ("": it has none)."""

    bucket: str
    key: str
    region: str = ""
    table: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """What was there before and what is there now; `kept` is where the backup of it lies.

    `changed` is false where it had been adopted before.
    """

    before: State | None
    after: State
    changed: bool
    kept: str = ""


def look(where: Place, source: Source, aws: Aws, *, overwrite: bool) -> Adopted:
    """What `adopt` would do. Raises `LockedError`, `UsageError`, `InfraError` as that does."""
    return _decide(where, read(source, aws), aws, overwrite=overwrite)


def adopt(where: Place, source: Source, aws: Aws, *, overwrite: bool) -> Adopted:
    """Make the other project's state ours, holding our lock meanwhile.

    The other side is read and never written: it is refused while it is locked, and where it
    changes meanwhile.
    """
    with hold([where], "copy", aws):
        other = read(source, aws)
        found = _decide(where, other, aws, overwrite=overwrite)
        if not found.changed:
            return found
        shelf = InBucket(where.bucket, aws)
        kept = keep(where.environment, [where], shelf, aws) if found.before else ""
        if read(source, aws) != other:
            raise LockedError(f"{source}: changed while it was copied", next_step="copy it again")
        applied.doubt(where, aws)
        statestore.write(where, found.after, aws)
    return replace(found, kept=kept)


def _decide(where: Place, other: State, aws: Aws, *, overwrite: bool) -> Adopted:
    # Unlike a restore, this has to know what it would overwrite: a broken state ends it.
    before = statestore.current(where, aws)
    changed = statefile.adoptable(before, other, str(where), overwrite=overwrite)
    after = statefile.after(before, other) if changed else other
    return Adopted(before=before, after=after, changed=changed)


def read(source: Source, aws: Aws) -> State:
    """The other state. Raises `LockedError` while somebody works on it."""
    text = statestore.text_of(aws, source.bucket, source.key, source.region)
    if text is None:
        raise _missing(source, aws)
    held = _lock(source, aws)
    if held:
        raise LockedError(
            f"{source} is locked by {held}", next_step="wait for it, then run this again"
        )
    return statefile.parse(text, str(source))


def _lock(source: Source, aws: Aws) -> locks.LockInfo | None:
    text = statestore.text_of(aws, source.bucket, f"{source.key}.tflock", source.region)
    if not text and source.table:
        item: Any = {"LockID": {"S": f"{source.bucket}/{source.key}"}}
        client = aws.dynamodb_in(source.region)
        answer = client.get_item(TableName=source.table, Key=item, ConsistentRead=True)
        text = answer.get("Item", {}).get("Info", {}).get("S", "")
    return locks.parse(text) if text else None


def _missing(source: Source, aws: Aws) -> UsageError:
    """No such object, with the states that there are."""
    client = aws.s3_in(source.region)
    try:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=source.bucket)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    except client.exceptions.NoSuchBucket:
        return UsageError(f"--from-bucket={source.bucket}: no such bucket")
    found = [key for key in keys if key.endswith(".tfstate")][:NEAREST]
    there = f"; states there: {', '.join(found)}" if found else "; no state is there"
    return UsageError(f"{source}: no such object{did_you_mean(nearest(source.key, found))}{there}")
