"""The pure parts of a rollout: AppSpec, weights, task sets, progress."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded_aws.codedeploy import lifecycle, progress, tasksets, traffic
from embedded_aws.codedeploy.appspec import AppSpec, InvalidAppSpec, parse
from embedded_aws.codedeploy.decide import ALARM, End
from embedded_aws.codedeploy.deployments import new_deployment, text_of

YAML = """
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "arn:aws:ecs:us-west-1:1:task-definition/app:2"
        LoadBalancerInfo:
          ContainerName: app
          ContainerPort: 8000
        NetworkConfiguration:
          AwsvpcConfiguration:
            Subnets: ["subnet-1"]
            AssignPublicIp: ENABLED
Hooks:
  - BeforeInstall: CodeDeployHook_one
  - AfterAllowTraffic: CodeDeployHook_two
"""


def spec(**changed: Any) -> dict[str, Any]:
    properties = {
        "TaskDefinition": "app:2",
        "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8000},
        **changed,
    }
    target = {"Type": "AWS::ECS::Service", "Properties": properties}
    return {"version": 0.0, "Resources": [{"TargetService": target}]}


def test_an_appspec_is_yaml_or_json() -> None:
    """Both say the same; keys get the spelling of ECS's API."""
    found = parse(YAML)
    assert (found.container, found.port) == ("app", 8000)
    assert found.network == {
        "awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}
    }
    assert found.hooks == {
        "BeforeInstall": "CodeDeployHook_one",
        "AfterAllowTraffic": "CodeDeployHook_two",
    }
    assert parse(json.dumps(spec())) == AppSpec(task_definition="app:2", container="app", port=8000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "valid JSON or YAML"),
        ("a: b: c", "not well-formed yaml"),
        ("[1]", "valid JSON or YAML"),
        (json.dumps({**spec(), "version": 1}), "version"),
        (json.dumps({**spec(), "Resources": []}), "exactly one resource"),
        (json.dumps({**spec(), "Resources": [{}]}), "TargetService"),
        (json.dumps({**spec(), "Hooks": [{"Install": "x"}]}), "Install is not"),
        (json.dumps(spec(TaskDefinition="")), "TaskDefinition"),
        (json.dumps(spec(LoadBalancerInfo=[])), "LoadBalancerInfo"),
        (json.dumps(spec(LoadBalancerInfo={"ContainerName": "app"})), "ContainerPort"),
        (
            json.dumps(spec(LoadBalancerInfo={"ContainerName": "app", "ContainerPort": 0})),
            "ContainerPort",
        ),
        (json.dumps(spec(NetworkConfiguration={"Vpc": 1})), "AwsvpcConfiguration"),
    ],
)
def test_an_appspec_that_can_not_be_used_says_why(text: str, words: str) -> None:
    """In AWS's manner, with what is wrong at its end."""
    with pytest.raises(InvalidAppSpec, match=words) as found:
        parse(text)
    assert str(found.value).startswith("The deployment failed because the AppSpec file")


BLUE, GREEN, OTHER = "arn:blue", "arn:green", "arn:other"
PAIR = (BLUE, GREEN)


