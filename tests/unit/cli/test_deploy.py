"""`invoke deploy`: flags that fit together, and how an end is told."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from slipway.cli.deploy import demand_sense, deploy, finish
from slipway.cli.promote import promote
from slipway.cli.rollback import rollback
from slipway.console import Console
from slipway.errors import UsageError
from slipway.model import Verdict
from slipway.release.progress import Options, Progress
from slipway.rollout.cause import Cause
from slipway.rollout.model import Outcome
from tests.fake_ecs import FakeEcs
from tests.fake_ecs import deployment as ecs_deployment
from tests.release_site import make_site
from tests.samples import make_service


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({"resume": True, "dry_run": True}, "there is no --dry-run of it"),
        ({"resume": True, "plan": Path("p")}, "there is no --plan for it"),
    ],
)
def test_flags_that_can_not_be_meant_together(flags: dict[str, bool], reason: str) -> None:
    """They are refused before anything is looked at."""
    given = {"resume": False, "dry_run": False, "plan": None, **flags}
    with pytest.raises(UsageError, match=reason):
        demand_sense(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        (deploy.body, {"env": "local"}),
        (rollback.body, {"env": "local", "service": "app"}),
        (promote.body, {"from_": "local", "to": "next"}),
    ],
)
def test_two_that_would_write_to_stdout(body: Callable[..., object], flags: Any) -> None:
    """Neither would be readable."""
    with pytest.raises(UsageError, match="would both write to stdout"):
        body(Context(), json=True, log_json="-", **flags)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_exit_code_of_each_verdict(verdict: Verdict) -> None:
    """Scripts rely on them."""
    console = Console(out=StringIO(), err=StringIO())
    outcome = Outcome(verdict=verdict, reason="so it is")
    progress = Progress(options=Options(), chosen=("app",), settled={"app": outcome})
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]])) as site:
        assert finish(console, site, progress, as_json=True) == CODES[verdict.label]


CODES = {
    "deployed": 0,
    "unchanged": 0,
    "failed": 10,
    "rolled_back": 11,
    "timed_out": 12,
    "superseded": 13,
    "skipped": 14,
    "interrupted": 130,
}


def test_none_at_a_time() -> None:
    """A deploy of nothing at a time would never end."""
    with pytest.raises(UsageError, match="--at-most=0: at least 1"):
        deploy.body(Context(), env="local", at_most=0)


def ended() -> Progress:
    """Three services, of which one failed and one waited for it."""
    cause = Cause(title="its tests fail", remedy="", lines=("E   assert 1 == 2",))
    return Progress(
        options=Options(),
        chosen=("orders", "users", "web"),
        settled={
            "orders": Outcome(verdict=Verdict.FAILED, reason="no", cause=cause),
            "users": Outcome(verdict=Verdict.SKIPPED, reason="needs orders"),
            "web": Outcome(verdict=Verdict.UNCHANGED),
        },
    )


def run(*, as_json: bool = False, quiet: bool = False) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a deploy that ended."""
    console = Console(out=StringIO(), err=StringIO())
    services = [make_service(name) for name in ("orders", "users", "web")]
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]]), *services) as site:
        code = finish(console, site, ended(), as_json=as_json, quiet=quiet)
    return code, console.out.getvalue(), console.err.getvalue()  # type: ignore[attr-defined]


def test_one_table_and_one_summary() -> None:
    """The exit code is that of what failed, not of what waited for it."""
    code, out, err = run()
    assert code == 10
    assert [line.split() for line in out.splitlines()] == [
        ["service", "verdict", "url"],
        ["orders", "failed"],
        ["users", "skipped"],
        ["web", "unchanged"],
    ]
    assert "3 services: 1 failed, 1 skipped, 1 unchanged, after" in err
    assert "E   assert 1 == 2" in err
    assert "next: " not in err


def test_nothing_but_the_journal_on_stdout() -> None:
    """Where JSON lines go to stdout, no table does."""
    code, out, _ = run(quiet=True)
    assert (code, out) == (10, "")
