"""What was released: one JSON document per deploy of a service, in the state bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from slipway.model import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, kw_only=True)
class Release:
    """One deploy of one service, however it ended. Times are ISO 8601 UTC, phases in seconds."""

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
    schema_version: int = 1

    @property
    def key(self) -> str:
        """Where it lies in the bucket; ids begin with their time, so keys sort by it."""
        return f"releases/{self.environment}/{self.service}/{self.id}.json"


def record(s3: S3Client, bucket: str, release: Release) -> None:
    """Write a release. It is never changed afterwards."""
    body = json.dumps(asdict(release), indent=2, sort_keys=True).encode()
    s3.put_object(Bucket=bucket, Key=release.key, Body=body, ContentType="application/json")


def verified(
    s3: S3Client, bucket: str, environment: str, service: str, *, most: int
) -> list[Mapping[str, Any]]:
    """The newest releases that were verified, newest first, `most` at most."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=f"releases/{environment}/{service}/"
    )
    keys = sorted(
        (each["Key"] for page in pages for each in page.get("Contents", [])), reverse=True
    )
    documents = (json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys)
    good = (each for each in documents if each["verdict"] == Verdict.DEPLOYED.label)
    return list(islice(good, most))
