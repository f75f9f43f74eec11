"""Asking the service itself, through its load balancer, whether it serves what we released."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from slipway import signals

IN_A_ROW = 3
"""Right answers in a row that count as served; fewer could be one good task among bad ones."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer; status 0 where there was none. `version` is what the service says it is."""

    status: int
    version: str
    text: str

    def problem(self, wanted: str) -> str:
        """What is wrong with it, or ""; a service that tells no version is taken at its status."""
        if self.status != 200:
            return self.text if self.status == 0 else f"{self.status} {self.text[:200]}".strip()
        if self.version not in ("", wanted):
            return f"it serves version {self.version} instead of {wanted}"
        return ""


Ask = Callable[[str], Answer]


def ask(url: str, *, timeout: float = 5) -> Answer:
    """GET `url`; every failure of the way there is an answer too."""
    try:
        with urlopen(url, timeout=timeout) as response:  # noqa: S310  # our own load balancer
            return _read(response.status, response.read())
    except HTTPError as error:
        return _read(error.code, error.read())
    except (URLError, HTTPException, OSError) as error:
        return Answer(status=0, version="", text=f"no answer: {getattr(error, 'reason', error)}")


def verify(
    url: str,
    version: str,
    *,
    patience: float = 60,
    get: Ask = ask,
    pause: Callable[[float], None] = signals.sleep,
) -> str:
    """What is wrong, or "" once `url` has answered `IN_A_ROW` times with `version`.

    Asks again for up to `patience` seconds after a wrong answer.
    """
    deadline = time.monotonic() + patience
    right, problem = 0, ""
    while right < IN_A_ROW:
        problem = get(url).problem(version)
        right = 0 if problem else right + 1
        if problem:
            if time.monotonic() > deadline:
                return problem
            pause(1)
    return ""


def _read(status: int, body: bytes) -> Answer:
    text = body.decode(errors="replace")
    try:
        version = str(json.loads(text).get("version", ""))
    except (ValueError, AttributeError):
        version = ""
    return Answer(status=status, version=version, text=text)
