"""Keeping the images that a way back needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.release import ledger, retention

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_s3 import S3Client

REPOSITORY = "shop/orders"
IDS = [f"2026112{day}T100000Z-00000{day}" for day in range(5)]


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield


@pytest.fixture
def ecr() -> ECRClient:
    made = boto3.client("ecr", region_name="us-west-1")
    made.create_repository(repositoryName=REPOSITORY)
    return made


def push(ecr: ECRClient, tag: str) -> str:
    """An image with a content tag; its digest."""
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": tag}, "layers": []})
    answer = ecr.put_image(
        repositoryName=REPOSITORY,
        imageManifest=manifest,
        imageManifestMediaType=retention.MEDIA_TYPES[0],
        imageTag=tag,
    )
    return str(answer["image"]["imageId"]["imageDigest"])


def tags(ecr: ECRClient) -> set[str]:
    return {each["imageTag"] for each in ecr.list_images(repositoryName=REPOSITORY)["imageIds"]}


def test_a_release_keeps_its_image_by_a_tag(ecr: ECRClient) -> None:
    """The same image has its content tag and the release's; a second time changes nothing."""
    digest = push(ecr, "abc")
    tag = retention.release_tag("prod", IDS[0])
    for _ in range(2):
        retention.keep(ecr, REPOSITORY, digest, tag)
    assert tags(ecr) == {"abc", tag}
    (image,) = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    assert image["imageDigest"] == digest


def test_old_releases_let_go(ecr: ECRClient) -> None:
    """Only the environment's own tags go, and only those beyond its last releases."""
    first, second = push(ecr, "abc"), push(ecr, "def")
    for digest, environment, release in (
        (first, "prod", IDS[0]),
        (second, "prod", IDS[1]),
        (first, "prod-eu", IDS[0]),
        (first, "staging", IDS[0]),
    ):
        retention.keep(ecr, REPOSITORY, digest, retention.release_tag(environment, release))
    retention.let_go(ecr, REPOSITORY, "prod", {IDS[1]})
    assert retention.release_tag("prod", IDS[0]) not in tags(ecr)
    assert tags(ecr) == {
        *("abc", "def", retention.release_tag("prod", IDS[1])),
        *(retention.release_tag(environment, IDS[0]) for environment in ("prod-eu", "staging")),
    }


def test_the_last_tag_of_an_image_stays() -> None:
    """Deleting it would delete the image."""
    tag = retention.release_tag("prod", IDS[0])
    assert retention.outdated({"sha256:1": [tag]}, "prod", set()) == set()
    assert retention.outdated({"sha256:1": [tag, "abc"]}, "prod", set()) == {tag}


def document(number: int, verdict: str) -> ledger.Release:
    known: dict[str, Any] = dict.fromkeys(
        (
            *("reason", "image", "version", "task_definition", "previous", "template"),
            *("commit", "actor", "link", "began", "ended"),
        ),
        "",
    )
    return ledger.Release(
        id=IDS[number], environment="prod", service="orders", verdict=verdict, dirty=False, **known
    )


def test_the_ledger_tells_the_newest_verified_releases() -> None:
    """Newest first; what was rolled back or failed is no way back."""
    s3: S3Client = boto3.client("s3", region_name="us-west-1")
    s3.create_bucket(Bucket="ledger", CreateBucketConfiguration={"LocationConstraint": "us-west-1"})
    for number, verdict in enumerate(("deployed", "deployed", "rolled_back", "deployed", "failed")):
        ledger.record(s3, "ledger", document(number, verdict))
    found = ledger.verified(s3, "ledger", "prod", "orders", most=2)
    assert [each.id for each in found] == [IDS[3], IDS[1]]
