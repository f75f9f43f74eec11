"""Whether a new version serves as it should, and what becomes of one that does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from slipway.config import Service
from slipway.infra import applied
from slipway.infra.apply import StackOutcome
from slipway.infra.plan import PlanSummary
from slipway.infra.stacks import platform_stack
from slipway.model import ImageRef, Verdict
from slipway.release import proof, recover
from slipway.release.bake import Baking
from slipway.release.progress import Options, Progress
from slipway.release.world import Built, Site
from slipway.rollout.decide import Watched
from slipway.rollout.model import Outcome, Rollout
from tests.fake_ecs import FAMILY, FakeEcs, target
from tests.fake_ecs import deployment as ecs_deployment
from tests.release_site import URL, make_site, said
from tests.samples import make_service

SMOKE = [{"path": "/hello", "status": 200, "json": {}}]
BALANCER = "arn:aws:elasticloadbalancing:us-west-1:1:loadbalancer/app/local/1"
Verify = Callable[[str, str], str]


def app(**changes: Any) -> Service:
    return make_service("app", **changes)


@pytest.fixture
def site() -> Iterator[Site]:
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]]), app(smoke=SMOKE)) as made:
        yield made


def progress(verdict: Verdict = Verdict.DEPLOYED) -> Progress:
    """A deploy whose rollout has ended."""
    watched = Watched(deployment_id="d", task_definition=f"{FAMILY}:3", previous=f"{FAMILY}:2")
    rollout = Rollout(target=target(), watched=watched)
    rollout.end(verdict, "")
    outputs = {"url": URL, "alarm_names": ["app-errors"], "target_group_arns": {"blue": "tg"}}
    ref = ImageRef(repository="repo", tag="v3", digest="sha256:3")
    return Progress(
        options=Options(),
        chosen=("app",),
        rollouts={"app": rollout},
        images={"app": Built(ref=ref, commit="", dirty=False)},
        stacks={
            "app": outcome_of(outputs),
            "platform": outcome_of({"contract": json.dumps({"load_balancer_arn": BALANCER})}),
        },
    )


def outcome_of(outputs: dict[str, Any]) -> StackOutcome:
    return StackOutcome(changed=False, skipped=True, summary=PlanSummary(), outputs=outputs)


@pytest.fixture
def taken_back(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was taken back, with the problem and how it is known."""
    found: list[tuple[str, str]] = []

    def take_back(
        aws: object, watch: object, rollout: Rollout, problem: str, *, how: str = ""
    ) -> None:
        found.append((problem, how))
        rollout.outcome = Outcome(verdict=Verdict.ROLLED_BACK, reason=problem)

    monkeypatch.setattr(recover, "take_back", take_back)
    return found


def watch(rollouts: object) -> None:
    raise AssertionError("nothing is to be watched")


def answers(monkeypatch: pytest.MonkeyPatch, health: str = "", *problems: str) -> list[str]:
    """Let health checks and smoke tests end like this; the addresses that were asked."""
    asked: list[str] = []

    def verify(url: str, version: str, *, patience: float) -> str:
        asked.append(f"{url} {version}")
        return health

    def run(url: str, smokes: object) -> tuple[str, ...]:
        asked.append(url)
        return problems

    monkeypatch.setattr(proof, "verify", verify)
    monkeypatch.setattr("slipway.release.smoke.run", run)
    return asked


def test_health_first_then_requests(
    site: Site, monkeypatch: pytest.MonkeyPatch, taken_back: list[tuple[str, str]]
) -> None:
    """Both are asked through the load balancer, below the route; what passed is noted as passed."""
    asked, now = answers(monkeypatch), progress()
    proof.verify_all(site, now, watch)
    assert asked == [f"{URL}/health v3", URL]
    assert (now.smoke, taken_back) == ({"app": "passed"}, [])


def test_wrong_answers_take_a_version_back(
    site: Site, monkeypatch: pytest.MonkeyPatch, taken_back: list[tuple[str, str]]
) -> None:
    """All of them are told, and the release has not passed."""
    answers(monkeypatch, "", "GET /hello: status 500 instead of 200", "GET /x: no answer")
    now = progress()
    proof.verify_all(site, now, watch)
    assert taken_back == [("GET /hello: status 500 instead of 200; GET /x: no answer", "")]
    assert now.smoke == {}
    assert now.bad == {"app"}


