"""Names: what the HCL computes too, and that the longest of them fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway import names
from slipway.config import Settings, load
from slipway.config.check import check
from slipway.config.settings import ProjectFile
from slipway.errors import ConfigError
from slipway.paths import Checkout

PROJECT = """
[project]
name = "shop"
[environments.staging]
target = "aws"
account_id = "123456789012"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a shop in staging, without an owner."""
    (tmp_path / "services/orders").mkdir(parents=True)
    (tmp_path / "slipway.toml").write_text(PROJECT)
    manifest = 'name = "orders"\nroute = { path = "/orders", priority = 10 }'
    (tmp_path / "services/orders/service.toml").write_text(manifest)
    return load(Checkout(tmp_path), "staging", environ={})


def test_names_without_an_owner(settings: Settings) -> None:
    """Project, environment and service make a name; an empty owner leaves no hyphen."""
    assert names.prefix(settings) == "shop-staging"
    assert names.cluster(settings) == "shop-staging"
    assert names.service(settings, "orders") == "shop-staging-orders"
    assert names.repository(settings, "orders") == "shop/orders"
    assert names.platform_parameter(settings) == "/shop-staging/platform"
    assert names.state_bucket(settings) == "shop-state-123456789012-us-west-1"
    assert names.lock_table(settings) == "shop-locks"


def test_an_owner_comes_first_everywhere(settings: Settings) -> None:
    """In a shared account every name begins with its owner."""
    owned = replace(settings, owner="ann")
    assert names.prefix(owned) == "ann-shop-staging"
    assert names.service(owned, "orders") == "ann-shop-staging-orders"
    assert names.repository(owned, "orders") == "ann-shop/orders"
    assert names.platform_parameter(owned) == "/ann-shop-staging/platform"
    assert names.state_bucket(owned) == "ann-shop-state-123456789012-us-west-1"
    assert names.lock_table(owned) == "ann-shop-locks"


def test_state_keys() -> None:
    """A stack has one state object, and each service one of its own."""
    assert names.state_key("platform") == "platform.tfstate"
    assert names.state_key("service", "orders") == "service/orders.tfstate"


def test_the_longest_names_fit(settings: Settings) -> None:
    """What the configuration accepts at most makes a bucket name that S3 accepts."""
    longest: dict[str, Any] = {
        "project": {"name": "p" * 16, "owner": "o" * 12, "region": "ap-southeast-1"},
    }
    assert check(ProjectFile, longest, "slipway.toml") == []
    environment = replace(settings.environment, region="ap-southeast-1")
    most = replace(settings, owner="o" * 12, project="p" * 16, environment=environment)
    assert len(names.state_bucket(most)) == names.BUCKET_LIMIT


def test_a_name_that_is_too_long_is_refused(settings: Settings) -> None:
    """A bucket name over S3's limit is an error that says what to shorten."""
    with pytest.raises(ConfigError) as caught:
        names.state_bucket(replace(settings, project="p" * 60))
    assert "63 are allowed" in caught.value.message
    assert caught.value.next_step == "shorten project or owner in slipway.toml"