def forward(*groups: tuple[str, int]) -> dict[str, Any]:
    found = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]
    return {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": found}}


def test_only_actions_that_name_the_pair_are_changed() -> None:
    """The others of the listener stay as they are, and so does all else of those."""
    fixed = {"Type": "fixed-response", "Order": 1}
    alone = {"Type": "forward", "Order": 2, "TargetGroupArn": BLUE}
    actions = [fixed, alone, forward((OTHER, 1))]
    changed = traffic.rerouted(actions, PAIR, {BLUE: 90, GREEN: 10})
    assert changed[0] == fixed
    assert changed[2] == forward((OTHER, 1))
    assert changed[1]["Order"] == 2
    assert "TargetGroupArn" not in changed[1]
    assert traffic.share(changed, GREEN) == 10
    assert traffic.share(changed, OTHER) == 100
    assert alone["TargetGroupArn"] == BLUE, "what others read must not change under them"


def test_stickiness_is_kept() -> None:
    """A shift changes weights and nothing else."""
    action = forward((BLUE, 100))
    action["ForwardConfig"].update(Stickiness="true", Duration="60")
    config = traffic.rerouted([action], PAIR, {GREEN: 100})[0]["ForwardConfig"]
    assert (config["Stickiness"], config["Duration"]) == ("true", "60")
    assert [group["Weight"] for group in config["TargetGroups"]] == [0, 100]


def a_service(desired: int = 3) -> dict[str, Any]:
    return {
        "serviceName": "app",
        "serviceArn": "arn:aws:ecs:us-west-1:1:service/cluster/app",
        "clusterArn": "arn:aws:ecs:us-west-1:1:cluster/cluster",
        "taskDefinition": "app:1",
        "loadBalancers": [{"targetGroupArn": BLUE}],
        "desiredCount": desired,
        "status": "ACTIVE",
    }


def a_task(task_set: dict[str, Any], status: str = "RUNNING") -> dict[str, Any]:
    desired = "STOPPED" if status in ("STOPPED", "STOPPING") else "RUNNING"
    return {"_deployment_id": task_set["id"], "lastStatus": status, "desiredStatus": desired}


def test_the_primary_task_set_makes_what_the_service_shows() -> None:
    """Its task definition and target group; there is one at a time."""
    service = a_service()
    blue = tasksets.new(service, 1.0)
    tasksets.make_primary(service, blue["id"], 1.0)
    balancers = [{"targetGroupArn": GREEN}]
    green = tasksets.new(service, 2.0, taskDefinition="app:2", loadBalancers=balancers)
    assert tasksets.primary(service) is blue
    assert service["taskDefinition"] == "app:1"
    tasksets.make_primary(service, green["id"], 3.0)
    assert [s["status"] for s in service["taskSets"]] == ["ACTIVE", "PRIMARY"]
    assert (service["taskDefinition"], service["loadBalancers"]) == ("app:2", balancers)
    assert green["taskSetArn"].startswith("arn:aws:ecs:us-west-1:1:task-set/cluster/app/ecs-svc/")


def test_a_task_set_has_its_share_of_the_desired_count() -> None:
    """Rounded up; none where it drains or the service goes."""
    service = a_service(3)
    task_set = tasksets.new(service, 1.0)
    task_set["scale"]["value"] = 50.0
    assert tasksets.wanted(service, task_set) == 2
    tasksets.retire(task_set, 2.0)
    assert tasksets.wanted(service, task_set) == 0
    other = tasksets.new(service, 1.0)
    service["status"] = "DRAINING"
    assert tasksets.wanted(service, other) == 0


def test_tasks_are_counted_by_set() -> None:
    """The service has the sum."""
    service = a_service(2)
    blue, green = tasksets.new(service, 1.0), tasksets.new(service, 1.0)
    tasks = [a_task(blue), a_task(blue), a_task(green), a_task(green, "PENDING")]
    tasksets.recount(service, [*tasks, a_task(green, "STOPPED")])
    assert (blue["runningCount"], green["runningCount"], green["pendingCount"]) == (2, 1, 1)
    assert (service["runningCount"], service["pendingCount"]) == (3, 1)


def test_a_draining_set_goes_with_its_last_task() -> None:
    """And not before; sets that serve stay even without tasks."""
    service = a_service()
    blue, green = tasksets.new(service, 1.0), tasksets.new(service, 1.0)
    tasksets.retire(blue, 2.0)
    assert tasksets.drop_empty(service, [a_task(blue, "STOPPING")]) == []
    assert tasksets.drop_empty(service, [a_task(blue, "STOPPED")]) == [blue]
    assert service["taskSets"] == [green]


GROUP = {
    "applicationName": "app",
    "deploymentGroupName": "group",
    "ecsServices": [{"clusterName": "cluster", "serviceName": "service"}],
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
}
CONFIG = {"deploymentConfigName": "c", "trafficRoutingConfig": {"type": "AllAtOnce"}}
REVISION = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "new"}}
FAILED = End("Failed", "TIMEOUT", "late")
ALARMED = End("Stopped", "ALARM_ACTIVE", ALARM.format("errors"))
ASKED = End("Stopped", "MANUAL_STOP", "stopped")


