"""A plan: what it says, what it is held to, and when it is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from slipway.cli.plan import demand_sense, narrow
from slipway.cost.estimate import Span
from slipway.errors import DeployError, UsageError
from slipway.infra.apply import StackOutcome
from slipway.infra.plan import Change, PlanSummary
from slipway.release import costing, facts, plan_file, plan_show, planning
from slipway.release.affected import Affected, Comparison
from slipway.release.plan_model import Plan, ServicePlan, StackPlan, peak, strategy
from slipway.release.world import World
from slipway.testing import FakeRunner
from tests.fake_ecs import FakeEcs
from tests.fake_ecs import deployment as ecs_deployment
from tests.release_site import make_site, push
from tests.samples import make_service

SAME = StackPlan(label="registry", told="unchanged", monthly=costing.NOTHING)
MORE = StackPlan(
    label="service orders",
    told="1 to change",
    changes=("~ module.service.aws_ecs_service.rolling[0] (desired_count)",),
    monthly=Span.of(Decimal("9.01")),
)
ORDERS = ServicePlan(
    name="orders",
    action="roll out",
    image="a0cca267e87c2c39, to be built",
    stack=MORE,
    serving="local-orders:4",
    strategy="rolling, task by task",
    tasks=2,
    peak=4,
    revision=("cpu: 256 -> 512",),
    notes=("after users",),
)
USERS = ServicePlan(
    name="users",
    action="unchanged",
    image="b0",
    stack=SAME,
    serving="local-users:1",
    strategy="rolling",
    tasks=1,
    peak=1,
)


def make_plan(**changes: Any) -> Plan:
    values: dict[str, Any] = {
        "environment": "staging",
        "stacks": (SAME,),
        "services": (ORDERS, USERS),
        "waves": (("users",), ("orders",)),
        "facts": {"state of platform": "abc", "image of orders": "a0"},
    }
    return Plan(**{**values, **changes})


def test_a_plan_reads_from_the_whole_to_the_parts() -> None:
    """Stacks, services with what changes in them, order, cost, and the sum of it."""
    assert list(plan_show.lines(make_plan())) == [
        "registry: unchanged",
        "orders: roll out",
        "  after users",
        "  image: a0cca267e87c2c39, to be built",
        "  service orders: 1 to change (+9.01 USD a month)",
        "    ~ module.service.aws_ecs_service.rolling[0] (desired_count)",
        "  task definition, against local-orders:4:",
        "    cpu: 256 -> 512",
        "  rollout: rolling, task by task",
        "  tasks: 2 now, 4 at most on the way",
        "users: unchanged",
        "order: users, then orders",
        "cost: +9.01 USD a month",
        "services: 1 to be rolled out, 1 unchanged",
    ]


def test_before_the_first_deploy() -> None:
    """Without a state there is nothing to plan, and it is said what comes first."""
    assert list(plan_show.lines(make_plan(wanting=("bucket shop-state",)))) == [
        "state: would be made: bucket shop-state",
        "everything else would be made after that",
    ]


def test_a_plan_for_programs() -> None:
    """The same as JSON, with amounts as numbers."""
    data = json.loads(json.dumps(plan_show.as_data(make_plan())))
    assert data["services"]["orders"]["revision"] == ["cpu: 256 -> 512"]
    assert data["services"]["orders"]["stack"]["monthly"] == {"low": 9.01, "high": 9.01}
    assert data["monthly"] == {"low": 9.01, "high": 9.01}
    assert data["order"] == [["users"], ["orders"]]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span.of(Decimal("12.40"), Decimal("30.00")), "+12.40 to +30.00 USD a month"),
        (Span.of(Decimal("-3.00")), "-3.00 USD a month"),
        (costing.NOTHING, "the same"),
        (None, "not known; see uv run invoke cost"),
    ],
)
def test_costs_in_words(span: Span | None, words: str) -> None:
    """More has a sign, less as well; what is not known is not called free."""
    assert costing.told(span) == words


def test_one_unknown_cost_makes_the_sum_unknown() -> None:
    """A sum that leaves something out would be taken for all of it."""
    assert costing.total([MORE, SAME]) == MORE.monthly
    unknown = StackPlan(label="x", told="1 to add", monthly=None)
    assert costing.total([MORE, unknown]) is None


@pytest.mark.parametrize(
    ("changes", "tasks", "most"),
    [
        ({"scale": {"min": 2}}, 2, 4),
        ({"scale": {"min": 2}, "deploy": {"maximum_percent": 150}}, 3, 4),
        ({"scale": {"min": 2}, "deploy": {"maximum_percent": 100}}, 3, 3),
        ({"scale": {"min": 2}, "deploy": {"strategy": "canary"}}, 5, 10),
        ({"scale": {"min": 2}, "deploy": {"strategy": "blue_green"}}, 0, 2),
        ({"scale": {"min": 3}}, 0, 3),
    ],
)
def test_the_most_tasks_of_a_rollout(changes: Any, tasks: int, most: int) -> None:
    """ECS rounds down; CodeDeploy runs both sets; a first rollout has no old ones."""
    assert peak(make_service(**changes), tasks) == most


def test_strategies_in_words() -> None:
    """What is shifted when, and how it is checked."""
    shift = {"percent": 10, "minutes": 5}
    canary = make_service(
        deploy={"strategy": "canary", "shift": shift, "bake": 5},
        smoke=[{"path": "/x", "status": 200, "json": {}}],
    )
    assert strategy(canary) == (
        "canary, 10 % first, the rest after 5 min; smoke tests: 1; 5 min of watching"
    )
    assert strategy(make_service()) == "rolling, task by task"


def test_a_plan_comes_back_from_its_file(tmp_path: Path) -> None:
    """What a deploy needs of it is there; what people saw is there, too."""
    file = tmp_path / "plan.json"
    plan_file.save(file, make_plan(), {"shown": True})
    saved = plan_file.read(file)
    assert (saved.environment, saved.services) == ("staging", ("orders", "users"))
    assert saved.facts == make_plan().facts
    assert json.loads(file.read_text())["plan"] == {"shown": True}


def test_nothing_to_hold_a_plan_to(tmp_path: Path) -> None:
    """Without a state, a saved plan would promise what it can't keep."""
    with pytest.raises(UsageError, match="there is no state yet"):
        plan_file.save(tmp_path / "plan.json", make_plan(wanting=("bucket",)), {})
    with pytest.raises(UsageError, match="no such file or directory"):
        plan_file.save(tmp_path / "none" / "plan.json", make_plan(), {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "no such file or directory"),
        ("not json", "no plan of ours"),
        ("[]", "no plan of ours"),
        ('{"schema_version": 2}', "it is of version 2"),
        ('{"schema_version": 1}', "no plan of ours"),
    ],
)
def test_what_is_no_plan(tmp_path: Path, text: str | None, reason: str) -> None:
    """Any other file is told apart, without a traceback."""
    file = tmp_path / "plan.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=reason):
        plan_file.read(file)


