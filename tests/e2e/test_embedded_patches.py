"""MiniStack's faults that we work around: each test fails once upstream has mended one.

Then the patch can go. The faults are shown on a MiniStack without any patch, in its environment.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from slipway import local
from slipway.paths import Checkout

pytestmark = pytest.mark.e2e

CHECKOUT = Checkout(Path(__file__).parents[2])

PRELUDE = """
import asyncio, json, os
os.environ.update(SERVICES="ecr,ecs,elasticloadbalancing", DOCKER_HOST="unix:///nowhere")
from ministack.services import alb, ecr, ecs
def call(service, action, **data):
    answer = service._ACTION_MAP[action](data)
    return answer[0], answer[2].decode()
def of(handler, **data):
    status, _, body = handler(data)
    return status, json.loads(body)
def show(value):
    print(json.dumps(value))
"""


def stock(code: str) -> Any:
    """What a few lines show on an unpatched MiniStack."""
    python = local.python(CHECKOUT)
    if not python.exists():
        pytest.skip("the embedded AWS is not installed: uv run invoke setup")
    done = subprocess.run(
        [python, "-c", PRELUDE + code],
        cwd=CHECKOUT.embedded_project.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_the_installed_ministack_is_what_the_patches_are_for() -> None:
    """Every symbol is there with its parameters."""
    found = stock("""
from embedded_aws.patches import check, everything
show(check(everything.SYMBOLS))
""")
    assert found is None


def test_another_ministack_is_refused_with_all_that_differs() -> None:
    """Changed parameters and missing symbols are named before anything is patched."""
    found = stock("""
from embedded_aws.patches import check
from embedded_aws.errors import CannotRun
try:
    check({"services.ecr._repo_uri": ("name", "region"), "services.ecs._gone": None})
except CannotRun as error:
    show(str(error))
""")
    assert "services.ecr._repo_uri takes name" in found
    assert "services.ecs._gone is gone" in found


def test_repository_uri_can_not_be_reached() -> None:
    """A name that nothing resolves."""
    found = stock('show(of(ecr._create_repository, repositoryName="a")[1])')
    assert found["repository"]["repositoryUri"].endswith("amazonaws.com/a")


def test_a_missing_image_is_no_error() -> None:
    """DescribeImages of a tag that is not there answers an empty list."""
    found = stock("""
of(ecr._create_repository, repositoryName="a")
show(of(ecr._describe_images, repositoryName="a", imageIds=[{"imageTag": "x"}]))
""")
    assert found == [200, {"imageDetails": []}]


def test_target_health_is_made_up() -> None:
    """A target that nobody asked is healthy."""
    found = stock("""
call(alb, "CreateTargetGroup", Name="t")
arn = alb._tgs.keys()[0]
alb.set_targets_for_group(arn, [("192.0.2.1", 80)])
show(call(alb, "DescribeTargetHealth", TargetGroupArn=arn)[1])
""")
    assert "<State>healthy</State>" in found


def test_weights_are_dropped() -> None:
    """ForwardConfig is not kept."""
    found = stock("""
prefix = "DefaultActions.member.1"
show(alb._parse_actions({
    f"{prefix}.Type": "forward",
    f"{prefix}.ForwardConfig.TargetGroups.member.1.TargetGroupArn": "arn",
}))
""")
    assert found == [{"Type": "forward", "Order": 1}]


def test_fields_of_a_service_are_dropped() -> None:
    """Terraform would show a difference at every plan."""
    found = stock("""
of(ecs._create_cluster, clusterName="c")
show(of(ecs._create_service, cluster="c", serviceName="s", desiredCount=0,
        availabilityZoneRebalancing="ENABLED")[1])
""")
    assert "availabilityZoneRebalancing" not in found["service"]


def test_a_new_deployment_is_complete_before_it_began() -> None:
    """The first deployment of a service is COMPLETED at once."""
    found = stock("show(ecs._make_deployment('td:1', 2))")
    assert found["rolloutState"] == "COMPLETED"


def test_container_settings_are_ignored() -> None:
    """Limits, user, entry point and health check do not reach the engine."""
    found = stock("""
definition = {"name": "a", "user": "1", "entryPoint": ["/x"], "memory": 64, "cpu": 64,
              "readonlyRootFilesystem": True, "healthCheck": {"command": ["CMD", "true"]}}
kwargs = ecs._build_run_kwargs(definition, {}, {}, {}, None, False, "t", "t", None, "c")
show(sorted(kwargs))
""")
    ours = {"user", "entrypoint", "mem_limit", "nano_cpus", "read_only", "healthcheck"}
    assert not ours & set(found)


def test_containers_of_a_task_have_a_network_each() -> None:
    """They don't reach each other at localhost."""
    found = stock("""
task = {"networkMode": "awsvpc", "containerDefinitions": [{"name": "a"}, {"name": "b"}]}
kwargs = ecs._build_run_kwargs({"name": "b"}, task, {}, {}, "net", False, "t", "t", None, "c")
show(kwargs)
""")
    assert found["network"] == "net"
    assert "network_mode" not in found


