"""`invoke deploy`: flags that fit together, and how an end is told."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from invoke.context import Context

from slipway.cli.deploy import demand_sense, deploy, finish
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
        ({"both": True}, "would both write to stdout"),
    ],
)
def test_flags_that_can_not_be_meant_together(flags: dict[str, bool], reason: str) -> None:
    """They are refused before anything is looked at."""
    given = {"resume": False, "dry_run": False, "plan": None, "both": False, **flags}
    with pytest.raises(UsageError, match=reason):
        demand_sense(**given)  # type: ignore[arg-type]


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
