"""CodeDeploy's API: shapes as in AWS's model, AWS's errors, names, tags."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from embedded_aws.codedeploy.applications import Applications
from embedded_aws.codedeploy.configs import Configs
from embedded_aws.codedeploy.deployments import Deployments
from embedded_aws.codedeploy.groups import Groups
from embedded_aws.codedeploy.store import Store
from embedded_aws.codedeploy.tags import Tags
from embedded_aws.codedeploy.targets import Targets
from embedded_aws.json_api import Scope
from tests.aws_model import ApiFailure, call, raw_call

SPEC = json.dumps({"version": 0.0, "Resources": []})
REVISION = {"revisionType": "AppSpecContent", "appSpecContent": {"content": SPEC}}

GROUP: dict[str, Any] = {
    "applicationName": "app",
    "deploymentGroupName": "group",
    "serviceRoleArn": "arn:aws:iam::000000000000:role/codedeploy",
    "deploymentStyle": {
        "deploymentType": "BLUE_GREEN",
        "deploymentOption": "WITH_TRAFFIC_CONTROL",
    },
    "blueGreenDeploymentConfiguration": {
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
        "terminateBlueInstancesOnDeploymentSuccess": {
            "action": "TERMINATE",
            "terminationWaitTimeInMinutes": 10,
        },
    },
    "loadBalancerInfo": {
        "targetGroupPairInfoList": [
            {
                "targetGroups": [{"name": "blue"}, {"name": "green"}],
                "prodTrafficRoute": {"listenerArns": ["arn:listener"]},
            }
        ]
    },
    "ecsServices": [{"clusterName": "cluster", "serviceName": "service"}],
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    "tags": [{"Key": "a", "Value": "b"}],
}


class Api:
    """CodeDeploy over plain dictionaries."""

    def __init__(self) -> None:
        self.problem = ""
        self.woken = 0
        self.store = Store(lambda: Scope("000000000000", "us-west-1"))
        configs = Configs(self.store)
        self.handlers = {
            **Applications(self.store).handlers(),
            **configs.handlers(),
            **Groups(self.store, configs, lambda *_: self.problem).handlers(),
            **Deployments(self.store, configs, lambda *_: self.problem, self.wake).handlers(),
            **Tags(self.store).handlers(),
            **Targets(self.store).handlers(),
        }

    def wake(self) -> None:
        self.woken += 1

    def __call__(self, operation: str, **given: Any) -> Any:
        return call("codedeploy", self.handlers, operation, **given)

    def fails(self, code: str, operation: str, **given: Any) -> str:
        with pytest.raises(ApiFailure) as failure:
            raw_call("codedeploy", self.handlers, operation, **given)
        assert failure.value.code == code
        return str(failure.value)


@pytest.fixture
def api() -> Api:
    """An application with nothing in it."""
    made = Api()
    made("CreateApplication", applicationName="app", computePlatform="ECS")
    return made


@pytest.fixture
def ready(api: Api) -> Api:
    """An application with one deployment group."""
    api("CreateDeploymentGroup", **GROUP)
    return api


def deploy(api: Api, **given: Any) -> str:
    made = api(
        "CreateDeployment",
        applicationName="app",
        deploymentGroupName="group",
        revision=REVISION,
        **given,
    )
    return str(made["deploymentId"])


def changed(path: str, value: Any) -> dict[str, Any]:
    """GROUP with one value deep inside changed; None removes it."""
    group = copy.deepcopy(GROUP)
    *way, last = path.split(".")
    inner: Any = group
    for step in way:
        inner = inner[int(step) if step.isdigit() else step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return group


def test_an_application_is_made_shown_renamed_and_deleted(api: Api) -> None:
    """Its groups and tags go with it, wherever it goes."""
    api("CreateDeploymentGroup", **GROUP)
    api("UpdateApplication", applicationName="app", newApplicationName="other")
    assert api("ListApplications")["applications"] == ["other"]
    found = api("GetApplication", applicationName="other")["application"]
    assert found["computePlatform"] == "ECS"
    assert api("ListDeploymentGroups", applicationName="other")["deploymentGroups"] == ["group"]
    arn = "arn:aws:codedeploy:us-west-1:000000000000:deploymentgroup:other/group"
    assert api("ListTagsForResource", ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    api("DeleteApplication", applicationName="other")
    api("DeleteApplication", applicationName="other")
    assert not api.store.groups
    assert not api.store.tags


def test_names_are_checked(api: Api) -> None:
    """Nothing, something odd, something that exists and something that doesn't."""
    api.fails("ApplicationNameRequiredException", "CreateApplication")
    api.fails("InvalidApplicationNameException", "CreateApplication", applicationName="a b")
    api.fails("ApplicationAlreadyExistsException", "CreateApplication", applicationName="app")
    said = api.fails("ApplicationDoesNotExistException", "GetApplication", applicationName="no")
    assert said == "No application found for name: no"
    said = api.fails(
        "DeploymentGroupDoesNotExistException",
        "GetDeploymentGroup",
        applicationName="app",
        deploymentGroupName="no",
    )
    assert said == "No Deployment Group found for name: no"
    said = api.fails("DeploymentDoesNotExistException", "GetDeployment", deploymentId="d-ABCDEFGHI")
    assert "d-ABCDEFGHI" in said
    api.fails("InvalidDeploymentIdException", "GetDeployment", deploymentId="4711")


