"""What the engine sends to Terraform is what the HCL declares, and what is refused is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from slipway.config.variables import (
    CACHE,
    DATABASE,
    MIGRATION,
    OURS,
    address_variable,
    bucket_variable,
)
from slipway.infra.stacks import Stack, platform_stack, registry_stack, service_stack
from slipway.paths import Checkout
from tests.hcl import INFRA, MODULES, STACKS, Block, blocks, type_of
from tests.samples import make_service

from .conftest import settings

CHECKOUT = Checkout(INFRA.parent)
NAMES = [folder.name for folder in STACKS]
IMAGE = f"registry/shop/orders@sha256:{'0' * 64}"
FULL = make_service(
    "orders",
    database={"enabled": True, "migrate": ["python", "-m", "orders.migrate"]},
    cache={"enabled": True},
    buckets={"uploads": {"replicate": True}},
    secrets=["STRIPE_KEY"],
    parameters={"FLAGS": "/shop/flags"},
    needs=["users"],
    calls={"users": {"port": 9000, "path": "/users"}},
    jobs={
        "tidy": {
            "command": ["python", "-m", "orders.tidy"],
            "schedule": "rate(1 hour)",
            "timezone": "UTC",
            "cpu": 256,
            "memory": 512,
        }
    },
)
"""A service that asks for everything."""


def sent(stack: str) -> Stack:
    """The stack as the engine makes it, for a service whose port changes."""
    if stack == "registry":
        return registry_stack(settings(), CHECKOUT)
    if stack == "platform":
        return platform_stack(settings(), CHECKOUT)
    return service_stack(settings(), FULL, IMAGE, CHECKOUT, former_port=9000)


def declared(stack: str) -> dict[str, Block]:
    """The variables of a stack by their names."""
    return {block.name: block for block in blocks(INFRA / stack, "variable")}


@pytest.mark.parametrize("stack", NAMES)
def test_a_stack_gets_the_variables_that_it_declares(stack: str) -> None:
    """None that it doesn't know, which Terraform only warns of, and all without a default."""
    known = declared(stack)
    required = {name for name, block in known.items() if not block.value("default")}
    assert required <= set(sent(stack).variables) <= set(known)


@pytest.mark.parametrize("stack", NAMES)
def test_variables_have_the_declared_types(stack: str) -> None:
    """Key by key: Terraform drops keys of an object that it doesn't declare, without a word."""
    known = declared(stack)
    wrong = [
        problem
        for name, value in sent(stack).variables.items()
        for problem in differences(value, type_of(known[name].value("type")), name)
    ]
    assert wrong == []


def differences(value: Any, kind: Any, place: str) -> Iterator[str]:
    """Where a value and a type constraint are not alike: keys, then leaves."""
    if isinstance(kind, dict):
        for key in sorted(kind.keys() ^ value.keys()):
            yield f"{place}.{key}: {'not sent' if key in kind else 'not declared'}"
        for key in sorted(kind.keys() & value.keys()):
            yield from differences(value[key], kind[key], f"{place}.{key}")
    elif isinstance(kind, tuple):
        assert value, f"{place}: the sample has none"
        members = value.items() if kind[0] == "map" else enumerate(value)
        for key, member in members:
            yield from differences(member, kind[1], f"{place}[{key}]")
    elif not isinstance(value, {"string": str, "bool": bool, "number": int | float}[kind]):
        yield f"{place}: {value!r} is no {kind}"


def test_a_difference_is_found() -> None:
    """The comparison itself, on a type with an object, a collection and a wrong leaf."""
    kind = type_of("object({\n  a = number\n  b = map(object({ c = optional(bool, true) }))\n})")
    assert list(differences({"a": 1, "b": {"x": {"c": True}}}, kind, "v")) == []
    assert list(differences({"a": "1", "b": {"x": {"d": 1}}}, kind, "v")) == [
        "v.a: '1' is no number",
        "v.b[x].c: not sent",
        "v.b[x].d: not declared",
    ]


def test_a_port_that_stays_is_not_sent_twice() -> None:
    """The former port is for the time of a change."""
    for port in (0, FULL.port):
        stack = service_stack(settings(), FULL, IMAGE, CHECKOUT, former_port=port)
        assert "former_port" not in dict(stack.variables)["service"]  # type: ignore[operator]


def test_the_variables_of_a_container_have_one_list() -> None:
    """What the manifest may not set is what the HCL sets: neither more nor less."""
    hcl = (INFRA / "service/data.tf").read_text() + (INFRA / "service/locals.tf").read_text()
    ports = re.search(r'for name, key in \{ (.*) \} :\n\s+"DATABASE_', hcl)
    assert ports
    database = {f"DATABASE_{name}" for name in re.findall(r"(\w+) =", ports[1])}
    given = set(re.findall(r"\b((?:CACHE|DATABASE)_[A-Z_]+)\s+=", hcl)) - database
    instance = {"DATABASE_INSTANCE"}  # no secret, and the only one of its own
    assert database | instance == DATABASE
    assert {name for name in given if name.startswith("CACHE")} == CACHE
    assert {name for name in given if name.startswith("DATABASE")} == MIGRATION | instance
    always = set(re.findall(r"^      ([A-Z_]+)\s+=", hcl, re.M)) - CACHE
    assert always | {"SERVICE_VERSION"} == OURS  # the image brings its version along


def test_the_hcl_reserves_the_same_variables() -> None:
    """Whoever runs Terraform by hand is refused the same names."""
    reserved = (INFRA / "service/variables.tf").read_text()
    listed = set(re.findall(r'"((?:[A-Z]+_)*[A-Z]+)"', reserved)) - {"CODE_DEPLOY", "UTC"}
    assert listed == OURS | DATABASE | MIGRATION | CACHE
    assert "BUCKET_${upper(replace(bucket" in reserved
    assert bucket_variable("raw-data") == "BUCKET_RAW_DATA"
    assert '"${upper(replace(needed, "-", "_"))}_URL"' in reserved
    assert address_variable("stock-room") == "STOCK_ROOM_URL"


# --- What is refused, and how that is said --------------------------------------------------------


def validated() -> Iterator[tuple[str, Block]]:
    """Every variable of stacks and modules that has rules, with where it is."""
    for folder in (*STACKS, *MODULES):
        for variable in blocks(folder, "variable"):
            if variable.blocks("validation"):
                yield str(folder.relative_to(INFRA)), variable


@pytest.mark.parametrize(("folder", "variable"), list(validated()))
def test_a_refusal_names_the_variable_and_the_rule(folder: str, variable: Block) -> None:
    """`name: rule.`, or `name.key: rule.`, so that whoever reads it knows what to change."""
    for rule in variable.blocks("validation"):
        message = rule.body.split("error_message = ")[1].strip().strip('"')
        subject, _, says = message.partition(": ")
        assert variable.name in re.split(r"[., ]+", subject), message
        assert len(says.split()) >= 3, message
        assert says.endswith("."), message


def test_every_variable_says_what_it_is() -> None:
    """Type and description, everywhere."""
    wanting = [
        f"{folder.relative_to(INFRA)}: {variable.name}"
        for folder in (*STACKS, *MODULES)
        for variable in blocks(folder, "variable")
        if not variable.value("type") or not variable.value("description")
    ]
    assert wanting == []


def test_every_output_says_what_it_is() -> None:
    """A description, everywhere."""
    wanting = [
        f"{folder.relative_to(INFRA)}: {output.name}"
        for folder in (*STACKS, *MODULES)
        for output in blocks(folder, "output")
        if not output.value("description")
    ]
    assert wanting == []
