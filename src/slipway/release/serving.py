"""Which revision and image of a service is at work now, under ECS's or CodeDeploy's control."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from slipway import names
from slipway.aws import calls
from slipway.rollout import jobs, observe, taskdef
from slipway.rollout.decide import short

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Service, Settings
    from slipway.release.ledger import Release


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The primary deployment or task set. `registered` is when its revision was made."""

    task_definition: str
    image: str
    port: int
    registered: datetime
    deployment: str = ""

    def newer(self, release: Release) -> bool:
        """Whether this is the revision that `release` registered and had no time to note."""
        return self.image == release.image and self.registered >= _moment(release.began)


def former_port(aws: Aws, settings: Settings, service: Service) -> int:
    """The port that the tasks of `service` listen on now; 0 where there are none.

    The load balancer has to reach it until a rollout to another port is over.
    """
    with calls(f"looking at {service.name}"):
        found = serving(aws, names.cluster(settings), names.service(settings, service.name))
    return found.port if found else 0


def serving(aws: Aws, cluster: str, service: str) -> Serving | None:
    """What is at work; None where there is no such service.

    Where ECS has none it may be one that has nothing but jobs.
    """
    try:
        answer = aws.ecs.describe_services(cluster=cluster, services=[service])
    except aws.ecs.exceptions.ClusterNotFoundException:
        # The dry run of an environment's first deploy.
        return None
    active = [each for each in answer["services"] if each["status"] == "ACTIVE"]
    if not active:
        arn = jobs.released(aws, names.released(cluster, service))
        return revision(aws, arn, short(arn)) if arn else None
    primary = primary_of(active[0])
    if primary is None:
        return None
    return revision(aws, primary["taskDefinition"], primary["id"])


def revision(aws: Aws, arn: str, deployment: str) -> Serving:
    """A revision as what `deployment` brings, or has brought."""
    definition, _ = observe.task_definition(aws.ecs, arn)
    ports = observe.app_of(definition).get("portMappings", [])
    return Serving(
        task_definition=arn,
        image=taskdef.image_of(definition),
        port=ports[0]["containerPort"] if ports else 0,
        registered=definition["registeredAt"],
        deployment=deployment,
    )


def primary_of(service: Any) -> Any:
    """The primary deployment of a service, or its primary task set under CodeDeploy; pure."""
    candidates = [*service.get("deployments", []), *service.get("taskSets", [])]
    return next((each for each in candidates if each["status"] == "PRIMARY"), None)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
