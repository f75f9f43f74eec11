"""Free priorities and paths."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from slipway.config.layers import Merged, Origin
from slipway.config.routes import route_problems
from slipway.scaffold.routes import Taken, free_priority, path_problem, shared_priority

FILE = Path(__file__).parents[2] / "cases" / "scaffold" / "priorities.toml"
CASES = tomllib.loads(FILE.read_text())["case"]


def taken(text: str) -> Taken:
    *host, path, priority = text.split()
    return Taken(service="other", path=path, host="".join(host), priority=int(priority))


def merged(route: Taken) -> Merged:
    """A service with this route, as the configuration has it."""
    origin = Origin(file="service.toml")
    values = {"path": route.path, "host": route.host, "priority": route.priority}
    origins = {f"route.{key}": origin for key in values}
    return Merged(values={"route": values}, origins=origins, order=(origin,))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_free_priority(case: dict[str, Any]) -> None:
    """The nearest free number under which both the new routes and the old ones are reached."""
    routes = [taken(text) for text in case["taken"]]
    assert free_priority(case["route"], routes) == (case["priority"] or None)


@pytest.mark.parametrize("case", [c for c in CASES if c["priority"]], ids=lambda c: c["says"])
def test_the_configuration_agrees(case: dict[str, Any]) -> None:
    """What is chosen here is never refused when the manifests are read."""
    routes = [*map(taken, case["taken"])]
    routes.append(Taken(service="new", path=case["route"], host="", priority=case["priority"]))
    assert route_problems({str(n): merged(route) for n, route in enumerate(routes)}) == []


def test_a_path_of_another_service() -> None:
    """The error names who has it."""
    route = Taken(service="greeter", path="/hello", host="", priority=1)
    assert path_problem("/hello", [route]) == "/hello goes to greeter already"


def test_a_path_under_another_host_is_free() -> None:
    """Only requests without a rule for their host compete."""
    route = Taken(service="greeter", path="/hello", host="a.example.com", priority=1)
    assert path_problem("/hello", [route]) == ""


@pytest.mark.parametrize("path", ["/health", "/ready/x", "/metrics"])
def test_a_path_that_every_service_answers(path: str) -> None:
    """A service below /health could not be told from its health check."""
    assert "every service's own" in path_problem(path, [])


@pytest.mark.parametrize(
    ("routes", "others", "priority"),
    [
        ([("/", "a.example.com")], ["/greeter 100"], 110),
        ([("/greeter", "a.example.com")], ["/greeter 100"], 90),
        ([("/greeter/x", "a.example.com")], ["a.example.com /greeter 100"], 90),
        ([("/", "a.example.com")], ["a.example.com /greeter 200"], 210),
        ([("/", "b.example.com")], ["a.example.com / 200"], 100),
        ([("/", "")], ["a.example.com /x 300"], 310),
        ([("/x/y", ""), ("/z", "")], ["/x 50", "/z/a 40"], 49),
        ([("/x/y", ""), ("/z", "")], ["/x 50", "/z/a 60"], None),
    ],
)
def test_shared_priority(
    routes: list[tuple[str, str]], others: list[str], priority: int | None
) -> None:
    """One number for all environments; a host makes a route narrower than the same without one."""
    assert shared_priority(routes, [taken(text) for text in others]) == priority
    for path, host in routes if priority else ():
        named = {str(n): merged(taken(text)) for n, text in enumerate(others)}
        named["new"] = merged(Taken(service="new", path=path, host=host, priority=priority or 0))
        assert route_problems(named) == []
