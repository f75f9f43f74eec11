"""Lease and ledger in bad weather: throttled, broken, unreached, and answers that never came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.core.models import botocore_stubber

from slipway import names
from slipway.errors import SlipwayError, Unanswered
from slipway.release import deploy, lease, ledger, records
from slipway.release.progress import Options, Progress
from slipway.release.world import Site
from slipway.rollout import once, oneoff
from slipway.rollout.model import Rollout
from tests.fake_ecs import FakeEcs, deployment, target
from tests.faults import FATES, Choose, Faults, mostly, scripted
from tests.release_site import make_site, push, release, stored
from tests.wire import connected

WEATHER = {"throttled": 30, "broken": 3, "broken after": 3, "lost": 3, "cut": 3, "unreached": 3}
KEY = "lease/local/app"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(once, "LOOKS", (0.0, 0.0))


@contextmanager
def site_in(choose: Choose) -> Iterator[tuple[Site, Faults]]:
    """A site whose lock table and bucket are reached through the faults of `choose`."""
    with make_site(FakeEcs([[deployment(2, 2, "COMPLETED")]])) as site:
        faults = Faults(choose=choose, send=botocore_stubber, slowness=0)
        for client in (site.aws.dynamodb, site.aws.s3):
            events: Any = client.meta.events
            events.unregister("before-send", botocore_stubber)
            events.register("before-send", faults)
        yield site, faults


@contextmanager
def held(site: Site, say: Callable[[str], None] = print) -> Iterator[lease.Lease]:
    """The lease of app."""
    with lease.hold(site.aws.dynamodb, table(site), "local", ["app"], say=say) as (mine,):
        yield mine


def table(site: Site) -> str:
    return names.lock_table(site.settings)


@pytest.mark.parametrize("fate", FATES)
def test_a_lease_is_taken_once_and_is_ours(fate: str) -> None:
    """A repeated PutItem finds its own first one: that is no other holder."""
    with site_in(scripted(PutItem=[fate])) as (site, _):
        with held(site) as mine:
            found = lease.read(site.aws.dynamodb, table(site), KEY)
            assert found
            assert (found.id, found.token) == (mine.id, mine.token)
        assert lease.read(site.aws.dynamodb, table(site), KEY) is None


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("call", ["UpdateItem", "DeleteItem"])
def test_a_lease_is_renewed_and_given_back(call: str, fate: str) -> None:
    """It is never believed lost, and never left behind."""
    with site_in(scripted(**{call: [fate]})) as (site, _):
        with held(site) as mine:
            mine.enter("rollout")
            assert not mine.lost
        assert lease.read(site.aws.dynamodb, table(site), KEY) is None


def test_a_lease_that_can_not_be_given_back_hides_no_verdict() -> None:
    """It runs out by itself, which is said; how the deploy ended is what counts."""
    told: list[str] = []
    with site_in(scripted(DeleteItem=["unreached"] * 50)) as (site, _), held(site, told.append):
        pass
    assert told[1] == "it runs out by itself within 60 s"


def test_a_lock_table_out_of_reach_is_one_message() -> None:
    """No traceback, and what was being done."""
    away = ["unreached"] * 50
    with (
        site_in(scripted(GetItem=away)) as (site, _),
        pytest.raises(SlipwayError, match="taking the lease of app"),
        held(site),
    ):
        pytest.fail("nobody holds it")
    with (
        site_in(scripted(UpdateItem=away)) as (site, _),
        held(site) as mine,
        pytest.raises(SlipwayError, match="renewing the lease of app"),
    ):
        mine.enter("rollout")


@pytest.mark.parametrize("fate", FATES)
def test_a_release_is_written_once(fate: str) -> None:
    """The same document twice is the same document."""
    with site_in(scripted(PutObject=[fate], DeleteObject=[fate])) as (site, _):
        bucket = names.state_bucket(site.settings)
        ledger.record(site.aws.s3, bucket, release(3))
        assert [each.id for each in stored(site)] == [release(3).id]
        ledger.forget(site.aws.s3, bucket, release(3))
        assert stored(site) == []


@pytest.mark.parametrize("fate", FATES)
def test_a_migration_runs_once(fate: str) -> None:
    """RunTask has a token, and all attempts of a call have the same one."""
    ran: dict[str, Any] = {}

    class Ecs(FakeEcs):
        def describe_services(self, **_: Any) -> dict[str, Any]:
            return {
                "services": [{"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}}}]
            }

        def list_tasks(self, **_: Any) -> dict[str, Any]:
            return {"taskArns": []}

        def run_task(self, *, clientToken: str, **_: Any) -> dict[str, Any]:  # noqa: N803
            ran[clientToken] = {"taskArn": "arn/t1", "lastStatus": "STOPPED", "containers": []}
            return {"tasks": [ran[clientToken]], "failures": []}

    ecs = Ecs([[deployment(2, 2, "COMPLETED")]])
    aws, faults = connected(ecs, scripted(RunTask=[fate], RegisterTaskDefinition=[fate]), "ecs")
    wanted = oneoff.OneOff(
        name="it", cluster="local", service="local-app", template=target().template, image="i"
    )
    assert oneoff.run(aws, wanted, pause=lambda _: None).task == "t1"
    assert len(ran) == 1
    assert faults.met["ecs.RunTask", fate] == 1


@pytest.mark.parametrize("seed", range(3))
def test_deploys_in_a_row_in_bad_weather(seed: int) -> None:
    """Lease and ledger are right after each, and the lease is free."""
    with site_in(mostly(seed, WEATHER, {})) as (site, _):
        tokens = []
        for number in (1, 2, 3):
            with held(site) as mine:
                tokens.append(mine.token)
                for phase in ("services", "rollout", "verification"):
                    mine.enter(phase)
                ledger.record(site.aws.s3, names.state_bucket(site.settings), release(number))
        assert tokens == sorted(set(tokens))
        assert [each.id for each in stored(site)] == [release(n).id for n in (3, 2, 1)]
        assert lease.read(site.aws.dynamodb, table(site), KEY) is None


def test_a_rollout_that_nobody_can_tell_of_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may go on: it is neither failed nor deployed, and the next command looks."""
    with site_in(scripted()) as (site, _):
        progress = begun(site)

        def lost(*_: Any) -> Rollout:
            raise Unanswered("app", TimeoutError("a test"))

        monkeypatch.setattr("slipway.rollout.rolling.start", lost)
        monkeypatch.setattr(deploy, "targets", lambda *_: {"app": target()})
        with pytest.raises(Unanswered), deploy.recording(site, progress):
            deploy.roll_out(site, progress)
        (found,) = stored(site)
        assert found.open
        assert "did not say whether the rollout began" in found.reason


def begun(site: Site) -> Progress:
    """A deploy of app whose release is open."""
    from slipway.release import standing

    progress = Progress(options=Options(), chosen=("app",))
    image = push(site, "v3")
    standing.demand(site, progress, site.settings.services["app"], release(3, image=image))
    records.begin(site, progress, [])
    return progress
