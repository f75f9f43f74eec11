"""The container's variables: each comes from one place only."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.config.clash import Clash
from slipway.config.layers import Tree

OURS = frozenset({"SERVICE_NAME", "SERVICE_VERSION", "ENVIRONMENT", "PORT", "ROUTE_PATH"})
"""Variables that Slipway sets for every container."""

DATABASE = frozenset(
    f"DATABASE_{part}" for part in ("HOST", "PORT", "NAME", "USERNAME", "PASSWORD", "URL")
)
"""Variables that Slipway sets where the service has a database."""

CACHE = frozenset(f"CACHE_{part}" for part in ("HOST", "PORT", "USERNAME", "PASSWORD", "URL"))
"""Variables that Slipway sets where the service uses the cache."""


def given(service: Tree) -> frozenset[str]:
    """The names of all variables that Slipway sets for a service."""
    database = DATABASE if service["database"]["enabled"] else frozenset[str]()
    cache = CACHE if service["cache"]["enabled"] else frozenset[str]()
    return OURS | database | cache | {bucket_variable(name) for name in service["buckets"]}


def bucket_variable(name: str) -> str:
    """The variable with the name of the S3 bucket that the manifest calls `name`."""
    return f"BUCKET_{name.upper().replace('-', '_')}"


def reserved_variables(service: Tree) -> Iterator[Clash]:
    """Variables of [env], and secrets, that Slipway sets itself."""
    for name in sorted(given(service) & set(service["env"])):
        yield Clash(keys=(f"env.{name}",), reason="is set by slipway itself; choose another name")
    for name in sorted(given(service) & set(service["secrets"])):
        yield Clash(
            keys=("secrets",), reason=f"{name} is set by slipway itself; choose another name"
        )


def doubled_variables(service: Tree) -> Iterator[Clash]:
    """Secrets that are named twice, or in [env] as well."""
    secrets = service["secrets"]
    for name in sorted({name for name in secrets if secrets.count(name) > 1}):
        yield Clash(keys=("secrets",), reason=f"{name} is named twice")
    for name in sorted(set(secrets) & set(service["env"])):
        yield Clash(
            keys=(f"env.{name}", "secrets"), reason=f"{name} is in env and in secrets; keep one"
        )
