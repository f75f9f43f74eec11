"""`invoke secrets.…`: values go in from stdin, a file or a prompt, and are never shown."""

from __future__ import annotations

import getpass
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from invoke.context import Context
from moto import mock_aws

from slipway import secret_users
from slipway.aws import Aws
from slipway.cli import secrets
from slipway.config import load
from slipway.errors import AccessError, UsageError
from slipway.paths import Checkout

KEY = "shop-dev/greeter/STRIPE_KEY"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A checkout with a service that declares two secrets, of which one has its entry."""
    (tmp_path / "slipway.toml").write_text(
        '[project]\nname = "shop"\n[environments.dev]\ntarget = "aws"\n'
        'account_id = "123456789012"\n'
    )
    (tmp_path / "services/greeter").mkdir(parents=True)
    (tmp_path / "services/greeter/service.toml").write_text(
        'name = "greeter"\nsecrets = ["STRIPE_KEY", "SALT"]\n[route]\npriority = 1\n'
    )
    monkeypatch.chdir(tmp_path)
    environment = load(Checkout(tmp_path), "dev").environment
    with mock_aws():
        aws = Aws(environment, None, boto3.Session("key", "secret", region_name="us-west-1"))
        monkeypatch.setattr("slipway.aws.connect", lambda *_, **__: aws)
        aws.secretsmanager.create_secret(Name=KEY, SecretString="not set: invoke secrets.set")
        yield aws


def pipe(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Stdin as `… | invoke` gives it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def value(aws: Aws) -> str:
    return aws.secretsmanager.get_secret_value(SecretId=KEY)["SecretString"]


def test_a_value_from_stdin(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its newline is left out, its length told, and what has to happen for tasks to get it."""
    pipe(monkeypatch, "hush\n")
    secrets.set_.body(Context(), env="dev", service="greeter", name="STRIPE_KEY")
    told = capsys.readouterr()
    version = aws.secretsmanager.get_secret_value(SecretId=KEY)["VersionId"]
    assert told.out == f"set: STRIPE_KEY of greeter in dev (4 characters), version {version}\n"
    assert "no task of greeter runs" in told.err
    assert "hush" not in told.out + told.err
    assert value(aws) == "hush"
    pipe(monkeypatch, "hush")
    secrets.set_.body(Context(), env="dev", service="greeter", name="STRIPE_KEY")
    assert capsys.readouterr().out.startswith("nothing to do")


