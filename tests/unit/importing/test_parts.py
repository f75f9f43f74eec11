"""The parts of the import: calls in braces, states, schedules, sizes, bounds."""

from __future__ import annotations

import pytest

from slipway.importing.bounds import size, within
from slipway.importing.ecspresso import Functions
from slipway.importing.schedule import schedule
from slipway.importing.template import Call, Program, alone, expand, shown, unresolved
from slipway.importing.tfstate import lookup

STATE = {
    "outputs": {"zones": {"value": ["a", "b"]}, "count": {"value": 3}},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_subnet",
            "name": "private",
            "instances": [
                {"index_key": "a", "attributes": {"id": "subnet-a"}},
                {"index_key": "b", "attributes": {"id": "subnet-b", "tags": {"x.y": "z"}}},
            ],
        },
        {
            "module": 'module.web["blue"].module.lb',
            "mode": "data",
            "type": "aws_lb",
            "name": "main",
            "instances": [{"attributes": {"arn": "arn:lb"}}],
        },
    ],
}


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("aws_subnet.private['a'].id", "subnet-a"),
        ('aws_subnet.private["b"].id', "subnet-b"),
        ("aws_subnet.private['b'].tags['x.y']", "z"),
        ("aws_subnet.private['c'].id", None),
        ("aws_subnet.private.id", None),
        ("aws_subnet.public.id", None),
        ("module.web['blue'].module.lb.data.aws_lb.main.arn", "arn:lb"),
        ("data.aws_lb.main.arn", None),
        ("output.zones[1]", "b"),
        ("output.zones", '["a", "b"]'),
        ("output.count", "3"),
        ("output.none", None),
        ("output.zones[7]", None),
        ("no address at all", None),
        ("", None),
    ],
)
def test_lookup(address: str, value: str | None) -> None:
    """Addresses as tfstate-lookup takes them; None for what is not in the state."""
    assert lookup(STATE, address) == value


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"resources": 1},
        {"resources": [1, {"instances": 2}]},
        {"outputs": [], "resources": [{}]},
    ],
)
def test_states_that_are_none(state: dict[str, object]) -> None:
    """What is no state of Terraform's has no values."""
    assert lookup(state, "a.b.c") is None
    assert lookup(state, "output.a") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "{{ must_env `A` }}"}', '{"a": "1"}'),
        ('{"a": "{{ must_env "A" }}"}', '{"a": "1"}'),
        ('{"a": {{ env `NO` `2` }}}', '{"a": 2}'),
        ('{"a": "{{ env `NO` `A` `x` }}"}', '{"a": "1"}'),
        ('{"a": "{{- env `NO` -}}"}', '{"a": ""}'),
        ('{"a": "{{ must_env `A` | json_escape }}"}', '{"a": "1"}'),
        ("nothing to fill in", "nothing to fill in"),
    ],
)
def test_calls_are_answered(text: str, expected: str) -> None:
    """Each way to write an argument, with defaults, and with a pipe that only escapes."""
    assert expand(text, Functions(env={"A": "1"}).answer, quote=True) == expected


def test_calls_without_a_value_are_marked() -> None:
    """The text stays JSON, in quotes and out of them, and tells what was there."""
    functions = Functions()
    bare = expand('{"a": {{ must_env `A` }}}', functions.answer, quote=True)
    inside = expand('{"a": "x-{{ must_env `A` }}-{{ ssm `/b` }}"}', functions.answer, quote=True)
    assert bare.count('"') == 4
    assert inside.count('"') == 4
    assert shown(inside) == "{{ must_env `A` }}, {{ ssm `/b` }}"
    assert unresolved(bare) == [Call("must_env", ("A",))]
    assert alone(inside) is None


@pytest.mark.parametrize("text", ["{{ if x }}", "\n{{ end }}", "{{ range .Items }}"])
def test_programs_are_refused(text: str) -> None:
    """What decides can't be left as a mark: what is around it would be read as if it held."""
    with pytest.raises(Program, match=r"^line \d: \{\{"):
        expand(text, Functions().answer, quote=True)


def test_foreign_marks_are_harmless() -> None:
    """A text that looks like one of our marks is one of nobody knows what."""
    assert unresolved("\ue0007b\ue001") == [Call("")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@daily", "cron(0 0 * * ? *)"),
        ("@weekly", "cron(0 0 ? * 1 *)"),
        ("@every 90m", "rate(90 minutes)"),
        ("@every 2h", "rate(2 hours)"),
        ("@every 1h", "rate(1 hour)"),
        ("@every 30s", None),
        ("@every 1m30s", None),
        ("rate(5 minutes)", "rate(5 minutes)"),
        ("cron(0 9 ? * MON-FRI *)", "cron(0 9 ? * MON-FRI *)"),
        ("0 9 * * *", "cron(0 9 * * ? *)"),
        ("0 9 * * 0", "cron(0 9 ? * 1 *)"),
        ("0 9 * * 7", "cron(0 9 ? * 1 *)"),
        ("*/10 9-17 * * 1-5", "cron(*/10 9-17 ? * 2-6 *)"),
        ("0 9 * * mon,wed", "cron(0 9 ? * MON,WED *)"),
        ("0 9 * * 5-7", None),
        ("0 9 1 * *", "cron(0 9 1 * ? *)"),
        ("0 9 1 * 1", None),
        ("none", ""),
        ("@never", None),
        ("", None),
    ],
)
def test_schedule(text: str, expected: str | None) -> None:
    """cron's five fields, Go's durations and names, in Scheduler's words."""
    assert schedule(text) == expected


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((256, 512), (256, 512)),
        ((256, 700), (256, 1024)),
        ((300, 512), (512, 1024)),
        ((256, 3000), (512, 3072)),
        ((2048, 17000), (4096, 17408)),
        ((0, 0), (256, 512)),
        ((99999, 1), (16384, 122880)),
    ],
)
def test_size(asked: tuple[int, int], found: tuple[int, int]) -> None:
    """Never less than what was asked for, where Fargate has as much."""
    assert size(*asked) == found


def test_bounds_are_the_configuration_s() -> None:
    """A number out of its rule becomes the nearest in it, and the reason is the rule's words."""
    assert within(("health", "grace"), 400) == (
        300,
        "400 is not a whole number from 0 to 300 (seconds)",
    )
    assert within(("scale", "max"), 0)[0] == 1
    assert within(("environments", "prod", "health", "grace"), 400)[0] == 400
    assert within(("env", "NAME"), "400") == ("400", "")
