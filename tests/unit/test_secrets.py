"""Secrets: which are set, and how a value gets in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway import secret_users, secrets
from slipway.aws import Aws
from slipway.config import Settings
from slipway.errors import InfraError, UsageError
from tests.samples import make_service
from tests.unit.infra.conftest import environment, settings

SERVICE = make_service(secrets=("STRIPE_KEY", "SALT"))
KEY = "shop-dev/greeter/STRIPE_KEY"


@pytest.fixture
def ours() -> Settings:
    """An environment of the project `shop`."""
    return settings()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An AWS in this process, after Terraform made both entries."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        aws = Aws(environment("dev"), None, boto3.Session(region_name="us-west-1"))
        for name in SERVICE.secrets:
            aws.secretsmanager.create_secret(
                Name=f"shop-dev/greeter/{name}", SecretString=secrets.PLACEHOLDER
            )
        yield aws


def test_a_value_goes_in_once(aws: Aws, ours: Settings) -> None:
    """Set is set; the same value again makes no new version."""
    assert secrets.unset(aws, ours, SERVICE) == ["STRIPE_KEY", "SALT"]
    assert secrets.put(aws, ours, "greeter", "STRIPE_KEY", "hush")
    version = secrets.look(aws, ours, "greeter", "STRIPE_KEY").version
    assert not secrets.put(aws, ours, "greeter", "STRIPE_KEY", "hush")
    found = secrets.look(aws, ours, "greeter", "STRIPE_KEY")
    assert (found.state, found.version) == ("set", version)
    assert secrets.unset(aws, ours, SERVICE) == ["SALT"]


def test_the_list_has_no_values(aws: Aws, ours: Settings) -> None:
    """Names, ids, times and versions; what is no entry is missing."""
    secrets.put(aws, ours, "greeter", "SALT", "hush")
    aws.secretsmanager.delete_secret(SecretId=KEY, ForceDeleteWithoutRecovery=True)
    found = secrets.overview(aws, ours, [SERVICE])
    assert [(each.name, each.state) for each in found] == [
        ("STRIPE_KEY", "missing"),
        ("SALT", "set"),
    ]
    assert found[1].changed
    assert "hush" not in repr(found)


@pytest.mark.parametrize("recovery", [True, False])
def test_without_an_entry_nothing_is_set(aws: Aws, ours: Settings, recovery: bool) -> None:
    """Terraform makes entries; one about to be deleted is told as such."""
    if recovery:
        aws.secretsmanager.delete_secret(SecretId=KEY)
    else:
        aws.secretsmanager.delete_secret(SecretId=KEY, ForceDeleteWithoutRecovery=True)
    assert "STRIPE_KEY" in secrets.unset(aws, ours, SERVICE)
    with pytest.raises(InfraError) as caught:
        secrets.put(aws, ours, "greeter", "STRIPE_KEY", "hush")
    wanted = "restore-secret" if recovery else "deploy --env=dev --service=greeter"
    assert wanted in caught.value.next_step
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "keep", "value"),
    [
        (b"hush", False, "hush"),
        (b"hush\n", False, "hush"),
        (b"hush\r\n", False, "hush"),
        (b"hush\n\n", False, "hush\n"),
        (b"hush\n", True, "hush\n"),
        (b" hush ", False, " hush "),
        ("größe".encode(), False, "größe"),
    ],
)
def test_one_newline_at_the_end_is_left_out(raw: bytes, keep: bool, value: str) -> None:
    """`echo`, editors and here-documents add one; all else is the value."""
    assert secrets.text(raw, keep_newline=keep) == value


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"  ", "empty"),
        (b"not set: really\n", "may not begin"),
        (b"\xff\xfe", "not text"),
        (b"x" * 65_537, "65537 bytes"),
    ],
)
def test_what_is_no_value(raw: bytes, says: str) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(UsageError, match=says):
        secrets.text(raw, keep_newline=False)


@pytest.mark.parametrize(
    ("names", "asked", "says"),
    [
        (("STRIPE_KEY", "SALT"), "STRIPE_KY", r"did you mean STRIPE_KEY\?"),
        (("STRIPE_KEY", "SALT"), "OTHER", "there are: STRIPE_KEY, SALT"),
        ((), "SALT", "declares no secrets"),
    ],
)
def test_only_declared_names(names: tuple[str, ...], asked: str, says: str) -> None:
    """A name that service.toml does not have is refused, the nearest one offered."""
    with pytest.raises(UsageError, match=says):
        secrets.declared(make_service(secrets=names), asked)
    for name in names:
        secrets.declared(make_service(secrets=names), name)


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ({}, []),
        ({"A": "x", "B": None, "C": "not set: invoke secrets.set", "D": ""}, ["B", "C", "D"]),
        ({"A": "unset"}, []),
    ],
)
def test_missing(values: dict[str, Any], left: list[str]) -> None:
    """No entry, no value and the placeholder are alike: a task could not work with them."""
    assert secrets.missing(values) == left


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ((), "no tasks"),
        ((1, 2), "have it"),
        ((-5, 1), "1 of 2 have an earlier one"),
        ((-5, -1), "2 of 2 have an earlier one"),
    ],
)
def test_who_has_an_earlier_value(minutes: tuple[int, ...], said: str) -> None:
    """Tasks read secrets when they start: those from before the change keep what they have."""
    tasks = [NOON + timedelta(minutes=each) for each in minutes]
    assert str(secret_users.users(tasks, NOON)) == said
    assert str(secret_users.users(tasks, None)) in ("have it", "no tasks")


def test_which_services_have_to_restart(aws: Aws, ours: Settings) -> None:
    """Each once, with one command for all; a service that is not deployed has no tasks."""
    a, b = (secrets.Secret(service=s, name="K", id=s, state="set", changed=NOON) for s in "ab")
    tasks = {"a": [NOON - timedelta(hours=1)], "b": [NOON + timedelta(hours=1)]}
    assert secret_users.to_restart(secret_users.table([a, b, a], tasks)) == ["a"]
    command = secret_users.restart_command("dev", ["a", "b"])
    assert command == "uv run invoke restart --env=dev --service=a,b"
    assert secret_users.started(aws, ours, ["greeter"]) == {"greeter": []}
