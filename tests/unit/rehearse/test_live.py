"""What is live, as a commit: the ledger's word if there is one that git knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from slipway.errors import AccessError, Interrupted, ToolError
from slipway.paths import Checkout
from slipway.rehearse import live
from slipway.release.ledger import Release
from slipway.testing import FakeRunner, printed

HEAD = "aaaaaaaaaaaaaaaa"
OLD = "bbbbbbbbbbbbbbbb"


def release(identity: str, commit: str) -> Release:
    names = "environment verdict reason image version task_definition previous template actor link"
    texts: dict[str, Any] = dict.fromkeys((*names.split(), "began", "ended"), "")
    return Release(id=identity, service="greeter", commit=commit, dirty=False, **texts)


@pytest.fixture
def app() -> Any:
    runner = FakeRunner()
    runner.on("git rev-parse", f"{HEAD}\n").on("git status", " M services/greeter/app.py\n")
    runner.on("git cat-file", lambda c: printed("", code=0 if OLD in str(c) else 1))
    return SimpleNamespace(runner=runner, checkout=Checkout(Path("/x")))


def found(monkeypatch: pytest.MonkeyPatch, answer: Release | Exception | None) -> None:
    """Have the environment's ledger give this."""

    def released(*_: Any) -> Release | None:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(live, "released", released)


def test_the_newest_verified_release_is_live(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its commit."""
    found(monkeypatch, release("20261101-x", OLD))
    version = live.live(app, cast(Any, None))
    assert (version.commit, version.source) == (OLD, "release 20261101-x of greeter")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "no verified release is recorded"),
        (AccessError("no AWS credentials for prod\nmore"), "no AWS credentials for prod"),
        (release("20261101-x", "cccc"), "git does not know the commit of release 20261101-x"),
        (release("20261101-x", ""), "git does not know the commit of release 20261101-x"),
    ],
)
def test_else_the_last_commit_is_taken_and_it_is_said_why(
    app: Any, monkeypatch: pytest.MonkeyPatch, answer: Any, why: str
) -> None:
    """A rehearsal needs no credentials."""
    found(monkeypatch, answer)
    version = live.live(app, cast(Any, None))
    assert (version.commit, version.source) == (HEAD, f"the last commit ({why})")


def test_a_signal_is_no_reason_to_go_on(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the ledger is read ends the command."""
    found(monkeypatch, Interrupted("stopped"))
    with pytest.raises(Interrupted):
        live.live(app, cast(Any, None))


def test_the_candidate_is_the_working_tree(app: Any) -> None:
    """With what is not committed, which is said."""
    version = live.candidate(app)
    assert (version.commit, version.dirty) == (HEAD, True)
    assert version.short == f"{HEAD[:10]} with uncommitted changes"


def test_the_newest_release_of_several_services_decides() -> None:
    """Ids begin with their time."""
    one, other = release("20261101-a", OLD), replace(release("20261105-b", HEAD))
    assert live.newest([one, other]) == other
    assert live.newest([]) is None


def test_without_any_commit_there_is_nothing_to_begin_with() -> None:
    """Said with the way out."""
    runner = FakeRunner().on("git rev-parse", printed("", code=1))
    with pytest.raises(ToolError) as error:
        live.head(runner, Checkout(Path("/x")))
    assert "git commit" in error.value.next_step
