"""Whole sources: what is made of them is as written beside them, is valid, and leaves nothing out.

A new case is a new folder under tests/cases/importing; `python -m tests.unit.importing.test_cases`
writes the two files that are expected of it, to be read before they are committed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.config import load
from slipway.importing import apply, read, report
from slipway.importing.draft import leaves
from slipway.importing.ecspresso import Functions
from slipway.importing.report import Report
from tests.unit.importing.samples import SOURCES, checkout_in, request_of

cases = pytest.mark.parametrize("case", SOURCES, ids=lambda case: f"{case.parent.name}-{case.name}")


def texts(made: Report) -> dict[str, str]:
    return {
        apply.MANIFEST: apply.toml(made.draft.values, made.source),
        report.NAME: report.markdown(made),
    }


@cases
def test_what_is_made(case: Path, tmp_path: Path) -> None:
    """The service.toml and the report are those in the case's folder."""
    made = apply.plan(checkout_in(tmp_path), request_of(case))
    assert texts(made) == {name: (case / name).read_text() for name in texts(made)}


@cases
def test_it_is_valid_everywhere(case: Path, tmp_path: Path) -> None:
    """Every environment loads with the service beside greeter."""
    checkout = checkout_in(tmp_path)
    made = apply.plan(checkout, request_of(case))
    apply.apply(checkout, made)
    for environment in made.draft.around.environments:
        assert set(load(checkout, environment).services) == {"greeter", made.service}


@cases
def test_nothing_is_left_out(case: Path, tmp_path: Path) -> None:
    """Each value of each file is in the report, once; what was carried over is where it says."""
    made = apply.plan(checkout_in(tmp_path), request_of(case))
    told = [(each.file, place) for each in made.draft.findings for place in each.covers]
    assert len(told) == len(set(told))
    assert set(told) == set(everything(case, {file for file, _ in told}))
    for each in made.draft.findings:
        if each.outcome in ("carried", "changed"):
            *table, last = each.key
            there = made.draft.get(tuple(table) if table[-1:] == ["secrets"] else each.key)
            assert there is not None
            assert table[-1:] != ["secrets"] or last in there


def everything(case: Path, files: set[str]) -> Iterator[tuple[str, object]]:
    """Each leaf of these files of a case, found again from the files."""
    functions = Functions(env=request_of(case).variables, states={"": {}, "network_": {}})
    for name in files:
        (file,) = case.rglob(name)
        found = read.document(file, None if name.startswith("manifest") else functions)
        yield from ((name, place) for place in leaves(found))


def test_there_are_enough() -> None:
    """What the import promises is held to sources of every kind."""
    kinds = [case.parent.name for case in SOURCES]
    assert kinds.count("copilot") >= 8
    assert kinds.count("ecspresso") >= 4
    assert kinds.count("taskdef") >= 2


if __name__ == "__main__":
    for source in SOURCES:
        with tempfile.TemporaryDirectory() as folder:
            for file, text in texts(
                apply.plan(checkout_in(Path(folder)), request_of(source))
            ).items():
                (source / file).write_text(text)
