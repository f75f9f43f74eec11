"""What an environment leaves behind when it was destroyed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway import names

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Settings


@dataclass(frozen=True, kw_only=True)
class Remains:
    """The place of states, whoever else uses it, and what is no part of any state.

    `repositories` says whether those of images were left; `families` are of task definitions.
    """

    environment: str
    bucket: str
    lock_table: str
    shared_with: tuple[str, ...]
    repositories: bool
    families: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """A line for each."""
        users = " and ".join(self.shared_with)
        shared = f", which {users} use as well" if users else ""
        lines = [
            f"bucket {self.bucket} (states, releases, backups) and lock table {self.lock_table}"
            f"{shared}; docs/runbooks/state.md says how to remove them"
        ]
        if self.repositories:
            lines.append(
                "the image repositories, if any; "
                f"uv run invoke destroy --env={self.environment} --registry removes them"
            )
        if self.families:
            listed = ", ".join(self.families)
            lines.append(f"revisions of task definitions ({listed}); they cost nothing")
        return lines


def remains(settings: Settings, aws: Aws, *, registry: bool) -> Remains:
    """What is left of an environment; `registry` says that its repositories went as well."""
    environment, bucket = settings.environment, names.state_bucket(settings)
    sharing = sorted(
        each.name
        for each in settings.environments.values()
        if names.state_bucket(settings, each) == bucket and each.name != environment.name
    )
    return Remains(
        environment=environment.name,
        bucket=bucket,
        lock_table=names.lock_table(settings),
        shared_with=tuple(sharing),
        repositories=environment.registry == environment.name and not registry,
        families=tuple(_families(names.prefix(settings), aws)),
    )


def _families(prefix: str, aws: Aws) -> list[str]:
    pages = aws.ecs.get_paginator("list_task_definition_families").paginate(
        familyPrefix=f"{prefix}-", status="ACTIVE"
    )
    return [family for page in pages for family in page["families"]]
