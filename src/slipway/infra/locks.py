"""Who holds the lock of a state, and letting go of one whose holder is gone.

Terraform locks twice, with an item in the lock table and with a `.tflock` object beside the state;
both hold the same JSON. Either alone keeps others out, so both are read and both are removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from slipway import names
from slipway.aws import error_code
from slipway.errors import LockedError, UsageError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

    from slipway.aws import Aws
    from slipway.infra.stacks import Stack

_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchBucket", "ResourceNotFoundException"})


@dataclass(frozen=True, kw_only=True)
class LockInfo:
    """A lock as its holder wrote it; `created` in UTC, `path` is bucket and state object."""

    id: str
    who: str
    operation: str
    created: datetime | None
    path: str

    def __str__(self) -> str:
        since = f", since {_age(self.created)}" if self.created else ""
        return f"{self.who} ({self.operation}{since})"


class Place(NamedTuple):
    """Whose state and where it lies, and with it its two locks."""

    bucket: str
    table: str
    environment: str
    stack: str
    service: str = ""

    @property
    def path(self) -> str:
        return f"env:/{self.environment}/{names.state_key(self.stack, self.service)}"

    @property
    def lock_file(self) -> str:
        return f"{self.path}.tflock"

    @property
    def item(self) -> Any:
        """The key of the lock in the table."""
        return {"LockID": {"S": f"{self.bucket}/{self.path}"}}

    @property
    def flags(self) -> str:
        """How a command line names it."""
        service = f" --service={self.service}" if self.service else ""
        return f"--env={self.environment} --stack={self.stack}{service}"

    def __str__(self) -> str:
        return f"{self.stack} {self.service}".strip() + f" in {self.environment}"


@dataclass(frozen=True, kw_only=True)
class StateObject:
    """A state in the bucket, with who holds its lock; `size` in bytes, `changed` in UTC."""

    stack: str
    service: str
    size: int
    changed: datetime
    lock: LockInfo | None


def place(stack: Stack) -> Place:
    """Where the state of `stack` lies."""
    backend = stack.backend
    return Place(backend.bucket, backend.lock_table, stack.environment, stack.name, stack.service)


def places(environment: str, bucket: str, table: str, aws: Aws) -> list[Place]:
    """The states of an environment, in the order of their names."""
    return [each for each, _ in _objects(environment, bucket, table, aws)]


def holder(where: Place, aws: Aws) -> LockInfo | None:
    """Who holds the lock of that state now."""
    text = _table_text(where, aws) or _object_text(where, aws)[0]
    return parse(text) if text else None


def states(environment: str, bucket: str, table: str, aws: Aws) -> Iterator[StateObject]:
    """The states of an environment, in the order of their names."""
    for where, each in _objects(environment, bucket, table, aws):
        yield StateObject(
            stack=where.stack,
            service=where.service,
            size=each["Size"],
            changed=each["LastModified"],
            lock=holder(where, aws),
        )


def _objects(
    environment: str, bucket: str, table: str, aws: Aws
) -> Iterator[tuple[Place, ObjectTypeDef]]:
    prefix = f"env:/{environment}/"
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for each in (found for page in pages for found in page.get("Contents", [])):
        if each["Key"].endswith(".tfstate"):
            key = each["Key"].removeprefix(prefix).removesuffix(".tfstate")
            stack, _, service = key.partition("/")
            yield Place(bucket, table, environment, stack, service), each


def held(where: Place, lock_id: str, aws: Aws) -> LockInfo:
    """The lock of that state, if it has that id.

    Raises `UsageError` where nothing is locked, and `LockedError` where the lock is another one:
    it may be of somebody who is at work.
    """
    found = holder(where, aws)
    if found is None:
        raise UsageError(f"the state of {where} is not locked")
    if found.id != lock_id:
        raise LockedError(
            f"the state of {where} is locked by another one: {found}",
            next_step=f"if its holder is really gone: {unlock_command(where, found)}",
        )
    return found


def unlock(where: Place, lock_id: str, aws: Aws) -> LockInfo:
    """Remove the lock with that id, and no other; returns what it was. Raises as `held` does."""
    found = held(where, lock_id, aws)
    release(where, lock_id, aws)
    return found


def release(where: Place, lock_id: str, aws: Aws) -> None:
    """Remove what bears that id, of the two locks; nothing where that is neither."""
    _remove_item(where, lock_id, aws)
    _remove_object(where, lock_id, aws)


def locked(where: Place, found: LockInfo | None) -> LockedError:
    """The error for whoever finds the state locked; None: let go a moment ago."""
    if found is None:
        return LockedError(
            f"the state of {where} was locked; its holder has just let go",
            next_step="run the same command again",
        )
    return LockedError(
        f"the state of {where} is locked by {found}",
        next_step=f"wait for it; if its holder is really gone: {unlock_command(where, found)}",
    )


def unlock_command(where: Place, found: LockInfo) -> str:
    """What to type to remove that lock."""
    return f"uv run invoke state.unlock {where.flags} --id={found.id}"


def parse(text: str) -> LockInfo:
    """What Terraform wrote into a lock."""
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        # Not Terraform's hand; that it is a lock still counts.
        fields = {"ID": text}
    return LockInfo(
        id=str(fields.get("ID", "")),
        who=str(fields.get("Who", "somebody")),
        operation=str(fields.get("Operation", "?")).removeprefix("OperationType").lower(),
        created=_time(str(fields.get("Created", ""))),
        path=str(fields.get("Path", "")),
    )


def _table_text(where: Place, aws: Aws) -> str:
    try:
        answer = aws.dynamodb.get_item(TableName=where.table, Key=where.item, ConsistentRead=True)
    except Exception as error:
        if error_code(error) in _ABSENT:
            return ""
        raise
    return str(answer.get("Item", {}).get("Info", {}).get("S", ""))


def _object_text(where: Place, aws: Aws) -> tuple[str, str]:
    """The text of the lock file and its version mark (ETag); empty where there is none."""
    try:
        answer = aws.s3.get_object(Bucket=where.bucket, Key=where.lock_file)
    except Exception as error:
        if error_code(error) in _ABSENT:
            return "", ""
        raise
    return answer["Body"].read().decode(), answer["ETag"]


def _remove_item(where: Place, lock_id: str, aws: Aws) -> None:
    text = _table_text(where, aws)
    if not text or parse(text).id != lock_id:
        return
    # Only this very lock: the next holder may have taken it between our two calls.
    aws.dynamodb.delete_item(
        TableName=where.table,
        Key=where.item,
        ConditionExpression="Info = :seen",
        ExpressionAttributeValues={":seen": {"S": text}},
    )


def _remove_object(where: Place, lock_id: str, aws: Aws) -> None:
    text, mark = _object_text(where, aws)
    if text and parse(text).id == lock_id:
        aws.s3.delete_object(Bucket=where.bucket, Key=where.lock_file, IfMatch=mark)


def _time(text: str) -> datetime | None:
    """Go's time with nanoseconds, which Python can't read."""
    try:
        return datetime.fromisoformat(text.split(".")[0].rstrip("Z")).replace(tzinfo=UTC)
    except ValueError:
        return None


def _age(created: datetime) -> str:
    seconds = max(0, int((datetime.now(UTC) - created).total_seconds()))
    ago = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    if seconds >= 7200:
        ago = f"{seconds // 3600} h"
    return f"{created:%Y-%m-%d %H:%M:%S} UTC, {ago} ago"
