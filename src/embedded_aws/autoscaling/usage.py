"""CPU and memory of tasks as CloudWatch's metrics of their service. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

NANOSECONDS = 1_000_000_000
MIB = 1024 * 1024


class Sample(NamedTuple):
    """What one container has used: CPU since its start in ns, memory in bytes, at a time in s."""

    cpu: int
    memory: int
    at: float


def sample(stats: Mapping[str, Any], at: float) -> Sample | None:
    """What the engine's statistics say; None of a container that doesn't run."""
    cpu = (stats.get("cpu_stats") or {}).get("cpu_usage") or {}
    memory = stats.get("memory_stats") or {}
    if "total_usage" not in cpu or "usage" not in memory:
        return None
    inner = memory.get("stats") or {}
    # Files that the kernel may drop count as free, as `docker stats` has it.
    cached = inner.get("inactive_file", inner.get("total_inactive_file", 0))
    return Sample(int(cpu["total_usage"]), max(0, int(memory["usage"]) - int(cached)), at)


def cpu_percent(before: Sample, after: Sample, units: int) -> float | None:
    """Percent of the reserved CPU units (1024 are a core) between two samples."""
    seconds = after.at - before.at
    used = after.cpu - before.cpu
    if seconds <= 0 or used < 0 or units <= 0:
        return None
    return 100 * used / (seconds * NANOSECONDS) / (units / 1024)


def memory_percent(now: Sample, mib: int) -> float | None:
    """Percent of the reserved memory."""
    return 100 * now.memory / (mib * MIB) if mib > 0 else None
