"""Looking at all services in few calls; what is refused is a gap, not the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from slipway.console import Console
from slipway.errors import Expired, Interrupted, SlipwayError
from slipway.release import lease
from slipway.release.world import Site
from slipway.status.look import Look, chosen
from slipway.status.model import Releases, Status
from slipway.status.watch import Changes, watch
from tests.fake_ecs import FAMILY, FakeEcs, deployment
from tests.release_site import make_site, release, wrote
from tests.samples import make_service


@pytest.fixture
def site() -> Iterator[Site]:
    """Release 2 of app, verified and at work; no alarms."""
    with make_site(FakeEcs([[deployment(3, 2, "COMPLETED")]])) as made:
        # Moto has neither of them here.
        made.aws.__dict__["elbv2"] = Balancer()
        made.aws.__dict__["cloudwatch"] = CloudWatch()
        wrote(made, release(1), release(2))
        yield made


class Balancer:
    """One healthy target, and one that drains."""

    def describe_target_health(self, **_: Any) -> Any:
        states = ("healthy", "draining")
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": each}} for each in states]}


class CloudWatch:
    """One raised alarm, and one of an environment whose name begins as ours does; or an error."""

    def __init__(self, code: str = "") -> None:
        self.code = code

    def get_paginator(self, name: str) -> CloudWatch:
        assert name == "describe_alarms"
        return self

    def paginate(self, **asked: Any) -> Iterator[Any]:
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "DescribeAlarms")
        assert asked["AlarmNamePrefix"] == "slipway-local-"
        names = ("slipway-local-unavailable", "slipway-local-eu-app-errors")
        yield {"MetricAlarms": [{"AlarmName": name} for name in names], "CompositeAlarms": []}


def look(site: Site) -> Look:
    eu = replace(site.settings.environment, name="local-eu")
    environments = {**site.settings.environments, "local-eu": eu}
    return Look(replace(site.settings, environments=environments), site.aws)


def test_a_service_with_its_release(site: Site) -> None:
    """The release of the revision at work; alarms of another environment are not ours."""
    status = look(site).now()
    (app,) = status.services
    assert (app.health, app.revision, app.release) == ("healthy", "2", release(2).id)
    assert (app.desired, app.running, app.by) == (1, 1, "ada@host")
    assert status.alarms == ("slipway-local-unavailable",)
    assert not status.gaps


def test_who_is_at_work_is_told(site: Site) -> None:
    """By the lease of a release that is open."""
    wrote(site, release(3, "in_progress", ended=""))
    lease.acquire(site.aws.dynamodb, "slipway-locks", "lease/local/app").enter("rollout")
    (app,) = look(site).now().services
    assert any("now: rollout" in note for note in app.notes)


def test_many_services_take_few_calls(site: Site) -> None:
    """Ten services a call of ECS; releases that have ended are read once."""
    services = {f"app{number}": make_service(f"app{number}") for number in range(25)}
    site.settings = replace(site.settings, services=services)
    wrote(site, *(release(2, service=name) for name in services))
    looking = look(site)
    read: list[str] = []
    site.aws.s3.meta.events.register("before-call.s3", lambda model, **_: read.append(model.name))
    for _ in range(2):
        assert {each.health for each in looking.now().services} == {"healthy"}
    assert cast(FakeEcs, site.aws.ecs).count("describe_services") == 6
    assert read.count("GetObject") == 25
    assert read.count("ListObjectsV2") == 2


@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException"])
def test_one_refusal_is_a_gap(site: Site, code: str) -> None:
    """The rest is shown, the gap named, and nothing is called good."""
    site.aws.__dict__["cloudwatch"] = CloudWatch(code)
    status = look(site).now()
    assert status.services[0].health == "healthy"
    assert not status.services[0].good
    (gap,) = status.gaps
    assert gap.startswith("alarms of local: ")
    assert code in gap


def test_an_expired_session_is_the_end(site: Site) -> None:
    """No other call would do."""
    site.aws.__dict__["cloudwatch"] = CloudWatch("ExpiredToken")
    with pytest.raises(Expired, match="have expired") as refused:
        look(site).now()
    assert refused.value.exit_code == 5


def test_releases_are_read_as_far_as_needed() -> None:
    """A verified one and the one at work are all there is to know."""
    some = [release(4, "failed"), release(3), release(2), release(1)]
    left = iter(some)
    found = chosen(left, f"{FAMILY}:2")
    assert found == Releases(newest=some[0], serving=some[2], verified=some[1])
    assert next(left) == some[3]
    assert chosen([None], f"{FAMILY}:2") == Releases()


def seen(site: Site, looks: list[Status | SlipwayError]) -> tuple[str, str]:
    """What a watch in a pipe writes of these looks, to stdout and to stderr."""
    console = Console(out=StringIO(), err=StringIO())

    def next_look() -> Status:
        found = looks.pop(0)
        if isinstance(found, SlipwayError):
            raise found
        return found

    def pause(seconds: float) -> None:
        if not looks:
            raise Interrupted("Ctrl-C")

    with pytest.raises((Interrupted, Expired)):
        watch(next_look, Changes(console), pause=pause)
    return cast(StringIO, console.out).getvalue(), cast(StringIO, console.err).getvalue()


def test_a_watch_in_a_pipe_writes_changes(site: Site) -> None:
    """A line when something has changed; trouble is told, and is not the end."""
    first = look(site).now()
    other = replace(first, services=(replace(first.services[0], running=0, health="degraded"),))
    out, err = seen(site, [first, first, SlipwayError("away"), other, other])
    lines = [line.partition(" ")[2] for line in out.splitlines()]
    assert lines == [
        f"app: healthy, 1/1 running, revision 2, release {release(2).id}",
        f"app: degraded, 0/1 running, revision 2, release {release(2).id}",
    ]
    assert "away; trying again" in err


def test_a_watch_ends_with_the_session(site: Site) -> None:
    """It would fail for ever."""
    seen(site, [look(site).now(), Expired("over"), look(site).now()])
