"""`invoke destroy`: who may destroy what, and what is asked before."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from invoke.context import Context
from moto import mock_aws

from slipway.aws import Aws
from slipway.cli import destroy
from slipway.config import load
from slipway.console import Console
from slipway.errors import UsageError
from slipway.infra.apply import Planned
from slipway.infra.plan import Change, PlanSummary
from slipway.paths import Checkout
from tests.unit.infra.test_statefile import a_state

LOSES = Planned(
    stack=None,  # type: ignore[arg-type]
    summary=PlanSummary(changes=(Change(sign="-", address="aws_db_x.main", type="aws_db_x"),)),
    changes=True,
)

LEFT: Any = {
    "environment": "dev",
    "bucket": "shop-state-123456789012-us-west-1",
    "lock_table": "shop-locks",
    "shared_with": [],
    "repositories": True,
    "families": [],
}


class Terminal(io.StringIO):
    """Stdin as a person has it."""

    def isatty(self) -> bool:
        return True


def ask(monkeypatch: pytest.MonkeyPatch, typed: str, yes: str | None = None) -> str:
    """What is said before an environment called `dev` goes."""
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    console = Console(out=io.StringIO(), err=io.StringIO())
    destroy.confirmed("dev", yes, 3, console, [LOSES])
    assert isinstance(console.err, io.StringIO)
    return console.err.getvalue()


def test_the_name_has_to_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name, and nothing else, after what would be lost was listed."""
    said = ask(monkeypatch, "dev\n")
    assert "1 that hold data, and 3 images" in said
    assert "- aws_db_x.main" in said
    for typed in ("yes\n", "", "Dev\n"):
        with pytest.raises(UsageError, match="nothing was destroyed"):
            ask(monkeypatch, typed)


def test_the_name_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --yes nobody is asked, and what is lost is listed all the same."""
    assert "aws_db_x.main" in ask(monkeypatch, "", yes="dev")


def test_without_a_terminal_it_has_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is piped in does not count as typed."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("dev\n"))
    with pytest.raises(UsageError) as caught:
        destroy.confirmed("dev", None, 0, Console(err=io.StringIO()), [LOSES])
    assert caught.value.next_step == "add --yes=dev"


def test_yes_of_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is looked at."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="--yes=prod is not --env=dev"):
        destroy.destroy.body(Context(), env="dev", yes="prod")


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A checkout with one service, and a pretended account behind its environment `dev`."""
    (tmp_path / "slipway.toml").write_text(
        '[project]\nname = "shop"\n[environments.dev]\ntarget = "aws"\n'
        'account_id = "123456789012"\n'
    )
    (tmp_path / "services/greeter").mkdir(parents=True)
    (tmp_path / "services/greeter/service.toml").write_text(
        'name = "greeter"\n[route]\npriority = 1\n'
    )
    (tmp_path / "infra/environments").mkdir(parents=True)
    (tmp_path / "infra/environments/dev.tfvars").write_text("")
    monkeypatch.chdir(tmp_path)
    environment = load(Checkout(tmp_path), "dev").environment
    with mock_aws():
        aws = Aws(environment, None, boto3.Session("key", "secret", region_name="us-west-1"))
        monkeypatch.setattr("slipway.aws.connect", lambda *_, **__: aws)
        yield aws


def test_an_environment_without_a_place_for_states(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody has to make a bucket first to hear that there is nothing to destroy."""
    destroy.destroy.body(Context(), env="dev", yes="dev")
    told = capsys.readouterr()
    assert told.out.startswith("nothing to destroy")
    assert "remains: bucket" in told.err
    destroy.destroy.body(Context(), env="dev", yes="dev", json=True)
    nothing = {"stacks": [], "snapshots": [], "dry_run": False}
    assert json.loads(capsys.readouterr().out) == {**LEFT, **nothing}


@pytest.mark.parametrize(("dry_run", "kept"), [(True, []), (False, ["shop-dev-last"])])
def test_what_was_destroyed_as_json(
    aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dry_run: bool,
    kept: list[str],
) -> None:
    """Each stack with how much it knew of, in the order in which they go; what is left of it."""
    place: Any = {"LocationConstraint": "us-west-1"}
    aws.s3.create_bucket(Bucket=LEFT["bucket"], CreateBucketConfiguration=place)
    for stack, text in {
        "platform": a_state("aws_lb.this"),
        "service/greeter": a_state("aws_ecs_service.this", "aws_lb_target_group.this"),
    }.items():
        key = f"env:/dev/{stack}.tfstate"
        aws.s3.put_object(Bucket=LEFT["bucket"], Key=key, Body=text.encode())
    monkeypatch.setattr("slipway.infra.state.check", lambda *_: None)
    monkeypatch.setattr("slipway.infra.apply.terraforming", lambda *_, **__: None)
    monkeypatch.setattr("slipway.infra.destroy.destroy", lambda *_, **__: kept)
    destroy.destroy.body(Context(), env="dev", yes="dev", dry_run=dry_run, json=True)
    assert json.loads(capsys.readouterr().out) == {
        **LEFT,
        "stacks": [
            {"stack": "service", "service": "greeter", "resources": 2},
            {"stack": "platform", "service": "", "resources": 1},
        ],
        "snapshots": kept,
        "dry_run": dry_run,
    }


def test_nothing_to_destroy_says_so() -> None:
    """An environment without resources is no error."""
    said: Any = destroy._told("dev", [], dry_run=False)
    assert said == "nothing to destroy: no state of dev knows of anything"
    assert destroy._told("dev", ["platform"], dry_run=True) == "would destroy in dev: platform"
