"""Jobs of what is released: when they run and how they went, paused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.config.load import known
from slipway.errors import DeployError, UsageError
from slipway.infra import applied
from slipway.infra.stacks import service_stack
from slipway.release.serving import Serving, serving
from slipway.release.world import Site
from slipway.rollout import observe, schedules, when
from slipway.rollout.decide import short

COLUMNS = ("service", "job", "schedule", "next run", "state", "revision", "last run")

SCHEDULED, BY_HAND = "chronos-schedule/", "slipway/"
"""What ECS tells of who started a task of a job, before the job's name: Scheduler, or us."""

BATCH = 100
"""Tasks per DescribeTasks call: the API's limit."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A task of a job; `exit_code` is None while it runs, or where it never did."""

    task: str
    by: str
    began: datetime | None
    status: str
    exit_code: int | None
    reason: str = ""

    def __str__(self) -> str:
        when = f" at {self.began:%Y-%m-%d %H:%M:%S}" if self.began else ""
        if self.status != "STOPPED":
            return f"{self.status.lower()}{when}"
        return f"code {'-' if self.exit_code is None else self.exit_code}{when}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it is in an environment; `runs` are those that ECS still knows, newest first."""

    service: str
    name: str
    command: tuple[str, ...]
    schedule: str
    timezone: str
    state: str
    next: datetime | None
    revision: str
    runs: tuple[Run, ...]

    @property
    def row(self) -> tuple[object, ...]:
        """The job as a line of a table."""
        zone = "" if self.timezone == "UTC" else f" {self.timezone}"
        following = f"{self.next:%Y-%m-%d %H:%M}{zone}" if self.next else "-"
        last = str(self.runs[0]) if self.runs else "-"
        place = (self.service, self.name, self.schedule or "by hand")
        return (*place, following, self.state, self.revision or "-", last)

    @property
    def document(self) -> dict[str, object]:
        """The job as `--json` shows it."""
        return asdict(self)


def overview(site: Site) -> list[Job]:
    """The jobs of the site's services."""
    with calls(f"looking at the jobs of {site.settings.environment.name}"):
        services = [each for each in site.settings.services.values() if each.jobs]
        return list(chain.from_iterable(of(site, each) for each in services))


def of(site: Site, service: Service) -> Iterator[Job]:
    """The jobs of one service."""
    here, found = at_work(site, service), runs(site, service)
    group = (outputs(site, service).get("schedules") or {"group": "", "jobs": []}) if here else {}
    for name, job in service.jobs.items():
        there = name in group.get("jobs", ())
        schedule = schedules.read(site.aws, group["group"], name) if there else None
        revision = schedules.revision_of(schedule) if schedule else ""
        on = schedule is not None and schedule["State"] == "ENABLED"
        yield Job(
            service=service.name,
            name=name,
            command=job.command,
            schedule=job.schedule,
            timezone=job.timezone,
            state=state(scheduled=bool(job.schedule), revision=revision, on=on, here=here),
            next=when.next_run(schedule, datetime.now().astimezone()) if schedule and on else None,
            revision=short(revision or (here.task_definition if here else "")),
            runs=tuple(run for owner, run in found if owner == name),
        )


def state(*, scheduled: bool, revision: str, on: bool, here: Serving | None) -> str:
    """What becomes of a job; pure."""
    if here is None or (scheduled and not revision):
        return "not released"
    if not scheduled:
        return "ready"
    return "on" if on else "paused"


def runs(site: Site, service: Service) -> list[tuple[str, Run]]:
    """The tasks of a service's jobs that ECS still knows, each with its job, newest first."""
    cluster, family = names.cluster(site.settings), names.service(site.settings, service.name)
    ecs = site.aws.ecs
    try:
        pages = [
            page["taskArns"]
            for status in ("RUNNING", "STOPPED")
            for page in ecs.get_paginator("list_tasks").paginate(
                cluster=cluster, family=family, desiredStatus=status
            )
        ]
    except ecs.exceptions.ClusterNotFoundException:
        return []
    found = [
        task
        for some in observe.batched(chain.from_iterable(pages), BATCH)
        for task in ecs.describe_tasks(cluster=cluster, tasks=list(some))["tasks"]
    ]
    found.sort(key=lambda task: task["createdAt"], reverse=True)
    return [(owner, run(task)) for task in found if (owner := owner_of(task))]


def owner_of(task: Any) -> str:
    """The job that a task is of, "" for none; pure."""
    by = str(task.get("startedBy", ""))
    return next((by.removeprefix(p) for p in (SCHEDULED, BY_HAND) if by.startswith(p)), "")


def run(task: Any) -> Run:
    """A task of ECS as the run of a job; pure."""
    app: Any = next((c for c in task["containers"] if c["name"] == names.CONTAINER), {})
    return Run(
        task=task["taskArn"].rpartition("/")[2],
        by="schedule" if task["startedBy"].startswith(SCHEDULED) else "hand",
        began=task.get("startedAt") or task.get("createdAt"),
        status=task["lastStatus"],
        exit_code=app.get("exitCode"),
        reason=task.get("stoppedReason", ""),
    )


def demand(service: Service, name: str) -> None:
    """Raise `UsageError` unless the service's manifest has the job."""
    if not service.jobs:
        raise UsageError(
            f"{service.name} has no jobs",
            next_step=f"write [jobs.{name}] into services/{service.name}/service.toml, and deploy",
        )
    known(name, service.jobs, "job", "--job")


def switch(site: Site, name: str, *, on: bool, dry_run: bool) -> bool:
    """Turn the schedule of a job on or off; whether it was not so already.

    Deploys and Terraform leave it so.
    """
    (service,) = site.settings.services.values()
    demand(service, name)
    group = outputs(site, service).get("schedules") or {"group": "", "jobs": []}
    environment = site.settings.environment.name
    if not service.jobs[name].schedule:
        raise UsageError(
            f"job {name} of {service.name} has no schedule in {environment}",
            next_step=f"give it one in services/{service.name}/service.toml, and deploy",
        )
    with calls(f"looking at the schedule of {name}"):
        schedule = schedules.read(site.aws, group["group"], name) if name in group["jobs"] else None
        if schedule is None or not schedules.revision_of(schedule):
            raise DeployError(
                f"job {name} of {service.name} is not released in {environment}",
                next_step=f"uv run invoke deploy --env={environment} --service={service.name}",
            )
        change: Any = schedules.switched(schedule, on=on)
        if change["State"] == schedule["State"]:
            return False
        if not dry_run:
            site.aws.scheduler.update_schedule(**change)
    return True


def at_work(site: Site, service: Service) -> Serving | None:
    """The revision that is released."""
    cluster = names.cluster(site.settings)
    return serving(site.aws, cluster, names.service(site.settings, service.name))


def outputs(site: Site, service: Service) -> dict[str, Any]:
    """What the last apply of the service's stack tells; nothing where there was none."""
    record = applied.read(service_stack(site.settings, service, "", site.checkout), site.aws)
    return dict(record.outputs) if record else {}
