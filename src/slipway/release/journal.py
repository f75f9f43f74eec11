"""`--log-json`: a JSON line for each thing that happens, as it happens."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from slipway.errors import UsageError

if TYPE_CHECKING:
    from slipway.console import Console

STDOUT = "-"
"""Where lines go instead of a file, as elsewhere."""


@dataclass
class Journal:
    """Writes lines to a stream, each at once and whole, from any thread."""

    stream: TextIO
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: str, **values: object) -> None:
        """Note an event with the time (ISO 8601 UTC, milliseconds) and what is known of it."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "event": event, **values}, default=str, ensure_ascii=False)
        with self._lock:
            self.stream.write(f"{line}\n")
            self.stream.flush()


def demand_one_stdout(task: str, *, as_json: bool, log_json: str | None) -> None:
    """Raise `UsageError` where two would write to stdout."""
    if as_json and log_json == STDOUT:
        raise UsageError(
            f"{task}: --json and --log-json=- would both write to stdout",
            next_step="give one of them up, or a file to --log-json",
        )


@contextmanager
def kept(console: Console, place: str | None) -> Iterator[None]:
    """Let the console write what happens to `place` as well: a file, or `STDOUT`.

    Raises `UsageError` where the file can't be written.
    """
    if not place:
        yield
    elif place == STDOUT:
        console.journal = Journal(sys.stdout)
        yield
    else:
        with _opened(Path(place)) as stream:
            console.journal = Journal(stream)
            yield


def _opened(file: Path) -> TextIO:
    try:
        return file.open("w", encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or "not to be written").lower()
        raise UsageError(
            f"{file}: {reason}", next_step="name another file: --log-json=FILE"
        ) from error
