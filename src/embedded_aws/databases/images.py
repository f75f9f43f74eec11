"""The images that `invoke setup` provides, by engine and the version that was asked for."""

from __future__ import annotations

POSTGRES = "embedded-aws.local/postgres:16"
REDIS = "embedded-aws.local/redis:7"
"""Names that no registry has: what is in them is the nearest that this machine could get."""


def image_of(engine: str) -> str:
    """The image that serves an engine, or nothing where only the API is to be had."""
    return {"postgres": POSTGRES, "redis": REDIS, "valkey": REDIS}.get(engine, "")
