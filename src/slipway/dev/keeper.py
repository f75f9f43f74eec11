"""Keeps one service running: what comes before it, its program, and again when files change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from slipway.dev.plan import DevService, prepares, replans
from slipway.dev.stream import Stream
from slipway.dev.variables import HOST
from slipway.errors import Interrupted, SlipwayError
from slipway.process import Process
from slipway.runner import Spawner

STOP = 5.0
"""Seconds from TERM to KILL; servers here have no requests to wait for."""

WAITS = 30.0
"""Seconds to wait for a service that is needed; then it is tried without."""

LOOK = 0.1
"""Seconds between two looks at a program, until it answers and after."""


@dataclass(kw_only=True)
class Keeper:
    """One service; `run` is for a thread of its own, all else for others.

    `settled` once it answered, or has failed to. `plan_again` makes the service anew of its files.
    `on_end` is called whenever its program has ended by itself, or could not begin; with `code`.
    """

    service: DevService
    stream: Stream
    runner: Spawner
    plan_again: Callable[[str], DevService]
    needed: Mapping[str, Keeper] = field(default_factory=dict)
    process: Process | None = None
    settled: threading.Event = field(default_factory=threading.Event)
    on_end: Callable[[], None] = lambda: None
    ended: bool = False
    code: int = 0
    _wake: threading.Event = field(default_factory=threading.Event)
    _stopping: bool = False
    _changed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return self.service.name

    def change(self, paths: Collection[str]) -> None:
        """Start again: these files, by their paths in the service's folder, are others now."""
        with self._lock:
            self._changed |= set(paths)
            self._wake.set()

    def stop(self) -> None:
        """End the program, and then `run`."""
        self._stopping = True
        self._wake.set()
        self.settled.set()

    def run(self) -> None:
        """Keep the service running until `stop`."""
        try:
            self._await_needed()
            prepared = self._prepare()
            while not self._stopping:
                if prepared:
                    self._serve()
                self.settled.set()
                prepared = self._begin_again(prepared)
        except Interrupted:
            # The runner starts nothing any more: we are about to be stopped.
            return

    def _await_needed(self) -> None:
        deadline = time.monotonic() + WAITS
        for other in self.needed.values():
            if not other.settled.wait(max(0.0, deadline - time.monotonic())):
                self.stream.say(self.name, f"{other.name} does not answer yet; going on without it")

    def _begin_again(self, prepared: bool) -> bool:
        """Wait for a change, and take it in; whether the program can be started."""
        self._wake.wait()
        with self._lock:
            changed, self._changed = self._changed, set()
            if not self._stopping:
                self._wake.clear()
        if self._stopping:
            return False
        if replans(changed) and not self._replanned():
            with self._lock:
                self._changed |= changed  # still to be taken in, with the next change
            return False
        self.stream.say(self.name, f"{_named(changed)} changed: starting again")
        return prepared if prepared and not prepares(changed) else self._prepare()

    def _replanned(self) -> bool:
        try:
            service = self.plan_again(self.name)
        except SlipwayError as error:
            self.stream.say(self.name, f"not started: {error}")
            return False
        if (service.needs, service.data) != (self.service.needs, self.service.data):
            self.stream.say(self.name, "it needs others than before: start invoke dev again")
        self.service = service
        return True

    def _prepare(self) -> bool:
        """Run what comes before the program; whether all of it went well."""
        for command in self.service.before:
            if self._stopping:
                return False
            ended = self.runner.run(command, check=False, on_line=self._take_line)
            if ended.code != 0:
                self.stream.say(
                    self.name,
                    f"not started: {command} ended with code {ended.code}; "
                    "it is tried again when a file changes",
                )
                self._end(ended.code)
                return False
        return True

    def _end(self, code: int) -> None:
        # What a signal ended has the code that shells report.
        self.ended, self.code = True, code if code >= 0 else 128 - code
        self.on_end()

    def _take_line(self, line: str) -> None:
        self.stream.of(self.name)(f"{line}\n")

    def _serve(self) -> None:
        """Run the program until it ends, or has to."""
        began = time.monotonic()
        process = self.process = self.runner.spawn(
            self.service.program, on_chunk=self.stream.of(self.name)
        )
        try:
            settled = False
            while not self._wake.wait(LOOK):
                code = process.poll()
                if code is not None:
                    self.stream.end(self.name)
                    self.stream.say(self.name, f"ended with code {code}; starts again on a change")
                    self._end(code)
                    return
                port = self.service.port
                if port and not settled and answers(port, self.service.health):
                    settled = True
                    took = time.monotonic() - began
                    self.stream.say(self.name, f"answers at {self.service.url} ({took:.1f} s)")
                    self.settled.set()
        finally:
            self.process = None
            process.stop(STOP)
            self.stream.end(self.name)


def answers(port: int, path: str) -> bool:
    """Whether a server of this machine answers 200 within a second; no proxy is asked."""
    connection = HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _named(paths: Collection[str]) -> str:
    """One of the paths, and how many more there are."""
    first, *more = sorted(paths)
    return f"{first} and {len(more)} more" if more else first
