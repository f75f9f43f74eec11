"""What an observed service means for the deployment that we watch. Pure.

Success is narrow on purpose: *our* deployment, of *our* task definition, complete, at the intended
count. A circuit breaker's rollback leaves a healthy service behind, and is not a success.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slipway.model import Verdict

RolloutState = Literal["IN_PROGRESS", "COMPLETED", "FAILED", ""]


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where tasks run: what a deployment by CodeDeploy has to bring along."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    public_ip: bool

    @property
    def awsvpc(self) -> dict[str, object]:
        """The same as RunTask takes it."""
        return {
            "awsvpcConfiguration": {
                "subnets": list(self.subnets),
                "securityGroups": list(self.security_groups),
                "assignPublicIp": "ENABLED" if self.public_ip else "DISABLED",
            }
        }


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One ECS deployment of a service, as DescribeServices shows it; counts are tasks.

    A task set of a service that CodeDeploy rolls out is one too: `source` is then the id of the
    CodeDeploy deployment that made it, `target_group` where its tasks are, and `share` the percent
    of the requests that they get, if known.
    """

    id: str
    primary: bool
    task_definition: str
    state: RolloutState
    reason: str = ""
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed: int = 0
    source: str = ""
    target_group: str = ""
    network: Network | None = None
    share: int | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A service at one moment. `status` is ACTIVE, DRAINING, INACTIVE or MISSING.

    `port` is the container port that its load balancer sends requests to, 0 without one; `groups`
    are the target groups of what serves. `exec` says that new tasks let ECS Exec in.
    `controller` says who rolls it out: ECS or CODE_DEPLOY. `registered`: its tasks have a name for
    other services. `phase` is what a rollout is doing.
    """

    service: str
    status: str
    desired: int
    running: int
    port: int = 0
    groups: tuple[str, ...] = ()
    exec: bool = False
    deployments: tuple[Deployment, ...] = ()
    events: tuple[tuple[str, str], ...] = ()
    controller: str = "ECS"
    registered: bool = False
    phase: str = ""

    @property
    def primary(self) -> Deployment | None:
        """The deployment that ECS is working towards."""
        return next((each for each in self.deployments if each.primary), None)

    def find(self, deployment_id: str) -> Deployment | None:
        """The deployment of that id while ECS still lists it."""
        return next((each for each in self.deployments if each.id == deployment_id), None)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What we started and came from; `failed_seen` remembers what ECS may stop listing.

    `returning` is a way back that undoes `deployment_id`, rather than a deployment of its own.
    """

    deployment_id: str
    task_definition: str
    previous: str = ""
    failed_seen: bool = False
    returning: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do next: keep waiting (verdict None), or stop with a verdict and its reason."""

    verdict: Verdict | None
    reason: str = ""


WAIT = Decision(verdict=None)


def decide(snapshot: Snapshot, watched: Watched) -> Decision:
    """Whether the watched deployment has ended, and how."""
    primary = snapshot.primary
    if snapshot.status != "ACTIVE" or primary is None:
        return _end(Verdict.FAILED, f"the service is {snapshot.status} in ECS")
    if primary.id == watched.deployment_id:
        return _ours(primary, snapshot, watched)
    if _rolled_back(snapshot, watched):
        return _after_rollback(primary)
    return _end(
        Verdict.SUPERSEDED,
        f"deployment {primary.id} of {short(primary.task_definition)} took over",
    )


def has_failed(snapshot: Snapshot, deployment_id: str) -> bool:
    """Whether ECS has given this deployment up, by its state or by the service's events."""
    deployment = snapshot.find(deployment_id)
    told = (deployment_id in message and " failed" in message for _, message in snapshot.events)
    return (deployment is not None and deployment.state == "FAILED") or any(told)


def timed_out(watched: Watched, seconds: int) -> Decision:
    """The verdict when the time is up; ECS goes on by itself."""
    return _end(
        Verdict.TIMED_OUT, f"deployment {watched.deployment_id} is still running after {seconds} s"
    )


def short(task_definition: str) -> str:
    """`family:revision` of a task definition's ARN."""
    return task_definition.rsplit("/", 1)[-1]


def _ours(ours: Deployment, snapshot: Snapshot, watched: Watched) -> Decision:
    if ours.task_definition != watched.task_definition:
        running = short(ours.task_definition)
        return _end(Verdict.SUPERSEDED, f"deployment {ours.id} now runs {running}")
    if ours.state == "FAILED":
        return _end(Verdict.FAILED, ours.reason or "the deployment failed")
    if ours.state == "COMPLETED" and ours.running >= snapshot.desired == ours.desired:
        return _end(Verdict.DEPLOYED, ours.reason)
    return WAIT


def _rolled_back(snapshot: Snapshot, watched: Watched) -> bool:
    """Whether ECS took our deployment back, rather than somebody starting another one."""
    primary = snapshot.primary
    assert primary
    # A restart goes back to the revision that it brings: to its old tasks.
    if primary.task_definition == watched.task_definition != watched.previous:
        return False
    failed = watched.failed_seen or has_failed(snapshot, watched.deployment_id)
    back = primary.task_definition == watched.previous or not watched.previous
    return (failed and back) or "rolling back" in primary.reason


def _after_rollback(primary: Deployment) -> Decision:
    if primary.state == "IN_PROGRESS":
        return WAIT
    back = f"ECS went back to {short(primary.task_definition)}"
    if primary.state == "FAILED":
        return _end(Verdict.FAILED, f"{back}, and that failed too: {primary.reason}")
    return _end(Verdict.ROLLED_BACK, back)


def _end(verdict: Verdict, reason: str) -> Decision:
    return Decision(verdict=verdict, reason=reason)
