"""A container definition as options of the engine's `run`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SECOND = 1_000_000_000
MIB = 1024 * 1024
Definition = Mapping[str, Any]


def options(container: Definition, task: Definition) -> dict[str, Any]:
    """What the definitions ask for beyond what MiniStack hands on.

    A privileged container, folders of the host and its processes are not among it: Fargate has
    none of them. None takes away what MiniStack would hand on.
    """
    linux = container.get("linuxParameters") or {}
    return {
        "privileged": False,
        "pid_mode": None,
        "entrypoint": container.get("entryPoint") or None,
        "user": container.get("user") or None,
        "working_dir": container.get("workingDirectory") or None,
        "init": bool(linux.get("initProcessEnabled", False)),
        "read_only": bool(container.get("readonlyRootFilesystem", False)),
        "cap_drop": (linux.get("capabilities") or {}).get("drop") or None,
        "cap_add": (linux.get("capabilities") or {}).get("add") or None,
        "tmpfs": _tmpfs(linux),
        "volumes": _volumes(container),
        "healthcheck": healthcheck(container.get("healthCheck")),
        "ulimits": _ulimits(container),
        **_limits(container, task),
    }


def healthcheck(check: Definition | None) -> dict[str, Any]:
    """The health check for the engine; without one, the image's own is off, as ECS ignores it."""
    if not check or not check.get("command"):
        return {"test": ["NONE"]}
    return {
        "test": list(check["command"]),
        "interval": int(check.get("interval", 30)) * SECOND,
        "timeout": int(check.get("timeout", 5)) * SECOND,
        "retries": int(check.get("retries", 3)),
        "start_period": int(check.get("startPeriod", 0)) * SECOND,
    }


def stop_timeout(container: Definition) -> int:
    """Seconds between SIGTERM and SIGKILL."""
    return min(120, int(container.get("stopTimeout") or 30))


def _limits(container: Definition, task: Definition) -> dict[str, Any]:
    """CPU share and memory; 1024 CPU units are one core, memory is in MiB without swap."""
    cpu = int(container.get("cpu") or 0) or int(task.get("cpu") or 0)
    memory = int(container.get("memory") or 0) or int(task.get("memory") or 0)
    return {
        "nano_cpus": cpu * SECOND // 1024 or None,
        "mem_limit": memory * MIB or None,
        "memswap_limit": memory * MIB or None,
    }


def _tmpfs(linux: Definition) -> dict[str, str] | None:
    found = {
        mount["containerPath"]: ",".join(
            (*mount.get("mountOptions", ()), f"size={mount['size']}m", "mode=1777")
        )
        for mount in linux.get("tmpfs") or []
    }
    return found or None


def _volumes(container: Definition) -> list[str] | None:
    """Mount points as volumes of the container's own, filled from the image, gone with it."""
    points = [point["containerPath"] for point in container.get("mountPoints") or []]
    return points or None


def _ulimits(container: Definition) -> list[dict[str, Any]] | None:
    found = [
        {"Name": limit["name"], "Soft": limit["softLimit"], "Hard": limit["hardLimit"]}
        for limit in container.get("ulimits") or []
    ]
    return found or None
