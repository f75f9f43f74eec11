"""Starts and ends the stores: by docker compose where there is one, else by the engine alone."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slipway import signals, tools
from slipway.command import Command, command
from slipway.dev import data
from slipway.dev.data import Store
from slipway.dev.variables import HOST, Ports
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Result, Runner, SubprocessRunner

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.engine import Engine

PATIENCE = 180.0
"""Seconds that a store gets to answer for the first time; 3 on a quiet machine."""

FILE = "compose.json"
NAMES = ("postgres", "redis")


@dataclass(frozen=True, kw_only=True)
class Cellar:
    """Where the stores of a checkout are."""

    checkout: Checkout
    docker: Path
    runner: Runner
    console: Console
    pause: Callable[[float], None] = signals.sleep

    @property
    def name(self) -> str:
        """The project's name in the engine."""
        return data.project(self.checkout.root)

    @property
    def file(self) -> Path:
        """The compose file."""
        return self.checkout.work / "dev" / FILE

    @property
    def containers(self) -> tuple[str, ...]:
        """The containers of all stores that there may be; their volumes have the same names."""
        return tuple(f"{self.name}-{name}" for name in NAMES)


def open_cellar(checkout: Checkout, runner: Runner, engine: Engine, console: Console) -> Cellar:
    """The way to the stores. Raises `ToolError` with the way out where the engine is not ready."""
    engine.ping()
    for image in data.IMAGES:
        if engine.image(image) is None:
            raise ToolError(f"the image {image} is missing", next_step=tools.SETUP)
    found = tools.executables("docker")
    if not found:
        raise ToolError("docker: not found", next_step=tools.SETUP)
    return Cellar(checkout=checkout, docker=found[0], runner=runner, console=console)


@contextmanager
def running(
    cellar: Cellar, ports: Ports, accounts: Sequence[str], *, fresh: bool
) -> Iterator[None]:
    """Have the stores that have a port run for the time of the block, with these accounts.

    What they hold stays, unless it is to begin `fresh`.
    """
    found = data.stores(cellar.name, ports, certificate())
    try:
        with cellar.console.step("data"):
            if fresh:
                cellar.runner.run(data.forget(cellar.docker, cellar.containers))
            start(cellar, found, tuple(accounts))
        yield
    finally:
        # The runner at work starts nothing any more once a signal came.
        with signals.deferred():
            clear(cellar, SubprocessRunner())


def clear(cellar: Cellar, runner: Runner) -> None:
    """Stop and remove the containers, also those of a run that was killed."""
    runner.run(data.stop(cellar.docker, cellar.containers), check=False)
    runner.run(data.remove(cellar.docker, cellar.containers), check=False)


def start(cellar: Cellar, found: Sequence[Store], accounts: tuple[str, ...]) -> None:
    """Start the stores, and have every account in the database."""
    for store in found:
        cellar.runner.run(data.make_volume(cellar.docker, store))
    for one in begin(cellar, found):
        cellar.runner.run(one)
    for store in found:
        answered(cellar, store, _question(cellar.docker, store, accounts))


def begin(cellar: Cellar, found: Sequence[Store]) -> list[Command]:
    """The commands that start them; writes the compose file where there is a compose."""
    asked = cellar.runner.run(command(cellar.docker, "compose", "version"), check=False)
    if asked.code != 0:
        return [data.run(cellar.docker, store) for store in found]
    cellar.file.parent.mkdir(parents=True, exist_ok=True)
    cellar.file.write_text(json.dumps(data.compose(cellar.name, found), indent=2))
    cellar.file.chmod(0o600)
    shown = cellar.checkout.shown(cellar.file)
    cellar.console.detail(f"by hand: docker compose --file {shown} ps")
    return [data.compose_up(cellar.docker, cellar.file)]


def answered(cellar: Cellar, store: Store, question: Command) -> None:
    """Wait until the store answers. Raises `ToolError` with what it said where it doesn't."""
    deadline = time.monotonic() + PATIENCE
    while (answer := cellar.runner.run(question, check=False)).code != 0:
        runs = cellar.runner.run(data.is_running(cellar.docker, store.container), check=False)
        if runs.stdout.strip() != "true" or time.monotonic() > deadline:
            raise _silent(cellar, store, answer)
        cellar.pause(0.2)
    if not reachable(store.port):
        raise ToolError(
            f"{store.container} runs, and {HOST}:{store.port} does not lead to it: is the Docker "
            "engine another machine's?",
            next_step="use an engine of this machine: see DOCKER_HOST and docker context ls",
        )


def reachable(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((HOST, port)) == 0


def is_free(port: int) -> bool:
    """Whether nothing listens there, on any address of this machine."""
    with socket.socket() as probe:
        # As servers do: else the last connections of one that ended would count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def certificate() -> tuple[str, str]:
    """A new certificate for this machine and its key, as PEM: clients ask for TLS."""
    from trustme import CA

    issued = CA().issue_cert("localhost", HOST)
    chain = "".join(blob.bytes().decode() for blob in issued.cert_chain_pems)
    return chain, issued.private_key_pem.bytes().decode()


def _question(docker: Path, store: Store, accounts: tuple[str, ...]) -> Command:
    if store.user == "postgres":
        return data.furnish(docker, store.container, accounts)
    return data.ping(docker, store.container)


def _silent(cellar: Cellar, store: Store, answer: Result) -> ToolError:
    said = cellar.runner.run(data.said(cellar.docker, store.container), check=False).output
    tail = said.strip() or answer.output.strip()
    return ToolError(
        f"{store.container} does not answer:\n{tail}",
        next_step="uv run invoke dev --fresh, where what it holds can't be read and may go",
    )
