"""What everything is called; the HCL computes the same names in its locals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.errors import ConfigError

if TYPE_CHECKING:
    from slipway.config import Environment, Settings

CONTAINER = "app"
"""The service's container in its task definition."""

BUCKET_LIMIT = 63
"""Longest name of an S3 bucket."""


def _join(*parts: str, by: str = "-") -> str:
    return by.join(part for part in parts if part)


def prefix(settings: Settings) -> str:
    """What the name of every resource of the environment begins with."""
    return _join(settings.owner, settings.project, settings.environment.name)


def cluster(settings: Settings) -> str:
    """The ECS cluster of the environment."""
    return prefix(settings)


def service(settings: Settings, name: str) -> str:
    """The ECS service, task family and log group suffix of service `name`."""
    return _join(prefix(settings), name)


def repository(settings: Settings, name: str) -> str:
    """The ECR repository of service `name`; shared by the environments of one registry."""
    return _join(_join(settings.owner, settings.project), name, by="/")


def platform_parameter(settings: Settings) -> str:
    """The SSM parameter with what the platform stack gives to the services."""
    return f"/{prefix(settings)}/platform"


def released(cluster: str, service: str) -> str:
    """The SSM parameter with the revision of a service that has nothing but jobs."""
    return f"/{cluster}/jobs/{service.removeprefix(cluster)[1:]}"


def state_bucket(settings: Settings, environment: Environment | None = None) -> str:
    """The bucket of Terraform's state; one per account and region (default: this environment's)."""
    home = environment or settings.environment
    name = _join(settings.owner, settings.project, "state", home.account_id, home.region)
    if len(name) > BUCKET_LIMIT:
        raise ConfigError(
            f"slipway.toml: the state bucket {name} would have {len(name)} characters, "
            f"{BUCKET_LIMIT} are allowed",
            next_step="shorten project or owner in slipway.toml",
        )
    return name


def bucket(settings: Settings, service: str, name: str, *, replica: bool = False) -> str:
    """The S3 bucket that `service` calls `name`, or its copy in another region."""
    account = settings.environment.account_id
    return _join(prefix(settings), service, name, account, "replica" if replica else "")


def secret(settings: Settings, service: str, name: str) -> str:
    """The Secrets Manager entry that reaches `service` as the variable `name`."""
    return _join(prefix(settings), service, name, by="/")


def lock_table(settings: Settings) -> str:
    """The DynamoDB table with Terraform's locks and the leases of deploys."""
    return _join(settings.owner, settings.project, "locks")


def state_key(stack: str, service: str = "") -> str:
    """The state object of a stack, without the folder that its workspace adds."""
    return f"service/{service}.tfstate" if service else f"{stack}.tfstate"
