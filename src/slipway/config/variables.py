"""The container's variables: each comes from one place only."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.config.clash import Clash
from slipway.config.layers import Tree

OURS = frozenset({"SERVICE_NAME", "SERVICE_VERSION", "ENVIRONMENT", "PORT", "ROUTE_PATH"})
"""Variables that Slipway sets for every container."""

DATABASE = frozenset(
    f"DATABASE_{part}" for part in ("HOST", "INSTANCE", "PORT", "NAME", "USERNAME", "PASSWORD")
)
"""Variables that Slipway sets where the service has a database."""

MIGRATION = frozenset({"DATABASE_MASTER_SECRET_ARN", "DATABASE_SECRET_ARN"})
"""Variables that the migration task gets besides."""

CACHE = frozenset(f"CACHE_{part}" for part in ("HOST", "PORT", "PREFIX", "NAME", "USERNAME"))
"""Variables that Slipway sets where the service uses the cache."""


def given(service: Tree) -> frozenset[str]:
    """The names of all variables that Slipway sets for a service."""
    database = DATABASE | MIGRATION if service["database"]["enabled"] else frozenset[str]()
    cache = CACHE if service["cache"]["enabled"] else frozenset[str]()
    buckets = {bucket_variable(name) for name in service["buckets"]}
    return OURS | database | cache | buckets | {address_variable(n) for n in service["needs"]}


def bucket_variable(name: str) -> str:
    """The variable with the name of the S3 bucket that the manifest calls `name`."""
    return f"BUCKET_{name.upper().replace('-', '_')}"


def address_variable(name: str) -> str:
    """The variable with the address of the service `name`, for those that need it."""
    return f"{name.upper().replace('-', '_')}_URL"


def reserved_variables(service: Tree) -> Iterator[Clash]:
    """Variables of [env], of [parameters], and secrets, that Slipway sets itself."""
    ours = given(service)
    for table in ("env", "parameters"):
        for name in sorted(ours & set(service[table])):
            key = f"{table}.{name}"
            yield Clash(keys=(key,), reason="is set by slipway itself; choose another name")
    for name in sorted(ours & set(service["secrets"])):
        yield Clash(
            keys=("secrets",), reason=f"{name} is set by slipway itself; choose another name"
        )


def doubled_variables(service: Tree) -> Iterator[Clash]:
    """Variables that come from two places, and secrets that are named twice."""
    secrets, env, parameters = service["secrets"], service["env"], service["parameters"]
    for name in sorted({name for name in secrets if secrets.count(name) > 1}):
        yield Clash(keys=("secrets",), reason=f"{name} is named twice")
    for name in sorted(set(secrets) & set(env)):
        yield Clash(
            keys=(f"env.{name}", "secrets"), reason=f"{name} is in env and in secrets; keep one"
        )
    for name in sorted(set(parameters) & set(env)):
        yield Clash(
            keys=(f"env.{name}", f"parameters.{name}"),
            reason=f"{name} is in env and in parameters; keep one",
        )
    for name in sorted(set(parameters) & set(secrets)):
        yield Clash(
            keys=(f"parameters.{name}", "secrets"),
            reason=f"{name} is in parameters and in secrets; keep one",
        )
