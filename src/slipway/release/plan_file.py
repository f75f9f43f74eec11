"""A plan on disk, and refusing to deploy one that the world has moved away from.

The file holds no secrets: names of settings that change are in it, and values of the task
definition that the console shows as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slipway.errors import UsageError
from slipway.release.plan_model import Plan

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What of a plan a deploy needs: where it is for, and the facts that it rests on."""

    environment: str
    services: tuple[str, ...]
    facts: Mapping[str, str]
    made: str


def save(file: Path, plan: Plan, data: Mapping[str, Any]) -> None:
    """Write a plan; `data` is the same as people and programs see it.

    Raises `UsageError` where the file can't be written, and where there is nothing to hold it to.
    """
    if plan.wanting:
        raise UsageError(
            f"{plan.environment}: there is no state yet, so no plan can be held to anything",
            next_step=f"uv run invoke deploy --env={plan.environment}",
        )
    document = {
        "schema_version": VERSION,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": plan.environment,
        "services": [each.name for each in plan.services],
        "facts": dict(plan.facts),
        "plan": dict(data),
    }
    try:
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file}: {(error.strerror or 'not to be written').lower()}",
            next_step="name another file: --out=FILE",
        ) from error


def read(file: Path) -> Saved:
    """The plan in a file. Raises `UsageError` where there is none that we know."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["schema_version"] != VERSION:
            raise ValueError(f"it is of version {found['schema_version']}")
        return Saved(
            environment=found["environment"],
            services=tuple(found["services"]),
            facts={str(key): str(value) for key, value in found["facts"].items()},
            made=found["made"],
        )
    except OSError as error:
        reason = (error.strerror or "not to be read").lower()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"no plan of ours ({error})"
    raise UsageError(f"{file}: {reason}", next_step="uv run invoke plan --env=ENV --out=FILE")


def demand_fit(saved: Saved, environment: str, services: Sequence[str], file: Path) -> None:
    """Raise `UsageError` where a plan is for something else than what is to be deployed."""
    if saved.environment != environment:
        raise UsageError(
            f"{file} is a plan for {saved.environment}, not for {environment}",
            next_step=f"uv run invoke deploy --env={saved.environment} --plan={file}",
        )
    if services and set(services) != set(saved.services):
        raise UsageError(
            f"{file} is a plan for {', '.join(saved.services)}",
            next_step="leave --service out, or plan for these services alone",
        )
