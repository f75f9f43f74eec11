"""What tasks are told about AWS: an endpoint that they reach, with keys that open nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {"services.s3._buckets": None}
"""`services.ecs._build_run_kwargs` is among those of `ecs`."""

CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
THEIRS = "//host.docker.internal:"


def apply(endpoint: Callable[[], str]) -> None:
    """Patch how containers are started, after all other patches of that."""
    from ministack.services import ecs

    build = ecs._build_run_kwargs

    def build_run_kwargs(cdef: Any, td: Any, *args: Any, **more: Any) -> Any:
        built = build(cdef, td, *args, **more)
        region = str(td.get("taskDefinitionArn", ":::us-west-1")).split(":")[3]
        built["environment"] = environment(built.get("environment") or {}, endpoint(), region)
        return built

    ecs._build_run_kwargs = build_run_kwargs


def environment(given: Mapping[str, str], endpoint: str, region: str) -> dict[str, str]:
    """The variables of a container: Fargate's own; what its definition sets stays as it is.

    Clients ask for credentials at loopback or Amazon's own address only, so they get keys instead.
    """
    if not endpoint:
        return dict(given)
    host = endpoint.partition("//")[2].partition(":")[0]
    moved = {
        name: value.replace(THEIRS, f"//{host}:") if name.startswith(("AWS_", "ECS_")) else value
        for name, value in given.items()
        if name not in (CREDENTIALS, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
    }
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    # Some clients know the one, some the other: botocore asks for the default alone.
    place = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return {**keys, **place, "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE", **moved}


def buckets() -> set[str]:
    """The names of all buckets."""
    from ministack.services import s3

    return {name for (_, name) in list(s3._buckets._data)}
