"""What is in a state, and which may take the place of which; each case is a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.errors import InfraError
from slipway.infra import statefile
from slipway.infra.statefile import State
from tests.cases_files import cases


def a_state(
    *addresses: str, lineage: str = "ours", serial: int = 1, outputs: dict[str, Any] | None = None
) -> str:
    """The text of a state that knows of these `type.name`s."""
    resources = [
        {
            "mode": "managed",
            "type": address.split(".")[0],
            "name": address.split(".")[1],
            "instances": [{"attributes": {"id": address}}],
        }
        for address in addresses
    ]
    state = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "outputs": outputs or {},
        "resources": resources,
    }
    return json.dumps(state, indent=2)


def parsed(case: dict[str, Any] | None) -> State | None:
    """The state that a case describes; none where it has none."""
    if not case:
        return None
    text = a_state(*case["resources"], lineage=case["lineage"], serial=case["serial"])
    return statefile.parse(text, "a case")


@pytest.mark.parametrize("case", cases("infra/states"))
def test_which_state_may_replace_which(case: dict[str, Any]) -> None:
    """Restoring and adopting are decided by lineage, serial, resources and what was allowed."""
    now, wanted = parsed(case.get("now")), parsed(case["wanted"])
    assert wanted
    outcome: object
    try:
        if case["verb"] == "restore":
            statefile.restorable(now, wanted, "x in dev", force=case.get("allowed", False))
            outcome = "yes"
        else:
            allowed = case.get("allowed", False)
            changed = statefile.adoptable(now, wanted, "x in dev", overwrite=allowed)
            outcome = "yes" if changed else "nothing to do"
    except InfraError as error:
        outcome = error.message
    assert str(outcome).startswith(case["outcome"])
    if outcome == "yes":
        assert statefile.after(now, wanted).serial == case["serial"]


def test_addresses_are_those_of_what_is_managed() -> None:
    """Modules, counts and keys make the address; what is only read has none."""
    state = json.loads(a_state("aws_lb.this"))
    state["resources"][0]["module"] = "module.lb"
    state["resources"][0]["instances"] = [{"index_key": 0}, {"index_key": "a"}]
    state["resources"].append({"mode": "data", "type": "t", "name": "n", "instances": [{}]})
    found = statefile.parse(json.dumps(state), "x")
    assert found.addresses == ('module.lb.aws_lb.this["a"]', "module.lb.aws_lb.this[0]")


def test_another_serial_changes_nothing_else() -> None:
    """Numbers beyond a float's precision and other alphabets come through as they were."""
    text = a_state(outputs={"big": {"value": 12345678901234567890}, "word": {"value": "größe"}})
    numbered = statefile.numbered(statefile.parse(text, "x"), 9)
    assert json.loads(numbered.text) == {**json.loads(text), "serial": 9}
    assert "größe" in numbered.text
    assert statefile.parse(numbered.text, "x").serial == 9


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 4}', '"x"', "null"])
def test_what_is_no_state_is_refused(text: str) -> None:
    """The message names the source, and shows nothing of its content."""
    with pytest.raises(InfraError, match=r"^old\.json: not a Terraform state"):
        statefile.parse(text, "old.json")


def test_another_format_is_told() -> None:
    """A state of another format is not guessed at."""
    with pytest.raises(InfraError, match="a state of format 3, 4 is needed"):
        statefile.parse('{"version": 3}', "old.json")


def test_differences_name_what_goes_and_comes() -> None:
    """Addresses that only one of the two knows, those that go first."""
    before = statefile.parse(a_state("a.x", "a.y"), "x")
    later = statefile.parse(a_state("a.y", "a.z"), "x")
    assert statefile.differences(before, later) == ["- a.x", "+ a.z"]
    assert statefile.differences(None, later) == ["+ a.y", "+ a.z"]


def test_the_image_of_the_template_is_found() -> None:
    """The container definitions are JSON within JSON."""
    image = f"1.dkr.ecr.us-west-1.amazonaws.com/shop/greeter@sha256:{'a' * 64}"
    state = json.loads(a_state("aws_ecs_task_definition.this"))
    definitions = json.dumps([{"image": image, "name": "app"}])
    state["resources"][0]["instances"] = [{"attributes": {"container_definitions": definitions}}]
    assert statefile.parse(json.dumps(state), "x").image == image
    assert statefile.parse(a_state(), "x").image == ""
