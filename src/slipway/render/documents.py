"""A service's task definition and AppSpec as AWS's own tools take them; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from slipway.cost.resources import Resource
from slipway.rollout import appspec, taskdef

if TYPE_CHECKING:
    from slipway.config import Service, Settings
    from slipway.rollout.decide import Network

PLACEHOLDER = "<TASK_DEFINITION>"
"""What CodePipeline and GitHub's action put the ARN of the revision in for."""

WORD = (
    "a deployment of it stands Ready once its new tasks can be tried, and ends after 15 minutes "
    "without a word: aws deploy continue-deployment --deployment-wait-type READY_WAIT "
    "--deployment-id ID"
)
"""What other tools have to do where `deploy` tries new tasks by itself."""

_CAMEL = re.compile(r"_(\w)")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What was made for one service; `notes` say what nobody can know yet."""

    service: str
    task_definition: Mapping[str, Any]
    appspec: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> dict[PurePath, str]:
        """The documents by their place below the folder for all."""
        import yaml

        folder = PurePath(self.service)
        return {
            folder / "task-definition.json": json.dumps(self.task_definition, indent=2) + "\n",
            folder / "appspec.yaml": yaml.safe_dump(dict(self.appspec), sort_keys=False),
        }


def deployed(
    service: Service,
    template: taskdef.TaskDefinition,
    tags: Sequence[Mapping[str, str]],
    image: str,
    network: Network | None,
    *,
    waits: bool = False,
) -> Rendered:
    """The documents of a service that Terraform has made, of its template.

    `waits` says that its deployments ask for a word before they move requests.
    """
    return Rendered(
        service=service.name,
        task_definition=taskdef.next_revision(template, tags, image),
        appspec=spec(service, network),
        notes=(*_rolls(service), *((WORD,) if waits else ())),
    )


def invented(
    settings: Settings, service: Service, resources: Sequence[Resource], image: str
) -> Rendered:
    """The documents of a service that exists in memory alone; `image` "" is not known."""
    (task,) = (each for each in resources if _is_service_task(each))
    values = task.values
    family = str(values["family"])
    roles = {_last(each.address): each for each in resources if each.type == "aws_iam_role"}
    containers = json.loads(values["container_definitions"])
    template = {
        "family": family,
        "taskRoleArn": _role(settings, roles["task"]),
        "executionRoleArn": _role(settings, roles["execution"]),
        "networkMode": values["network_mode"],
        "containerDefinitions": containers,
        "volumes": [{"name": each["name"]} for each in values["volume"]],
        "requiresCompatibilities": values["requires_compatibilities"],
        "cpu": values["cpu"],
        "memory": values["memory"],
        "runtimePlatform": {_camel(k): v for k, v in values["runtime_platform"][0].items() if v},
    }
    unknown = [f"it was rendered offline: {each}" for each in _open(containers, image)]
    return Rendered(
        service=service.name,
        task_definition=taskdef.next_revision(
            template, tags(settings, service.name), image or taskdef.image_of(template)
        ),
        appspec=spec(service, None),
        notes=(*unknown, *_rolls(service)),
    )


def spec(service: Service, network: Network | None) -> dict[str, Any]:
    """The AppSpec, with a placeholder where the revision goes."""
    hooks = {event: getattr(service.deploy.hooks, event) for event in appspec.EVENTS}
    return appspec.document(PLACEHOLDER, service.port, network, hooks)


def tags(settings: Settings, service: str) -> list[dict[str, str]]:
    """The tags that `infra/service/locals.tf` gives to all that a service is made of."""
    found = {
        "environment": settings.environment.name,
        "managed-by": "terraform",
        "owner": settings.owner,
        "project": settings.project,
        "service": service,
    }
    return [{"key": key, "value": value} for key, value in found.items() if value]


def _rolls(service: Service) -> tuple[str, ...]:
    if service.deploy.strategy != "rolling":
        return ()
    return ("its strategy is rolling: appspec.yaml is for CodeDeploy, and of no use until then",)


def _open(containers: Sequence[Mapping[str, Any]], image: str) -> list[str]:
    """What is invented, as nobody but AWS, or a build, can tell."""
    found = (
        [] if image else ["its image is a stand-in; give --image, or let the pipeline put it in"]
    )
    if any(each.get("secrets") for each in containers):
        found.append("the ARNs of its secrets are stand-ins: AWS chooses their last characters")
    return [*found, "its AppSpec has no network: CodeDeploy then takes the service's own"]


def _is_service_task(each: Resource) -> bool:
    return each.address == "module.task_definition.aws_ecs_task_definition.this"


def _role(settings: Settings, role: Resource) -> str:
    path = role.values.get("path") or "/"
    return f"arn:aws:iam::{settings.environment.account_id}:role{path}{role.values['name']}"


def _last(address: str) -> str:
    return address.rpartition(".")[2]


def _camel(name: str) -> str:
    return _CAMEL.sub(lambda match: match[1].upper(), name)
