"""Jobs of what is released, run now, by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.errors import DeployError, Interrupted
from slipway.release import aim
from slipway.release.jobs import BY_HAND, at_work, demand, outputs
from slipway.release.migrations import cause_of
from slipway.release.world import Site
from slipway.rollout import observe, oneoff, schedules
from slipway.rollout.decide import short


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A job run by hand, or to be run; `task` is its ARN, "" in a dry run.

    `exit_code` is None where it was not waited for.
    """

    service: str
    job: str
    revision: str
    command: tuple[str, ...]
    task: str = ""
    exit_code: int | None = None
    reason: str = ""


def run_now(
    site: Site,
    name: str,
    extra: Sequence[str],
    *,
    wait: bool,
    dry_run: bool,
    write: Callable[[str], None],
) -> Ran:
    """Run a job of the site's one service by the revision that is released.

    `write` gets the lines of its log. Raises `DeployError` where its container never ran.
    """
    (service,) = site.settings.services.values()
    demand(service, name)
    with calls(f"running the job {name} of {service.name}"):
        wanted = one_off(site, service, name, extra)
        words = wanted.overrides["containerOverrides"][0]["command"]
        revision = short(wanted.template)
        ran = Ran(service=service.name, job=name, revision=revision, command=tuple(words))
        if dry_run:
            return ran
        task = oneoff.begin(site.aws, wanted, wanted.template)
        site.console.line(f"task {_id(task)} of {revision}: {' '.join(words)}")
        ran = replace(ran, task=task["taskArn"])
        if not wait:
            return ran
        ended = followed(site, wanted, task, write)
        return replace(ran, exit_code=ended.exit_code, reason=ended.reason)


def one_off(site: Site, service: Service, name: str, extra: Sequence[str]) -> oneoff.OneOff:
    """The task to start. Raises `DeployError` where what is released has no such job."""
    here = at_work(site, service)
    found = definition_of(site, here.task_definition) if here else {"containerDefinitions": []}
    job = schedules.jobs_of(found).get(name)
    if here is None or job is None:
        environment = site.settings.environment.name
        raise DeployError(
            f"{service.name} has no job {name} in {environment}: "
            + (f"{short(here.task_definition)} knows none" if here else "it is not released"),
            next_step=f"uv run invoke deploy --env={environment} --service={service.name}",
        )
    return oneoff.OneOff(
        name=f"the job {name} of {service.name}",
        cluster=names.cluster(site.settings),
        service=names.service(site.settings, service.name),
        template=here.task_definition,
        image=here.image,
        network=aim.network(outputs(site, service).get("network")),
        overrides=schedules.overrides(job, extra),
        started_by=f"{BY_HAND}{name}",
    )


def followed(
    site: Site, wanted: oneoff.OneOff, task: Any, write: Callable[[str], None]
) -> oneoff.Ended:
    """Watch a task to its end. A signal ends the watching, and not the task."""
    try:
        ended = oneoff.follow(site.aws, wanted, task, write=write)
    except Interrupted as error:
        raise Interrupted(
            f"stopped watching {wanted.name}; its task {_id(task)} goes on",
            next_step=f"aws ecs stop-task --cluster {wanted.cluster} --task {_id(task)} ends it",
            signal=error.signal,
        ) from error
    if ended.exit_code is None:
        environment = site.settings.environment.name
        (service,) = site.settings.services
        cause = cause_of(service, ended, image=wanted.image, environment=environment)
        raise DeployError(f"{wanted.name} never ran: {cause.title}", next_step=cause.remedy)
    return ended


def definition_of(site: Site, arn: str) -> Any:
    """A registered revision."""
    return observe.task_definition(site.aws.ecs, arn)[0]


def _id(task: Any) -> str:
    return str(task["taskArn"]).rpartition("/")[2]
