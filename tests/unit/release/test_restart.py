"""New tasks of what serves: recorded, and no release to go back to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from slipway.config.manifest import Job
from slipway.errors import DeployError
from slipway.model import Verdict
from slipway.release import pick, proof, restart, retention, rollback
from slipway.release.progress import Options, Progress
from slipway.release.world import Site
from slipway.rollout import watch
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, push, release, stored, wrote

NIGHTLY = Job(command=("true",), schedule="", timezone="UTC", cpu=0, memory=0)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL", (0.0, 0.0))
    monkeypatch.setattr(proof, "verify", lambda *_, **__: "")


@pytest.fixture
def ecs() -> FakeEcs:
    """Revision 4 serves; the forced deployment completes."""
    return FakeEcs([[deployment(2, 4, "COMPLETED")]] * 2 + [[deployment(3, 4, "COMPLETED")]])


@pytest.fixture
def site(ecs: FakeEcs) -> Iterator[Site]:
    with make_site(ecs) as made:
        for number in (3, 4):
            image = push(made, f"v{number}")
            ecs.definitions[f"{FAMILY}:{number}"] = definition(number, image)
            wrote(made, release(number, image=image, configuration={"port": number}))
        yield made


def go(site: Site) -> Progress:
    return restart.restart(site, Options(on_interrupt="detach"))


def test_the_same_revision_is_rolled_out_anew(site: Site, ecs: FakeEcs) -> None:
    """Once; the ledger says that it was a restart, of which release, and what that ran with."""
    progress = go(site)
    assert progress.outcome("app").verdict is Verdict.DEPLOYED
    assert [given for name, given in ecs.called if name == "update_service"] == ["forced"]
    newest = stored(site)[0]
    assert (newest.kind, newest.origin, newest.verdict) == ("restart", release(4).id, "deployed")
    assert (newest.task_definition, newest.version) == (f"{FAMILY}:4", "v4")
    assert newest.configuration == {"port": 4}


def test_a_restart_is_no_way_back(site: Site) -> None:
    """The way back leads to the release before, as if nobody had restarted."""
    go(site)
    found = rollback.before(stored(site), f"{FAMILY}:4")
    assert found
    assert found.id == release(3).id
    before, after = pick.chosen(stored(site), "", "")
    assert (before.id, after.id) == (release(3).id, release(4).id)


def test_many_restarts_keep_the_image_of_the_way_back(
    site: Site, ecs: FakeEcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As releases they would push out those that a way back needs."""
    monkeypatch.setattr(retention, "KEPT", 2)
    for number in (3, 4):
        kept = stored(site)[-1 if number == 3 else 0]
        tag = retention.release_tag("local", kept.id)
        retention.keep(site.ecr, "slipway/app", kept.digest, tag)
    for _ in range(3):
        ecs.script = [[deployment(2, 4, "COMPLETED")]] * 2 + [[deployment(3, 4, "COMPLETED")]]
        go(site)
    tags = [
        image.get("imageTag", "")
        for image in site.ecr.list_images(repositoryName="slipway/app")["imageIds"]
    ]
    assert retention.release_tag("local", release(3).id) in tags


def test_what_answers_wrong_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It failed, and nothing goes anywhere: there is no other revision to go to."""
    monkeypatch.setattr(proof, "verify", lambda *_, **__: "500 no secret")
    outcome = go(site).outcome("app")
    assert (outcome.verdict, outcome.reason.startswith("500 no secret")) == (Verdict.FAILED, True)
    assert stored(site)[0].verdict == "failed"


def refusal(site: Site) -> Any:
    with pytest.raises(DeployError) as caught:
        go(site)
    assert len(stored(site)) == 2
    return caught.value


def test_a_service_without_tasks(site: Site, ecs: FakeEcs) -> None:
    """There is nothing to restart; how to have tasks is said."""
    ecs.desired = 0
    assert "invoke scale --env=local --service=app --to=1" in refusal(site).next_step


def test_a_service_that_is_not_there(site: Site, ecs: FakeEcs) -> None:
    """Deploy it first."""
    ecs.script = [[]]
    assert "does not run in local" in refusal(site).message


def test_a_service_of_jobs(site: Site, ecs: FakeEcs) -> None:
    """Deploying it again would not help: it is run."""
    ecs.script = [[]]
    app = replace(site.settings.services["app"], kind="job", jobs={"nightly": NIGHTLY})
    site = replace(site, settings=replace(site.settings, services={"app": app}))
    told = refusal(site)
    assert "each run of a job begins with new ones" in told.message
    assert told.next_step.endswith("jobs.run --env=local --service=app --job=nightly")


def test_what_no_release_brought(site: Site, ecs: FakeEcs) -> None:
    """Nobody knows how it should answer."""
    ecs.script = [[deployment(2, 2, "COMPLETED")]]
    assert "no release brought" in refusal(site).message