def test_the_ecs_configurations_of_aws_are_there(api: Api) -> None:
    """They have the percentages and minutes that their names say, and can't be deleted."""
    listed = api("ListDeploymentConfigs")["deploymentConfigsList"]
    names = [name for name in listed if ".ECS" in name]
    assert len(names) == 5
    for name in names:
        info = api("GetDeploymentConfig", deploymentConfigName=name)["deploymentConfigInfo"]
        assert info["computePlatform"] == "ECS"
        times = {**info["trafficRoutingConfig"]}
        times.pop("type")
        for numbers in times.values():
            percent, minutes = numbers.values()
            assert f"{percent}Percent" in name
            assert f"{minutes}Minutes" in name
    api.fails("InvalidOperationException", "DeleteDeploymentConfig", deploymentConfigName=names[0])


def test_a_configuration_in_use_stays(api: Api) -> None:
    """It can be deleted once no group names it."""
    routing = {
        "type": "TimeBasedLinear",
        "timeBasedLinear": {"linearPercentage": 25, "linearInterval": 2},
    }
    given = {"computePlatform": "ECS", "trafficRoutingConfig": routing}
    api("CreateDeploymentConfig", deploymentConfigName="mine", **given)
    api("CreateDeploymentGroup", **GROUP, deploymentConfigName="mine")
    name = {"deploymentConfigName": "mine"}
    api.fails("DeploymentConfigAlreadyExistsException", "CreateDeploymentConfig", **name, **given)
    api.fails("DeploymentConfigInUseException", "DeleteDeploymentConfig", **name)
    api("DeleteDeploymentGroup", applicationName="app", deploymentGroupName="group")
    api("DeleteDeploymentConfig", **name)
    api.fails("DeploymentConfigDoesNotExistException", "GetDeploymentConfig", **name)


@pytest.mark.parametrize(
    "routing",
    [
        None,
        {"type": "TimeBasedCanary"},
        {
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 100, "canaryInterval": 1},
        },
        {
            "type": "TimeBasedLinear",
            "timeBasedLinear": {"linearPercentage": 10, "linearInterval": 0},
        },
        {"type": "Sometimes"},
    ],
)
def test_a_shift_that_can_not_be_is_refused(api: Api, routing: Any) -> None:
    """Percentages from 1 to 99, at least a minute between steps."""
    api.fails(
        "InvalidTrafficRoutingConfigurationException",
        "CreateDeploymentConfig",
        deploymentConfigName="mine",
        computePlatform="ECS",
        trafficRoutingConfig=routing,
    )


PAIR = "loadBalancerInfo.targetGroupPairInfoList.0"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("serviceRoleArn", None, "RoleRequiredException"),
        ("serviceRoleArn", "codedeploy", "InvalidRoleException"),
        ("deploymentConfigName", "no", "DeploymentConfigDoesNotExistException"),
        (
            "deploymentConfigName",
            "CodeDeployDefault.OneAtATime",
            "InvalidDeploymentConfigNameException",
        ),
        ("deploymentStyle.deploymentType", "IN_PLACE", "InvalidDeploymentStyleException"),
        (
            "blueGreenDeploymentConfiguration",
            None,
            "InvalidBlueGreenDeploymentConfigurationException",
        ),
        (
            "blueGreenDeploymentConfiguration.deploymentReadyOption.waitTimeInMinutes",
            5,
            "InvalidBlueGreenDeploymentConfigurationException",
        ),
        (
            "blueGreenDeploymentConfiguration.terminateBlueInstancesOnDeploymentSuccess"
            ".terminationWaitTimeInMinutes",
            2881,
            "InvalidBlueGreenDeploymentConfigurationException",
        ),
        ("loadBalancerInfo", None, "InvalidLoadBalancerInfoException"),
        (f"{PAIR}.targetGroups", [{"name": "a"}, {"name": "a"}], "InvalidTargetGroupPairException"),
        (f"{PAIR}.prodTrafficRoute", None, "InvalidTargetGroupPairException"),
        ("ecsServices", [], "InvalidECSServiceException"),
        ("autoRollbackConfiguration.events", ["RAIN"], "InvalidAutoRollbackConfigException"),
        ("alarmConfiguration", {"enabled": True, "alarms": []}, "InvalidAlarmConfigException"),
        ("tags", [{"Key": "aws:x", "Value": ""}], "InvalidTagsToAddException"),
    ],
)
def test_a_group_that_can_not_be_is_refused(api: Api, path: str, value: Any, code: str) -> None:
    """With the error that AWS has for it; nothing is made."""
    api.fails(code, "CreateDeploymentGroup", **changed(path, value))
    assert not api.store.groups


