"""The names of S3 buckets: short enough, and no two alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.config.check import Problem
from slipway.config.layers import Merged
from slipway.config.sources import Sources
from slipway.names import BUCKET_LIMIT

Fleets = Mapping[str, Mapping[str, Merged]]
"""Services by environment and name."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A bucket of one service in one environment; `name` is the longest of its names in S3."""

    name: str
    bucket: str
    service: str
    environment: str


def bucket_problems(sources: Sources, fleets: Fleets) -> Iterator[Problem]:
    """Buckets whose names S3 would not take, each at its table in the files."""
    first: dict[str, Named] = {}
    for one in _named(sources, fleets):
        other = first.setdefault(one.name.removesuffix("-replica"), one)
        if other is not one:
            reason = (
                f"in {one.environment} it would be named as {other.bucket} of {other.service} in "
                f"{other.environment} is ({other.name}); rename one of them"
            )
            yield Problem(place=_place(sources, one), reason=reason)
        if len(one.name) > BUCKET_LIMIT:
            reason = (
                f"in {one.environment} it would be called {one.name}: {len(one.name)} characters, "
                f"{BUCKET_LIMIT} are allowed; shorten the bucket's name"
            )
            yield Problem(place=_place(sources, one), reason=reason)


def _named(sources: Sources, fleets: Fleets) -> Iterator[Named]:
    project = sources.merged_project().values
    for environment, services in fleets.items():
        account = sources.merged_environment(environment).values["account_id"]
        if not (account and project.get("name")):
            continue
        above = [project["owner"], project["name"], environment]
        for service, merged in services.items():
            for bucket, values in merged.values["buckets"].items():
                parts = [*above, service, bucket, account, "replica" * values["replicate"]]
                yield Named(
                    name="-".join(part for part in parts if part),
                    bucket=bucket,
                    service=service,
                    environment=environment,
                )


def _place(sources: Sources, one: Named) -> str:
    """The strongest table that names the bucket; an empty one has no value to point at."""
    layers = sources.service_layers(one.environment, one.service)
    origins = [each.origin for each in layers if one.bucket in each.values.get("buckets", {})]
    return origins[-1].place(f"buckets.{one.bucket}")
