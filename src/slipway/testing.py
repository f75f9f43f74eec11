"""Typed fakes of the engine's seams, for our tests and for yours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from slipway.command import Command
from slipway.engine import HealthAnswer
from slipway.images.local import LocalImage
from slipway.images.plan import Ask
from slipway.runner import OnLine, Result, failure

Answer = Callable[[Command], "Result | str | None"]


@dataclass
class FakeRunner:
    """Records commands and answers them from a table, first match first.

    `answers` maps a prefix of the argv, as words, to what is printed on stdout, to a `Result`, or
    to a function of the command. A command that nothing matches ends the test.
    """

    answers: list[tuple[str, str | Result | Answer]] = field(default_factory=list)
    ran: list[Command] = field(default_factory=list)
    started: list[Command] = field(default_factory=list)

    def on(self, prefix: str, answer: str | Result | Answer = "") -> Self:
        """Answer commands that begin with the words of `prefix`; returns itself."""
        self.answers.append((prefix, answer))
        return self

    def run(self, command: Command, *, check: bool = True, on_line: OnLine | None = None) -> Result:
        self.ran.append(command)
        result = self._answer(command)
        for line in result.output.splitlines() if on_line else ():
            assert on_line
            on_line(line)
        if check and result.code != 0:
            raise failure(command, result.code, result.output)
        return result

    def start(self, command: Command, *, log: Path) -> int:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        self.started.append(command)
        return 4242

    def attach(self, command: Command) -> int:
        return self.run(command, check=False).code

    @property
    def shown(self) -> list[str]:
        """The commands that ran, as a user would read them."""
        return [str(command) for command in self.ran]

    def _answer(self, command: Command) -> Result:
        for prefix, answer in self.answers:
            words = tuple(prefix.split())
            if command.argv[: len(words)] == words:
                given = answer(command) if callable(answer) else answer
                return given if isinstance(given, Result) else printed(given or "")
        raise AssertionError(f"no answer prepared for: {command}")


def printed(stdout: str, *, code: int = 0, stderr: str = "") -> Result:
    """A `Result` as if a program had printed `stdout` and `stderr`."""
    return Result(code=code, stdout=stdout, output=stdout + stderr)


@dataclass
class FakeEngine:
    """A Docker engine that has `images` and lets every trial start end with `answer`.

    `contents` are the files of every image.
    """

    images: dict[str, LocalImage] = field(default_factory=dict)
    answer: HealthAnswer = field(default_factory=lambda: HealthAnswer(ok=True, seconds=0.1))
    host: str = ""
    asked: list[tuple[str, Ask]] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)

    def ping(self) -> None:
        return

    def image(self, reference: str) -> LocalImage | None:
        return self.images.get(reference)

    def ask_health(self, image: str, ask: Ask, *, service: str) -> HealthAnswer:  # noqa: ARG002
        self.asked.append((image, ask))
        return self.answer

    def files(self, image: str, wanted: Callable[[str], bool], *, service: str) -> dict[str, bytes]:  # noqa: ARG002
        return {path: content for path, content in self.contents.items() if wanted(path)}

    def interrupt(self) -> None:
        return


def an_image(identity: str = "sha256:1", *, user: str = "10001", size: int = 0) -> LocalImage:
    """An image as a healthy build leaves it."""
    return LocalImage(
        id=identity,
        digest=identity,
        size=size,
        architecture="amd64",
        user=user,
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )
