"""Faults between botocore and AWS: throttling, 5xx, lost and slow answers, with a seed.

A handler of botocore's `before-send`. It counts what really reached AWS and was done, so that a
test counts there and not at the client.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

Send = Callable[[str, AWSPreparedRequest], AWSResponse | None]
Choose = Callable[[str], str]

FATES = (
    "throttled",  # refused, as each service spells it
    "broken",  # 500, and nothing was done
    "broken after",  # 500, though it was done
    "lost",  # done, and the answer never came
    "cut",  # done, and the connection was closed before the answer
    "unreached",  # no connection
    "connecting",  # no connection in time
    "slow",
)
REFUSALS = ("denied", "expired")
"""Fates of somebody without the permission, or whose session is over: final, and no fault."""
NOT_DONE = frozenset({"throttled", "denied", "expired", "broken", "unreached", "connecting"})

THROTTLES = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "s3": "SlowDown",
    "sts": "Throttling",
    "elastic-load-balancing-v2": "Throttling",
}
"""Of the other services it is ThrottlingException."""

TOKENS = frozenset({"ecs.RunTask"})
"""Operations that AWS does once by their client token; the embedded AWS by the call's id."""


@dataclass
class Faults:
    """Gives each request the fate that `choose` says for its `service.Operation`.

    `send` does a request; `done` counts those that AWS did, `met` the fates by operation.
    """

    choose: Choose
    send: Send
    log: Path | None = None
    slowness: float = 0.5
    done: Counter[str] = field(default_factory=Counter)
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(
        self, request: AWSPreparedRequest, event_name: str, **_: Any
    ) -> AWSResponse | None:
        operation = event_name.removeprefix("before-send.")
        if operation not in TOKENS:
            # AWS knows no call that is sent again; the embedded AWS would, by this.
            del request.headers["amz-sdk-invocation-id"]
        fate = self.choose(operation)
        answer = None if fate in NOT_DONE else self._done(event_name, operation, request, fate)
        self._note(operation, fate)
        return self._end(fate, operation, request, answer)

    def _done(
        self, event_name: str, operation: str, request: AWSPreparedRequest, fate: str
    ) -> AWSResponse | None:
        if fate == "slow":
            time.sleep(self.slowness)
        answer = self.send(event_name, request)
        if answer is None or answer.status_code < 300:
            with self._lock:
                self.done[operation] += 1
        return answer

    def _end(
        self, fate: str, operation: str, request: AWSPreparedRequest, answer: AWSResponse | None
    ) -> AWSResponse | None:
        url = request.url
        match fate:
            case "throttled":
                code = THROTTLES.get(operation.partition(".")[0], "ThrottlingException")
                return refused(request, 503 if code == "SlowDown" else 400, code)
            case "denied":
                return refused(request, 400, "AccessDeniedException")
            case "expired":
                return refused(request, 400, "ExpiredTokenException")
            case "broken" | "broken after":
                return refused(request, 500, "InternalServerError")
            case "lost":
                raise ReadTimeoutError(endpoint_url=url, error="a test")
            case "cut":
                raise ConnectionClosedError(endpoint_url=url, error="a test")
            case "unreached":
                raise EndpointConnectionError(endpoint_url=url, error="a test")
            case "connecting":
                raise ConnectTimeoutError(endpoint_url=url, error="a test")
        return answer

    def _note(self, operation: str, fate: str) -> None:
        with self._lock:
            self.met[operation, fate] += 1
            if self.log:
                line = json.dumps({"operation": operation, "fate": fate, "done": dict(self.done)})
                with self.log.open("a") as file:
                    file.write(f"{line}\n")


def mostly(seed: int, shares: Mapping[str, float], always: Mapping[str, list[str]]) -> Choose:
    """Fates by chance, in percent; `always` are those of an operation's first requests."""
    chance = random.Random(seed)
    first = {operation: iter(fates) for operation, fates in always.items()}

    def choose(operation: str) -> str:
        if fate := next(first.get(operation, iter(())), ""):
            return fate
        number = chance.uniform(0, 100)
        for fate, share in shares.items():
            number -= share
            if number < 0:
                return fate
        return "fine"

    return choose


def scripted(**fates: list[str]) -> Choose:
    """The fates of each operation's requests in their order, by its name; then all is fine."""
    left = {operation: iter(some) for operation, some in fates.items()}
    return lambda operation: next(left.get(operation.partition(".")[2], iter(())), "fine")


def refused(request: AWSPreparedRequest, status: int, code: str) -> AWSResponse:
    """An error in the words of the service's protocol."""
    kind = str(request.headers.get("Content-Type", ""))
    if "json" in kind:
        body, kind = json.dumps({"__type": code, "message": "a test"}), "application/x-amz-json-1.1"
    elif "form" in kind:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>a test</Message></Error>"
        body, kind = f"<ErrorResponse>{error}</ErrorResponse>", "text/xml"
    else:
        body = f"<Error><Code>{code}</Code><Message>a test</Message></Error>"
        kind = "application/xml"
    return answered(request, status, body.encode(), kind)


def answered(request: AWSPreparedRequest, status: int, body: bytes, kind: str) -> AWSResponse:
    """An answer as botocore takes it."""
    headers = {"Content-Type": kind, "Content-Length": str(len(body))}
    return AWSResponse(request.url, status, HeadersDict(headers), Raw(body))  # type: ignore[arg-type]


class Raw(BytesIO):
    """A body as urllib3 would stream it."""

    def stream(self, amount: int = 65536, **_: Any) -> Iterator[bytes]:
        while part := self.read(amount):
            yield part


def over_http() -> Send:
    """Sends for real."""
    from botocore.httpsession import URLLib3Session

    session = URLLib3Session(timeout=60)
    return lambda _, request: session.send(request)
