"""A release is in the ledger from before its first change, and complete at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from slipway import names
from slipway.infra.apply import StackOutcome
from slipway.infra.plan import PlanSummary
from slipway.model import ImageRef, Verdict
from slipway.release import ledger, records
from slipway.release.lease import Lease
from slipway.release.progress import Options, Progress
from slipway.release.world import Built, Site
from slipway.rollout.decide import Watched
from slipway.rollout.model import Rollout
from tests.fake_ecs import FAMILY, FakeEcs, deployment, target
from tests.release_site import make_site, push, release, said, stored, wrote

TOKEN = 42


@pytest.fixture
def site() -> Iterator[Site]:
    with make_site(FakeEcs([[deployment(3, 2, "COMPLETED")]])) as made:
        yield made


def begun(site: Site) -> Progress:
    """A deploy of app whose release is open."""
    progress = Progress(options=Options())
    repository, _, digest = push(site, "abc").partition("@")
    ref = ImageRef(repository=repository, tag="abc", digest=digest)
    progress.images["app"] = Built(ref=ref, commit="c0ffee", dirty=False)
    key = "lease/local/app"
    mine = Lease(client=site.aws.dynamodb, table="", key=key, token=TOKEN, id="")
    records.begin(site, progress, [mine])
    return progress


def ending(progress: Progress, verdict: Verdict | None, *, smoke: str = "none") -> Rollout:
    """The rollout of app ended so; None: it is still under way."""
    watched = Watched(deployment_id="d", task_definition=f"{FAMILY}:7", previous=f"{FAMILY}:2")
    rollout = progress.rollouts["app"] = Rollout(target=target(), watched=watched)
    if verdict:
        rollout.end(verdict, "because")
    if verdict and verdict.good and smoke:
        progress.smoke["app"] = smoke
    return rollout


def test_it_is_written_before_the_first_change(site: Site) -> None:
    """Whoever looks while a deploy is under way sees it, its lease's token, and no end."""
    begun(site)
    (found,) = stored(site)
    assert found.open
    assert (found.token, found.commit, found.version) == (TOKEN, "c0ffee", "abc")
    assert found.ended == ""
    assert found.configuration["scale"]["min"] == 1
    assert "folder" not in found.configuration


def test_a_started_rollout_is_noted(site: Site) -> None:
    """What a later command needs to find it again is there as soon as it runs."""
    progress = begun(site)
    ending(progress, None)
    records.note(site, progress)
    (found,) = stored(site)
    assert found.open
    assert (found.task_definition, found.previous) == (f"{FAMILY}:7", f"{FAMILY}:2")
    assert found.deployment == "d"


def test_a_verified_release_is_complete_and_keeps_its_image(site: Site) -> None:
    """The verdict, the phases, and the tag that keeps the image from the registry's rules."""
    progress = begun(site)
    progress.phases["rollout"] = 1.5
    ending(progress, Verdict.DEPLOYED)
    records.end(site, progress)
    (found,) = stored(site)
    assert (found.verdict, found.smoke, found.phases) == ("deployed", "none", {"rollout": 1.5})
    assert found.ended
    images = site.ecr.list_images(repositoryName="slipway/app")["imageIds"]
    assert f"release-local-{found.id}" in {each["imageTag"] for each in images}


def test_a_rollout_that_was_not_verified_is_no_success(site: Site) -> None:
    """A signal between rollout and verification leaves what nobody has asked whether it serves."""
    progress = begun(site)
    ending(progress, Verdict.DEPLOYED, smoke="")
    records.end(site, progress)
    (found,) = stored(site)
    assert (found.verdict, found.reason) == ("interrupted", records.UNVERIFIED)


@pytest.mark.parametrize(
    ("stopped", "verdict"), [(True, "interrupted"), (False, "failed")], ids=["signal", "error"]
)
def test_a_deploy_that_came_to_no_rollout(site: Site, stopped: bool, verdict: str) -> None:
    """A migration that fails, or a signal before: the reason is kept."""
    progress = begun(site)
    progress.problem, progress.stopped = "the migration ended with code 1", stopped
    records.end(site, progress)
    (found,) = stored(site)
    assert found.verdict == verdict
    assert "nothing was rolled out: the migration" in found.reason


def test_a_rollout_out_of_sight_stays_open(site: Site) -> None:
    """AWS did not answer while it ran: what became of it is for the next command to see."""
    progress = begun(site)
    ending(progress, None)
    progress.problem = "watching the rollout: no answer"
    records.end(site, progress)
    (found,) = stored(site)
    assert found.open
    assert found.reason == progress.problem


def test_no_change_is_no_release(site: Site) -> None:
    """What serves is in the ledger already, and verified."""
    wrote(site, release(2, task_definition=f"{FAMILY}:7"))
    progress = begun(site)
    ending(progress, Verdict.UNCHANGED)
    records.end(site, progress)
    assert [each.id for each in stored(site)] == [release(2).id]


@pytest.mark.parametrize("verdict", ["interrupted", "timed_out"])
def test_what_serves_unverified_is_verified_by_the_next_deploy(site: Site, verdict: str) -> None:
    """A killed deploy's revision came up: the same deploy again makes a release of it."""
    wrote(site, release(2), release(7, verdict))
    progress = begun(site)
    ending(progress, Verdict.UNCHANGED)
    records.end(site, progress)
    newest = stored(site)[0]
    assert (newest.verdict, newest.reason) == ("deployed", records.VERIFIED_LATER)


def test_a_settled_release_is_left_alone(site: Site) -> None:
    """A holder that slept, lost its lease and woke up must not overwrite its successor's word."""
    progress = begun(site)
    settled = replace(progress.records["app"], verdict="superseded", token=TOKEN + 1)
    wrote(site, settled)
    ending(progress, Verdict.DEPLOYED)
    records.end(site, progress)
    assert [each.verdict for each in stored(site)] == ["superseded"]
    assert "was settled by another deploy" in said(site)


def test_a_ledger_that_does_not_answer_hides_no_verdict(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deploy ends as it ended; that its record is open is told."""
    progress = begun(site)
    ending(progress, Verdict.DEPLOYED)

    def fail(*args: Any, **words: Any) -> Any:
        raise ConnectionError("no route")

    monkeypatch.setattr(ledger, "record", fail)
    records.end(site, progress)
    assert "no route" in said(site)


def test_the_versions_of_secrets_are_noted(site: Site) -> None:
    """Which value the tasks got can be told later, without showing it."""
    service = replace(site.settings.services["app"], secrets=("KEY", "NONE"))
    site.settings = replace(site.settings, services={"app": service})
    identity = names.secret(site.settings, "app", "KEY")
    made = site.aws.secretsmanager.create_secret(Name=identity, SecretString="x")
    progress = begun(site)
    progress.stacks["app"] = stack()
    ending(progress, None)
    records.note(site, progress)
    (found,) = stored(site)
    assert found.secrets == {"KEY": made["VersionId"], "NONE": ""}
    assert found.serials == {"app": 3}


def stack() -> StackOutcome:
    """A service's stack as a run found it."""
    return StackOutcome(changed=False, skipped=True, summary=PlanSummary(), outputs={}, serial=3)
