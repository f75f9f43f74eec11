"""ECS's service definitions: what each of their keys becomes; pure.

Source of their keys: Amazon ECS's API reference, CreateService.
"""

from __future__ import annotations

from slipway.importing.draft import Node
from slipway.importing.ecs_words import SERVICE_GIVEN, SERVICE_LEFT

STRATEGIES = {
    "ROLLING": "rolling",
    "BLUE_GREEN": "blue_green",
    "LINEAR": "linear",
    "CANARY": "canary",
}
BY_CODEDEPLOY = (
    "CodeDeploy's deployment group says how requests move, and it is not in this file: change "
    "it to canary or linear if it is to be in steps"
)
CONTROLLED = "by CodeDeploy here, which makes rollouts of this kind"


TRIED = "new tasks are tried before they get requests, so there must be one: `invoke scale` to 0"


def inner(document: Node) -> Node:
    """The service itself, also in the answer of DescribeServices."""
    found = document.at("services")
    return found.items()[0] if found.items() else document


def container(service: Node) -> str:
    """The name of the container that requests go to, or ""."""
    balancers = service.at("loadBalancers").items()
    return (balancers[0].at("containerName").text() or "") if balancers else ""


def draft(service: Node) -> None:
    """Fill the draft from a service definition."""
    grace = service.at("healthCheckGracePeriodSeconds")
    grace.carry("health.grace", grace.number())
    controller(service.at("deploymentController.type"))
    rollout(service.at("deploymentConfiguration"))
    tasks(service.at("desiredCount"))
    if service.at("launchType").text() == "FARGATE":
        service.at("launchType").given("so is every task")
    if service.at("schedulingStrategy").text() == "REPLICA":
        service.at("schedulingStrategy").given("so is every service")
    public = service.at("networkConfiguration.awsvpcConfiguration.assignPublicIp")
    if public.text() == "DISABLED":
        public.given("tasks are in private subnets")
    for key, why in SERVICE_GIVEN.items():
        service.at(key).given(why)
    for key, why in SERVICE_LEFT.items():
        service.at(key).leave(why)


def tasks(node: Node) -> None:
    """How many tasks run, which scaling does not change unless somebody lets it."""
    number = node.number()
    if number is None:
        return
    rolling = node.draft.get(("deploy", "strategy")) in (None, "rolling")
    least, why = (number, "") if number or rolling else (1, TRIED)
    node.carry("scale.min", least, why)
    node.carry("scale.max", max(least, 1), why)
    if least:
        node.draft.todo.append(
            "Scaling is in none of these files: `scale.max` is `scale.min`, so raise it if the "
            "service is to scale."
        )


def controller(node: Node) -> None:
    """Who makes rollouts."""
    if node.text() == "ECS":
        node.carry("deploy.strategy", "rolling")
    elif node.text() == "CODE_DEPLOY":
        node.carry("deploy.strategy", "blue_green", BY_CODEDEPLOY)


def rollout(node: Node) -> None:
    """How tasks are replaced, and how requests move."""
    for key, theirs in (
        ("minimum_healthy_percent", "minimumHealthyPercent"),
        ("maximum_percent", "maximumPercent"),
    ):
        node.at(theirs).carry(f"deploy.{key}", node.at(theirs).number())
    strategy = STRATEGIES.get(node.at("strategy").text() or "")
    node.at("strategy").carry(
        "deploy.strategy", strategy, "" if strategy == "rolling" else CONTROLLED
    )
    node.at("bakeTimeInMinutes").carry("deploy.standby", node.at("bakeTimeInMinutes").number())
    for table, percent, minutes in (
        ("canaryConfiguration", "canaryPercent", "canaryBakeTimeInMinutes"),
        ("linearConfiguration", "stepPercent", "stepBakeTimeInMinutes"),
    ):
        share = node.at(f"{table}.{percent}")
        share.carry("deploy.shift.percent", share.number())
        pause = node.at(f"{table}.{minutes}")
        pause.carry("deploy.shift.minutes", pause.number())
