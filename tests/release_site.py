"""A site whose ledger, leases, registry and secrets are moto's, and whose ECS is a script."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, cast

import boto3
from moto import mock_aws

from slipway import names
from slipway.aws import Aws
from slipway.config import Service, load
from slipway.console import Console
from slipway.infra import applied
from slipway.infra.stacks import platform_stack, service_stack
from slipway.paths import Checkout
from slipway.release import ledger, retention
from slipway.release.ledger import Release
from slipway.release.world import Site
from tests.fake_ecs import FAMILY, FakeEcs
from tests.samples import make_service

ROOT = Path(__file__).parents[1]
SESSION = boto3.Session("k", "s", region_name="us-west-1")
"""One for all tests: each would read the descriptions of all services anew."""
REPOSITORY = "slipway/app"
HOST = "000000000000.dkr.ecr.us-west-1.amazonaws.com"
URL = "http://lb/app"


@contextmanager
def make_site(ecs: FakeEcs, *services: Service) -> Iterator[Site]:
    """The environment `local` of this checkout with other services (default: app)."""
    settings = load(Checkout(ROOT), "local")
    chosen = {each.name: each for each in services or (make_service("app"),)}
    settings = replace(settings, services=chosen)
    with mock_aws():
        aws = Aws(settings.environment, None, SESSION)
        # A frozen dataclass keeps its clients, made when first asked for, in its __dict__.
        aws.__dict__["ecs"] = ecs
        site = Site(
            checkout=Checkout(ROOT),
            settings=settings,
            console=Console(out=StringIO(), err=StringIO()),
            aws=aws,
            ecr=aws.ecr,
        )
        furnish(site)
        yield site


def furnish(site: Site) -> None:
    """The bucket, the lock table, the repositories, and the record of each service's last apply."""
    aws, bucket = site.aws, names.state_bucket(site.settings)
    place: Any = {"LocationConstraint": "us-west-1"}
    aws.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    aws.dynamodb.create_table(
        TableName=names.lock_table(site.settings),
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    contract = {"contract": json.dumps({"load_balancer_arn": "lb"})}
    platform = platform_stack(site.settings, site.checkout)
    applied.note(platform, aws, inputs_hash="hash", serial=2, outputs=contract)
    for service in site.settings.services.values():
        site.ecr.create_repository(repositoryName=names.repository(site.settings, service.name))
        stack = service_stack(site.settings, service, "repo@sha256:template", site.checkout)
        outputs = {
            "task_definition_arn": f"{FAMILY}:1",
            "target_group_arn": "tg",
            "url": URL,
        }
        applied.note(stack, aws, inputs_hash="hash", serial=3, outputs=outputs)


def push(site: Site, tag: str, service: str = "app") -> str:
    """An image in the registry; its reference by digest."""
    repository = names.repository(site.settings, service)
    answer = site.ecr.put_image(
        repositoryName=repository,
        imageManifest=json.dumps({"schemaVersion": 2, "config": {"digest": tag}, "layers": []}),
        imageManifestMediaType=retention.MEDIA_TYPES[0],
        imageTag=tag,
        imageDigest=f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}",
    )
    return f"{HOST}/{repository}@{answer['image']['imageId']['imageDigest']}"


def release(number: int, verdict: str = "deployed", **changes: Any) -> Release:
    """A release of app in local, the `number`th minute of its day, of revision `number`."""
    known: dict[str, Any] = {
        "id": f"20261120T10{number:02}00Z-00000{number % 10}",
        "environment": "local",
        "service": "app",
        "verdict": verdict,
        "reason": "",
        "image": f"repo@sha256:{number}",
        "version": f"v{number}",
        "task_definition": f"{FAMILY}:{number}",
        "previous": f"{FAMILY}:{number - 1}",
        "template": f"{FAMILY}:1",
        "commit": "",
        "dirty": False,
        "actor": "ada@host (process 1)",
        "link": "",
        "began": f"2026-11-20T10:{number:02}:00+00:00",
        "ended": f"2026-11-20T10:{number:02}:30+00:00",
        "smoke": "none",
    }
    return Release(**{**known, **changes})


def wrote(site: Site, *releases: Release) -> None:
    """Put releases into the ledger."""
    for each in releases:
        ledger.record(site.aws.s3, names.state_bucket(site.settings), each)


def stored(site: Site, service: str = "app") -> list[Release]:
    """What the ledger has, newest first."""
    bucket, environment = names.state_bucket(site.settings), site.settings.environment.name
    return list(ledger.releases(site.aws.s3, bucket, environment, service))


def said(site: Site) -> str:
    """What the user was told beside results."""
    return cast(StringIO, site.console.err).getvalue()


def printed(site: Site) -> str:
    """What the command was asked for."""
    return cast(StringIO, site.console.out).getvalue()
