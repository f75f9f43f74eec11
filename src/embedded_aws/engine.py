"""The Docker engine, as far as an instance needs it outside of MiniStack."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from embedded_aws.errors import CannotRun

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

INSTANCE_LABEL = "ministack.instance"


def connect(timeout: float = 120) -> DockerClient:
    """A client of the engine that answers; `timeout` in seconds for any one call."""
    import docker

    try:
        client = docker.from_env(timeout=int(timeout))
        client.ping()
    except Exception as error:
        raise CannotRun(f"the Docker engine does not answer: {error}") from error
    return client


def problem() -> str:
    """Why the engine can't be used, or nothing."""
    try:
        connect(timeout=5).close()
    except CannotRun as error:
        return str(error)
    return ""


def containers(client: DockerClient, name: str) -> list[Container]:
    """All containers of the instance of that name, whatever its port and their state."""
    labelled = client.containers.list(all=True, sparse=True, filters={"label": INSTANCE_LABEL})
    return [c for c in labelled if _instance_of(c).startswith(f"{name}:")]


def _instance_of(container: Container) -> str:
    # A sparse listing has the labels at the top level.
    labels = container.attrs.get("Labels") or {}
    return str(labels.get(INSTANCE_LABEL, ""))


def remove(found: Iterable[Container]) -> int:
    """Remove containers at once, side by side; how many there were."""
    targets = list(found)
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(_remove_one, targets))
    return len(targets)


def _remove_one(container: Container) -> None:
    from docker.errors import APIError, NotFound

    try:
        container.remove(force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        # 409: the engine is removing it already.
        if error.status_code != 409:
            raise
