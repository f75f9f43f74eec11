"""The command that runs the embedded AWS in a container, and what has to be there before it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from embedded_aws.contained import names
from slipway.command import Command, command
from slipway.config import Local
from slipway.console import Console
from slipway.contained import image
from slipway.contained.mode import in_virtual_machine
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.tools import DockerCli, docker_cli

SOCKET = "/var/run/docker.sock"
"""Of the engine, as containers see it and as virtual machines have it."""

OWNER_LABEL = "slipway.embedded"
"""On networks, volumes and the container: the name of the instance."""

PASSED_ON = "EMBEDDED_AWS_"
"""What variables of the shell begin with that are for the embedded AWS."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """What differs between two containers with an embedded AWS; `folder` is the host's."""

    image: str
    socket: str
    folder: Path
    checkout: Path
    port: int
    variables: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return names.instance(self.folder)


def prepare(
    checkout: Checkout, local: Local, folder: Path, runner: Runner, console: Console, host: str
) -> Command:
    """Make the image and the network that are missing; the command that runs the container.

    `host` is the engine's address, as DOCKER_HOST would have it.
    """
    cli = docker_cli(runner)
    socket = SOCKET if in_virtual_machine(runner) else _socket(host)
    container = Container(
        image=image.ensure(checkout, cli, runner, console),
        socket=socket,
        folder=folder,
        checkout=checkout.root.resolve(),
        port=local.port,
        variables=tuple(sorted(name for name in os.environ if name.startswith(PASSED_ON))),
    )
    for kind, name in needed(container):
        looked = command(cli.path, kind, "inspect", name, env=_env(cli, host))
        if runner.run(looked, check=False).code != 0:
            runner.run(create(cli, kind, name, container, host))
    return attached(cli, container, host)


def needed(container: Container) -> tuple[tuple[str, str], ...]:
    """The network by which ports are published, with no task on it, and the volume of the state."""
    return ("network", names.front(container.name)), ("volume", names.volume(container.name))


def create(cli: DockerCli, kind: str, name: str, container: Container, host: str) -> Command:
    """Make a network or volume, with the label by which `reset` finds it."""
    label = f"{OWNER_LABEL}={container.name}"
    argv = (kind, "create", "--label", label, name)
    return command(cli.path, *argv, env=_env(cli, host), mutates=True)


def attached(cli: DockerCli, container: Container, host: str) -> Command:
    """Run it in the foreground: it ends with the command, and its output is the command's."""
    inside, ports = names.inside(container.folder), names.published(container.port)
    published = (f"{container.port}:{container.port}", f"{_span(ports)}:{_span(ports)}")
    return command(
        *(cli.path, "run", "--rm", "--init", "--name", container.name),
        *("--label", f"{OWNER_LABEL}={container.name}"),
        *("--network", names.front(container.name)),
        *(word for ports in published for word in ("--publish", f"127.0.0.1:{ports}")),
        *("--volume", f"{names.volume(container.name)}:{inside}"),
        *("--volume", f"{container.socket}:{SOCKET}"),
        # MiniStack would look for a container of that name, and take the first of its networks.
        *("--env", "HOSTNAME="),
        *(word for name in container.variables for word in ("--env", name)),
        *("--log-opt", "max-size=5m"),
        *(container.image, "python", "-m", "embedded_aws", "serve"),
        *(f"--port={container.port}", f"--folder={inside}", f"--checkout={container.checkout}"),
        f"--contained={container.name}",
        env=_env(cli, host),
        mutates=True,
    )


def _span(ports: range) -> str:
    return f"{ports[0]}-{ports[-1]}"


def _socket(host: str) -> str:
    """The engine's socket on this machine."""
    scheme, _, path = host.partition("://")
    if host and scheme != "unix":
        raise ToolError(
            f"the embedded AWS can't run in a container of an engine elsewhere: {host}",
            next_step="choose this machine's engine: unset DOCKER_HOST DOCKER_CONTEXT",
        )
    return path or SOCKET


def _env(cli: DockerCli, host: str) -> dict[str, str | None]:
    return {**cli.env, **({"DOCKER_HOST": host} if host else {})}
