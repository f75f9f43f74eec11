"""Stop an instance from outside, also one that was killed, and forget its state."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

from embedded_aws import engine
from embedded_aws.databases.data import forget as forget_data
from embedded_aws.errors import CannotRun
from embedded_aws.settings import Settings, instance_name

PATIENCE = 60.0
"""Seconds to save and to stop the containers before the instance is killed."""

KEPT = ("log", "lock", "held")
"""Files of the folder that outlive `forget`: the log tells what happened, the locks are held."""


def stop(settings: Settings) -> None:
    """End the instance if it runs, then remove what containers a killed one left."""
    pid = running_pid(settings)
    if pid:
        _end(pid)
    settings.pid_file.unlink(missing_ok=True)
    if engine.problem():
        return
    client = engine.connect()
    engine.remove(engine.containers(client, instance_name(settings.folder)))


def forget(settings: Settings) -> None:
    """Stop, then delete all state: resources, images, objects."""
    stop(settings)
    if not engine.problem():
        forget_data(engine.connect(), instance_name(settings.folder))
    for entry in settings.folder.iterdir() if settings.folder.is_dir() else ():
        if entry.name in KEPT:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


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
