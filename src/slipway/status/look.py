"""Looking at all services of an environment in few calls; what is refused is a gap, not the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from slipway import names
from slipway.aws import Aws, calls
from slipway.config import Settings
from slipway.errors import AccessError, Refused, SlipwayError
from slipway.release import lease, ledger
from slipway.release.ledger import Release
from slipway.release.parallel import side_by_side
from slipway.rollout import deployments, observe
from slipway.rollout.decide import Snapshot
from slipway.rollout.shifting import Shift
from slipway.status.decide import decide, moving, share_out
from slipway.status.model import Releases, Seen, Status, Targets

T = TypeVar("T")
U = TypeVar("U")

FEW = 20
"""Services of which the load balancer is asked for the targets even when nothing seems wrong: it
takes a call each."""

MOST_READ = 30
"""Releases of a service that are read to find a verified one."""


@dataclass
class Look:
    """Looks at `settings`' services by `aws`; releases that have ended are read once."""

    settings: Settings
    aws: Aws
    _read: dict[tuple[str, str], Release] = field(default_factory=dict)
    _gaps: dict[str, str] = field(default_factory=dict)

    def now(self) -> Status:
        """How everything stands now. Raises where AWS can't be asked at all."""
        self._gaps.clear()
        services = {name: names.service(self.settings, name) for name in self.settings.services}
        snapshots = self._asked("services", partial(self._snapshots, services), {})
        releases = self._asked("releases", partial(self._releases, snapshots), {})
        busy = [name for name in services if _busy(snapshots.get(name), releases.get(name))]
        holders = self._asked("leases", partial(self._holders, busy), {})
        alarms: list[tuple[str, str]] | None = self._asked("alarms", self._alarms, None)
        shifts = self._asked("CodeDeploy", partial(self._shifts, services, snapshots), {})
        targets = self._asked("targets", partial(self._targets, snapshots), {})
        every = [names.service(self.settings, name) for name in self.settings.all_services]
        mine, others = share_out(alarms or [], services, every)
        seen = (
            Seen(
                service=name,
                serves=self.settings.services[name].serves,
                snapshot=snapshots.get(name),
                releases=releases.get(name),
                holder=holders.get(name, ""),
                alarms=None if alarms is None else mine[name],
                targets=targets.get(name),
                shift=shifts.get(name),
            )
            for name in services
        )
        return Status(
            environment=self.settings.environment.name,
            services=tuple(decide(each) for each in seen),
            alarms=others,
            gaps=tuple(self._gaps.values()),
        )

    def _asked(self, what: str, ask: Callable[[], T], otherwise: U) -> T | U:
        """What `ask` finds; a refusal is noted. Raises where no other call would do better."""
        try:
            with calls(f"{what} of {self.settings.environment.name}"):
                return ask()
        except SlipwayError as error:
            if isinstance(error, AccessError) and not isinstance(error, Refused):
                raise
            self._gaps[what] = error.message
            return otherwise

    def _snapshots(self, services: Mapping[str, str]) -> dict[str, Snapshot]:
        ecs, cluster = self.aws.ecs, names.cluster(self.settings)
        try:
            found = observe.snapshots(ecs, cluster, list(services.values()))
        except ecs.exceptions.ClusterNotFoundException:
            found = {}
        missing = partial(Snapshot, status="MISSING", desired=0, running=0)
        return {name: found.get(full) or missing(service=full) for name, full in services.items()}

    def _releases(self, snapshots: Mapping[str, Snapshot]) -> dict[str, Releases]:
        bucket = names.state_bucket(self.settings)
        ids = ledger.all_ids(self.aws.s3, bucket, self.settings.environment.name)
        jobs = {
            name: partial(self._of, name, ids.get(name, ()), snapshots.get(name))
            for name in self.settings.services
        }
        return side_by_side(jobs)

    def _of(self, service: str, ids: Sequence[str], now: Snapshot | None) -> Releases:
        primary = now.primary if now else None
        arn = primary.task_definition if primary else ""
        return chosen((self._release(service, each) for each in ids[:MOST_READ]), arn)

    def _release(self, service: str, release_id: str) -> Release | None:
        key = (service, release_id)
        if key not in self._read:
            bucket, environment = names.state_bucket(self.settings), self.settings.environment.name
            found = ledger.read(self.aws.s3, bucket, environment, service, release_id)
            if found is None or found.open:
                return found
            self._read[key] = found
        return self._read[key]

    def _holders(self, services: Sequence[str]) -> dict[str, str]:
        table, environment = names.lock_table(self.settings), self.settings.environment.name
        found = lease.all_alive(self.aws.dynamodb, table, environment, services)
        return {name: str(holder) for name, holder in found.items()}

    def _alarms(self) -> list[tuple[str, str]]:
        """Those that are raised, with their reasons."""
        pages = self.aws.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=f"{names.prefix(self.settings)}-",
            StateValue="ALARM",
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        # `shop-prod-` begins the names of `shop-prod-eu-` as well.
        others = tuple(
            f"{names.prefix(replace(self.settings, environment=each))}-"
            for each in self.settings.environments.values()
            if each.name.startswith(f"{self.settings.environment.name}-")
        )
        return [
            (each["AlarmName"], each.get("StateReason", ""))
            for page in pages
            for each in (*page["MetricAlarms"], *page["CompositeAlarms"])
            if not each["AlarmName"].startswith(others)
        ]

    def _shifts(
        self, services: Mapping[str, str], snapshots: Mapping[str, Snapshot]
    ) -> dict[str, Shift]:
        """The deployments that task sets of more than one revision come from, in detail."""
        sources = {
            name: [each.source for each in now.deployments if each.source]
            for name, now in snapshots.items()
            if now.controller == "CODE_DEPLOY" and len(now.deployments) > 1
        }
        wanted = [each for some in sources.values() for each in some]
        found = deployments.shifts(self.aws.codedeploy, wanted) if wanted else {}
        cluster = names.cluster(self.settings)
        return {
            name: deployments.in_detail(self.aws.codedeploy, shift, cluster, services[name])
            for name, some in sources.items()
            for shift in _running(found, some)
        }

    def _targets(self, snapshots: Mapping[str, Snapshot]) -> dict[str, Targets]:
        """Those of services that are not steady; of few services, all."""
        wanted = {
            name: now
            for name, now in snapshots.items()
            if now.groups and (len(snapshots) <= FEW or now.running < now.desired)
        }
        return side_by_side({name: partial(self._health, now) for name, now in wanted.items()})

    def _health(self, now: Snapshot) -> Targets:
        states = [
            each.state
            for group in now.groups
            for each in observe.target_health(self.aws, group)
            if each.state != "draining"
        ]
        return Targets(healthy=states.count("healthy"), all=len(states))


def chosen(newest_first: Iterable[Release | None], task_definition: str) -> Releases:
    """Of releases, those that say how a service stands; reads on until they are found. Pure."""
    newest = serving = verified = None
    for each in newest_first:
        if each is None:
            continue
        newest = newest or each
        verified = verified or (each if each.verified else None)
        if serving is None and each.task_definition == task_definition != "":
            serving = each
        if verified and (serving or not task_definition):
            break
    return Releases(newest=newest, serving=serving, verified=verified)


def _running(found: Mapping[str, Shift], ids: Sequence[str]) -> list[Shift]:
    return [found[each] for each in ids if each in found and found[each].running][:1]


def _busy(now: Snapshot | None, found: Releases | None) -> bool:
    """Whether somebody may be at work: who that is, is asked of these only."""
    left = found is not None and found.newest is not None and found.newest.open
    return left or (now is not None and (len(now.deployments) > 1 or moving(now, None)))
