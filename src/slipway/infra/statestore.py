"""States in the bucket: read by version, and written as Terraform writes them.

A state is an object of the bucket, and an item of the lock table holds its MD5: Terraform refuses
a state that does not fit it. Who writes here holds the lock (`holding`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from slipway.aws import error_code
from slipway.errors import InfraError, UsageError
from slipway.infra import statefile
from slipway.infra.statefile import State
from slipway.release.parallel import side_by_side

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.infra.locks import Place

_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
_NO_VERSION = frozenset(
    {"404", "InvalidArgument", "MethodNotAllowed", "NoSuchKey", "NoSuchVersion"}
)


MOST = 30
"""Versions that are read for a list: what the bucket's lifecycle keeps in any case."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a state in the bucket; `deleted` marks that it was deleted then."""

    id: str
    changed: datetime
    size: int
    latest: bool
    deleted: bool


def versions(where: Place, aws: Aws) -> list[Version]:
    """All versions of that state, the newest first."""
    pages = aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=where.bucket, Prefix=where.path
    )
    found: list[Version] = []
    for page in pages:
        for kind in ("Versions", "DeleteMarkers"):
            entries: list[Any] = list(page.get(kind, []))  # type: ignore[call-overload]
            found += [_version(each) for each in entries if each["Key"] == where.path]
    return sorted(found, key=lambda each: (each.changed, each.latest), reverse=True)


@dataclass(frozen=True, kw_only=True)
class Described:
    """A version and what is in it; `lineage` is empty where that is no state."""

    version: Version
    lineage: str = ""
    serial: int = 0
    resources: int = 0


def described(where: Place, aws: Aws, *, most: int = MOST) -> list[Described]:
    """The newest versions of that state, each read; at most `most`, or all with 0."""
    found = versions(where, aws)
    jobs = {
        each.id: partial(_describe, where, each, aws) for each in (found[:most] if most else found)
    }
    return list(side_by_side(jobs).values())


def _describe(where: Place, version: Version, aws: Aws) -> Described:
    if version.deleted:
        return Described(version=version)
    try:
        state = statefile.parse(text_at(where, version.id, aws), str(where))
    except InfraError:
        return Described(version=version)
    return Described(
        version=version,
        lineage=state.lineage,
        serial=state.serial,
        resources=len(state.addresses),
    )


def text_at(where: Place, version: str, aws: Aws) -> str:
    """The text of one version. Raises `UsageError` where there is none of that id."""
    try:
        answer = aws.s3.get_object(Bucket=where.bucket, Key=where.path, VersionId=version)
    except Exception as error:
        if error_code(error) in _NO_VERSION:
            raise UsageError(
                f"the state of {where} has no version {version} that could be read",
                next_step=f"uv run invoke state.versions {where.flags}",
            ) from error
        raise
    return answer["Body"].read().decode()


def text_of(aws: Aws, bucket: str, key: str, region: str = "") -> str | None:
    """The text of an object; None where there is none."""
    try:
        return aws.s3_in(region).get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except Exception as error:
        if error_code(error) in _ABSENT:
            return None
        raise


def current(where: Place, aws: Aws) -> State | None:
    """The state as it is now; None where there is none."""
    text = text_of(aws, where.bucket, where.path)
    return None if text is None else statefile.parse(text, f"the state of {where}")


def current_if_sound(where: Place, aws: Aws) -> State | None:
    """The state as it is now; None where there is none, or where it can't be read any more."""
    try:
        return current(where, aws)
    except InfraError:
        return None


def write(where: Place, state: State, aws: Aws) -> str:
    """Make `state` the state there, with its digest; returns the version that it got."""
    body = state.text.encode()
    answer = aws.s3.put_object(
        Bucket=where.bucket, Key=where.path, Body=body, ContentType="application/json"
    )
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    item: Any = {"LockID": {"S": f"{where.bucket}/{where.path}-md5"}, "Digest": {"S": digest}}
    aws.dynamodb.put_item(TableName=where.table, Item=item)
    return answer.get("VersionId", "")


def remove(where: Place, aws: Aws) -> None:
    """Take a state out of the bucket, with its digest, for who holds its lock; its versions stay.

    Raises `InfraError` where it knows of something.
    """
    state = current(where, aws)
    if state and not state.empty:
        raise InfraError(
            f"the state of {where} knows of {len(state.addresses)} resources, and stays",
            next_step="run the same command again",
        )
    aws.s3.delete_object(Bucket=where.bucket, Key=where.path)
    digest: Any = {"LockID": {"S": f"{where.bucket}/{where.path}-md5"}}
    aws.dynamodb.delete_item(TableName=where.table, Key=digest)


def _version(entry: Any) -> Version:
    return Version(
        id=entry["VersionId"],
        changed=entry["LastModified"],
        size=entry.get("Size", 0),
        latest=entry["IsLatest"],
        deleted="Size" not in entry,
    )
