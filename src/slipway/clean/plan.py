"""What goes and what stays, and why. Pure.

What a rollback of any environment needs stays, whatever its age and number; where nobody can tell
what an environment needs, everything that it may need does.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from slipway.errors import UsageError
from slipway.release import retention, rollback
from slipway.release.ledger import Release

Kind = Literal["image", "revision", "state version", "workspace"]

LEAST_VERSIONS = 5
"""Versions of a state that stay, whatever is asked for."""

_RELEASE_TAG = re.compile(r"release-(?P<environment>.+)-\d{8}T\d{6}Z-[0-9a-f]{6}")
_UNITS = {"d": "days", "h": "hours", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that could go: `place` is the repository, family or state that it is one of.

    `stays` says why; "": it goes. `size` in bytes, where known. `number` tells which of two
    of the same moment is the newer one.
    """

    kind: Kind
    place: str
    id: str
    made: datetime
    number: int = 0
    size: int = 0
    label: str = ""
    tags: tuple[str, ...] = ()
    stays: str = ""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What goes is older than `age`, and not among the newest `keep` of its place."""

    age: timedelta
    keep: int


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Why what is needed is: by the digest of an image, by the ARN of a revision.

    `unknown` says of which environments nobody can tell.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def duration(text: str) -> timedelta:
    """The time in `30d`, `12h` or `2w`. Raises `UsageError`."""
    found = re.fullmatch(r"(\d{1,5})([dhw])", text)
    if not found:
        raise UsageError(
            f"clean: --older-than={text}: not a number of days, hours or weeks",
            next_step="for example --older-than=30d, 12h or 2w",
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def of_releases(environment: str, releases: Sequence[Release], serving: Collection[str]) -> Needs:
    """What going back takes in one environment; `releases` of one service, newest first.

    The last verified releases, those under way, and whatever a rollback would choose now.
    """
    images: dict[str, str] = {}
    revisions: dict[str, str] = {}
    verified = [each for each in releases if each.verified][: retention.KEPT]
    going = [each for each in releases if each.open]
    ways = [way for arn in serving if (way := rollback.before(releases, arn))]
    for release in (*verified, *going, *ways):
        why = f"release {release.id} of {environment}"
        images.setdefault(release.digest, why)
        revisions.setdefault(release.task_definition, why)
    return Needs(images=images, revisions=revisions)


def together(needs: Iterable[Needs]) -> Needs:
    """All needs as one."""
    found = list(needs)
    return Needs(
        images={key: why for each in found for key, why in each.images.items() if key},
        revisions={key: why for each in found for key, why in each.revisions.items() if key},
        unknown=tuple(name for each in found for name in each.unknown),
    )


def decided(items: Iterable[Item], needs: Needs, rules: Rules, now: datetime) -> list[Item]:
    """The items, each with the reason why it stays, if it does; what goes comes first."""
    places: defaultdict[tuple[Kind, str], list[Item]] = defaultdict(list)
    for item in items:
        places[item.kind, item.place].append(item)
    found = [
        replace(item, stays=item.stays or _why(item, rank, needs, rules, now))
        for each in places.values()
        for rank, item in enumerate(sorted(each, key=_age, reverse=True))
    ]
    return sorted(found, key=lambda item: (bool(item.stays), item.kind, item.place, item.made))


def _age(item: Item) -> tuple[datetime, int]:
    return item.made, item.number


def _why(item: Item, rank: int, needs: Needs, rules: Rules, now: datetime) -> str:
    return (
        _needed(item, needs)
        or _among_newest(item, rank, rules)
        or ("young" if now - item.made < rules.age else "")
    )


def _needed(item: Item, needs: Needs) -> str:
    if item.kind == "revision":
        return needs.revisions.get(item.id, "")
    if item.kind != "image":
        return ""
    if why := needs.images.get(item.id, ""):
        return why
    for tag in item.tags:
        if match := _RELEASE_TAG.fullmatch(tag):
            return f"a release of {match['environment']} (by its tag)"
    if needs.unknown:
        return f"{' and '.join(needs.unknown)} could not be asked"
    return ""


def _among_newest(item: Item, rank: int, rules: Rules) -> str:
    if item.kind == "workspace":
        return ""
    keep = max(rules.keep, LEAST_VERSIONS) if item.kind == "state version" else rules.keep
    return f"among the newest {keep}" if rank < keep else ""


def going(items: Iterable[Item]) -> list[Item]:
    """Those that go."""
    return [item for item in items if not item.stays]


def kept(items: Iterable[Item]) -> list[str]:
    """Why the rest stays, a line for each kind: counted, as there may be many."""
    reasons: defaultdict[Kind, Counter[str]] = defaultdict(Counter)
    for item in items:
        if item.stays:
            reasons[item.kind][_short(item.stays)] += 1
    return [
        f"{sum(counts.values())} {kind}s stay: "
        + ", ".join(f"{number} {why}" for why, number in counts.most_common())
        for kind, counts in reasons.items()
    ]


def _short(why: str) -> str:
    """A reason without what differs from one release to the next."""
    return re.sub(r"release \S+ of", "for releases of", why)
