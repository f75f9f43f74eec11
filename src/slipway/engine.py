"""The Docker engine: images that it has, and trial starts. The only import of the Docker SDK."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from slipway.errors import Interrupted, ToolError
from slipway.images import question, unpack
from slipway.images.local import LocalImage, local_image

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

    from slipway.images.plan import Ask

LABEL = "slipway.trial"
"""Label of every container of a trial start; its value is the name of the service."""

LOG_LINES = 30
LEFT_OVER_AFTER = 900
"""Seconds after which a trial's container can only be the leftover of a killed process."""

_SLICE = 2.0
"""Seconds of one round of questions; an interrupt is noticed at its end."""


@dataclass(frozen=True, kw_only=True)
class HealthAnswer:
    """What came of a trial start; `reason` and `log` tell why it is not `ok`. `seconds` to know."""

    ok: bool
    seconds: float
    reason: str = ""
    exit_code: int | None = None
    log: str = ""


class Engine(Protocol):
    """What Slipway needs of a Docker engine beyond its command line."""

    @property
    def host(self) -> str:
        """Address of the engine, for command lines that don't know the user's contexts."""
        ...

    def ping(self) -> None:
        """Raise `ToolError` with the way out unless the engine answers."""
        ...

    def image(self, reference: str) -> LocalImage | None:
        """The image of that name, digest or id; None where the engine does not have it."""
        ...

    def ask_health(self, image: str, ask: Ask, *, service: str) -> HealthAnswer:
        """Start `image` as a task would run and ask it until it answers 200.

        Leaves no container behind.
        """
        ...

    def files(self, image: str, wanted: Callable[[str], bool], *, service: str) -> dict[str, bytes]:
        """The files of `image` whose path, without a leading slash, is `wanted`.

        Nothing of the image is run. Leaves no container behind.
        """
        ...

    def interrupt(self) -> None:
        """End trial starts of other threads, which then raise `Interrupted`."""
        ...


@dataclass
class DockerEngine:
    """The engine that `docker` itself would use: DOCKER_HOST, else the current context."""

    _stop: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def host(self) -> str:
        from docker.context import ContextAPI

        context = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT"))
        return os.environ.get("DOCKER_HOST") or (context.Host if context else "") or ""

    def ping(self) -> None:
        with _reported():
            self._client.ping()

    def image(self, reference: str) -> LocalImage | None:
        from docker.errors import ImageNotFound

        with _reported():
            try:
                found = self._client.images.get(reference).attrs
            except ImageNotFound:
                return None
        return local_image(reference, found)

    def ask_health(self, image: str, ask: Ask, *, service: str) -> HealthAnswer:
        began = time.monotonic()
        with _reported(), self._trial(image, ask, service) as container:
            refused = _start(container)
            if refused:
                return HealthAnswer(ok=False, seconds=time.monotonic() - began, reason=refused)
            return self._ask(container, ask, began)

    def files(self, image: str, wanted: Callable[[str], bool], *, service: str) -> dict[str, bytes]:
        with _reported(), self._created(image, service) as container:
            return unpack.files(self._exported(container), wanted)

    def _exported(self, container: Container) -> Iterator[bytes]:
        for piece in container.export(chunk_size=unpack.CHUNK):
            if self._stop.is_set():
                raise Interrupted("interrupted: reading the files of an image")
            assert isinstance(piece, bytes)  # the stubs say str
            yield piece

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        """Close its connections; only needed where many engines are made."""
        self._client.close()

    @cached_property
    def _client(self) -> DockerClient:
        import docker

        with _reported():
            return docker.from_env()

    @contextmanager
    def _trial(self, image: str, ask: Ask, service: str) -> Iterator[Container]:
        """A container with no more rights than a task has, removed whatever happens."""
        rights = {
            "command": list(ask.command) or None,
            "environment": dict(ask.env),
            "read_only": True,
            "tmpfs": {"/tmp": "mode=1777"},  # noqa: S108
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": f"{ask.memory}m",
            "memswap_limit": f"{ask.memory}m",
        }
        with self._created(image, service, **rights) as container:
            yield container

    @contextmanager
    def _created(self, image: str, service: str, **options: Any) -> Iterator[Container]:
        """A container that nobody has started yet, removed whatever happens."""
        from docker.errors import NotFound

        self._remove_leftovers()
        # Chosen here and not by the engine: an interrupt may come before its answer does.
        name = f"slipway-trial-{service}-{secrets.token_hex(4)}"
        try:
            yield self._client.containers.create(
                image, name=name, labels={LABEL: service}, **options
            )
        finally:
            with suppress(NotFound):
                self._client.api.remove_container(name, force=True, v=True)

    def _ask(self, container: Container, ask: Ask, began: float) -> HealthAnswer:
        said = ""
        while not self._stop.is_set():
            left = ask.timeout - (time.monotonic() - began)
            container.reload()
            if container.status != "running":
                return _gone(container, ask, began)
            if left <= 0:
                return _silent(container, began, f"{said} after {ask.timeout} s")
            if ask.command:
                said = "it still runs"
                time.sleep(0.1)
                continue
            said = _question(container, ask, min(_SLICE, left))
            if said == question.FINE:
                return HealthAnswer(ok=True, seconds=time.monotonic() - began)
        raise Interrupted("interrupted: the trial start of an image")

    def _remove_leftovers(self) -> None:
        """End trials of processes that were killed; nobody else would."""
        from docker.errors import APIError

        old = time.time() - LEFT_OVER_AFTER
        for container in self._client.containers.list(
            all=True, sparse=True, ignore_removed=True, filters={"label": LABEL}
        ):
            if container.attrs["Created"] < old:
                with suppress(APIError):
                    container.remove(force=True, v=True)