def test_the_tasks_that_keep_the_old_value_are_told(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a change, with the command that gives them the new one; the list shows it too."""
    old = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr(secret_users, "_started", lambda *_: [old, old])
    pipe(monkeypatch, "hush\n")
    secrets.set_.body(Context(), env="dev", service="greeter", name="STRIPE_KEY")
    told = capsys.readouterr().err
    assert "2 running tasks of greeter keep the value that they started with" in told
    assert "next: uv run invoke restart --env=dev --service=greeter" in told
    secrets.list_.body(Context(), env="dev")
    told = capsys.readouterr().out
    assert "2 of 2 have an earlier one" in told
    secrets.list_.body(Context(), env="dev", json=True)
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["tasks"], first["outdated"]) == (2, 2)


def test_that_nobody_may_look_at_tasks_undoes_nothing(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The value is in: that is said, and the gap is named."""

    def refuse(*_: object) -> Any:
        raise AccessError("AWS refused: ecs:ListTasks")

    monkeypatch.setattr(secret_users, "_started", refuse)
    pipe(monkeypatch, "hush\n")
    secrets.set_.body(Context(), env="dev", service="greeter", name="STRIPE_KEY")
    told = capsys.readouterr()
    assert told.out.startswith("set: STRIPE_KEY")
    assert "is not known: AWS refused: ecs:ListTasks" in told.err
    assert value(aws) == "hush"


def test_a_value_from_a_hidden_prompt(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal it is asked for, and not echoed."""
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)

    def prompt(text: str) -> str:
        asked.append(text)
        return "typed"

    monkeypatch.setattr(getpass, "getpass", prompt)
    secrets.set_.body(Context(), env="dev", service="greeter", name="STRIPE_KEY")
    assert value(aws) == "typed"
    assert "STRIPE_KEY of greeter in dev" in asked[0]


def test_a_value_from_a_file(aws: Aws, tmp_path: Path) -> None:
    """With its newline where that is wanted; a missing file is told."""
    (tmp_path / "key.pem").write_text("a\nb\n")
    flags = {"env": "dev", "service": "greeter", "name": "STRIPE_KEY"}
    file = tmp_path / "key.pem"
    secrets.set_.body(Context(), **flags, from_file=file, keep_newline=True)  # type: ignore[arg-type]
    assert value(aws) == "a\nb\n"
    with pytest.raises(UsageError, match="No such file"):
        secrets.set_.body(Context(), **flags, from_file=tmp_path / "none")  # type: ignore[arg-type]


def test_a_dry_run_sets_nothing(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The value is read and checked only."""
    pipe(monkeypatch, "hush\n")
    secrets.set_.body(Context(), env="dev", service="greeter", name="STRIPE_KEY", dry_run=True)
    assert capsys.readouterr().out.startswith("would set: STRIPE_KEY")
    assert value(aws) == "not set: invoke secrets.set"


SET: Any = {"env": "dev", "service": "greeter", "name": "STRIPE_KEY", "json": True}
TOLD = {"environment": "dev", "service": "greeter", "name": "STRIPE_KEY", "characters": 4}


def test_what_was_set_as_json(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never the value; the services to restart are named also where it was set before."""
    old = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr(secret_users, "_started", lambda *_: [old, old])
    for changed in (True, False):
        pipe(monkeypatch, "hush\n")
        secrets.set_.body(Context(), **SET)
        version = aws.secretsmanager.get_secret_value(SecretId=KEY)["VersionId"]
        used = {"tasks": 2, "outdated": 2, "restart": ["greeter"]}
        told = {**TOLD, "changed": changed, "version": version, **used, "dry_run": False}
        assert json.loads(capsys.readouterr().out) == told


def test_that_nobody_has_to_restart_as_json(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No tasks, or none that anybody may look at: the first is known, the second is not."""

    def refuse(*_: object) -> Any:
        raise AccessError("AWS refused: ecs:ListTasks")

    pipe(monkeypatch, "hush\n")
    secrets.set_.body(Context(), **SET)
    used = json.loads(capsys.readouterr().out)
    assert (used["tasks"], used["outdated"], used["restart"]) == (0, 0, [])
    monkeypatch.setattr(secret_users, "_started", refuse)
    pipe(monkeypatch, "hush\n")
    secrets.set_.body(Context(), **SET)
    told = capsys.readouterr()
    used = json.loads(told.out)
    assert (used["tasks"], used["outdated"], used["restart"]) == (None, None, None)
    assert "is not known: AWS refused" in told.err


def test_a_dry_run_as_json(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is only known afterwards is null."""
    pipe(monkeypatch, "hush\n")
    secrets.set_.body(Context(), **SET, dry_run=True)
    nothing = dict.fromkeys(("changed", "version", "tasks", "outdated", "restart"))
    assert json.loads(capsys.readouterr().out) == {**TOLD, **nothing, "dry_run": True}


def test_an_undeclared_name_is_refused_before_the_value(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody types a secret for nothing."""
    monkeypatch.setattr(secrets, "read", lambda *_: pytest.fail("asked"))
    with pytest.raises(UsageError, match="did you mean STRIPE_KEY"):
        secrets.set_.body(Context(), env="dev", service="greeter", name="STRIPE_KY")


def test_list_says_what_is_missing(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, and the command for each that has no value; the same as JSON."""
    secrets.list_.body(Context(), env="dev")
    told = capsys.readouterr()
    assert "greeter  STRIPE_KEY  unset" in told.out
    assert "greeter  SALT        missing  -" in told.out
    assert "secrets.set --env=dev --service=greeter --name=SALT" in told.err
    secrets.list_.body(Context(), env="dev", json=True)
    states = {each["name"]: each["state"] for each in json.loads(capsys.readouterr().out)}
    assert states == {"STRIPE_KEY": "unset", "SALT": "missing"}
