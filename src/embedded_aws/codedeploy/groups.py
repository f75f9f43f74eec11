"""Deployment groups. Pure over the store; what ECS knows comes through `problem`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from embedded_aws.codedeploy import checks
from embedded_aws.codedeploy.applications import BAD_TOKEN, BATCH, PAGE
from embedded_aws.codedeploy.configs import ALL_AT_ONCE, PREFIX, Configs
from embedded_aws.codedeploy.store import Store, checked_name, checked_tags
from embedded_aws.json_api import ApiError, Handler, Record, Request, chosen, page

Problem = Callable[[str, str], str]
"""Of a cluster and a service: why CodeDeploy can't deploy to it, or nothing."""

FIELDS = (
    *("deploymentConfigName", "serviceRoleArn", "deploymentStyle", "loadBalancerInfo"),
    *("blueGreenDeploymentConfiguration", "autoRollbackConfiguration", "alarmConfiguration"),
    *("triggerConfigurations", "outdatedInstancesStrategy", "ecsServices"),
    *("ec2TagFilters", "onPremisesInstanceTagFilters", "ec2TagSet", "onPremisesTagSet"),
    "terminationHookEnabled",
)
"""What a request sets and the group shows as it is."""

LISTS = ("ec2TagFilters", "onPremisesInstanceTagFilters", "autoScalingGroups")
STYLE = {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}


