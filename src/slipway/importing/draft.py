"""What becomes of a source: the service.toml so far, and a finding for each key that was read.

Rules take the values that they understand and say what becomes of them. What no rule has said
anything of is `unknown` in the end, so that nothing can be dropped by forgetting it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from slipway.importing.bounds import within
from slipway.importing.template import shown, unresolved
from slipway.scaffold.routes import Taken

Outcome = Literal["carried", "changed", "given", "left", "unknown"]
Place = tuple[str | int, ...]
Key = tuple[str, ...]

DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
EMPTY = "it is empty"
NOTHING: tuple[object, ...] = (None, "", {}, [])
UNKNOWN = "not known to the import: look whether the service needs it"


@dataclass(frozen=True, kw_only=True)
class Around:
    """What the checkout has: its environments, the routes that are taken, the services."""

    environments: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    services: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of the leaves of a source in `covers`, all of them at `place` or below."""

    file: str
    place: Place
    outcome: Outcome
    key: Key = ()
    why: str = ""
    covers: tuple[Place, ...] = ()


@dataclass(kw_only=True)
class Draft:
    """A service.toml under way. `todo` are things that no key of the source says.

    `variables` are what stands for the shell's, where a source refers to them; `aside` the
    variables in files that it names.
    """

    around: Around
    variables: Mapping[str, str] = field(default_factory=dict)
    aside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    todo: list[str] = field(default_factory=list)
    _seen: set[tuple[str, Place]] = field(default_factory=set)

    def set(self, key: Key, value: Any) -> None:
        """Give a key of the service.toml its value; one of `secrets` is added to the list."""
        if key[-2:-1] == ("secrets",):
            # A list of one environment replaces that of all.
            found = self.table(key[:-2]).setdefault("secrets", list(self.values.get("secrets", [])))
            if key[-1] not in found:
                found.append(key[-1])
        else:
            self.table(key[:-1])[key[-1]] = value

    def table(self, key: Key) -> dict[str, Any]:
        """The table of this key, made where it is missing."""
        here = self.values
        for part in key:
            here = here.setdefault(part, {})
        return here

    def get(self, key: Key) -> Any:
        """What is at a key, or None."""
        here: Any = self.values
        for part in key:
            here = here.get(part) if isinstance(here, dict) else None
        return here

    def note(self, node: Node, outcome: Outcome, key: Key = (), why: str = "") -> None:
        """Say what becomes of a node: of everything in it that nothing was said of before."""
        whole = leaves(node.value, node.place)
        covers = tuple(place for place in whole if (node.file, place) not in self._seen)
        if outcome == "left" and node.value in NOTHING:
            outcome, why = "given", EMPTY
        # A second finding of the same leaf is one about another environment.
        if not covers and outcome not in ("carried", "changed"):
            return
        self._seen |= {(node.file, place) for place in covers}
        self.findings.append(
            Finding(
                file=node.file,
                place=node.place,
                outcome=outcome,
                key=key,
                why=why,
                covers=covers,
            )
        )

    def amend(self, key: Key, outcome: Outcome, why: str) -> bool:
        """Say something else of what became this key; whether anything did."""
        about = [each for each in self.findings if each.key == key]
        for each in about:
            place = self.findings.index(each)
            becomes = () if outcome == "left" else key
            self.findings[place] = replace(each, outcome=outcome, why=why, key=becomes)
        return bool(about)

    def finish(self, *documents: Node) -> None:
        """Say of all that no rule took that it is not known."""
        for document in documents:
            for place in leaves(document.value):
                if (document.file, place) not in self._seen:
                    self._rest(document.below(place))

    def _rest(self, node: Node) -> None:
        if node.value in NOTHING:
            self.note(node, "given", why=EMPTY)
        elif isinstance(node.value, str) and unresolved(node.value):
            self.note(node, "left", why=f"{shown(node.value)} has no value here")
        else:
            self.note(node, "unknown", why=UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A value of a source by its place; `above` is the table of the draft that rules write to."""

    draft: Draft
    file: str
    value: Any
    place: Place = ()
    there: bool = True
    above: Key = ()

    def at(self, dotted: str) -> Node:
        """The value below by its dotted key, there or not."""
        return self.below(tuple(dotted.split(".")))

    def below(self, place: Place) -> Node:
        """The value below by its place, there or not."""
        here, there = self.value, self.there
        for part in place:
            there = there and (
                part in here
                if isinstance(here, dict)
                else isinstance(here, list) and known(here, part)
            )
            here = here[part] if there else None
        return self.other(value=here, place=(*self.place, *place), there=there)

    def other(self, **changed: Any) -> Node:
        """The same but for something."""
        return Node(**{**vars(self), **changed})

    def entries(self) -> Iterator[tuple[str, Node]]:
        """The values of a table by their keys; none where it is no table."""
        if self.there and isinstance(self.value, dict):
            yield from ((str(key), self.below((key,))) for key in self.value)

    def items(self) -> list[Node]:
        """The values of a list; none where it is no list."""
        count = len(self.value) if self.there and isinstance(self.value, list) else 0
        return [self.below((number,)) for number in range(count)]

    def text(self) -> str | None:
        """A text, or None; also where something in it has no value here."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if isinstance(self.value, str | int | float) and not unresolved(str(self.value)):
            return str(self.value)
        return None

    def number(self) -> int | None:
        """A whole number, or None."""
        text = self.text() or ""
        return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None

    def flag(self) -> bool | None:
        """True or false, or None."""
        return {"true": True, "false": False}.get((self.text() or "").lower())

    def seconds(self) -> int | None:
        """A duration as 1m30s, or a number of seconds, or None."""
        text = self.text() or ""
        found = DURATION.fullmatch(text)
        if not text or not found:
            return self.number()
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + seconds

    def words(self) -> list[str] | None:
        """A list of texts, or None."""
        found = [item.text() for item in self.items()]
        words = [word for word in found if word is not None]
        return words if words and len(words) == len(found) else None

    def carry(self, key: str | Key, value: Any, why: str = "") -> None:
        """Set a key of the service.toml to what this becomes; out of its bounds is changed."""
        where = tuple(key.split(".")) if isinstance(key, str) else key
        if not self.there or value is None:
            return
        allowed, reason = within(where, value)
        why = "; ".join(filter(None, (why, reason)))
        self.draft.set((*self.above, *where), allowed)
        self.draft.note(self, "changed" if why else "carried", (*self.above, *where), why)

    def given(self, why: str) -> None:
        """This needs no key: Slipway does it by itself."""
        if self.there:
            self.draft.note(self, "given", why=why)

    def leave(self, why: str) -> None:
        """This can't be carried over, or not by the import."""
        if self.there:
            self.draft.note(self, "left", why=why)


def known(items: list[Any], part: str | int) -> bool:
    """Whether a list has an item of this number."""
    return isinstance(part, int) and part < len(items)


def leaves(value: Any, above: Place = ()) -> Iterator[Place]:
    """The places of all values that hold no others."""
    if value and isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, (*above, key))
    elif value and isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*above, number))
    else:
        yield above


def written(place: Place) -> str:
    """A place as people write it: `http.path`, `containerDefinitions[0].name`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")