def test_a_plan_for_something_else(tmp_path: Path) -> None:
    """It fits its own environment and services only."""
    file = tmp_path / "plan.json"
    plan_file.save(file, make_plan(), {})
    saved = plan_file.read(file)
    plan_file.demand_fit(saved, "staging", (), file)
    plan_file.demand_fit(saved, "staging", ("users", "orders"), file)
    with pytest.raises(UsageError, match="is a plan for staging, not for prod"):
        plan_file.demand_fit(saved, "prod", (), file)
    with pytest.raises(UsageError, match="is a plan for orders, users"):
        plan_file.demand_fit(saved, "staging", ("orders",), file)


def test_what_moved_is_told() -> None:
    """Each with what it was and is; what is new or gone counts as well."""
    then = {"state of platform": "a", "image of orders": "x", "gone": "1"}
    now = {"state of platform": "b", "image of orders": "x", "new": "2"}
    assert facts.moved(then, now) == [
        "gone: was 1, is none",
        "new: was none, is 2",
        "state of platform: was a, is b",
    ]
    facts.demand_unmoved(then, then, "staging")
    with pytest.raises(DeployError, match="state of platform: was a, is b") as caught:
        facts.demand_unmoved(then, now, "staging")
    assert "invoke plan --env=staging" in caught.value.next_step


@pytest.fixture
def world() -> Iterator[World]:
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]])) as site:
        world = cast(Any, site)
        world.terraform = cast(Any, type("Still", (), {"reaching": lambda _, stack: site})())
        yield world


def look(service: Any, repository: str) -> Any:
    return type("Image", (), {"tag": "v1"})()


def test_facts_of_an_environment(world: World) -> None:
    """States, inputs, images and what serves, each under its own name."""
    found = facts.gather(world, look)
    assert found["live service app"] == "local-app:2"
    assert found["image of app"] == "v1"
    assert found["state of platform"] == "none"
    assert set(found) == {
        *(f"{what} of {stack}" for what in ("state", "inputs") for stack in STACKS),
        "image of app",
        "live service app",
    }
    assert facts.gather(world, look) == found


STACKS = ("registry", "platform", "service app")


