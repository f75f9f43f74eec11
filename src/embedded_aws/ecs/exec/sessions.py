"""Sessions that ExecuteCommand has given out: who knows the token may open each once."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LIFETIME = 60.0
"""Seconds within which a session has to be opened."""

PATH = "/v1/data-channel/"


@dataclass(frozen=True)
class Session:
    """A command to run in a container, for whoever has the token."""

    container: str
    command: tuple[str, ...]
    id: str = field(default_factory=lambda: f"ecs-execute-command-{secrets.token_hex(16)}")
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96), repr=False)
    made: float = field(default_factory=time.monotonic)


class Sessions:
    """Those that nobody has opened yet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, Session] = {}
        self._lock = threading.Lock()

    def add(self, session: Session) -> None:
        with self._lock:
            edge = self._clock() - LIFETIME
            kept = {key: one for key, one in self._waiting.items() if one.made > edge}
            self._waiting = {**kept, session.id: session}

    def open(self, identifier: str, token: str) -> Session | None:
        """The session, once, for the right token within its lifetime."""
        with self._lock:
            session = self._waiting.get(identifier)
            if session is None or not _same(session.token, token):
                return None
            del self._waiting[identifier]
        return session if self._clock() - session.made < LIFETIME else None


def _same(wanted: str, token: str) -> bool:
    return hmac.compare_digest(wanted.encode(), token.encode())
