"""The one place that starts processes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from slipway.command import Command
from slipway.errors import CommandFailed, Interrupted, ToolError
from slipway.process import Attended, OnChunk, Process, kill
from slipway.signals import deferred, register

TYPED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""What keys of a terminal send."""

OnLine = Callable[[str], None]

TERMINATE_AFTER = 60.0
"""Seconds that a child gets to tidy up after INT; Terraform needs them to release its lock."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a command ended; `output` is stdout and stderr as they came."""

    code: int
    stdout: str
    output: str


class Runner(Protocol):
    """Runs commands. The only seam between the engine and other programs."""

    def run(self, command: Command, *, check: bool = True, on_line: OnLine | None = None) -> Result:
        """Run to the end and return what it printed.

        `on_line` gets each line of stdout and stderr as it comes. Raises `CommandFailed` on a code
        other than 0 unless `check` is off, and `ToolError` where the program does not exist.
        """
        ...

    def start(self, command: Command, *, log: Path) -> int:
        """Start a process of its own session that outlives us, output to `log`; its id."""
        ...

    def attach(self, command: Command) -> int:
        """Let a program have our terminal until it ends, its keys for signals too; its code."""
        ...


class Spawner(Runner, Protocol):
    """A runner that also starts children to be looked after."""

    def spawn(self, command: Command, *, on_chunk: OnChunk) -> Process:
        """Start a child and come back at once; no signal but `Process.stop` and a kill ends it.

        `on_chunk` gets what it prints, as it comes, from a thread of its own; and an empty text
        when nothing came for `process.QUIET` seconds. Raises `ToolError` as `run` does.
        """
        ...


@dataclass
class SubprocessRunner:
    """Runs commands as child processes, each in a session of its own.

    A Ctrl-C therefore reaches only this process, which hands each child one INT and time to tidy
    up, instead of the terminal ending everything at once. Where `signals.interruptible` is at work
    its thread calls `interrupt` and `kill` while others wait in `run`; a signal handler must not.
    """

    _children: set[subprocess.Popen[str]] = field(default_factory=set)
    _spawned: set[subprocess.Popen[str]] = field(default_factory=set)
    _interrupted: threading.Event = field(default_factory=threading.Event)
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        register(self.interrupt, self.kill)

    def run(self, command: Command, *, check: bool = True, on_line: OnLine | None = None) -> Result:
        with deferred(), self._child(command) as child:
            stdout, output = _pump(child, command, on_line)
            code = child.wait()
            if self._interrupted.is_set() and code != 0:
                raise Interrupted(f"interrupted: {command}")
        if check and code != 0:
            raise failure(command, code, output)
        return Result(code=code, stdout=stdout, output=output)

    def start(self, command: Command, *, log: Path) -> int:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            child = _popen(command, stdout=sink.fileno(), stderr=subprocess.STDOUT, stdin=False)
        # The child outlives us on purpose, so nobody will wait for it.
        child.returncode = 0
        return child.pid

    def spawn(self, command: Command, *, on_chunk: OnChunk) -> Process:
        with self._starting:
            if self._interrupted.is_set():
                raise Interrupted(f"not started: {command}")
            child = _popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=True)
            self._spawned.add(child)
        return Attended(child, on_chunk, self._spawned)

    def attach(self, command: Command) -> int:
        # A child inherits what is ignored, and takes notice of those that it wants to hear.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in TYPED}
        try:
            with deferred():
                env, cwd = _environment(command.env), command.cwd
                return subprocess.run(command.argv, env=env, cwd=cwd, check=False).returncode
        except OSError as error:
            raise ToolError(f"{command.argv[0]}: {error.strerror}") from error
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def interrupt(self) -> None:
        """Send INT to every child, and TERM to those still there `TERMINATE_AFTER` s later."""
        # One INT each: a child that starts meanwhile must not miss it, and two end Terraform hard.
        with self._starting:
            self._interrupted.set()
            self._signal(signal.SIGINT)
        timer = threading.Timer(TERMINATE_AFTER, self._signal, [signal.SIGTERM])
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        """End every child at once."""
        self._signal(signal.SIGKILL)
        for child in tuple(self._spawned):
            kill(child)

    def _signal(self, number: signal.Signals) -> None:
        for child in tuple(self._children):
            if child.poll() is None:
                os.killpg(child.pid, number)

    @contextmanager
    def _child(self, command: Command) -> Iterator[subprocess.Popen[str]]:
        feeds = command.stdin is not None
        with self._starting:
            if self._interrupted.is_set():
                raise Interrupted(f"not started: {command}")
            child = _popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=feeds)
            self._children.add(child)
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            for pipe in (child.stdout, child.stderr):
                if pipe:
                    pipe.close()
            self._children.discard(child)


@dataclass
class DryRunner:
    """Runs what only looks; records and shows what would change something."""

    inner: Runner
    show: OnLine = print
    skipped: list[Command] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True, on_line: OnLine | None = None) -> Result:
        if not command.mutates:
            return self.inner.run(command, check=check, on_line=on_line)
        self._skip(command)
        return Result(code=0, stdout="", output="")

    def start(self, command: Command, *, log: Path) -> int:  # noqa: ARG002
        self._skip(command)
        return 0

    def attach(self, command: Command) -> int:
        self._skip(command)
        return 0

    def _skip(self, command: Command) -> None:
        self.skipped.append(command)
        self.show(f"would run: {command}")


def failure(command: Command, code: int, output: str) -> CommandFailed:
    """The error for a command that ended with `code`, with the tail of what it said."""
    tail = "\n".join(command.mask(output).strip().splitlines()[-20:])
    return CommandFailed(f"{command} ended with code {code}\n{tail}", code=code, output=output)


def _environment(overlay: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**os.environ, **overlay}
    return {key: value for key, value in merged.items() if value is not None}


def _popen(command: Command, *, stdout: int, stderr: int, stdin: bool) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command.argv,
            env=_environment(command.env),
            cwd=command.cwd,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise ToolError(f"{command.argv[0]}: not found", next_step="uv run invoke setup") from error
    except OSError as error:
        raise ToolError(f"{command.argv[0]}: {error.strerror}") from error


def _pump(
    child: subprocess.Popen[str], command: Command, on_line: OnLine | None
) -> tuple[str, str]:
    """Read both pipes to their end without either filling up; (stdout, both)."""
    out: list[str] = []
    both: list[str] = []

    def read(pipe: Iterator[str], mine: list[str]) -> None:
        for line in pipe:
            mine.append(line)
            both.append(line)
            if on_line:
                on_line(command.mask(line.rstrip("\n")))

    assert child.stdout
    assert child.stderr
    stderr = threading.Thread(target=read, args=(child.stderr, []), daemon=True)
    stderr.start()
    if child.stdin:
        _feed(child, command.stdin or "")
    read(child.stdout, out)
    stderr.join()
    return "".join(out), "".join(both)


def _feed(child: subprocess.Popen[str], text: str) -> None:
    assert child.stdin
    try:
        with child.stdin as pipe:
            pipe.write(text)
    except BrokenPipeError:
        # The child ended without reading; its exit code tells the story.
        return
