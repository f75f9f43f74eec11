"""The containers of databases and caches, by name."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded_aws import engine
from embedded_aws.databases import network
from embedded_aws.errors import CannotRun

if TYPE_CHECKING:
    import ipaddress

    from docker import DockerClient
    from docker.models.containers import Container

VOLUME = "/var/lib/slipway"
"""Where every container sees the volume of its instance."""

CONFIG = "/slipway"
"""Where its own files are put before it starts."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A container to start; `files` go to `CONFIG` and belong to `user`."""

    name: str
    kind: str
    image: str
    user: str
    address: str
    command: Sequence[str]
    stop_signal: str = "SIGTERM"
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


class Servers:
    """All data containers of one instance."""

    def __init__(self, name: str, labels: Mapping[str, str]) -> None:
        self.name = name
        self._labels = labels
        self._client: DockerClient | None = None

    @property
    def client(self) -> DockerClient:
        """The engine; raises `CannotRun` where it does not answer."""
        if self._client is None:
            self._client = engine.connect()
        return self._client

    def subnet(self) -> ipaddress.IPv4Network:
        """The range of the instance's network, which is made where it isn't there."""
        return network.ensure(self.client, self.name)

    def start(self, server: Server) -> None:
        """Start a container in the place of the one with that name, if there is one."""
        from docker.errors import ImageNotFound

        self.remove(server.name)
        try:
            container = self._create(server)
        except ImageNotFound as error:
            raise CannotRun(f"image {server.image} is missing; run: uv run invoke setup") from error
        owner = _owner(container, server.user)
        container.put_archive("/", archive(server.files, owner))
        container.start()

    def put(self, name: str, user: str, files: Mapping[str, str]) -> None:
        """Replace files of a container."""
        container = self._find(name)
        if container is not None:
            container.put_archive("/", archive(files, _owner(container, user)))

    def remove(self, name: str, patience: int = 10) -> None:
        """Stop a container within so many seconds, and remove it."""
        from docker.errors import APIError

        container = self._find(name)
        if container is None:
            return
        try:
            container.stop(timeout=patience)
            container.remove(force=True)
        except APIError as error:
            # 404, 409: it is gone, or going, already.
            if error.status_code not in (404, 409):
                raise

    def is_running(self, name: str) -> bool:
        container = self._find(name)
        return container is not None and container.status in ("running", "created")

    def run(self, name: str, *argv: str, **environment: str) -> tuple[int, str]:
        """Run a command in a container as its user; its exit code and output."""
        container = self._find(name)
        if container is None or container.status != "running":
            return 1, "it does not run"
        answer: Any = container.exec_run(list(argv), environment=environment)
        return int(answer.exit_code), answer.output.decode(errors="replace")

    def run_beside(self, image: str, *argv: str) -> tuple[int, str]:
        """Run a command on the volume without a server, as root."""
        from docker.errors import ContainerError

        volumes = {self.name: {"bind": VOLUME, "mode": "rw"}}
        try:
            said = self.client.containers.run(
                image,
                list(argv),
                entrypoint=[],
                user="0",
                volumes=volumes,
                labels=dict(self._labels),
                network_mode="none",
                remove=True,
            )
        except ContainerError as error:
            return int(error.exit_status), str(error.stderr)
        return 0, said.decode(errors="replace")

    def said(self, name: str) -> str:
        """The last lines that a container printed."""
        container = self._find(name)
        return container.logs(tail=10).decode(errors="replace") if container else ""

    def _find(self, name: str) -> Container | None:
        from docker.errors import NotFound

        try:
            return self.client.containers.get(name)
        except NotFound:
            return None

    def _create(self, server: Server) -> Container:
        from docker.types import LogConfig

        self.client.volumes.create(self.name, labels={network.OWNER_LABEL: self.name})
        endpoint = self.client.api.create_endpoint_config(ipv4_address=server.address)
        return self.client.containers.create(
            server.image,
            list(server.command),
            entrypoint=[],
            name=server.name,
            user=server.user,
            environment=dict(server.environment),
            labels={**self._labels, "ministack": server.kind},
            volumes={self.name: {"bind": VOLUME, "mode": "rw"}},
            network=self.name,
            networking_config={self.name: endpoint},
            shm_size="256m",
            stop_signal=server.stop_signal,
            log_config=LogConfig(type="json-file", config={"max-size": "10m"}),
        )


def _owner(container: Container, user: str) -> tuple[int, int]:
    """The ids of an account in the image, which pulled and built ones number differently."""
    parts, _ = container.get_archive("/etc/passwd")
    with tarfile.open(fileobj=io.BytesIO(b"".join(parts))) as packed:
        file = packed.extractfile("passwd")
        lines = file.read().decode().splitlines() if file else []
    return owner_in(lines, user)


def owner_in(lines: Sequence[str], user: str) -> tuple[int, int]:
    """User and group id of an account in the lines of /etc/passwd."""
    for line in lines:
        name, _, uid, gid, *_ = line.split(":")
        if name == user:
            return int(uid), int(gid)
    raise CannotRun(f"the image has no user {user}")


def archive(files: Mapping[str, str], owner: tuple[int, int]) -> bytes:
    """The files, and the folders that they and the data lie in, as a tar of that owner."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in (CONFIG, VOLUME):
            _add(tar, folder, owner)
        for name, text in files.items():
            _add(tar, f"{CONFIG}/{name}", owner, text.encode())
    return packed.getvalue()


def _add(tar: Any, path: str, owner: tuple[int, int], content: bytes | None = None) -> None:
    info = tarfile.TarInfo(path.lstrip("/"))
    info.uid, info.gid = owner
    info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    info.mode = 0o700 if content is None else 0o600
    info.size = len(content or b"")
    tar.addfile(info, io.BytesIO(content or b""))
