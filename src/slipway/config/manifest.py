"""Every setting of a service, each declared once: its type, its rule, its meaning.

The string below a field is its documentation, in editors (JSON Schema) and in
docs/configuration.md. Defaults are in defaults.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from slipway.config.rules import (
    BucketName,
    CommandLine,
    EnvironmentName,
    Flag,
    HookName,
    Host,
    JobName,
    JsonTable,
    ParameterName,
    RequestPath,
    Schedule,
    SecretName,
    ServiceName,
    Text,
    TimeZone,
    UrlPath,
    VariableName,
    between,
    number,
)
from slipway.config.table import Table

Percent = Annotated[int, between(1, 100)]

LONGEST_SHIFT = 2880
"""Minutes from the first to the last shift of requests; source: AWS's quotas of CodeDeploy."""


@dataclass(frozen=True, kw_only=True)
class Health(Table):
    """How the load balancer finds out whether a task can serve."""

    path: UrlPath
    """Path that answers 200 when all is well."""
    interval: Annotated[int, between(5, 300, "seconds")]
    """Seconds between two checks."""
    timeout: Annotated[int, between(2, 60, "seconds")]
    """Seconds to wait for an answer; less than `interval`."""
    healthy: Annotated[int, between(2, 10)]
    """Good answers in a row that make a target healthy."""
    unhealthy: Annotated[int, between(2, 10)]
    """Failures in a row that make a target unhealthy."""
    grace: Annotated[int, between(0, 300, "seconds")]
    """Seconds after the start of a task in which failures don't count."""


@dataclass(frozen=True, kw_only=True)
class Route(Table):
    """Which requests of the load balancer go to the service."""

    path: UrlPath
    """This path and all below it; `/` is everything."""
    host: Host
    """Only requests for this host; empty: any."""
    priority: Annotated[int, between(1, 49999)]
    """The smallest one that fits wins; unique among the services."""


@dataclass(frozen=True, kw_only=True)
class Scale(Table):
    """How many tasks run, and what makes them more or fewer."""

    min: Annotated[int, between(0, 1000, "tasks")]
    """Fewest tasks; 0 switches the service off until somebody scales it up."""
    max: Annotated[int, between(1, 1000, "tasks")]
    """Most tasks."""
    cpu: Percent
    """Average CPU that scaling aims at, %."""
    memory: Percent
    """Average memory that scaling aims at, %."""
    requests: Annotated[int, between(1, 1_000_000)]
    """Requests per minute and task that scaling aims at."""


@dataclass(frozen=True, kw_only=True)
class Shift(Table):
    """How the requests move to the new version with `canary` and `linear`."""

    percent: Annotated[int, between(1, 99)]
    """`canary`: the share of the requests that goes first, %; `linear`: the share of each step."""
    minutes: Annotated[int, between(1, LONGEST_SHIFT, "minutes")]
    """`canary`: minutes until the rest follows; `linear`: minutes between two steps."""


@dataclass(frozen=True, kw_only=True)
class Hooks(Table):
    """Lambda functions that CodeDeploy calls on the way (not with `rolling`); each can refuse."""

    before_install: HookName
    """Called before the new tasks start."""
    after_install: HookName
    """Called when the new tasks run."""
    after_test_traffic: HookName
    """Called when the test listener leads to the new tasks."""
    before_traffic: HookName
    """Called before the first request of a user reaches the new tasks."""
    after_traffic: HookName
    """Called when all requests go to the new tasks."""


@dataclass(frozen=True, kw_only=True)
class Deploy(Table):
    """How a new version takes over."""

    strategy: Literal["rolling", "blue_green", "canary", "linear"]
    """`rolling`: task by task; `blue_green`: all requests at once, to tasks that were tried before;
    `canary`: a share of the requests first; `linear`: in equal steps. Each goes back by itself when
    the new version does not come up."""
    timeout: Annotated[int, between(60, 7200, "seconds")]
    """Seconds after which a rollout is no longer waited for; `shift` comes on top."""
    minimum_healthy_percent: Annotated[int, between(0, 100)]
    """`rolling`: tasks that keep serving, % of the wanted number (rounded up)."""
    maximum_percent: Annotated[int, between(100, 200)]
    """`rolling`: tasks at most, % of the wanted number (rounded down)."""
    standby: Annotated[int, between(0, 2880, "minutes")]
    """All but `rolling`: minutes that the old tasks stay after the shift, for the way back."""
    bake: Annotated[int, between(0, 1440, "minutes")]
    """Minutes after a rollout in which a raised alarm, or more than 1 % of answers with a status of
    500 or more, takes it back; 0: none."""
    shift: Shift
    hooks: Hooks

    @property
    def shifting(self) -> int:
        """Seconds from the first to the last shift of requests; 0 where they move at once."""
        return waits(self.strategy, self.shift.percent) * self.shift.minutes * 60

    @property
    def patience(self) -> int:
        """Seconds after which a rollout is no longer waited for, the shift included."""
        return self.timeout + self.shifting


