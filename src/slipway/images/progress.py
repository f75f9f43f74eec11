"""BuildKit's plain progress, shortened to what a person wants to follow; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LINE = re.compile(r"#(?P<id>\d+) (?P<text>.*)")
_STEP = re.compile(r"\[(?P<name>(?:[\w.-]+ +)?\d+/\d+)\] (?P<what>.*)")
_DONE = re.compile(r"DONE (?P<seconds>[\d.]+)s")
_OUTPUT = re.compile(r"[\d.]+ (?P<said>.*)")
_FLAGS = re.compile(r"--(mount|network|security)=\S+ +")
_TESTS = re.compile(r"\b\d+ (passed|failed)\b")

WIDTH = 72
WORTH_TELLING = 0.5
"""Seconds: shorter steps are not shown, unless they printed something."""


@dataclass
class Progress:
    """Feed it lines of `--progress=plain`; it answers with the line to show, or None."""

    _names: dict[str, str] = field(default_factory=dict)
    _shown: set[str] = field(default_factory=set)
    cached: int = 0

    def feed(self, line: str) -> str | None:
        found = _LINE.fullmatch(line.rstrip())
        if not found:
            return None
        number, text = found["id"], found["text"]
        step = _STEP.fullmatch(text)
        if step:
            self._names[number] = _name(step)
            return None
        return self._event(number, text) if number in self._names else None

    def _event(self, number: str, text: str) -> str | None:
        name = self._names[number]
        if text == "CACHED":
            self.cached += 1
            return None
        if done := _DONE.fullmatch(text):
            return self._done(number, name, float(done["seconds"]))
        if output := _OUTPUT.fullmatch(text):
            return self._output(number, name, output["said"])
        return None

    def _done(self, number: str, name: str, seconds: float) -> str | None:
        if number in self._shown:
            return f"{name.partition(': ')[0]}: {seconds:.1f} s"
        return f"{name}  {seconds:.1f} s" if seconds >= WORTH_TELLING else None

    def _output(self, number: str, name: str, said: str) -> str | None:
        if _TESTS.search(said):
            self._shown.add(number)
            return f"{name.partition(': ')[0]}: {said.strip('= ')}"
        if number in self._shown:
            return None
        self._shown.add(number)
        return name


def _name(step: re.Match[str]) -> str:
    # Mounts and what a RUN does first (finding a CA bundle) say little; its last command does.
    verb, _, rest = _FLAGS.sub("", step["what"]).partition(" ")
    name = f"{step['name']}: {verb} {rest.rpartition('&&')[2].strip()}"
    return name if len(name) <= WIDTH else name[: WIDTH - 1] + "…"
