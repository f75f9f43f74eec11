"""Stop an instance from outside, also one that was killed, and forget its state."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from embedded_aws import engine
from embedded_aws.contained import names
from embedded_aws.databases import network
from embedded_aws.databases.data import forget as forget_data
from embedded_aws.errors import CannotRun
from embedded_aws.settings import Settings, instance_name

if TYPE_CHECKING:
    from docker import DockerClient

PATIENCE = 60.0
"""Seconds to save and to stop the containers before the instance is killed."""

KEPT = ("log", "lock", "held")
"""Files of the folder that outlive `forget`: the log tells what happened, the locks are held."""


def stop(settings: Settings) -> None:
    """End the instance if it runs, then remove what containers a killed one left."""
    client = None if engine.problem() else engine.connect()
    if client:
        _end_container(client, names.instance(settings.folder))
    pid = running_pid(settings)
    if pid:
        _end(pid)
    settings.pid_file.unlink(missing_ok=True)
    if client:
        for name in _names(settings):
            engine.remove(engine.containers(client, name))


def forget(settings: Settings) -> None:
    """Stop, then delete all state: resources, images, objects."""
    stop(settings)
    if not engine.problem():
        client = engine.connect()
        for name in _names(settings):
            forget_data(client, name)
            network.remove(client, names.front(name))
    for entry in settings.folder.iterdir() if settings.folder.is_dir() else ():
        if entry.name in KEPT:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _names(settings: Settings) -> tuple[str, str]:
    """The instance of this folder as a process, and in a container."""
    return instance_name(settings.folder), names.instance(settings.folder)


def _end_container(client: DockerClient, name: str) -> None:
    """Have the instance in a container end as on SIGTERM; its engine removes it then."""
    from docker.errors import APIError, NotFound

    try:
        client.containers.get(name).stop(timeout=int(PATIENCE))
        client.api.wait(name, condition="removed")
    except NotFound:
        return
    except APIError as error:
        # 409: it is being removed already.
        if error.status_code != 409:
            raise


def running_pid(settings: Settings) -> int:
    """The process of the instance of this folder, or 0."""
    try:
        pid = int(json.loads(settings.pid_file.read_text())["pid"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return 0
    return pid if _is_ours(pid) else 0


def _is_ours(pid: int) -> bool:
    """Whether `pid` is alive and an embedded AWS: a number may have been given out again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise CannotRun(f"process {pid} belongs to another user") from error
    try:
        return b"embedded_aws" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        # No /proc here (macOS), or gone since.
        return not Path("/proc").is_dir()


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not _is_ours(pid):
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