def a_deployment(**more: Any) -> dict[str, Any]:
    made = new_deployment(GROUP, CONFIG, REVISION, None, {})
    progress.begin(made, 1.0)
    return {**made, **more}


@pytest.mark.parametrize(
    ("end", "events", "asked", "back"),
    [
        (FAILED, ["DEPLOYMENT_FAILURE"], None, True),
        (FAILED, ["DEPLOYMENT_STOP_ON_ALARM"], None, False),
        (FAILED, ["DEPLOYMENT_FAILURE"], False, True),
        (ALARMED, ["DEPLOYMENT_FAILURE"], None, False),
        (ALARMED, ["DEPLOYMENT_STOP_ON_ALARM"], None, True),
        (ASKED, ["DEPLOYMENT_STOP_ON_REQUEST"], None, True),
        (ASKED, ["DEPLOYMENT_STOP_ON_REQUEST"], False, False),
        (ASKED, ["DEPLOYMENT_FAILURE"], None, False),
        (ASKED, ["DEPLOYMENT_FAILURE"], True, True),
        (End("Succeeded"), ["DEPLOYMENT_FAILURE"], None, False),
    ],
)
def test_what_rolls_back(end: End, events: list[str], asked: bool | None, back: bool) -> None:
    """What the group says for this kind of end; who stops may say otherwise."""
    config = {"enabled": True, "events": events}
    deployment = a_deployment(autoRollbackConfiguration=config)
    deployment["_asked"] = {} if asked is None else {"back": asked}
    assert progress.rolls_back(deployment, end) is back
    deployment["_at"]["stage"] = "Rollback"
    assert progress.rolls_back(deployment, end) is False


def test_a_switched_off_rollback_is_none() -> None:
    """Whatever events it lists."""
    config = {"enabled": False, "events": ["DEPLOYMENT_FAILURE"]}
    assert not progress.rolls_back(a_deployment(autoRollbackConfiguration=config), FAILED)


def test_a_rollback_tells_what_it_is_for() -> None:
    """And the one that it undoes names it; its revision is what ran before."""
    original = {"loadBalancers": [{"containerName": "app", "containerPort": 80}]}
    original["taskDefinition"] = "app:1"  # type: ignore[assignment]
    deployment = a_deployment(_green="g", _blue="b", _original=progress.original(original))
    made = progress.rollback(deployment, GROUP, ALARMED, 5.0)
    assert made["creator"] == "codeDeployRollback"
    assert made["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment["deploymentId"]
    assert deployment["rollbackInfo"]["rollbackDeploymentId"] == made["deploymentId"]
    assert "alarm was activated" in deployment["rollbackInfo"]["rollbackMessage"]
    assert (made["_green"], made["_blue"], made["status"]) == ("g", "b", "InProgress")
    assert parse(text_of(made["revision"])).task_definition == "app:1"
    earlier = {**deployment, "previousRevision": REVISION}
    assert progress.rollback(earlier, GROUP, FAILED, 5.0)["revision"] == REVISION


def test_events_end_as_the_deployment_does() -> None:
    """The one under way failed, those that had not begun are skipped."""
    deployment = a_deployment()
    progress.leave(deployment, "Succeeded", 2.0)
    progress.finish(deployment, FAILED, 3.0)
    statuses = [event["status"] for event in deployment["_events"]]
    assert statuses == ["Succeeded", "Failed", *["Skipped"] * 6]
    assert deployment["errorInformation"] == {"code": "TIMEOUT", "message": "late"}
    assert deployment["deploymentOverview"]["Failed"] == 1


def test_stages_show_in_the_status() -> None:
    """Ready while it waits to be continued; the wait for blue's end is told."""
    deployment = a_deployment()
    progress.enter(deployment, "Ready", 2.0)
    assert deployment["status"] == "Ready"
    progress.enter(deployment, "Standby", 3.0)
    assert deployment["status"] == "InProgress"
    assert deployment["instanceTerminationWaitTimeStarted"] is True


def test_a_stage_that_goes_on_after_a_restart_keeps_its_time() -> None:
    """Its event is not begun anew."""
    events = lifecycle.events()
    lifecycle.begin(events, "Install", 1.0)
    lifecycle.begin(events, "Install", 9.0)
    assert events[1]["startTime"] == 1.0
