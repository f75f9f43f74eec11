"""What was released: one JSON document per release of a service, in the state bucket.

A release is written down before its first change, with the verdict `in_progress`, and completed at
its end. One that is found open, with nobody at work on it, is settled by `reconcile`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from slipway.aws import error_code
from slipway.config.nearest import did_you_mean, nearest
from slipway.errors import DeployError, UsageError
from slipway.model import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OPEN = "in_progress"
"""The verdict of a release that has not ended."""

SCHEMA = 2
"""What we write; 1, without the fields that have defaults here, is read as well."""

Kind = Literal["deploy", "promote", "rollback", "restart"]


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of one service, however it ended. Times are ISO 8601 UTC, phases in seconds.

    `origin` is the release that it repeats: `ENVIRONMENT/ID` of a promotion, `ID` of a rollback or
    of a restart.
    `token` is the lease's, `deployment` ECS's or CodeDeploy's id. `smoke` is `passed`, `none` where
    the manifest declares no requests, or empty before. `configuration` is the manifest in force,
    `serials` are of the states, `secrets` are version ids.
    """

    id: str
    environment: str
    service: str
    verdict: str
    reason: str
    image: str
    version: str
    task_definition: str
    previous: str
    template: str
    commit: str
    dirty: bool
    actor: str
    link: str
    began: str
    ended: str
    phases: Mapping[str, float] = field(default_factory=dict)
    kind: Kind = "deploy"
    origin: str = ""
    token: int = 0
    deployment: str = ""
    strategy: str = ""
    smoke: str = ""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    serials: Mapping[str, int] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA

    @property
    def key(self) -> str:
        """Where it lies in the bucket; ids begin with their time, so keys sort by it."""
        return f"{_folder(self.environment, self.service)}{self.id}.json"

    @property
    def open(self) -> bool:
        """Whether nobody has written down its end."""
        return self.verdict == OPEN

    @property
    def verified(self) -> bool:
        """Whether it brought what served as intended, and was seen to; a restart brings nothing.

        So restarts are no place to go back to, and keep no image from those that are.
        """
        return self.verdict == Verdict.DEPLOYED.label and self.kind != "restart"

    @property
    def digest(self) -> str:
        """`sha256:…` of its image."""
        return self.image.rpartition("@")[2]


_FIELDS = frozenset(each.name for each in fields(Release))


def record(s3: S3Client, bucket: str, release: Release) -> None:
    """Write a release, or write it anew where its end is known."""
    body = json.dumps(asdict(release), indent=2, sort_keys=True).encode()
    s3.put_object(Bucket=bucket, Key=release.key, Body=body, ContentType="application/json")


def forget(s3: S3Client, bucket: str, release: Release) -> None:
    """Take back a release that turned out to be none: nothing changed."""
    s3.delete_object(Bucket=bucket, Key=release.key)


def parse(text: bytes, key: str) -> Release:
    """The release in a document. Raises `DeployError` for one that a newer Slipway wrote."""
    document = json.loads(text)
    if document.get("schema_version", 1) > SCHEMA:
        raise DeployError(
            f"{key}: written by a newer Slipway (format {document['schema_version']})",
            next_step="bring this checkout up to date",
        )
    return Release(**{name: value for name, value in document.items() if name in _FIELDS})


def ids(s3: S3Client, bucket: str, environment: str, service: str) -> list[str]:
    """The ids of all releases, newest first."""
    folder = _folder(environment, service)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    keys = (each["Key"] for page in pages for each in page.get("Contents", []))
    names = (key.removeprefix(folder).removesuffix(".json") for key in keys)
    return sorted(names, reverse=True)


def all_ids(s3: S3Client, bucket: str, environment: str) -> dict[str, list[str]]:
    """The ids of all releases of an environment by service, newest first; a call per thousand."""
    folder = f"releases/{environment}/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    found: dict[str, list[str]] = {}
    for key in (each["Key"] for page in pages for each in page.get("Contents", [])):
        service, _, name = key.removeprefix(folder).partition("/")
        found.setdefault(service, []).append(name.removesuffix(".json"))
    return {service: sorted(some, reverse=True) for service, some in found.items()}


def read(
    s3: S3Client, bucket: str, environment: str, service: str, release_id: str
) -> Release | None:
    """The release of that id, if there is one."""
    key = f"{_folder(environment, service)}{release_id}.json"
    try:
        return parse(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), key)
    except Exception as error:
        if error_code(error) in ("NoSuchKey", "404"):
            return None
        raise


def find(s3: S3Client, bucket: str, environment: str, service: str, release_id: str) -> Release:
    """The release of that id. Raises `UsageError` with the nearest one where there is none."""
    found = read(s3, bucket, environment, service, release_id)
    if found:
        return found
    meant = nearest(release_id, ids(s3, bucket, environment, service))
    raise UsageError(
        f"{service} in {environment} has no release {release_id}{did_you_mean(meant)}",
        next_step=f"uv run invoke history --env={environment} --service={service}",
    )


def releases(s3: S3Client, bucket: str, environment: str, service: str) -> Iterator[Release]:
    """All releases, newest first; each is read when it is asked for."""
    for release_id in ids(s3, bucket, environment, service):
        release = read(s3, bucket, environment, service, release_id)
        if release:
            yield release


def verified(
    s3: S3Client, bucket: str, environment: str, service: str, *, most: int
) -> list[Release]:
    """The newest releases that were verified, newest first, `most` at most."""
    found = releases(s3, bucket, environment, service)
    return list(islice((each for each in found if each.verified), most))


def _folder(environment: str, service: str) -> str:
    return f"releases/{environment}/{service}/"