def test_a_group_needs_a_service_of_the_right_controller(api: Api) -> None:
    """What ECS knows of the service is told."""
    api.problem = "not for CodeDeploy"
    said = api.fails("InvalidECSServiceException", "CreateDeploymentGroup", **GROUP)
    assert said == "not for CodeDeploy"


def test_a_service_has_one_group(ready: Api) -> None:
    """A second group for it is refused; the same group can be updated."""
    other = {**GROUP, "deploymentGroupName": "other"}
    ready.fails("ECSServiceMappingLimitExceededException", "CreateDeploymentGroup", **other)
    ready.fails("DeploymentGroupAlreadyExistsException", "CreateDeploymentGroup", **GROUP)
    ready(
        "UpdateDeploymentGroup",
        applicationName="app",
        currentDeploymentGroupName="group",
        newDeploymentGroupName="renamed",
        deploymentConfigName="CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    )
    found = ready("GetDeploymentGroup", applicationName="app", deploymentGroupName="renamed")
    assert found["deploymentGroupInfo"]["deploymentConfigName"].endswith("Every1Minutes")
    arn = "arn:aws:codedeploy:us-west-1:000000000000:deploymentgroup:app/renamed"
    assert ready("ListTagsForResource", ResourceArn=arn)["Tags"]


def test_tags_are_added_and_removed(ready: Api) -> None:
    """Of applications and groups; nothing else can have some."""
    arn = "arn:aws:codedeploy:us-west-1:000000000000:application:app"
    ready(
        "TagResource", ResourceArn=arn, Tags=[{"Key": "x", "Value": "1"}, {"Key": "y", "Value": ""}]
    )
    ready("UntagResource", ResourceArn=arn, TagKeys=["x", "unknown"])
    assert ready("ListTagsForResource", ResourceArn=arn)["Tags"] == [{"Key": "y", "Value": ""}]
    ready.fails("InvalidArnException", "ListTagsForResource", ResourceArn="arn:aws:ecs:x")
    ready.fails("ApplicationDoesNotExistException", "TagResource", ResourceArn=arn + "x", Tags=[])


def test_one_deployment_at_a_time(ready: Api) -> None:
    """A second is refused with the id of the one that runs in the message, as on AWS."""
    running = deploy(ready)
    assert ready.woken == 1
    said = ready.fails(
        "DeploymentLimitExceededException",
        "CreateDeployment",
        applicationName="app",
        deploymentGroupName="group",
        revision=REVISION,
    )
    assert said == f"The Deployment Group 'group' already has an active Deployment '{running}'"
    ready.store.deployments[running]["status"] = "Succeeded"
    assert deploy(ready) != running


def test_a_deployment_is_shown_with_its_target(ready: Api) -> None:
    """Its one target is the service, with all lifecycle events pending."""
    identifier = deploy(ready, description="why")
    info = ready("GetDeployment", deploymentId=identifier)["deploymentInfo"]
    assert (info["status"], info["creator"], info["description"]) == ("Created", "user", "why")
    assert ready("ListDeploymentTargets", deploymentId=identifier) == {
        "targetIds": ["cluster:service"]
    }
    target = ready("GetDeploymentTarget", deploymentId=identifier, targetId="cluster:service")
    events = target["deploymentTarget"]["ecsTarget"]["lifecycleEvents"]
    assert [event["lifecycleEventName"] for event in events][:2] == ["BeforeInstall", "Install"]
    assert {event["status"] for event in events} == {"Pending"}
    ready.fails(
        "DeploymentTargetDoesNotExistException",
        "BatchGetDeploymentTargets",
        deploymentId=identifier,
        targetIds=["no"],
    )
    group = ready("GetDeploymentGroup", applicationName="app", deploymentGroupName="group")
    assert group["deploymentGroupInfo"]["lastAttemptedDeployment"]["deploymentId"] == identifier


def test_a_revision_has_to_be_text(ready: Api) -> None:
    """Nothing, and what lies elsewhere, is refused; a bad text fails later, as on AWS."""
    given = {"applicationName": "app", "deploymentGroupName": "group"}
    said = ready.fails("RevisionRequiredException", "CreateDeployment", **given)
    assert said == "RevisionLocation must be specified"
    github = {"revisionType": "GitHub", "gitHubLocation": {}}
    ready.fails("InvalidRevisionException", "CreateDeployment", **given, revision=github)


def test_deployments_are_listed_by_state_and_time(ready: Api) -> None:
    """Newest first; of all groups where none is named."""
    first = deploy(ready)
    ready.store.deployments[first].update(status="Failed", createTime=1.0)
    second = deploy(ready)
    assert ready("ListDeployments")["deployments"] == [second, first]
    assert ready("ListDeployments", includeOnlyStatuses=["Failed"])["deployments"] == [first]
    assert raw_call("codedeploy", ready.handlers, "ListDeployments", createTimeRange={"start": 2})[
        "deployments"
    ] == [second]
    found = ready("BatchGetDeployments", deploymentIds=[first, "d-ABCDEFGHI"])["deploymentsInfo"]
    assert [deployment["deploymentId"] for deployment in found] == [first]


def test_what_is_asked_of_a_deployment_is_noted(ready: Api) -> None:
    """Stopping and going on are for the rollout to do; neither is possible at the wrong time."""
    identifier = deploy(ready)
    ready.fails(
        "DeploymentIsNotInReadyStateException", "ContinueDeployment", deploymentId=identifier
    )
    answer = ready("StopDeployment", deploymentId=identifier, autoRollbackEnabled=True)
    assert answer["status"] == "Pending"
    record = ready.store.deployments[identifier]
    assert record["_asked"] == {"stop": True, "back": True}
    record.update(status="InProgress", instanceTerminationWaitTimeStarted=True)
    ready("ContinueDeployment", deploymentId=identifier, deploymentWaitType="TERMINATION_WAIT")
    assert record["_asked"]["TERMINATION_WAIT"]
    record["status"] = "Stopped"
    ready.fails("DeploymentAlreadyCompletedException", "StopDeployment", deploymentId=identifier)


def test_a_hook_reports_once(ready: Api) -> None:
    """With the id that it was given, and only while it is waited for."""
    identifier = deploy(ready)
    record = ready.store.deployments[identifier]
    given = {"deploymentId": identifier, "lifecycleEventHookExecutionId": "one"}
    operation = "PutLifecycleEventHookExecutionStatus"
    code = "InvalidLifecycleEventHookExecutionIdException"
    ready.fails(code, operation, **given, status="Succeeded")
    record["_executions"], record["_hook"] = ["one"], {"id": "one"}
    code = "InvalidLifecycleEventHookExecutionStatusException"
    ready.fails(code, operation, **given, status="Skipped")
    ready(operation, **given, status="Failed")
    assert record["_hook"]["status"] == "Failed"
    ready.fails("LifecycleEventAlreadyCompletedException", operation, **given, status="Succeeded")


def test_an_unknown_operation_is_an_error_of_the_protocol(api: Api) -> None:
    """So is a body that is no JSON object."""
    from embedded_aws.json_api import answer

    assert answer(api.handlers, "CodeDeploy_20141006.Fly", b"{}")[0] == 400
    assert b"SerializationException" in answer(api.handlers, "X.ListApplications", b"[")[2]
    assert b"SerializationException" in answer(api.handlers, "X.ListApplications", b"[]")[2]


def test_a_list_that_just_fills_a_page_has_no_next(api: Api) -> None:
    """One more makes a second page."""
    for number in range(99):
        api("CreateApplication", applicationName=f"a{number:03d}", computePlatform="ECS")
    assert "nextToken" not in api("ListApplications")
    api("CreateApplication", applicationName="b", computePlatform="ECS")
    token = api("ListApplications")["nextToken"]
    assert api("ListApplications", nextToken=token)["applications"] == ["b"]
    api.fails("InvalidNextTokenException", "ListApplications", nextToken="x")
