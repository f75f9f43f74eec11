"""Settings, a checkout and a pretended AWS for the tests of the Terraform side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway.aws import Aws
from slipway.config import Environment, Local, Service, Settings
from slipway.infra import state
from slipway.paths import Checkout
from tests.samples import make_service

ACCOUNT = "123456789012"
BUCKET, TABLE = f"shop-state-{ACCOUNT}-us-west-1", "shop-locks"


def environment(name: str, **changes: Any) -> Environment:
    """An environment on an account in us-west-1, unless `changes` says otherwise."""
    values: dict[str, Any] = {
        "name": name,
        "target": "aws",
        "region": "us-west-1",
        "account_id": ACCOUNT,
        "role_arn": "",
        "branch": "",
        "protected": False,
        "registry": name,
    }
    return Environment(**{**values, **changes})


def service(name: str = "greeter", **changes: Any) -> Service:
    """A service with the usual values, unless `changes` says otherwise."""
    return make_service(name, **changes)


def settings(
    current: str = "dev", *, owner: str = "", environments: Mapping[str, Environment] | None = None
) -> Settings:
    """Settings of the project `shop` for the environment `current`."""
    known = environments or {current: environment(current)}
    return Settings(
        project="shop",
        owner=owner,
        region="us-west-1",
        environment=known[current],
        environments=known,
        local=Local(port=4566, mode="process"),
        services={"greeter": service()},
        provenance={},
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with a stack for services that calls a module, a platform and two services."""
    write(tmp_path / "infra/service/main.tf", 'module "logs" {\n  source = "../modules/logs"\n}\n')
    write(tmp_path / "infra/service/.terraform.lock.hcl", "# 5.100.0\n")
    write(
        tmp_path / "infra/modules/logs/main.tf", 'resource "aws_cloudwatch_log_group" "this" {}\n'
    )
    write(tmp_path / "infra/modules/other/main.tf", "# nobody calls this\n")
    write(tmp_path / "infra/environments/dev.tfvars", "zones = 2\n")
    for name in ("greeter", "payments"):
        write(tmp_path / "services" / name / "service.toml", "")
    return Checkout(tmp_path)


def write(file: Path, text: str) -> None:
    """Make a file with the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Clients of an AWS that exists only in this process."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(state, "WAIT", 2.0)
    with mock_aws():
        yield Aws(environment("dev"), None, boto3.Session(region_name="us-west-1"))


@pytest.fixture
def place(aws: Aws) -> Aws:
    """An AWS with the bucket and the table."""
    aws.s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-1"}
    )
    aws.dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws
