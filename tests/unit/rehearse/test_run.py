"""A rehearsal's course: what it begins with, what it refuses, and how a candidate ends."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from slipway.errors import DeployError, Interrupted, UsageError
from slipway.model import ImageRef, Verdict
from slipway.paths import Checkout
from slipway.rehearse import play, run
from slipway.rehearse.live import Version
from slipway.rehearse.recorder import Recorder
from slipway.rehearse.run import Wish
from slipway.rehearse.variants import same, unlike
from slipway.release.progress import Progress
from slipway.release.world import Built
from slipway.rollout.cause import Cause
from slipway.rollout.model import Outcome
from tests.samples import make_service


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(environment="local", rate=0), "--rate=0: more than 0, and 1000 at most"),
        (Wish(environment="local", rate=2000), "--rate=2000"),
        (Wish(environment="local", clock=61), "--clock=61: more than 0, and 60 at most"),
        (Wish(environment="local", drills=("crash",)), "no drill called 'crash'"),
    ],
)
def test_what_can_not_be_rehearsed_is_refused_first(wish: Wish, words: str) -> None:
    """Before anything starts; with what may be passed."""
    with pytest.raises(UsageError, match=words.replace("(", r"\(")) as error:
        run.check(wish)
    assert error.value.next_step.startswith("pass --")


class Stage:
    """Notes what is placed on it."""

    def __init__(self) -> None:
        self.placed: list[str] = []
        self.checkout = SimpleNamespace()

    def place_commit(self, commit: str) -> None:
        self.placed.append(commit)

    def place_working_tree(self) -> None:
        self.placed.append("working tree")


def a_show(found: list[Any]) -> Any:
    """A show that finds these settings, or errors, one after the other."""

    def settings(services: Any) -> Any:
        made = found.pop(0)
        if isinstance(made, Exception):
            raise made
        return made

    console = Recorder(out=io.StringIO(), err=io.StringIO())
    parts = {"stage": Stage(), "console": console, "services": ("greeter",)}
    return SimpleNamespace(**parts, settings=settings, world=lambda each: f"world of {each}")


LIVE = Version(commit="abc", source="the last commit")


def progress(verdict: Verdict) -> Progress:
    cause = None if verdict.good else Cause(title="exits with code 1", remedy="mend it")
    outcome = Outcome(verdict=verdict, reason="the reason", cause=cause)
    return Progress(options=play.OPTIONS, chosen=("greeter",), settled={"greeter": outcome})


def test_it_begins_with_what_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is placed, and deployed."""
    monkeypatch.setattr(run, "there", lambda checkout, services: services)
    monkeypatch.setattr(play, "first", lambda world: progress(Verdict.DEPLOYED))
    show = a_show(["settings"])
    version, done = run.begin(show, LIVE)
    assert (version, done.bad, show.stage.placed) == (LIVE, frozenset(), ["abc"])


def test_a_commit_that_can_not_be_loaded_gives_way_to_the_working_tree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An environment or service that is new; it is said."""
    monkeypatch.setattr(run, "there", lambda checkout, services: services)
    monkeypatch.setattr(play, "first", lambda world: progress(Verdict.DEPLOYED))
    show = a_show([UsageError("no environment called 'qa'"), "settings"])
    version, _ = run.begin(show, LIVE)
    assert show.stage.placed == ["abc", "working tree"]
    assert version.source == "the working tree (no environment called 'qa')"
    with pytest.raises(Interrupted):
        run.begin(a_show([Interrupted("stopped")]), LIVE)


def test_without_a_live_version_there_is_no_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cause and remedy are told."""
    monkeypatch.setattr(run, "there", lambda checkout, services: services)
    monkeypatch.setattr(play, "first", lambda world: progress(Verdict.FAILED))
    with pytest.raises(DeployError, match="exits with code 1") as error:
        run.begin(a_show(["settings"]), LIVE)
    assert error.value.next_step == "mend it"