def _question(container: Container, ask: Ask, seconds: float) -> str:
    """What the service says to `slipway.images.question`, asked for up to `seconds`."""
    from docker.errors import APIError

    script = Path(question.__file__).read_text(encoding="utf-8")
    argv = ["python3", "-I", "-c", script, str(ask.port), ask.path, str(seconds)]
    try:
        answer = container.exec_run(argv)
    except APIError as error:
        # Most likely it ended between two questions; the caller looks at that next.
        time.sleep(0.1)
        return str(error.explanation)
    assert isinstance(answer.output, bytes)  # a stream only where one is asked for
    lines = answer.output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else question.SILENT


def _start(container: Container) -> str:
    """Start it; why the engine could not, or ""."""
    from docker.errors import APIError

    try:
        container.start()
    except APIError as error:
        return str(error.explanation).strip()
    return ""


def _gone(container: Container, ask: Ask, began: float) -> HealthAnswer:
    state = container.attrs["State"]
    code = state["ExitCode"]
    if ask.command and code == 0:
        return HealthAnswer(ok=True, seconds=time.monotonic() - began)
    reason = "out of memory" if state.get("OOMKilled") else f"it ended with code {code}"
    return HealthAnswer(
        ok=False,
        seconds=time.monotonic() - began,
        reason=state.get("Error") or reason,
        exit_code=code,
        log=_log(container),
    )


def _silent(container: Container, began: float, reason: str) -> HealthAnswer:
    seconds = time.monotonic() - began
    return HealthAnswer(ok=False, seconds=seconds, reason=reason, log=_log(container))


def _log(container: Container) -> str:
    text = container.logs(tail=LOG_LINES)
    assert isinstance(text, bytes)  # a stream only where one is asked for
    return text.decode(errors="replace").strip()


@contextmanager
def _reported() -> Iterator[None]:
    """Turn what the SDK raises into one message with the way out."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise ToolError(f"the Docker engine refused: {error.explanation}") from error
    except (DockerException, RequestException) as error:
        raise ToolError(
            f"the Docker engine does not answer: {_innermost(error)}",
            next_step="uv run invoke setup",
        ) from error


def _innermost(error: BaseException) -> str:
    """The operating system's own words, below the layers of three libraries."""
    seen: BaseException | None = error
    while seen:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return str(error)
