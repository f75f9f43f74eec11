"""Going back to a release that served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from slipway.cli.rollback import report, verdict
from slipway.errors import DeployError, LockedError, Unanswered, UsageError
from slipway.model import Verdict
from slipway.release import lease, proof, rollback
from slipway.release.progress import Options, Progress
from slipway.release.rollback import before
from slipway.release.world import Site
from slipway.rollout import watch
from tests.cases_files import cases
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, printed, push, release, stored, wrote
from tests.samples import make_service


def one(number: int, ended: str, more: dict[str, Any] | None = None) -> Any:
    """A release of a case; `revision` and `origin` by their numbers."""
    given = dict(more or {})
    changes: dict[str, Any] = {"kind": given["kind"]} if "kind" in given else {}
    if "revision" in given:
        changes["task_definition"] = f"{FAMILY}:{given['revision']}"
    if "origin" in given:
        changes["origin"] = release(given["origin"]).id
    return release(number, ended, **changes)


@pytest.mark.parametrize("case", cases("release/before"))
def test_where_it_goes(case: dict[str, Any]) -> None:
    """The last verified release before the one that serves, further each time."""
    found = before([one(*each) for each in case["releases"]], f"{FAMILY}:{case['serving']}")
    assert (found.id if found else None) == (release(case["want"]).id if case["want"] else None)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses, and a load balancer behind which everybody is well."""
    monkeypatch.setattr(watch, "POLL", (0.0, 0.0))
    monkeypatch.setattr(proof, "verify", lambda *_, **__: "")


@pytest.fixture
def ecs() -> FakeEcs:
    """Revision 4 serves; going back makes a deployment that completes."""
    serving = [deployment(2, 4, "COMPLETED")]
    return FakeEcs([serving] * 2 + [[deployment(3, 3, "COMPLETED")]])


@pytest.fixture
def site(ecs: FakeEcs) -> Iterator[Site]:
    with make_site(ecs) as made:
        for number in (3, 4):
            image = push(made, f"v{number}")
            ecs.definitions[f"{FAMILY}:{number}"] = definition(number, image)
            wrote(made, release(number, image=image))
        yield made


def go(site: Site, to: str = "") -> tuple[rollback.Plan, Progress]:
    return rollback.rollback(site, Options(on_interrupt="detach"), to)


def test_it_goes_back_verifies_and_is_a_release_itself(site: Site, ecs: FakeEcs) -> None:
    """The very revision of the old release serves; nothing new is registered."""
    plan, progress = go(site)
    assert verdict(plan, progress) is Verdict.DEPLOYED
    assert (ecs.count("update_service"), ecs.count("register_task_definition")) == (1, 0)
    newest = stored(site)[0]
    assert (newest.verdict, newest.kind, newest.origin) == ("deployed", "rollback", release(3).id)
    assert (newest.task_definition, newest.previous) == (f"{FAMILY}:3", f"{FAMILY}:4")
    assert newest.version == "v3"
    assert lease.read(site.aws.dynamodb, "slipway-locks", "lease/local/app") is None


def test_the_seconds_are_told(site: Site) -> None:
    """A recovery time objective that nobody measures is none."""
    plan, progress = go(site)
    report(site.console, plan, progress, as_json=False)
    assert printed(site).startswith(f"app: back to release {release(3).id} (version v3) in ")
    assert "objective: 300 s" in printed(site)


def test_what_serves_already_is_nothing_to_do(site: Site, ecs: FakeEcs) -> None:
    """Twice in a row is once, and no release."""
    plan, progress = go(site, release(4).id)
    assert verdict(plan, progress) is Verdict.UNCHANGED
    assert ecs.count("update_service") == 0
    assert len(stored(site)) == 2
    report(site.console, plan, progress, as_json=False)
    assert "nothing to do" in printed(site)


def test_a_release_without_its_image_is_refused(site: Site, ecs: FakeEcs) -> None:
    """Found out before anything changes; the error says what is missing."""
    gone: Any = {"imageDigest": stored(site)[1].digest}
    site.ecr.batch_delete_image(repositoryName="slipway/app", imageIds=[gone])
    with pytest.raises(DeployError, match=r"the registry has .* no more") as caught:
        go(site)
    assert "nothing was changed" in caught.value.message
    assert "--to" in caught.value.next_step
    assert ecs.count("update_service") == 0
    assert len(stored(site)) == 2


