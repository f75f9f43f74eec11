"""Save state while running, so that `kill -9` loses a few seconds and no more."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger("embedded.saver")

INTERVAL = 2.0
"""Seconds between two looks at whether something was changed."""


class Saver:
    """Writes each service's state to a file when it differs from what the file holds.

    `states` names a function per file that returns the state, or None for nothing to save;
    `encode` makes the JSON text of one.
    """

    def __init__(
        self,
        folder: Path,
        states: Callable[[], Mapping[str, Callable[[], Any]]],
        encode: Callable[[str, Any], str],
    ) -> None:
        self._folder = folder
        self._states = states
        self._encode = encode
        self._written: dict[str, str] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._loop, daemon=True, name="embedded-saver")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Save once more, and no more after that."""
        self._stop.set()
        self._thread.join(timeout=30)
        self.save()

    def save(self) -> None:
        """Write what differs; a service that can't be read now is left for the next time."""
        with self._lock:
            for name, state in self._states().items():
                try:
                    self._save_one(name, state())
                except Exception as error:
                    # Its dictionaries changed while they were copied: normal under load.
                    log.debug("state of %s not saved now: %s", name, error)

    def _save_one(self, name: str, state: Any) -> None:
        if state is None:
            return
        text = self._encode(name, state)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if self._written.get(name) == digest:
            return
        replace(self._folder / f"{name}.json", text)
        self._written[name] = digest

    def _loop(self) -> None:
        while not self._stop.wait(INTERVAL):
            self.save()


def replace(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader, or a crash, sees the old or the new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def encoder() -> Callable[[str, Any], str]:
    """MiniStack's own file format, so that its loader reads what we save."""
    from ministack.core import persistence

    def encode(name: str, state: Any) -> str:
        wrapped = {
            "__ministack_format__": persistence._state_format_version(name),
            "payload": state,
        }
        return json.dumps(wrapped, default=persistence._json_default)

    return encode
