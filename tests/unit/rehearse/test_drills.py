"""The catalogue of drills, and what a drill's end means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from slipway.errors import UsageError
from slipway.model import Verdict
from slipway.rehearse.drills import DRILLS, NAMES, Drill, Result, chosen, lacks
from tests.samples import make_service


def drill(name: str) -> Drill:
    return next(each for each in DRILLS if each.name == name)


def test_drills_are_chosen_by_name() -> None:
    """In the catalogue's order, each once; `all` and `none` are names too."""
    assert [each.name for each in chosen(("slow_drain", "crash_on_start"))] == [
        *("crash_on_start", "slow_drain")
    ]
    assert tuple(each.name for each in chosen(("all",))) == NAMES
    assert chosen(("none",)) == chosen(()) == ()
    assert len(set(NAMES)) == len(NAMES) == 10


def test_an_unknown_drill_is_refused_with_the_nearest() -> None:
    """Before anything is started."""
    with pytest.raises(
        UsageError, match=r"'crash_on_strat' \(did you mean crash_on_start\?\)"
    ) as e:
        chosen(("all", "crash_on_strat"))
    assert e.value.next_step == "pass --drill=crash_on_start"


def test_some_drills_say_nothing_about_some_services() -> None:
    """No secret can be missing where there is none; a database's password is one."""
    plain = make_service()
    secret = make_service(secrets=["KEY"])
    database = make_service(database={"enabled": True})
    assert lacks(drill("missing_secret"), plain) == "greeter has no secrets"
    assert lacks(drill("missing_secret"), secret) == lacks(drill("missing_secret"), database) == ""
    assert lacks(drill("database_gone"), secret) == "greeter has no database"
    assert lacks(drill("crash_on_start"), plain) == ""
    idle = make_service(scale={"min": 0})
    assert lacks(drill("crash_on_start"), idle) == "greeter has no tasks (scale.min = 0)"


def test_a_migration_fails_before_any_rollout() -> None:
    """It needs database and secrets; a service without one is alive, or its tasks don't start."""
    migrating = make_service(database={"enabled": True, "migrate": ["true"]})
    plain = make_service(database={"enabled": True})
    for name, otherwise in (
        ("database_gone", Verdict.DEPLOYED),
        ("missing_secret", Verdict.ROLLED_BACK),
    ):
        assert drill(name).expects(migrating) == {Verdict.FAILED}
        assert drill(name).expects(plain) == {otherwise}


def test_every_drill_has_a_program_or_a_fault_that_can_be_written_down() -> None:
    """Programs are valid Python; faults are JSON that the embedded AWS takes."""
    from json import dumps

    from embedded_aws.faults import read

    service = make_service()
    for each in DRILLS:
        compile(each.program(service, ("python", "-m", "greeter")), each.name, "exec")
        read(dumps(dict(each.faults)).encode())
        assert each.program(service, ("x",)) or each.faults or each.kills


GOOD = Result(drill="x", does="y", service="greeter", expected=("rolled_back",), seen="rolled_back")


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"seen": "deployed"}, False),
        ({"failed": 1}, False),
        ({"failed": 1, "lossless": False}, True),
        ({"restored": False}, False),
        ({"seen": "", "expected": ()}, True),
    ],
)
def test_a_drill_is_good_when_all_is_as_it_has_to_be(changes: dict[str, Any], good: bool) -> None:
    """The verdict, no client that noticed, and the candidate serving again."""
    assert replace(GOOD, **changes).good is good
