"""Holding the lock of a state as Terraform does, so that Terraform keeps out meanwhile."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slipway.aws import error_code
from slipway.infra import locks
from slipway.release.lease import whoami
from slipway.signals import deferred

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.infra.locks import Place

_TAKEN = frozenset(
    {"412", "PreconditionFailed", "ConditionalRequestConflict", "ConditionalCheckFailedException"}
)


@contextmanager
def hold(wheres: Iterable[Place], operation: str, aws: Aws) -> Iterator[None]:
    """Hold the locks of all these states; a signal waits for the end of the block.

    Raises `LockedError`, which says who holds one, and then holds none.
    """
    # In the order of their names: two that want several can't block each other.
    with deferred(), ExitStack() as held:
        for where in sorted(wheres):
            held.enter_context(_one(where, operation, aws))
        yield


@contextmanager
def _one(where: Place, operation: str, aws: Aws) -> Iterator[None]:
    lock_id = str(uuid.uuid4())
    info = json.dumps(
        {
            "ID": lock_id,
            "Operation": operation,
            "Info": "",
            "Who": whoami(),
            "Version": "",
            "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "Path": f"{where.bucket}/{where.path}",
        }
    )
    try:
        _take(where, info, aws)
        yield
    finally:
        # By our id only, so it is right as well where we got one of the two or none.
        locks.release(where, lock_id, aws)


def _take(where: Place, info: str, aws: Aws) -> None:
    """Both locks, in Terraform's order: it fails on the file first.

    One that we have already was put by a request whose answer got lost, and is ours.
    """
    try:
        _put_file(where, info, aws)
        aws.dynamodb.put_item(
            TableName=where.table,
            Item={**where.item, "Info": {"S": info}},
            ConditionExpression="attribute_not_exists(LockID) OR Info = :info",
            ExpressionAttributeValues={":info": {"S": info}},
        )
    except Exception as error:
        if error_code(error) in _TAKEN:
            # Our own file lies beside the item that was in the way.
            raise locks.locked(where, _other(where, info, aws)) from error
        raise


def _put_file(where: Place, info: str, aws: Aws) -> None:
    try:
        aws.s3.put_object(
            Bucket=where.bucket, Key=where.lock_file, Body=info.encode(), IfNoneMatch="*"
        )
    except Exception as error:
        found = locks.holder(where, aws) if error_code(error) in _TAKEN else None
        if found is None or found.id != locks.parse(info).id:
            raise


def _other(where: Place, info: str, aws: Aws) -> locks.LockInfo | None:
    found = locks.holder(where, aws)
    return None if found and found.id == locks.parse(info).id else found