def test_what_is_not_healthy_is_asked_no_further(
    site: Site, monkeypatch: pytest.MonkeyPatch, taken_back: list[tuple[str, str]]
) -> None:
    """One problem is enough, and the first one is nearer to the cause."""
    asked = answers(monkeypatch, "503", "GET /hello: status 503 instead of 200")
    proof.verify_all(site, progress(), watch)
    assert len(asked) == 1
    assert taken_back == [("503", "")]


@pytest.mark.parametrize("changes", [{}, {"smoke": SMOKE, "scale": {"min": 0}}])
def test_no_requests_are_noted_as_none(monkeypatch: pytest.MonkeyPatch, changes: Any) -> None:
    """Without smoke tests, or without a task to ask, a release has not passed: `promote` asks."""
    asked, now = answers(monkeypatch), progress()
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]]), app(**changes)) as plain:
        proof.verify_all(plain, now, watch)
    assert now.smoke == {"app": "none"}
    assert bool(asked) is not bool(changes)


def baked(
    monkeypatch: pytest.MonkeyPatch, now: Progress, problem: str = "", **deploy: Any
) -> tuple[list[Baking], str]:
    """Bake app; what was watched, and what the user was told."""
    watched: list[Baking] = []

    def bake(aws: object, services: list[Baking], *, say: object) -> Iterator[tuple[str, str]]:
        watched.extend(services)
        assert not now.smoke, "until it has baked, nobody should go back to it"
        yield from ((each.name, problem) for each in services)

    monkeypatch.setattr("slipway.release.bake.bake", bake)
    service = app(deploy={"bake": 5, **deploy})
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]]), service) as site:
        now.smoke["app"] = "passed"
        proof.bake_all(site, now, watch)
        return watched, said(site)


def test_what_is_watched(monkeypatch: pytest.MonkeyPatch, taken_back: list[Any]) -> None:
    """The alarms that take a rollout back and the target groups, of the stacks' outputs."""
    now = progress()
    (watched,), told = baked(monkeypatch, now)
    assert (watched.alarms, watched.groups, watched.balancer) == (
        ("app-errors",),
        ("tg",),
        BALANCER,
    )
    assert watched.seconds == 300
    assert "watching alarms and answers: app 5 min" in told
    assert (now.smoke, taken_back) == ({"app": "passed"}, [])


def test_a_bad_bake_takes_a_version_back(
    monkeypatch: pytest.MonkeyPatch, taken_back: list[Any]
) -> None:
    """It says from where that is known, and the release has not passed."""
    now = progress()
    baked(monkeypatch, now, "the alarm app-errors was raised")
    assert taken_back == [("the alarm app-errors was raised", "during the bake time")]
    assert now.smoke == {}


def test_a_rehearsals_minutes_are_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the embedded AWS's clock has them, by which the alarms go that are watched."""
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]]), app(deploy={"bake": 5})) as site:
        short = replace(site, minute=2)
        service = site.settings.services["app"]
        assert proof.what_bakes(short, progress(), service).seconds == 10


@pytest.mark.parametrize(
    ("verdict", "minutes"),
    [(Verdict.UNCHANGED, 5), (Verdict.ROLLED_BACK, 5), (Verdict.DEPLOYED, 0)],
)
def test_what_does_not_bake(
    monkeypatch: pytest.MonkeyPatch, verdict: Verdict, minutes: int
) -> None:
    """What was there before, what is gone again, and what nobody wants to watch."""
    now = progress(verdict)
    now.smoke.clear()
    service = app(deploy={"bake": minutes})
    monkeypatch.setattr("slipway.release.bake.bake", lambda *_, **__: pytest.fail("must not bake"))
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]]), service) as site:
        proof.bake_all(site, now, watch)


JOB = {"command": ("report",), "schedule": "", "timezone": "UTC", "cpu": 0, "memory": 0}


def test_a_job_is_neither_asked_nor_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no address and no alarms, whatever the defaults of all services say."""
    monkeypatch.setattr(proof, "asked", lambda *_, **__: pytest.fail("must not ask"))
    service = app(kind="job", jobs={"main": JOB}, deploy={"bake": 5})
    assert proof.check(progress(), service) == ""
    assert not proof.bakes(progress(), service)


def test_the_load_balancer_of_a_deploy_that_was_resumed(site: Site) -> None:
    """Whoever attaches to a rollout has applied nothing, and reads what was applied last."""
    now = progress()
    del now.stacks["platform"]
    outputs = {"contract": json.dumps({"load_balancer_arn": BALANCER})}
    stack = platform_stack(site.settings, site.checkout)
    applied.note(stack, site.aws, inputs_hash="h", serial=1, outputs=outputs)
    assert proof.balancer(site, now) == BALANCER
