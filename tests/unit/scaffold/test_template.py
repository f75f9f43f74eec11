"""The uv.lock of a service with a name of its own."""

from __future__ import annotations

from slipway.scaffold.template import for_any_name, in_order, packages

LOCK = """version = 1

[[package]]
name = "annotated-types"
version = "1"

[[package]]
name = "{name}"
source = {{ editable = "." }}
dependencies = [
    {{ name = "annotated-types" }},
]

[package.metadata]
requires-dist = [{{ name = "annotated-types" }}]

[[package]]
name = "uvloop"
version = "2"
"""


def test_packages() -> None:
    """The packages themselves, not the names in their dependencies."""
    assert packages(LOCK.format(name="greeter")) == {"annotated-types", "greeter", "uvloop"}


def test_a_name_that_stays_in_its_place() -> None:
    """What uv wrote is not touched."""
    assert in_order(LOCK.format(name="greeter")) == LOCK.format(name="greeter")


def test_a_name_that_comes_later() -> None:
    """A project is put where uv would put it, its tables with it."""
    moved = in_order(LOCK.format(name="zebra"))
    assert moved.index('name = "uvloop"') < moved.index('name = "zebra"')
    assert moved.endswith('requires-dist = [{ name = "annotated-types" }]\n')
    assert sorted(moved.splitlines()) == sorted([*LOCK.format(name="zebra").splitlines()])


def test_the_name_is_left_open() -> None:
    """Only the project's own entry changes with the name."""
    opened = for_any_name(LOCK.format(name="greeter"), "greeter")
    assert opened == LOCK.format(name="{{ cookiecutter.name }}")
