"""The sizes that Fargate has."""

from __future__ import annotations

from collections.abc import Mapping

GIB = 1024

FARGATE: Mapping[int, tuple[int, ...]] = {
    256: (512, 1 * GIB, 2 * GIB),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
"""Memory sizes (MiB) for each cpu; source: AWS's "Task CPU and memory" table of Fargate."""


def unfit(cpu: int, memory: int) -> str:
    """Why Fargate has no task of this size, or ""; pure."""
    if memory in FARGATE[cpu]:
        return ""
    sizes = ", ".join(str(size) for size in FARGATE[cpu])
    return (
        f"cpu {cpu} and memory {memory} don't go together on Fargate; "
        f"with cpu {cpu} memory is one of {sizes}"
    )
