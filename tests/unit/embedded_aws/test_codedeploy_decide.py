"""What a deployment does next, by case files and by whole deployments in a small world."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.codedeploy.clock import scale
from embedded_aws.codedeploy.decide import (
    SETTLE,
    STAGES,
    Action,
    AllowTests,
    End,
    Facts,
    Make,
    Next,
    Retire,
    Shift,
    Swap,
    decide,
    following,
    percent,
)

CASES = sorted((Path(__file__).parents[2] / "cases" / "codedeploy").glob("*.toml"))
MINUTE = 60.0


def shown(action: Action | None) -> str:
    match action:
        case None:
            return "None"
        case Next(status):
            return f"Next({status})"
        case Shift(share):
            return f"Shift({share})"
        case End(status, code):
            return f"End({status}, {code})" if code else f"End({status})"
    return type(action).__name__


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """The deployment does what the case file says."""
    case = tomllib.loads(path.read_text())
    facts = case["facts"]
    if "problem" in facts:
        facts["problem"] = tuple(facts["problem"])
    assert shown(decide(Facts(**facts), MINUTE)) == case["action"], case["why"]


def test_there_are_cases() -> None:
    """The case files are found."""
    assert len(CASES) >= 45


def canary(share: int, minutes: int) -> dict[str, Any]:
    return {"timeBasedCanary": {"canaryPercentage": share, "canaryInterval": minutes}}


def linear(share: int, minutes: int) -> dict[str, Any]:
    return {"timeBasedLinear": {"linearPercentage": share, "linearInterval": minutes}}


def run(facts: Facts, minute: float) -> tuple[list[str], float]:
    """A deployment from its begin to its end: the actions, and how long it took (s)."""
    done, clock, entered = [], 0.0, 0.0
    for _ in range(100_000):
        action = decide(replace(facts, since=clock - entered), minute)
        if action is None:
            clock += minute / 4
            facts = replace(facts, blue="gone" if facts.blue == "draining" else facts.blue)
            facts = replace(facts, green="steady" if facts.green == "starting" else facts.green)
            continue
        done.append(shown(action))
        match action:
            case End():
                return done, clock
            case Next():
                facts, entered = replace(facts, stage=following(facts.stage)), clock
            case Make():
                facts = replace(facts, green="starting")
            case AllowTests():
                facts = replace(facts, test="green")
            case Shift(share):
                facts = replace(facts, weight=share)
            case Swap():
                facts = replace(facts, swapped=True)
            case Retire():
                facts = replace(facts, blue="draining")
    raise AssertionError("it never ends")


@pytest.mark.parametrize("minute", [60.0, 2.0, 0.05])
@pytest.mark.parametrize(
    ("routing", "shares", "minutes"),
    [
        ({"type": "AllAtOnce"}, [100], 0),
        (canary(10, 5), [10, 100], 5),
        (linear(25, 2), [25, 50, 75, 100], 6),
        (linear(30, 1), [30, 60, 90, 100], 3),
        (linear(99, 1), [99, 100], 1),
    ],
)
def test_a_whole_deployment(
    routing: dict[str, Any], shares: list[int], minutes: int, minute: float
) -> None:
    """Each step of the shift once and in time; blue goes only when green is primary."""
    begin = Facts(stage=STAGES[0], routing=routing, test="blue", standby=3)
    done, seconds = run(begin, minute)
    assert [one for one in done if one.startswith("Shift")] == [f"Shift({s})" for s in shares]
    order = [one for one in done if not one.startswith(("Next", "Shift"))]
    assert order == ["Make", "AllowTests", "Swap", "Retire", "End(Succeeded)"]
    assert done.index("Swap") > done.index("Shift(100)")
    # A few looks go by until the tasks are there, and until those of blue are gone.
    assert seconds == pytest.approx((minutes + 3) * minute, abs=2 * minute + SETTLE)


def test_nothing_overtakes_the_load_balancer() -> None:
    """All traffic has to have gone to green for a moment before anything else happens."""
    shifting = Facts(stage="AllowTraffic", green="steady", weight=100, shifted=SETTLE / 2)
    assert decide(shifting, 1.0) is None
    assert decide(replace(shifting, shifted=SETTLE), 1.0) == Next()


def test_every_deployment_that_is_never_healthy_ends() -> None:
    """After an hour, whatever the clock's scale."""
    facts = Facts(stage="Install", green="starting")
    for minute in (60.0, 2.0):
        assert decide(replace(facts, since=60 * minute - 0.1), minute) is None
        assert shown(decide(replace(facts, since=60 * minute), minute)) == "End(Failed, TIMEOUT)"


def test_the_share_never_falls() -> None:
    """More time never gives green less."""
    for routing in (canary(10, 5), linear(7, 3), {"type": "AllAtOnce"}):
        shares = [percent(routing, tenth / 10) for tenth in range(600)]
        assert shares == sorted(shares)
        assert shares[-1] == 100


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        *[("2", 2.0), ("0.5", 0.5), ("0.0001", 0.05)],
        *[(bad, 60.0) for bad in ("", "0", "-1", "fast", "nan", "inf")],
    ],
)
def test_the_clock_is_a_number_of_seconds(given: str, seconds: float) -> None:
    """What is none means real minutes."""
    assert scale({"EMBEDDED_AWS_CLOCK_SCALE": given}) == seconds
    assert scale({}) == 60.0
