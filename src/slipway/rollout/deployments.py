"""CodeDeploy's deployments: read in batches, stopped, told to go on; and where requests go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from slipway.aws import Aws, error_code
from slipway.rollout import appspec
from slipway.rollout.observe import batched
from slipway.rollout.shifting import Shift

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

BATCH = 25
"""Deployments per BatchGetDeployments: the API's limit."""

RUNNING: Any = ["Created", "Queued", "InProgress", "Ready", "Baking"]


def shifts(codedeploy: CodeDeployClient, ids: Iterable[str]) -> dict[str, Shift]:
    """The deployments with these ids, 25 a call; those that aren't there are left out."""
    found: dict[str, Shift] = {}
    for some in batched(sorted(set(filter(None, ids))), BATCH):
        answer = codedeploy.batch_get_deployments(deploymentIds=list(some))
        for info in answer["deploymentsInfo"]:
            found[info["deploymentId"]] = read(info)
    return found


def read(info: Any) -> Shift:
    """A `Shift` of what GetDeployment tells; its lifecycle events are asked for apart."""
    error, undo = info.get("errorInformation", {}), info.get("rollbackInfo", {})
    return Shift(
        id=info["deploymentId"],
        status=info["status"],
        task_definition=appspec.task_definition_of(info.get("revision", {})),
        code=error.get("code", ""),
        message=error.get("message", ""),
        undo=undo.get("rollbackDeploymentId", ""),
        undoes=undo.get("rollbackTriggeringDeploymentId", ""),
        listener=_listener(info),
        standby=_standby(info),
    )


def in_detail(codedeploy: CodeDeployClient, shift: Shift, cluster: str, service: str) -> Shift:
    """`shift` with its lifecycle events, and the share of the requests by task set."""
    try:
        answer: Any = codedeploy.get_deployment_target(
            deploymentId=shift.id, targetId=f"{cluster}:{service}"
        )
    except codedeploy.exceptions.ClientError as error:
        # Of a deployment that has only just begun, CodeDeploy doesn't know the target yet.
        if error_code(error).startswith(("DeploymentTarget", "DeploymentNotStarted")):
            return shift
        raise
    target = answer["deploymentTarget"]["ecsTarget"]
    events = target.get("lifecycleEvents", [])
    sets = target.get("taskSetsInfo", [])
    return replace(
        shift,
        events=tuple((each["lifecycleEventName"], each["status"]) for each in events),
        weights=tuple(
            (each["identifer"], round(each["trafficWeight"]))  # AWS spells it so. codespell:ignore
            for each in sets
            if "trafficWeight" in each
        ),
    )


def running(codedeploy: CodeDeployClient, application: str, group: str) -> str:
    """The id of the deployment of a group that has not ended; there is one at most. Or ""."""
    answer = codedeploy.list_deployments(
        applicationName=application, deploymentGroupName=group, includeOnlyStatuses=RUNNING
    )
    return next(iter(answer["deployments"]), "")


def described(codedeploy: CodeDeployClient, application: str, group: str, mark: str) -> str:
    """The id of the deployment of the last hour whose description is `mark`, or ""."""
    pages = codedeploy.get_paginator("list_deployments").paginate(
        applicationName=application,
        deploymentGroupName=group,
        createTimeRange={"start": datetime.now(UTC) - timedelta(hours=1)},
    )
    ids = [each for page in pages for each in page["deployments"]]
    for some in batched(ids, BATCH):
        for info in codedeploy.batch_get_deployments(deploymentIds=list(some))["deploymentsInfo"]:
            if info.get("description") == mark:
                return info["deploymentId"]
    return ""


def stop(codedeploy: CodeDeployClient, identifier: str) -> bool:
    """Stop a deployment and have it undone; whether it was still there to be stopped.

    One that is stopping already is stopped once more, which changes nothing.
    """
    try:
        codedeploy.stop_deployment(deploymentId=identifier, autoRollbackEnabled=True)
    except codedeploy.exceptions.DeploymentAlreadyCompletedException:
        return False
    return True


def go_on(
    codedeploy: CodeDeployClient,
    identifier: str,
    wait: Literal["READY_WAIT", "TERMINATION_WAIT"],
) -> None:
    """End a deployment's wait; fine where somebody else has, or where it is over."""
    gone = (
        codedeploy.exceptions.DeploymentAlreadyCompletedException,
        codedeploy.exceptions.DeploymentIsNotInReadyStateException,
        codedeploy.exceptions.InvalidDeploymentStatusException,
    )
    try:
        codedeploy.continue_deployment(deploymentId=identifier, deploymentWaitType=wait)
    except gone:
        return


def share(elbv2: ElasticLoadBalancingv2Client, listener: str, target_group: str) -> int:
    """Percent of the requests that the listener's rules lead to a target group, as they are now."""
    pages = elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener)
    rules = (rule for page in pages for rule in page["Rules"])
    shares = (share_of(rule.get("Actions", []), target_group) for rule in rules)
    return max(shares, default=0)


def share_of(actions: Sequence[Any], target_group: str) -> int:
    """Percent of what a rule with these actions forwards that goes to a target group. Pure."""
    for action in actions:
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or [
            {"TargetGroupArn": action.get("TargetGroupArn", ""), "Weight": 1}
        ]
        weights = {group["TargetGroupArn"]: group.get("Weight", 1) for group in groups}
        total = sum(weights.values())
        if target_group in weights:
            return weights[target_group] * 100 // total if total else 0
    return 0


def seen(aws: Aws, identifier: str, cluster: str, service: str) -> Shift | None:
    """One deployment in detail, or None where CodeDeploy doesn't know it."""
    found = shifts(aws.codedeploy, [identifier]).get(identifier)
    return in_detail(aws.codedeploy, found, cluster, service) if found else None


def _listener(info: Any) -> str:
    pairs = info.get("loadBalancerInfo", {}).get("targetGroupPairInfoList") or [{}]
    arns = pairs[0].get("prodTrafficRoute", {}).get("listenerArns") or [""]
    return str(arns[0])


def _standby(info: Any) -> int:
    config = info.get("blueGreenDeploymentConfiguration", {})
    end = config.get("terminateBlueInstancesOnDeploymentSuccess", {})
    return int(end.get("terminationWaitTimeInMinutes", 0))
