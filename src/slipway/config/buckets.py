"""The names of S3 buckets: short enough, and no two alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.config.check import Problem
from slipway.config.layers import Merged
from slipway.config.sources import Sources
from slipway.names import BUCKET_LIMIT

REPLICA = "-replica"
"""What the name of a bucket's copy in another region ends with."""

Fleets = Mapping[str, Mapping[str, Merged]]
"""Services by environment and name."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A bucket of one service in one environment; `name` is the longest of its names in S3."""

    name: str
    bucket: str
    service: str
    environment: str


def bucket_problems(sources: Sources, fleets: Fleets) -> list[Problem]:
    """Buckets whose names S3 would not take, each once at its table in the files."""
    named = list(_named(sources, fleets))
    # What is wrong in one environment is mostly wrong in others too: the first one told is enough,
    # and of names that are too long the longest.
    named.sort(key=lambda one: -len(one.name))
    found: dict[str, Problem] = {}
    for one, reason in (*_too_long(named), *_alike(named)):
        place = _place(sources, one)
        found.setdefault(place, Problem(place=place, reason=reason))
    return list(found.values())


def _too_long(named: Iterable[Named]) -> Iterator[tuple[Named, str]]:
    for one in named:
        if len(one.name) > BUCKET_LIMIT:
            yield (
                one,
                f"in {one.environment} it would be called {one.name}: {len(one.name)} characters, "
                f"{BUCKET_LIMIT} are allowed; shorten the bucket's name",
            )


def _alike(named: Iterable[Named]) -> Iterator[tuple[Named, str]]:
    first: dict[str, Named] = {}
    for one in named:
        other = first.setdefault(one.name.removesuffix(REPLICA), one)
        if other is not one:
            yield (
                one,
                f"in {one.environment} it would be named as {other.bucket} of {other.service} in "
                f"{other.environment} is; rename one of them",
            )


def _named(sources: Sources, fleets: Fleets) -> Iterator[Named]:
    project = sources.merged_project().values
    for environment, services in fleets.items():
        account = sources.merged_environment(environment).values["account_id"]
        if not (account and project.get("name")):
            continue
        above = [project["owner"], project["name"], environment]
        for service, merged in services.items():
            for bucket, values in merged.values["buckets"].items():
                name = "-".join(part for part in (*above, service, bucket, account) if part)
                yield Named(
                    name=name + REPLICA * values["replicate"],
                    bucket=bucket,
                    service=service,
                    environment=environment,
                )


def _place(sources: Sources, one: Named) -> str:
    """The strongest table that names the bucket; an empty one has no value to point at."""
    layers = sources.service_layers(one.environment, one.service)
    origins = [each.origin for each in layers if one.bucket in each.values.get("buckets", {})]
    return origins[-1].place(f"buckets.{one.bucket}")