def waits(strategy: str, percent: int) -> int:
    """How often a strategy waits between two shifts of requests."""
    return {"canary": 1, "linear": -(-100 // percent) - 1}.get(strategy, 0)


@dataclass(frozen=True, kw_only=True)
class Smoke(Table):
    """A request that a new version has to answer as said here, or it is taken back."""

    path: RequestPath
    """Path below the route, with its query."""
    status: Annotated[int, between(100, 599)]
    """Status of the answer."""
    json: JsonTable
    """What the answer's JSON has to hold; it may hold more. A key may be a path into it, as
    `"items.0.name"`."""


@dataclass(frozen=True, kw_only=True)
class Alarms(Table):
    """What is too much, each over 5 minutes; above it an alarm is raised."""

    cpu: Percent
    """Average CPU of the tasks, %."""
    memory: Percent
    """Average memory of the tasks, %."""
    errors: Annotated[float, number(0.01, 100, "%")]
    """Answers with a status of 500 or more, % of the requests."""
    latency: Annotated[float, number(0.01, 60, "seconds")]
    """Seconds that 95 % of the requests are answered in."""


@dataclass(frozen=True, kw_only=True)
class Database(Table):
    """A database and a role of its own on the environment's PostgreSQL."""

    enabled: Flag
    """Whether the service has one."""
    migrate: tuple[Text, ...]
    """Command that brings the database up to date before each rollout; empty: none."""


@dataclass(frozen=True, kw_only=True)
class Cache(Table):
    """The environment's Redis."""

    enabled: Flag
    """Whether the service uses it."""


@dataclass(frozen=True, kw_only=True)
class Bucket(Table):
    """An S3 bucket of the service; its name reaches the container as `BUCKET_NAME`."""

    replicate: Flag
    """Whether what is written is copied to another region."""


@dataclass(frozen=True, kw_only=True)
class Job(Table):
    """A task of the service's image that runs to its end: at set times, or by hand."""

    command: CommandLine
    """What runs; its exit code tells how it went."""
    schedule: Schedule
    """When it runs, in EventBridge Scheduler's words; empty: only by `invoke jobs.run`."""
    timezone: TimeZone
    """Time zone of `schedule`, daylight saving included."""
    cpu: Literal[0, 256, 512, 1024, 2048, 4096, 8192, 16384]
    """CPU units of its task; 0: as many as the service's."""
    memory: Annotated[int, between(0, 122880, "MiB")]
    """Memory of its task in MiB; 0: as much as the service's."""


@dataclass(frozen=True, kw_only=True)
class Common(Table):
    """What services may have in common: the tables of defaults in slipway.toml."""

    port: Annotated[int, between(1024, 65535)]
    """Port that the container listens on; it gets it as `PORT`."""
    python: Literal["3.11", "3.13"]
    """Python of the image."""
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384]
    """CPU units of a task; 1024 are one vCPU."""
    memory: Annotated[int, between(512, 122880, "MiB")]
    """Memory of a task in MiB; Fargate has a few sizes for each `cpu`."""
    architecture: Literal["x86_64", "arm64"]
    """Processor that the image is built for."""
    stop_timeout: Annotated[int, between(45, 120, "seconds")]
    """Seconds from TERM to KILL; 45 = 5 draining + 30 finishing requests + 5 closing + 5 spare."""
    health: Health
    scale: Scale
    deploy: Deploy
    alarms: Alarms
    database: Database
    cache: Cache
    buckets: Mapping[BucketName, Bucket]
    """S3 buckets by name; `[buckets.uploads]` reaches the container as `BUCKET_UPLOADS`."""
    secrets: tuple[SecretName, ...]
    """Names of secrets, which reach the container as variables; values are never in files."""
    parameters: Mapping[SecretName, ParameterName]
    """Variables from Parameter Store: the full name of the parameter that each is read from."""
    env: Mapping[VariableName, Text]
    """Environment variables of the container. No secrets: these are readable in AWS's console."""


@dataclass(frozen=True, kw_only=True)
class Override(Common):
    """What service.toml may set for one environment: all but the name."""

    route: Route
    needs: tuple[ServiceName, ...]
    """Services that this one calls: `greeter` reaches the container as `GREETER_URL`. They are
    rolled out before it, and it is not started when one of them fails."""
    smoke: tuple[Smoke, ...]
    jobs: Mapping[JobName, Job]
    """Tasks that run to their end, by name; a service that serves may have some as well."""


@dataclass(frozen=True, kw_only=True)
class Manifest(Override):
    """What service.toml sets for every environment."""

    name: ServiceName
    """The same as the name of its folder."""
    kind: Literal["web", "job"]
    """`web` serves all the time; `job` serves nobody and only runs its `[jobs.NAME]`."""

    @property
    def serves(self) -> bool:
        """Whether it is a web service: one with a port, a route and tasks that stay."""
        return self.kind == "web"

    @property
    def strategy(self) -> Literal["rolling", "blue_green", "canary", "linear", "jobs"]:
        """How a new version takes over; `jobs`: they run by it from then on."""
        return self.deploy.strategy if self.serves else "jobs"


@dataclass(frozen=True, kw_only=True)
class Address(Table):
    """Where a service answers others of its environment."""

    port: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Service(Manifest):
    """A service with its folder, and with what the other manifests say of it.

    `calls` are those that it needs, `called` whether another one needs it, chosen or not.
    """

    folder: Path
    calls: Mapping[ServiceName, Address]
    called: bool


@dataclass(frozen=True, kw_only=True)
class ServiceFile(Manifest):
    """services/<name>/service.toml."""

    environments: Mapping[EnvironmentName, Override]
    """Other values for one environment, by its name."""