class Groups:
    """The operations on deployment groups."""

    def __init__(self, store: Store, configs: Configs, problem: Problem) -> None:
        self._store = store
        self._configs = configs
        self._problem = problem

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "BatchGetDeploymentGroups": self.batch_get,
            "CreateDeploymentGroup": self.create,
            "DeleteDeploymentGroup": self.delete,
            "GetDeploymentGroup": self.get,
            "ListDeploymentGroups": self.list,
            "UpdateDeploymentGroup": self.update,
        }

    def create(self, request: Request) -> Mapping[str, Any]:
        application = self._store.application(request.get("applicationName"))
        name = checked_name(request.get("deploymentGroupName"), "DeploymentGroup")
        key = (application["applicationName"], name)
        self._refuse_existing(key)
        tags = checked_tags(request.get("tags"))
        ecs = application["computePlatform"] == "ECS"
        group = {
            "applicationName": key[0],
            "deploymentGroupId": str(uuid4()),
            "deploymentGroupName": name,
            "deploymentConfigName": ALL_AT_ONCE if ecs else f"{PREFIX}OneAtATime",
            "deploymentStyle": dict(STYLE),
            "outdatedInstancesStrategy": "UPDATE",
            "triggerConfigurations": [],
            "terminationHookEnabled": False,
            "computePlatform": application["computePlatform"],
            **{field: [] for field in LISTS},
            **self._given(request),
        }
        self._check(group)
        self._store.groups[key] = group
        self._store.tags[self._store.arn("deploymentgroup", "/".join(key))] = tags
        return {"deploymentGroupId": group["deploymentGroupId"]}

    def update(self, request: Request) -> Mapping[str, Any]:
        old = self._store.group(
            request.get("applicationName"), request.get("currentDeploymentGroupName")
        )
        key = (old["applicationName"], old["deploymentGroupName"])
        name = request.get("newDeploymentGroupName") or key[1]
        checked_name(name, "DeploymentGroup")
        new = (key[0], name)
        if new != key:
            self._refuse_existing(new)
        group = {**old, "deploymentGroupName": name, **self._given(request)}
        self._check(group)
        self._store.groups.pop(key)
        self._store.groups[new] = group
        tags, arn = self._store.tags, self._store.arn
        tags[arn("deploymentgroup", "/".join(new))] = tags.pop(
            arn("deploymentgroup", "/".join(key)), {}
        )
        for deployment in self._store.of_group(*key):
            deployment["deploymentGroupName"] = name
        return {"hooksNotCleanedUp": []}

    def get(self, request: Request) -> Mapping[str, Any]:
        group = self._store.group(
            request.get("applicationName"), request.get("deploymentGroupName")
        )
        return {"deploymentGroupInfo": self._shown(group)}

    def batch_get(self, request: Request) -> Mapping[str, Any]:
        application = self._store.application(request.get("applicationName"))["applicationName"]
        names = request.get("deploymentGroupNames") or []
        if not names:
            checked_name(None, "DeploymentGroup")
        if len(names) > BATCH:
            raise ApiError(
                "BatchLimitExceededException", "The maximum number of names is exceeded."
            )
        found = [self._store.groups.get((application, name)) for name in names]
        missing = [name for name, group in zip(names, found, strict=True) if group is None]
        answer: Record = {"deploymentGroupsInfo": [self._shown(group) for group in found if group]}
        if missing:
            answer["errorMessage"] = f"No Deployment Group found for name: {', '.join(missing)}"
        return answer

    def list(self, request: Request) -> Mapping[str, Any]:
        application = self._store.application(request.get("applicationName"))["applicationName"]
        names = sorted(key[1] for key in self._store.groups if key[0] == application)
        found, token = page(names, request.get("nextToken"), PAGE, BAD_TOKEN)
        return {
            "applicationName": application,
            "deploymentGroups": found,
            **({"nextToken": token} if token else {}),
        }

    def delete(self, request: Request) -> Mapping[str, Any]:
        """Delete a group; one that isn't there is deleted already."""
        application = checked_name(request.get("applicationName"), "Application")
        name = checked_name(request.get("deploymentGroupName"), "DeploymentGroup")
        self._store.groups.pop((application, name), None)
        self._store.tags.pop(self._store.arn("deploymentgroup", f"{application}/{name}"), None)
        return {"hooksNotCleanedUp": []}

    def _refuse_existing(self, key: tuple[str, str]) -> None:
        if key in self._store.groups:
            message = f"Deployment group already exists for name: {key[1]}"
            raise ApiError("DeploymentGroupAlreadyExistsException", message)

    def _given(self, request: Request) -> Record:
        given = chosen(request, FIELDS)
        if request.get("autoScalingGroups") is not None:
            given["autoScalingGroups"] = [{"name": name} for name in request["autoScalingGroups"]]
        return given

    def _check(self, group: Record) -> None:
        """Raise what AWS answers to a group that can't be."""
        checks.role(group.get("serviceRoleArn"))
        config = self._configs.find(group["deploymentConfigName"])
        if config["computePlatform"] != group["computePlatform"]:
            message = (
                f"The deployment configuration {group['deploymentConfigName']} is not for the "
                f"compute platform {group['computePlatform']}."
            )
            raise ApiError("InvalidDeploymentConfigNameException", message)
        checks.rollback(group.get("autoRollbackConfiguration"))
        checks.alarms(group.get("alarmConfiguration"))
        if group["computePlatform"] == "ECS":
            checks.ecs_group(group)
            self._check_service(group)

    def _check_service(self, group: Record) -> None:
        service = group["ecsServices"][0]
        problem = self._problem(service.get("clusterName", "default"), service["serviceName"])
        if problem:
            raise ApiError("InvalidECSServiceException", problem)
        for other in list(self._store.groups.values()):
            mine = other["deploymentGroupId"] == group["deploymentGroupId"]
            if not mine and service in (other.get("ecsServices") or []):
                message = (
                    "The Amazon ECS service is associated with more than one deployment groups."
                )
                raise ApiError("ECSServiceMappingLimitExceededException", message)

    def _shown(self, group: Record) -> Record:
        """The group with what its deployments add to it."""
        deployments = self._store.of_group(group["applicationName"], group["deploymentGroupName"])
        added: Record = {}
        if deployments:
            added["targetRevision"] = deployments[0]["revision"]
            added["lastAttemptedDeployment"] = _summary(deployments[0])
        good = next((d for d in deployments if d["status"] == "Succeeded"), None)
        if good:
            added["lastSuccessfulDeployment"] = _summary(good)
        return {**group, **added}


def _summary(deployment: Record) -> Record:
    ended = deployment.get("completeTime")
    return {
        "deploymentId": deployment["deploymentId"],
        "status": deployment["status"],
        "createTime": deployment["createTime"],
        **({"endTime": ended} if ended else {}),
    }
