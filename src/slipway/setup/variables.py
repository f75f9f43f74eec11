"""Environment variables that name missing files: reported, and kept from every child."""

from __future__ import annotations

from slipway import tools
from slipway.setup.step import Finding, Step


def steps() -> list[Step]:
    """A step for each broken variable; none where all is well."""
    return [_step(name, path) for name, path in tools.broken_variables().items()]


def _step(name: str, path: str) -> Step:
    kind = Finding(
        ok=False,
        found=f"{path} does not exist; not passed on",
        remedy=f"unset {name}, or name a file that exists",
    )
    return Step(name=name, look=lambda: kind, required=False)