def test_the_other_containers_of_a_task_outlive_it() -> None:
    """When an essential one ends, nothing stops the rest."""
    found = stock("""
class Container:
    def __init__(self, name): self.status = name; self.id = name
    def reload(self): pass
    def wait(self): return {"StatusCode": 1}
    def stop(self, **_): ended.append(self.id)
    def remove(self, **_): ended.append(self.id)
class Engine:
    class containers:
        get = staticmethod(Container)
ended = []
of(ecs._create_cluster, clusterName="c")
of(ecs._register_task_definition, family="f",
   containerDefinitions=[{"name": "a", "image": "i"}, {"name": "b", "image": "i"}])
of(ecs._run_task, cluster="c", taskDefinition="f")
(task,) = ecs._tasks.values()
task.update(lastStatus="RUNNING", _docker_ids=["exited", "running"])
ecs._maybe_mark_stopped(task, Engine)
show([task["lastStatus"], ended])
""")
    assert found == ["STOPPED", []]


def test_a_command_is_executed_nowhere() -> None:
    """Neither is it asked whether the task can be entered, nor does anything answer the address."""
    found = stock("""
of(ecs._create_cluster, clusterName="c")
of(ecs._register_task_definition, family="f", containerDefinitions=[{"name": "a", "image": "i"}])
arn = of(ecs._run_task, cluster="c", taskDefinition="f")[1]["tasks"][0]["taskArn"]
task = of(ecs._describe_tasks, cluster="c", tasks=[arn])[1]["tasks"][0]
show([task["containers"][0].get("managedAgents"),
      of(ecs._execute_command, cluster="c", task=arn, command="sh", interactive=False)])
""")
    agents, (status, answer) = found
    assert not agents
    assert status == 200
    assert "ssmmessages.us-east-1.amazonaws.com" in answer["session"]["streamUrl"]


REFUSED = """
of(ecs._create_cluster, clusterName="c")
container = {"name": "a", "image": "i", "essential": False}
of(ecs._register_task_definition, family="f", networkMode="awsvpc",
   containerDefinitions=[container])
call(alb, "CreateTargetGroup", Name="t")
call(alb, "CreateLoadBalancer", Name="l")
group, balancer = list(alb._tgs.keys())[0], list(alb._lbs.keys())[0]
entry = {"targetGroupArn": group, "containerName": "b", "containerPort": 1}
listener = {"LoadBalancerArn": balancer, "Port": "80", "DefaultActions.member.1.Type": "forward",
            "DefaultActions.member.1.TargetGroupArn": group}
"""


@pytest.mark.parametrize(
    "code",
    [
        'of(ecs._register_task_definition, family="f", requiresCompatibilities=["FARGATE"],'
        ' networkMode="awsvpc", cpu="300", memory="1", containerDefinitions=[container])',
        'of(ecs._run_task, cluster="c", taskDefinition="f")',
        'of(ecs._run_task, cluster="none", taskDefinition="f")',
        'of(ecs._create_service, cluster="c", serviceName="s", taskDefinition="f",'
        " desiredCount=0, loadBalancers=[entry])",
        'of(ecs._describe_tasks, cluster="none", tasks=["t"])',
        'of(ecs._list_services, cluster="none")',
        'of(ecs._list_tasks, cluster="c", serviceName="none")',
        'of(ecs._create_service, cluster="c", serviceName="s", taskDefinition="f",'
        ' desiredCount=1) and of(ecs._delete_cluster, cluster="c")',
        'call(alb, "CreateListener", **listener) and call(alb, "CreateListener", **listener)',
        'call(alb, "CreateListener", **listener)'
        ' and call(alb, "DeleteTargetGroup", TargetGroupArn=group)',
        'call(alb, "DescribeTargetGroups", **{"Names.member.1": "none"})',
    ],
)
def test_what_aws_refuses_is_taken(code: str) -> None:
    """A rehearsal would go through that fails on AWS."""
    assert stock(f"{REFUSED}\nshow(({code})[0])") == 200


def test_a_schedule_starts_no_task() -> None:
    """Scheduler hands a target in ECS to nobody, however long it has been due."""
    found = stock("""
from ministack.services import scheduler
of(ecs._create_cluster, clusterName="c")
of(ecs._register_task_definition, family="f", containerDefinitions=[{"name": "b", "image": "i"}])
target = {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c", "RoleArn": "r",
          "EcsParameters": {"TaskDefinitionArn": "f"}}
scheduler._create_schedule("s", {"ScheduleExpression": "rate(1 minute)",
                                 "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target})
scheduler._schedules["default/s"]["CreationDate"] -= 100
scheduler._tick_schedules()
show([len(ecs._tasks), len(scheduler._schedule_last_fired)])
""")
    assert found == [0, 1]


def test_a_schedule_has_no_time_zone() -> None:
    """Each time of the day is taken for UTC."""
    found = stock("""
from ministack.services import scheduler
show(scheduler._at_time_epoch("at(1970-01-01T01:00:00)"))
""")
    assert found == 3600
