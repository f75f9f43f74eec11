"""What was found of a service, as one word and what there is to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from slipway.rollout.decide import Deployment, Snapshot
from slipway.rollout.shifting import Shift
from slipway.status import show
from slipway.status.decide import decide, share_out
from slipway.status.model import Releases, Seen, Status, Targets
from tests.cases_files import cases
from tests.fake_ecs import FAMILY
from tests.release_site import release


def seen_of(case: Mapping[str, Any]) -> Seen:
    """A service of two tasks that serves release 7, less what the case says."""
    found = release(7, case.get("verdict", "deployed"))
    revision = case.get("revision", 7)
    releases = Releases(
        newest=found,
        serving=found if revision == 7 else None,
        verified=found if found.verified else None,
    )
    seen: dict[str, Any] = {
        "snapshot": snapshot(case, revision),
        "releases": releases,
        "alarms": tuple(map(tuple, case.get("alarms", ()))),
    }
    healthy, every = case.get("targets", (2, 2))
    return Seen(
        service="app",
        serves=case.get("serves", True),
        **{name: None if name in case.get("unknown", ()) else seen[name] for name in seen},
        holder=case.get("holder", ""),
        targets=Targets(healthy=healthy, all=every),
        shift=shift(case["shift"], case["second"]) if "shift" in case else None,
    )


def snapshot(case: Mapping[str, Any], revision: int) -> Snapshot:
    deployments = [deployment(2, revision, case, primary=True)]
    if "second" in case:
        deployments.append(deployment(3, case["second"], case, primary=False))
    return Snapshot(
        service="p-app",
        status=case.get("status", "ACTIVE"),
        desired=case.get("desired", 2),
        running=case.get("running", 2),
        deployments=tuple(deployments) if case.get("deployments", True) else (),
        controller=case.get("controller", "ECS"),
    )


def deployment(number: int, revision: int, case: Mapping[str, Any], *, primary: bool) -> Deployment:
    return Deployment(
        id=f"ecs-svc/{number}",
        primary=primary,
        task_definition=f"{FAMILY}:{revision}",
        state=case.get("state", "COMPLETED"),
        reason=case.get("reason", ""),
    )


def shift(case: Mapping[str, Any], revision: int) -> Shift:
    last = "Succeeded" if case.get("validated") else "Pending"
    event = [(case["event"], "InProgress")] if case["event"] else []
    return Shift(
        id="d-1",
        status="InProgress",
        task_definition=f"{FAMILY}:{revision}",
        events=(*event, ("AfterAllowTraffic", last)),
        weights=tuple(map(tuple, case["weights"])),
    )


@pytest.mark.parametrize("case", cases("status"))
def test_what_was_found_means_this(case: Mapping[str, Any]) -> None:
    """One word, whether all is well, and what there is to say."""
    standing = decide(seen_of(case))
    assert (standing.health, standing.good) == (case["health"], case["good"])
    assert list(standing.notes) == case["notes"]
    assert standing.marked == case.get("marked", False)


def test_alarms_belong_to_the_longest_name() -> None:
    """`orders-api` is no alarm of `orders`; what nobody owns is the environment's."""
    alarms = [("p-orders-cpu", ""), ("p-orders-api-errors", "x"), ("p-unavailable", "")]
    every = ["p-orders", "p-orders-api"]
    services = {"orders": "p-orders", "orders-api": "p-orders-api"}
    mine, others = share_out(alarms, services, every)
    assert mine == {
        "orders": (("p-orders-cpu", ""),),
        "orders-api": (("p-orders-api-errors", "x"),),
    }
    assert others == ("p-unavailable",)
    mine, others = share_out(alarms, {"orders": "p-orders"}, every)
    assert (mine, others) == ({"orders": (("p-orders-cpu", ""),)}, ("p-unavailable",))


NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "shown"),
    [(5, "5 s ago"), (90, "1 min ago"), (7200, "2 h ago"), (200000, "2 d ago"), (-3, "0 s ago")],
)
def test_an_age_is_short(before: int, shown: str) -> None:
    """In its largest unit; a clock that is behind makes no nonsense."""
    assert show.age((NOW - timedelta(seconds=before)).isoformat(), NOW) == shown
    assert show.age("", NOW) == "-"


def test_a_row_names_alarms_by_their_last_part() -> None:
    """The name of the service is in the row already."""
    standing = decide(seen_of({"alarms": [["p-app-errors", ""]], "targets": [1, 2]}))
    found = dict(zip(show.COLUMNS, show.row(standing, NOW), strict=True))
    assert (found["alarms"], found["running"], found["revision"]) == ("errors", "2/2 (1 ok)", "7")
    assert found["by"] == "ada@host"


def test_all_is_well_only_where_all_is_known() -> None:
    """A gap is no good news, nor is an alarm of the environment."""
    fine = decide(seen_of({}))
    assert Status(environment="local", services=(fine,)).good
    assert not Status(environment="local", services=(fine,), gaps=("alarms: refused",)).good
    assert not Status(environment="local", services=(fine,), alarms=("p-unavailable",)).good
