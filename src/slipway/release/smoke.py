"""Smoke tests: requests of the manifest that a new version has to answer as declared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from slipway import signals
from slipway.config.check import toml

if TYPE_CHECKING:
    from slipway.config import Smoke

TRIES = 3
"""How often a request is made before its answer counts as wrong: one may meet a task that ends."""

MISSING = object()
"""What is found where an answer holds nothing."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP answer; status 0 where there was none, with the reason as its text."""

    status: int
    text: str = ""


Get = Callable[[str], Reply]


class _Stay(HTTPRedirectHandler):
    """Redirects are answers: a test may want one."""

    def redirect_request(
        self,
        req: Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Any,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> Request | None:
        return None


_opener: OpenerDirector = build_opener(_Stay)


def get(url: str, *, timeout: float = 10) -> Reply:
    """GET `url` without following redirects; every failure of the way there is a reply too."""
    try:
        with _opener.open(url, timeout=timeout) as response:
            return Reply(status=response.status, text=response.read().decode(errors="replace"))
    except HTTPError as error:
        with error:
            return Reply(status=error.code, text=error.read().decode(errors="replace"))
    except (URLError, HTTPException, OSError) as error:
        return Reply(status=0, text=str(getattr(error, "reason", error)))


def run(
    url: str,
    smokes: Sequence[Smoke],
    *,
    get: Get = get,
    pause: Callable[[float], None] = signals.sleep,
) -> tuple[str, ...]:
    """What is wrong with the answers below `url`, a line for each test; empty: all passed.

    `url` is the service's with its route. A wrong answer is asked for again, `TRIES` times in all.
    """
    return tuple(filter(None, (_tried(url, smoke, get, pause) for smoke in smokes)))


def _tried(url: str, smoke: Smoke, get: Get, pause: Callable[[float], None]) -> str:
    problem = ""
    for attempt in range(TRIES):
        if attempt:
            pause(1)
        problem = judge(smoke, get(url.rstrip("/") + smoke.path))
        if not problem:
            return ""
    return f"GET {smoke.path or '/'}: {problem}"


def judge(smoke: Smoke, reply: Reply) -> str:
    """What is wrong with `reply`, or ""; pure."""
    if reply.status == 0:
        return f"no answer: {reply.text}"
    if reply.status != smoke.status:
        return f"status {reply.status} instead of {smoke.status}{_excerpt(reply.text)}"
    if not smoke.json:
        return ""
    try:
        answer = json.loads(reply.text)
    except ValueError:
        return f"the answer is no JSON{_excerpt(reply.text)}"
    return "; ".join(differences(smoke.json, answer))


def differences(wanted: object, found: object, place: str = "") -> Iterator[str]:
    """Where `found` does not hold what is `wanted`; it may hold more. Places are dotted paths."""
    if found is MISSING:
        yield f"{place} is missing"
    elif isinstance(wanted, Mapping):
        for key, value in wanted.items():
            yield from differences(value, look_up(found, key), f"{place}.{key}".strip("."))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (value, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(value, other, f"{place}.{number}".strip("."))
    elif not _equal(wanted, found):
        yield f"{place} is {toml(found)} instead of {toml(wanted)}"


def look_up(found: object, key: str) -> object:
    """What `found` holds under `key`: a key as it is, or else a dotted path; `MISSING` if none."""
    if isinstance(found, Mapping) and key in found:
        return found[key]
    if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
        return found[int(key)]
    first, dot, rest = key.partition(".")
    return look_up(look_up(found, first), rest) if dot else MISSING


def _equal(wanted: object, found: object) -> bool:
    """1 and 1.0 are the same number in JSON; true is none."""
    return isinstance(wanted, bool) == isinstance(found, bool) and wanted == found


def _excerpt(text: str) -> str:
    """The beginning of an answer, on one line."""
    words = " ".join(text.split())
    return f" ({words[:120]})" if words else ""
