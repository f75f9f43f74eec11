"""What is published is true, and up to date."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from slipway.config.reference import reference
from slipway.config.schema import BEGIN, END, PUBLISHED, publish, schema_text, stale
from slipway.paths import Checkout
from tests.cases_files import cases

ROOT = Path(__file__).parents[3]
MakeCheckout = Callable[[Mapping[str, str]], Checkout]
SCHEMAS: Mapping[str, Any] = {one.file: json.loads(schema_text(one)) for one in PUBLISHED}


def schema_of(file: str) -> Any:
    """The schema for a file of a checkout."""
    return SCHEMAS["slipway.json" if file == "slipway.toml" else "service.json"]


def test_schemas_and_manual_are_up_to_date() -> None:
    """docs/ is what `uv run python -m slipway.config.schema` writes."""
    assert list(stale(Checkout(ROOT))) == [], "run: uv run python -m slipway.config.schema"


def test_publishing_twice_writes_once(bare: MakeCheckout) -> None:
    """Publishing writes what is out of date, and nothing when all is well."""
    page = f"# Mine\n{BEGIN}\nstale\n{END}\nend"
    place = bare({"docs/configuration.md": page})
    assert publish(place) == [
        "docs/schema/slipway.json",
        "docs/schema/service.json",
        "docs/configuration.md",
    ]
    assert publish(place) == []
    page = (place.root / "docs/configuration.md").read_text()
    assert page.startswith("# Mine\n")
    assert page.endswith("end")
    assert "stale" not in page


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name: str) -> None:
    """Each is valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("case", cases("config/merge"))
def test_schemas_accept_what_we_accept(case: Any) -> None:
    """An editor finds nothing wrong with a file that loads."""
    for file, text in case["files"].items():
        jsonschema.validate(tomllib.loads(text), schema_of(file))


@pytest.mark.parametrize(
    "name",
    ["unknown_key", "out_of_range", "choices", "missing", "bad_names", "not_to_be_overridden"],
)
def test_schemas_refuse_what_we_refuse(name: str) -> None:
    """An editor marks what is wrong in a file by itself."""
    case = tomllib.loads((ROOT / f"tests/cases/config/errors/{name}.toml").read_text())
    for file in {line.split(":")[0] for line in case["error"]}:
        values = tomllib.loads(case["files"][file])
        assert not jsonschema.Draft202012Validator(schema_of(file)).is_valid(values), file


def test_editors_show_defaults_and_meanings() -> None:
    """A key has its default of defaults.toml and its documentation, inherited ones too."""
    service = SCHEMAS["service.json"]
    assert service["properties"]["port"]["default"] == 8000
    assert service["properties"]["port"]["description"].startswith("Port that")
    assert service["$defs"]["Override"]["properties"]["cpu"]["description"].startswith("CPU units")


def test_the_manual_explains_every_key() -> None:
    """No key of the tables lacks its meaning."""
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(rows) > 30
    assert [row for row in rows if row.endswith("|  |")] == []
