"""What goes: never what a rollback of any environment needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from slipway.clean.plan import (
    LEAST_VERSIONS,
    Item,
    Needs,
    Rules,
    decided,
    duration,
    going,
    kept,
    of_releases,
    together,
)
from slipway.errors import UsageError
from slipway.release import retention
from slipway.release.ledger import Release
from tests.cases_files import cases
from tests.release_site import release

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def releases(environment: str, raw: list[list[str]]) -> list[Release]:
    """The releases of a case, newest first; each brought the image of its letter."""
    found = []
    for number, (letter, verdict, *kind) in enumerate(raw):
        one = release(
            len(raw) - number,
            verdict,
            environment=environment,
            image=f"repo@{letter}",
            task_definition=f"app:{letter}",
            kind=kind[0] if kind else "deploy",
        )
        found.append(one)
    first = {each.task_definition: each.id for each in found}
    return [
        replace(each, origin=first[each.task_definition]) if each.kind == "rollback" else each
        for each in found
    ]


def needs(case: dict[str, Any]) -> Needs:
    """What all environments of a case need."""
    each = [
        of_releases(name, releases(name, raw["releases"]), {f"app:{raw['serving']}"})
        for name, raw in case["environments"].items()
    ]
    return together([*each, Needs(unknown=tuple(case.get("unknown", ())))])


def items(case: dict[str, Any], kind: Any) -> list[Item]:
    """Images, or revisions, of a day's distance; the last one is of this very day."""
    letters = case["images"]
    return [
        Item(
            kind=kind,
            place="app",
            id=letter if kind == "image" else f"app:{letter}",
            made=NOW - timedelta(days=len(letters) - number, hours=-1 if number else 0),
            tags=tuple(case.get("tags", {}).get(letter, ())),
        )
        for number, letter in enumerate(letters)
    ]


@pytest.mark.parametrize("case", cases("clean"))
def test_images_that_a_rollback_needs_stay(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each case file states its behaviour; environments share one registry."""
    monkeypatch.setattr(retention, "KEPT", case.get("kept_releases", retention.KEPT))
    rules = Rules(age=timedelta(days=case.get("age", 0)), keep=case["keep"])
    found = decided(items(case, "image"), needs(case), rules, NOW)
    assert sorted(each.id for each in going(found)) == case["goes"]
    assert kept(found)


@pytest.mark.parametrize("case", cases("clean"))
def test_their_revisions_stay_as_well(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same releases; tags and other registries are nothing to them."""
    monkeypatch.setattr(retention, "KEPT", case.get("kept_releases", retention.KEPT))
    rules = Rules(age=timedelta(days=case.get("age", 0)), keep=case["keep"])
    wanted = needs(case)
    found = decided(items(case, "revision"), wanted, rules, NOW)
    gone = {each.id for each in going(found)}
    assert not gone & set(wanted.revisions)
    assert set(case["goes"]) <= {each.removeprefix("app:") for each in gone}


def test_versions_of_a_state_have_a_minimum() -> None:
    """Whatever is asked for; what is marked by the state itself stays beyond that."""
    versions = [
        Item(
            kind="state version",
            place="platform in dev",
            id=str(number),
            made=NOW - timedelta(days=number),
            stays="as it was last applied" if number == 9 else "",
        )
        for number in range(12)
    ]
    found = decided(versions, Needs(), Rules(age=timedelta(0), keep=1), NOW)
    assert [each.id for each in going(found)] == ["11", "10", "8", "7", "6", "5"]
    assert LEAST_VERSIONS == 5


def test_of_one_second_the_higher_revision_is_newer() -> None:
    """AWS tells whole seconds, and a pipeline registers two within one."""
    pair = [
        Item(kind="revision", place="app", id=f"app:{number}", made=NOW, number=number)
        for number in (9, 10)
    ]
    found = decided(pair, Needs(), Rules(age=timedelta(0), keep=1), NOW)
    assert [each.id for each in going(found)] == ["app:9"]


def test_why_the_rest_stays_is_counted() -> None:
    """By environment, not by release: there may be many."""
    case = {"images": ["a", "b", "c"]}
    wanted = Needs(images={"a": "release 1 of prod", "b": "release 2 of prod"})
    found = decided(items(case, "image"), wanted, Rules(age=timedelta(0), keep=1), NOW)
    assert kept(found) == ["3 images stay: 2 for releases of prod, 1 among the newest 1"]


@pytest.mark.parametrize(("text", "hours"), [("30d", 720), ("12h", 12), ("2w", 336), ("0d", 0)])
def test_ages(text: str, hours: int) -> None:
    """Days, hours, weeks."""
    assert duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["30", "d", "-1d", "1y", "1.5d", "30 d", "9999999d"])
def test_what_is_no_age(text: str) -> None:
    """One message, with an example."""
    with pytest.raises(UsageError, match="not a number of days") as caught:
        duration(text)
    assert "30d" in caught.value.next_step