def test_what_was_never_verified_is_refused(site: Site) -> None:
    """A release that failed is no place to go."""
    wrote(site, release(2, "failed", reason="it exits with code 1"))
    with pytest.raises(DeployError, match="ended failed: it exits with code 1"):
        go(site, release(2).id)


def test_an_unknown_release_is_a_slip(site: Site) -> None:
    """The nearest id is named."""
    with pytest.raises(UsageError, match="did you mean"):
        go(site, release(3).id[:-1])


def test_a_first_release_has_nothing_before_it(site: Site, ecs: FakeEcs) -> None:
    """Said, with the command that shows what there is."""
    ecs.script = [[deployment(2, 3, "COMPLETED")]]
    with pytest.raises(DeployError, match="no verified release in local before") as caught:
        go(site)
    assert "invoke history" in caught.value.next_step


def test_a_service_that_is_not_there(site: Site, ecs: FakeEcs) -> None:
    """There is nothing to go back from."""
    ecs.script = [[]]
    with pytest.raises(DeployError, match="does not run in local"):
        go(site)


def test_somebody_elses_deploy_is_not_run_over(site: Site, ecs: FakeEcs) -> None:
    """It says who, and how to wait."""
    lease.acquire(site.aws.dynamodb, "slipway-locks", "lease/local/app")
    with pytest.raises(LockedError, match="is being deployed by"):
        go(site)
    assert ecs.count("update_service") == 0


def test_a_way_back_that_does_not_serve_is_told(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told that all is well, and nothing goes forth to what was left."""
    monkeypatch.setattr(proof, "verify", lambda *_, **__: "503 no healthy targets")
    plan, progress = go(site)
    assert verdict(plan, progress) is Verdict.FAILED
    newest = stored(site)[0]
    assert newest.verdict == "failed"
    assert "503" in newest.reason
    assert cast(FakeEcs, site.aws.ecs).count("update_service") == 1


def test_a_dry_run_only_looks(site: Site, ecs: FakeEcs) -> None:
    """Where it would go is proven as far as can be without going."""
    plan = rollback.proven(site)
    assert plan.to.id == release(3).id
    assert ecs.count("update_service") == 0
    assert lease.read(site.aws.dynamodb, "slipway-locks", "lease/local/app") is None


def test_a_port_of_its_own_is_gone_back_to(site: Site, ecs: FakeEcs) -> None:
    """The old revision listens where it did: the load balancer has to ask there."""
    container = ecs.definitions[f"{FAMILY}:3"]["containerDefinitions"][0]
    container["portMappings"] = [{"containerPort": 9000}]
    go(site)
    (balancers,) = [given for name, given in ecs.called if name == "update_service"]
    assert balancers[0]["containerPort"] == 9000


def test_the_settings_of_then_are_recorded(site: Site) -> None:
    """The revision has them, whatever the manifest says by now."""
    wrote(site, replace(stored(site)[1], configuration={"port": 9}))
    go(site)
    assert stored(site)[0].configuration == {"port": 9}


def test_an_old_version_is_asked_what_was_asked_of_it_then() -> None:
    """Today's manifest may want what the old version never could."""
    smoke = [{"path": "/new", "status": 200, "json": {}}]
    service = make_service("app", smoke=smoke, health={"path": "/new"})
    old = release(1, configuration={"health": {"path": "/old"}, "smoke": []})
    asked = rollback.as_released(service, old)
    assert (asked.health.path, asked.smoke) == ("/old", ())
    same = rollback.as_released(service, release(1, configuration={"smoke": smoke}))
    assert [each.path for each in same.smoke] == ["/new"]
    assert rollback.as_released(service, release(1)).health.path == "/new"


def test_a_way_back_that_nobody_can_tell_of_stays_open(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS did not say whether it began: it is not called failed, and the next command looks."""

    def lost(*_: Any) -> Any:
        raise Unanswered("app", TimeoutError("a test"))

    monkeypatch.setattr("slipway.rollout.rolling.back", lost)
    with pytest.raises(Unanswered):
        rollback.rollback(site, Options())
    newest = stored(site)[0]
    assert newest.open
    assert "did not say whether the rollout began" in newest.reason