def test_a_candidate_that_is_refused_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict, so that there is a report; a signal is none."""
    console = Recorder(out=io.StringIO(), err=io.StringIO())
    settings = SimpleNamespace(services={"greeter": make_service()})
    world = cast(Any, SimpleNamespace(console=console, settings=settings))
    errors: list[Exception] = [DeployError("the migration failed"), Interrupted("stopped")]

    def deploy(*_: Any) -> Any:
        raise errors.pop(0)

    monkeypatch.setattr(run, "deploy", deploy)
    outcome = run.rolled_out(world).outcome("greeter")
    assert outcome.verdict is Verdict.FAILED
    assert "the migration failed" in outcome.reason
    with pytest.raises(Interrupted):
        run.rolled_out(world)


def test_the_same_version_is_rolled_out_under_another_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a difference there would be nothing to see; with one the image is as it is."""
    made: list[str] = []

    def make(bench: Any, service: Any, base: ImageRef, name: str, program: Any) -> ImageRef:
        made.append(name)
        assert program is same
        return ImageRef(repository=base.repository, tag=f"{base.tag}-{name}", digest="sha256:2")

    monkeypatch.setattr("slipway.rehearse.variants.make", make)
    ref = ImageRef(repository="r", tag="one", digest="sha256:1")
    source = unlike(
        cast(Any, None), lambda *_: Built(ref=ref, commit="c", dirty=False), {"greeter": "one"}
    )
    assert source(make_service(), "r").ref.tag == "one-again"
    assert source(make_service("orders"), "r").ref.tag == "one"
    assert made == ["again"]


class Secrets:
    """Which secrets have a value."""

    def __init__(self, *unset: str) -> None:
        self.left = list(unset)

    def unset(self, aws: Any, settings: Any, service: Any) -> list[str]:
        return list(self.left)

    def put(self, aws: Any, settings: Any, service: str, name: str, value: str) -> bool:
        self.left.remove(name)
        return True


@pytest.mark.parametrize(("unset", "deploys"), [((), 1), (("KEY",), 2)])
def test_secrets_get_a_value_between_two_deploys(
    monkeypatch: pytest.MonkeyPatch, unset: tuple[str, ...], deploys: int
) -> None:
    """The first one makes their entries, and stops for want of values."""
    secrets = Secrets(*unset)
    monkeypatch.setattr(play, "secrets", secrets)
    monkeypatch.setattr(play, "put_parameters", lambda *_: None)
    done: list[str] = []

    def deploy(world: Any, options: Any) -> Progress:
        done.append("deploy")
        if secrets.left:
            raise DeployError("1 secrets have no value yet")
        return progress(Verdict.DEPLOYED)

    monkeypatch.setattr(play, "deploy", deploy)
    services = {"greeter": make_service(secrets=["KEY"])}
    said: list[str] = []
    console = SimpleNamespace(line=lambda text, indent: said.append(text))
    settings = SimpleNamespace(services=services)
    world = cast(Any, SimpleNamespace(aws=None, settings=settings, console=console))
    assert not play.first(world).bad
    assert len(said) == deploys - 1
    assert len(done) == deploys


def test_an_error_that_no_secret_explains_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried twice."""
    monkeypatch.setattr(play, "secrets", Secrets())
    monkeypatch.setattr(play, "put_parameters", lambda *_: None)
    done: list[str] = []

    def deploy(world: Any, options: Any) -> Progress:
        done.append("deploy")
        raise DeployError("no way")

    monkeypatch.setattr(play, "deploy", deploy)
    services = {"greeter": make_service(secrets=["KEY"])}
    world = cast(Any, SimpleNamespace(aws=None, settings=SimpleNamespace(services=services)))
    with pytest.raises(DeployError, match="no way"):
        play.first(world)
    assert done == ["deploy"]


def test_a_live_version_without_the_service_is_none(tmp_path: Path) -> None:
    """No name at all would mean every service."""
    (tmp_path / "services/orders").mkdir(parents=True)
    (tmp_path / "services/orders/service.toml").touch()
    assert run.there(Checkout(tmp_path), ("orders", "greeter")) == ("orders",)
    with pytest.raises(UsageError, match="has no service greeter"):
        run.there(Checkout(tmp_path), ("greeter",))


@pytest.mark.parametrize("keep", [True, False])
def test_a_stage_that_is_kept_is_told_of_however_it_ended(
    monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    """Above all where something went wrong."""
    told: list[str] = []
    monkeypatch.setattr(run, "kept", lambda show: told.append("kept"))
    monkeypatch.setattr(run, "begin", lambda *_: (_ for _ in ()).throw(DeployError("no")))
    show = cast(Any, SimpleNamespace(wish=Wish(environment="local", keep=keep)))
    with pytest.raises(DeployError):
        run.held(show, LIVE, ())
    assert told == (["kept"] if keep else [])
