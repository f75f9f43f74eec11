"""Rollouts by CodeDeploy: one deployment, watched to the truth, and the ways back."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from slipway.aws import Aws
from slipway.errors import DeployError, LockedError
from slipway.model import Verdict
from slipway.rollout import codedeploy
from slipway.rollout.decide import Network, Watched
from slipway.rollout.model import Rollout
from tests.fake_codedeploy import GREEN, FakeAws, FakeShop, shifted, task_set
from tests.fake_ecs import FAMILY

OLD, NEW = f"{FAMILY}:2", f"{FAMILY}:3"


def aws(shop: FakeShop) -> Aws:
    return cast(Aws, FakeAws(shop))


def look(shop: FakeShop, rollout: Rollout) -> Verdict | None:
    codedeploy.look(aws(shop), [rollout])
    return rollout.outcome.verdict if rollout.outcome else None


def spec(shop: FakeShop) -> Any:
    [wanted] = [given for name, given in shop.called if name == "create_deployment"]
    return json.loads(wanted["revision"]["appSpecContent"]["content"])


def crashed(number: int, by: str) -> dict[str, Any]:
    return {
        "taskArn": f"arn:task/{number}",
        "taskDefinitionArn": NEW,
        "startedBy": by,
        "stoppedReason": "Essential container in task exited",
        "stopCode": "EssentialContainerExited",
        "containers": [{"name": "app", "exitCode": 1}],
    }


def begun(shop: FakeShop, **changes: Any) -> Rollout:
    """A rollout whose new tasks run."""
    rollout = codedeploy.start(aws(shop), shifted(**changes))
    shop.green("d-1", 3)
    shop.at("d-1", "AllowTraffic")
    return rollout


def test_a_deploy_creates_one_deployment() -> None:
    """One revision, one deployment, and success once it is primary with all the requests."""
    shop = FakeShop()
    rollout = codedeploy.start(aws(shop), shifted())
    assert rollout.watched == Watched(deployment_id="d-1", task_definition=NEW, previous=OLD)
    assert look(shop, rollout) is None
    shop.green("d-1", 3)
    shop.at("d-1", "AllowTraffic")
    shop.weight = 10
    assert look(shop, rollout) is None
    shop.at("d-1", "")
    shop.swap()
    assert look(shop, rollout) is Verdict.DEPLOYED
    assert shop.count("create_deployment") == 1
    assert shop.count("register_task_definition") == 1


def test_success_says_how_long_the_way_back_is_short() -> None:
    """The old tasks stand by: until when, and the command."""
    shop = FakeShop()
    rollout = begun(shop, environment="prod")
    shop.at("d-1", "")
    shop.swap()
    look(shop, rollout)
    assert rollout.outcome
    assert "stand by until" in rollout.outcome.note
    assert "uv run invoke rollback --env=prod --service=app" in rollout.outcome.note


def test_the_load_balancer_has_the_last_word() -> None:
    """CodeDeploy and ECS agree, but a rule sends a tenth elsewhere: that is no success."""
    shop = FakeShop()
    rollout = begun(shop)
    shop.at("d-1", "")
    shop.swap()
    shop.share = lambda _: 100  # type: ignore[method-assign,assignment]
    shop.weight = 90
    assert look(shop, rollout) is None
    shop.weight = 100
    assert look(shop, rollout) is Verdict.DEPLOYED


def test_a_deployment_brings_network_port_and_hooks_along() -> None:
    """Terraform leaves these to deployments; hooks come in the order of the lifecycle."""
    shop = FakeShop()
    network = Network(subnets=("s1", "s2"), security_groups=("sg",), public_ip=False)
    hooks = {"after_traffic": "CodeDeployHook_b", "before_install": "CodeDeployHook_a"}
    codedeploy.start(aws(shop), shifted(network=network, hooks=hooks, port=9000))
    found = spec(shop)
    service = found["Resources"][0]["TargetService"]["Properties"]
    assert service["TaskDefinition"] == NEW
    assert service["LoadBalancerInfo"] == {"ContainerName": "app", "ContainerPort": 9000}
    vpc = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert vpc == {"Subnets": ["s1", "s2"], "SecurityGroups": ["sg"], "AssignPublicIp": "DISABLED"}
    assert [*found["Hooks"]] == [
        {"BeforeInstall": "CodeDeployHook_a"},
        {"AfterAllowTraffic": "CodeDeployHook_b"},
    ]


def test_the_same_content_is_unchanged() -> None:
    """Nothing is registered, and nothing begun."""
    shop = FakeShop()
    rollout = codedeploy.start(aws(shop), shifted("repo@sha256:old"))
    assert rollout.outcome
    assert rollout.outcome.verdict is Verdict.UNCHANGED
    assert shop.count("create_deployment") == shop.count("register_task_definition") == 0


def test_another_network_is_a_change() -> None:
    """Tasks in subnets that Terraform has left would stay there for good."""
    vpc = {"subnets": ["s0"], "securityGroups": ["sg"], "assignPublicIp": "DISABLED"}
    configured = {"awsvpcConfiguration": vpc}
    sets = [task_set(1, 2, "tg-blue", status="PRIMARY", networkConfiguration=configured)]
    for subnet, differs in (("s0", False), ("s1", True)):
        network = Network(subnets=(subnet,), security_groups=("sg",), public_ip=False)
        wanted = shifted("repo@sha256:old", network=network)
        assert codedeploy.differs(aws(FakeShop(sets=sets)), wanted) is differs


def test_a_lost_answer_begins_nothing_twice() -> None:
    """CreateDeployment worked, its answer got lost, the retry is refused: ours is taken up."""
    shop = FakeShop(lose_answers=True)
    rollout = codedeploy.start(aws(shop), shifted())
    assert rollout.watched.deployment_id == "d-1"
    assert len(shop.shifts) == 1


def test_somebody_elses_deployment_is_left_alone() -> None:
    """It is named; nothing is registered, begun or stopped."""
    shop = FakeShop()
    shop.begin("d-OTHER")
    with pytest.raises(LockedError, match="d-OTHER") as caught:
        codedeploy.start(aws(shop), shifted())
    assert "d-OTHER" in caught.value.next_step
    changing = ("create_deployment", "stop_deployment", "register_task_definition")
    assert [shop.count(name) for name in changing] == [0, 0, 0]


def test_a_deployment_that_comes_between_is_named() -> None:
    """Nobody deployed when we looked, and somebody does when we begin."""
    shop = FakeShop()
    register = shop.register_task_definition

    def meanwhile(**wanted: Any) -> Any:
        shop.begin("d-OTHER")
        return register(**wanted)

    shop.register_task_definition = meanwhile  # type: ignore[method-assign]
    with pytest.raises(LockedError, match="d-OTHER"):
        codedeploy.start(aws(shop), shifted())


def test_an_interrupted_deploy_is_taken_up() -> None:
    """The same deploy again finds its deployment by content, and watches it."""
    shop = FakeShop()
    begun(shop)
    again = codedeploy.start(aws(shop), shifted())
    assert again.watched == Watched(deployment_id="d-1", task_definition=NEW, previous=OLD)
    assert shop.count("create_deployment") == 1


def test_a_standby_is_ended_before_the_next_deployment() -> None:
    """CodeDeploy has one deployment at a time, and a standby counts as one."""
    shop = FakeShop()
    first = begun(shop)
    shop.at("d-1", "")
    shop.swap()
    look(shop, first)
    second = codedeploy.start(aws(shop), shifted("repo@sha256:newer"))
    assert ("continue_deployment", ("d-1", "TERMINATION_WAIT")) in shop.called
    assert look(shop, second) is None
    assert second.snapshot
    assert "ending the standby of d-1" in second.snapshot.phase
    assert shop.count("create_deployment") == 1
    shop.at("d-1", "", status="Succeeded")
    look(shop, second)
    assert shop.count("create_deployment") == 2
    assert second.watched.deployment_id == "d-2"
    assert second.watched.previous == NEW


@pytest.mark.parametrize(("problem", "call"), [("", "continue"), ("500", "stop")])
def test_new_tasks_are_tried_before_their_first_request(problem: str, call: str) -> None:
    """At the test listener: a yes lets it go on, a no stops and undoes it; each is said once."""
    tried: list[str] = []

    def before_traffic() -> str:
        tried.append("tried")
        return problem

    shop = FakeShop()
    rollout = begun(shop, before_traffic=before_traffic)
    shop.at("d-1", "BeforeAllowTraffic", status="Ready")
    look(shop, rollout)
    look(shop, rollout)
    assert tried == ["tried"]
    said = {"continue": ("d-1", "READY_WAIT"), "stop": ("d-1", True)}[call]
    assert shop.called.count((f"{call}_deployment", said)) == 1
    assert bool(rollout.cause) is bool(problem)


def test_a_crash_loop_is_stopped_early() -> None:
    """The second task that ends alike; CodeDeploy itself would go on for an hour."""
    shop = FakeShop()
    rollout = codedeploy.start(aws(shop), shifted())
    shop.green("d-1", 3, stabilityStatus="STABILIZING", runningCount=0)
    shop.at("d-1", "Install")
    shop.stopped = [crashed(1, "ecs-svc/2")]
    look(shop, rollout)
    assert shop.count("stop_deployment") == 0
    shop.stopped = [crashed(1, "ecs-svc/2"), crashed(2, "ecs-svc/2")]
    look(shop, rollout)
    shop.stopped = [crashed(number, "ecs-svc/2") for number in (1, 2, 3)]
    look(shop, rollout)
    assert shop.count("stop_deployment") == 1
    assert rollout.cause
    assert "exits with code 1" in rollout.cause.title
    shop.shifts["d-1"].update(status="Stopped", rollbackInfo={"rollbackDeploymentId": "d-2"})
    shop.begin("d-2", rollbackInfo={"rollbackTriggeringDeploymentId": "d-1"})
    assert look(shop, rollout) is None
    shop.shifts["d-2"]["status"] = "Succeeded"
    shop.sets = shop.sets[:1]
    assert look(shop, rollout) is Verdict.ROLLED_BACK
    assert codedeploy.explain(aws(shop), rollout) == rollout.cause


def test_tasks_of_other_deployments_do_not_count() -> None:
    """The same revision may have crashed an hour ago, in another deployment."""
    shop = FakeShop()
    rollout = codedeploy.start(aws(shop), shifted())
    shop.green("d-1", 3, stabilityStatus="STABILIZING", runningCount=0)
    shop.at("d-1", "Install")
    shop.stopped = [crashed(1, "ecs-svc/0"), crashed(2, "ecs-svc/0")]
    look(shop, rollout)
    assert rollout.cause is None


def test_the_first_tasks_of_a_service_are_given_up_too() -> None:
    """There is no deployment yet, and nothing to go back to."""
    sets = [task_set(1, 2, "tg-blue", status="PRIMARY", stabilityStatus="STABILIZING")]
    shop = FakeShop(sets=sets)
    rollout = codedeploy.start(aws(shop), shifted("repo@sha256:old", created=True))
    assert look(shop, rollout) is None
    shop.stopped = [{**crashed(n, "ecs-svc/1"), "taskDefinitionArn": OLD} for n in (1, 2)]
    assert look(shop, rollout) is Verdict.FAILED
    assert rollout.cause


def test_a_service_that_waited_for_its_secrets_is_started() -> None:
    """Terraform made it without tasks; its own revision is then brought up as it is."""
    sets = [task_set(1, 2, "tg-blue", status="PRIMARY", computedDesiredCount=0, runningCount=0)]
    shop = FakeShop(sets=sets, desired=0)
    rollout = codedeploy.start(aws(shop), shifted("repo@sha256:old", created=True, desired=1))
    assert shop.called[-1] == ("update_service", 1)
    assert look(shop, rollout) is None
    shop.sets = [task_set(1, 2, "tg-blue", status="PRIMARY")]
    assert look(shop, rollout) is Verdict.DEPLOYED
    assert shop.count("create_deployment") == 0


def test_the_way_back_within_the_standby_is_a_stop() -> None:
    """The old tasks are there: nothing is begun, and it is done when they have the requests."""
    shop = FakeShop()
    rollout = begun(shop)
    shop.at("d-1", "")
    shop.swap()
    look(shop, rollout)
    back = codedeploy.back(aws(shop), rollout)
    assert ("stop_deployment", ("d-1", True)) in shop.called
    assert look(shop, back) is None
    shop.shifts["d-1"].update(status="Stopped", rollbackInfo={"rollbackDeploymentId": "d-2"})
    shop.begin("d-2", rollbackInfo={"rollbackTriggeringDeploymentId": "d-1"})
    assert look(shop, back) is None
    shop.sets[0]["status"], shop.sets[1]["status"] = "PRIMARY", "ACTIVE"
    assert look(shop, back) is None
    shop.weight = 0
    assert look(shop, back) is Verdict.DEPLOYED
    assert shop.count("create_deployment") == 1


def test_the_way_back_after_the_standby_is_a_deployment() -> None:
    """Of the old revision as it is; nothing is registered for it."""
    shop = FakeShop()
    rollout = begun(shop)
    shop.at("d-1", "", status="Succeeded")
    shop.swap()
    shop.sets = shop.sets[1:]
    look(shop, rollout)
    back = codedeploy.back(aws(shop), rollout)
    assert back.watched == Watched(deployment_id="d-2", task_definition=OLD, previous=NEW)
    assert shop.count("register_task_definition") == 1


def test_a_standby_that_ends_during_the_way_back() -> None:
    """The stop comes too late; what is true then decides."""
    shop = FakeShop()
    rollout = begun(shop)
    shop.at("d-1", "")
    shop.swap()
    look(shop, rollout)
    stop = shop.stop_deployment

    def meanwhile(**given: Any) -> None:
        shop.shifts["d-1"]["status"] = "Succeeded"
        shop.sets = shop.sets[1:]
        stop(**given)

    shop.stop_deployment = meanwhile  # type: ignore[method-assign]
    back = codedeploy.back(aws(shop), rollout)
    assert back.watched.deployment_id == "d-2"
    assert not back.watched.returning


def test_a_way_back_that_is_under_way_is_watched() -> None:
    """CodeDeploy goes back by itself already: it is neither stopped nor raced."""
    shop = FakeShop()
    rollout = begun(shop)
    shop.shifts["d-1"].update(status="Stopped", rollbackInfo={"rollbackDeploymentId": "d-2"})
    shop.begin("d-2", rollbackInfo={"rollbackTriggeringDeploymentId": "d-1"})
    back = codedeploy.back(aws(shop), rollout)
    assert shop.count("stop_deployment") == 0
    assert look(shop, back) is Verdict.DEPLOYED


def test_looks_are_batched() -> None:
    """Thirty services: three DescribeServices and two BatchGetDeployments a look."""
    shop = FakeShop()
    rollouts = []
    for number in range(30):
        shop.begin(f"d-{number:02}")
        watched = Watched(deployment_id=f"d-{number:02}", task_definition=NEW)
        rollouts.append(Rollout(target=shifted(), watched=watched))
    codedeploy.look(aws(shop), rollouts)
    asked = [len(ids) for name, ids in shop.called if name == "batch_get_deployments"]
    assert asked == [25, 5]


def test_a_missing_service_is_an_error_with_a_way_out() -> None:
    """Somebody deleted it by hand."""
    shop = FakeShop()
    shop.describe_services = lambda **_: {"services": []}  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="no active service") as caught:
        codedeploy.start(aws(shop), shifted())
    assert "--refresh" in caught.value.next_step


def test_green_is_named_by_the_load_balancer() -> None:
    """What the fake calls green is what the rules know; a slip here would hide all others."""
    shop = FakeShop(weight=30)
    begun(shop)
    assert shop.sets[-1]["loadBalancers"][0]["targetGroupArn"] == GREEN


def test_a_restart_is_a_deployment_of_what_serves() -> None:
    """By CodeDeploy, which alone may begin one; arrived once the new task set has the requests."""
    shop = FakeShop()
    rollout = codedeploy.restart(aws(shop), shifted())
    assert rollout.watched == Watched(deployment_id="d-1", task_definition=OLD, previous=OLD)
    assert spec(shop)["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"] == OLD
    assert look(shop, rollout) is None
    shop.green("d-1", 2)
    shop.swap()
    shop.at("d-1", "")
    assert look(shop, rollout) is Verdict.DEPLOYED
    assert not any(name == "register_task_definition" for name, _ in shop.called)


def test_a_restart_ends_the_standby_before_it() -> None:
    """One deployment at a time: the standby's old tasks go, then ours begins."""
    shop = FakeShop()
    begun(shop)
    shop.swap()
    shop.at("d-1", "")
    rollout = codedeploy.restart(aws(shop), shifted())
    assert rollout.memory.awaits == "d-1"
    assert ("continue_deployment", ("d-1", "TERMINATION_WAIT")) in shop.called


def test_somebody_elses_deployment_is_not_restarted() -> None:
    """Who is at it is said, and nothing is begun."""
    shop = FakeShop()
    begun(shop)
    with pytest.raises(LockedError, match="d-1"):
        codedeploy.restart(aws(shop), shifted())