def test_a_state_that_was_written_is_another(world: World) -> None:
    """Whoever applied in between has moved it, even where nothing else shows."""
    before = facts.gather(world, look)
    stack = facts.stacks(world)[1]
    bucket = stack.backend.bucket
    world.aws.s3.put_object(Bucket=bucket, Key=stack.state_path, Body=b"{}")
    assert facts.moved(before, facts.gather(world, look)) == [
        f"state of platform: was none, is {facts.gather(world, look)['state of platform']}"
    ]


def test_what_serves_is_looked_at_again_under_the_lease(world: World) -> None:
    """Somebody may have been quicker until we had it; a deploy without a plan asks nothing."""
    facts.demand_still(world, {})
    facts.demand_still(world, {"live service app": "local-app:2", "state of platform": "x"})
    with pytest.raises(DeployError, match="live service app: was local-app:1, is local-app:2"):
        facts.demand_still(world, {"live service app": "local-app:1"})


def outcome(**template: Any) -> StackOutcome:
    """A stack whose template would be changed to these values."""
    from slipway.cost.resources import Resource

    address = "module.task_definition.aws_ecs_task_definition.this"
    summary = PlanSummary(
        changes=(Change(sign="-/+", address=address, type="aws_ecs_task_definition"),),
        after=(Resource(address=address, type="aws_ecs_task_definition", values=template),),
    )
    return StackOutcome(changed=True, skipped=False, summary=summary, outputs={})


def test_what_terraform_would_make_of_the_template() -> None:
    """Containers and size are in the plan before they are in ECS; what is unknown is left out."""
    containers = [{"name": "app", "image": "x", "environment": [{"name": "A", "value": "1"}]}]
    found = planning.planned(outcome(cpu="512", container_definitions=json.dumps(containers)))
    assert found == {"cpu": "512", "containerDefinitions": containers}
    assert planning.planned(outcome(cpu="512", container_definitions=None)) == {"cpu": "512"}


def test_what_ecs_fills_in_is_no_difference() -> None:
    """No CPU of a container's own comes back as 0 from ECS, and not at all from a plan."""
    registered = {"containerDefinitions": [{"name": "app", "cpu": 0, "mountPoints": []}]}
    assert planning.plain(registered) == {"containerDefinitions": [{"name": "app"}]}
    own = {"cpu": "256", "containerDefinitions": [{"name": "app", "cpu": 128}]}
    assert planning.plain(own) == own


def test_the_image_to_come_is_in_the_difference(world: World) -> None:
    """The revision that would be registered, against the one that serves."""
    image = push(world, "v2")
    here = facts.serving_now(world, world.settings.services["app"], {"app"})
    now = outcome()
    now.outputs["task_definition_arn"] = here.task_definition[:-1] + "1" if here else ""  # type: ignore[index]
    assert list(planning.revised(world, now, here, image)) == [
        f"containerDefinitions.app.image: repo@sha256:old -> {image}"
    ]
    assert list(planning.revised(world, now, None, image)) == []


def test_a_plan_for_a_pull_request() -> None:
    """A table to take in at a glance, and behind it all of the plan."""
    page = plan_show.markdown(make_plan()).splitlines()
    assert page[:8] == [
        "## Plan for staging",
        "",
        "| of | what | cost |",
        "|---|---|---|",
        "| registry | unchanged | the same |",
        "| orders | roll out | +9.01 USD a month |",
        "| users | unchanged | the same |",
        "",
    ]
    assert page[10:-3] == ["````", *plan_show.lines(make_plan())]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({"markdown": True, "json": True}, "one at a time"),
        ({"base": "HEAD", "service": ("a",)}, "one at a time"),
        ({"base": "HEAD", "out": Path("p")}, "--base is for looking"),
    ],
)
def test_flags_of_a_plan_that_can_not_be_meant_together(flags: dict[str, Any], reason: str) -> None:
    """They are refused before anything is looked at."""
    given = {"service": (), "base": None, "out": None, "markdown": False, "json": False, **flags}
    with pytest.raises(UsageError, match=reason):
        demand_sense(given.pop("service"), given.pop("base"), given.pop("out"), **given)


def test_a_plan_of_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The services that differ are left; where none does, what all share is planned alone."""
    for names in (("app",), ()):
        found = Comparison(base="c0", affected=tuple(Affected(name=n, why=()) for n in names))
        monkeypatch.setattr("slipway.release.affected.compare", lambda *_, found=found: found)
        with make_site(FakeEcs([]), make_service("app"), make_service("web")) as site:
            world = cast(World, site)
            world.runner = FakeRunner()
            narrow(world, "HEAD^1")
            assert tuple(world.settings.services) == names
