"""Every setting of the project and its environments, each declared once; as manifest.py is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from slipway.config.manifest import Common, Service
from slipway.config.rules import (
    Account,
    EnvironmentName,
    Flag,
    OptionalVariable,
    Owner,
    ProjectName,
    Region,
    Role,
    Text,
    Topic,
    between,
)
from slipway.config.table import Table


@dataclass(frozen=True, kw_only=True)
class Project(Table):
    """What holds for every environment."""

    name: ProjectName
    """Enters the name of every resource."""
    owner: Owner
    """Comes first in every name, for AWS accounts that several teams share."""
    region: Region
    """Where environments live that name no region of their own."""


@dataclass(frozen=True, kw_only=True)
class Local(Table):
    """The embedded AWS of this machine."""

    port: Annotated[int, between(1024, 65535)]
    """Loopback port of the embedded AWS."""
    mode: Literal["auto", "process", "container"]
    """How it runs: `auto` takes a container where this machine can't reach those of the engine."""


@dataclass(frozen=True, kw_only=True)
class Notify(Table):
    """Who is told when a deploy begins, how it ended, and when something is taken back."""

    webhook: OptionalVariable
    """The environment variable that holds the address of a webhook (Slack's or one like it); the
    address itself is a secret, and in no file."""
    sns: Topic
    """ARN of an SNS topic."""


NOBODY = Notify(webhook="", sns="")
"""Nobody is told anything."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentTable(Table):
    """A place to deploy to: an AWS account, or the embedded AWS of this machine."""

    target: Literal["aws", "embedded"]
    """`aws` is the real one; `embedded` runs on this machine."""
    region: Region
    """AWS region (default: the project's)."""
    account_id: Account
    """The AWS account, 12 digits in quotes; required for `aws`, fixed for `embedded`."""
    role_arn: Role
    """Role to assume in that account; empty: use the credentials as they are."""
    branch: Text
    """The git branch that deploys here; empty: any."""
    protected: Flag
    """Refuse `destroy`, uncommitted changes and the removal of anything that holds data."""
    registry: EnvironmentName
    """The environment whose registry holds the images (default: this one)."""


@dataclass(frozen=True, kw_only=True)
class Environment(EnvironmentTable):
    """An environment with its name."""

    name: str


@dataclass(frozen=True, kw_only=True)
class EnvironmentFile(EnvironmentTable):
    """An environment and what its services have in common."""

    defaults: Common
    """Defaults of the services in this environment."""
    notify: Notify


@dataclass(frozen=True, kw_only=True)
class ProjectFile(Table):
    """slipway.toml."""

    project: Project
    environments: Mapping[EnvironmentName, EnvironmentFile]
    """Where services can be deployed to, by name."""
    defaults: Common
    """Defaults of the services in every environment."""
    notify: Notify
    local: Local


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that one command about one environment needs to know.

    `services` are the chosen ones, `all_services` the names of all in the checkout. `provenance`
    tells for each dotted key which file and table, or which variable, its value came from.
    """

    project: str
    owner: str
    region: str
    environment: Environment
    environments: Mapping[str, Environment]
    local: Local
    services: Mapping[str, Service]
    provenance: Mapping[str, str]
    all_services: tuple[str, ...] = field(default=())
    notify: Notify = NOBODY
