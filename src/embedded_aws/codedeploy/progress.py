"""What is written into the record of a deployment as it goes on. Pure.

The stage, the ids of the two task sets and what was asked are in it, so that another process can
take it up where this one was killed.
"""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.codedeploy import lifecycle
from embedded_aws.codedeploy.decide import ROLLBACK, End, following
from embedded_aws.codedeploy.deployments import ENDED, new_deployment, overview
from embedded_aws.json_api import Record

EVENTS = {
    "MANUAL_STOP": "DEPLOYMENT_STOP_ON_REQUEST",
    "ALARM_ACTIVE": "DEPLOYMENT_STOP_ON_ALARM",
}
"""Rollback events by error code; all other ends are DEPLOYMENT_FAILURE."""

WHY = {
    "MANUAL_STOP": "was stopped by a user",
    "ALARM_ACTIVE": "was stopped because an alarm was activated",
}


def begin(deployment: Record, now: float) -> None:
    """Let a deployment that was created begin."""
    if deployment["status"] == "Created":
        _set_status(deployment, "InProgress")
        deployment["startTime"] = now
    if "_at" not in deployment:
        enter(deployment, "BeforeInstall", now)


def enter(deployment: Record, stage: str, now: float) -> None:
    """Come to a stage; what was asked of an earlier one counts no more."""
    deployment["_at"] = {"stage": stage, "since": now}
    deployment["_hook"] = {}
    _set_status(deployment, "Ready" if stage == "Ready" else "InProgress")
    if stage == "Standby":
        deployment["instanceTerminationWaitTimeStarted"] = True
    if stage in lifecycle.ORDER:
        lifecycle.begin(deployment["_events"], stage, now)


def leave(deployment: Record, status: str, now: float) -> None:
    """End the event of the stage, and go on to the next."""
    stage = deployment["_at"]["stage"]
    if stage in lifecycle.ORDER:
        lifecycle.end(deployment["_events"], stage, status, now)
    enter(deployment, following(stage), now)


def finish(deployment: Record, end: End, now: float) -> None:
    """Write how a deployment ended."""
    stage = deployment["_at"]["stage"]
    if end.status != "Succeeded" and stage in lifecycle.ORDER:
        lifecycle.end(deployment["_events"], stage, "Failed", now, end.message)
    done = "Succeeded" if end.status == "Succeeded" else "Failed"
    lifecycle.abandon(deployment["_events"], done, now)
    _set_status(deployment, end.status)
    deployment["completeTime"] = now
    if end.code:
        deployment["errorInformation"] = {"code": end.code, "message": end.message}


def rolls_back(deployment: Record, end: End) -> bool:
    """Whether a deployment that ended like this is to be rolled back."""
    if end.status == "Succeeded" or deployment["_at"]["stage"] == ROLLBACK:
        return False
    asked = deployment["_asked"].get("back")
    if end.code == "MANUAL_STOP" and asked is not None:
        return bool(asked)
    config = deployment.get("autoRollbackConfiguration") or {}
    event = EVENTS.get(end.code, "DEPLOYMENT_FAILURE")
    return bool(config.get("enabled")) and event in (config.get("events") or [])


def rollback(deployment: Record, group: Record, end: End, now: float) -> Record:
    """The deployment that undoes another; both tell of each other."""
    config = {
        "deploymentConfigName": deployment["deploymentConfigName"],
        "trafficRoutingConfig": {"type": "AllAtOnce"},
    }
    revision = deployment.get("previousRevision") or deployment["_original"]
    made = new_deployment(group, config, revision, deployment["revision"], {})
    failed = deployment["deploymentId"]
    why = WHY.get(end.code, "failed")
    message = f"Deployment {made['deploymentId']} was triggered because deployment {failed} {why}."
    made.update(
        creator="codeDeployRollback",
        status="InProgress",
        startTime=now,
        rollbackInfo={"rollbackTriggeringDeploymentId": failed, "rollbackMessage": message},
        **{key: deployment[key] for key in ("_green", "_blue") if key in deployment},
    )
    made["_at"] = {"stage": ROLLBACK, "since": now}
    for name in ("Install", "AllowTraffic"):
        lifecycle.begin(made["_events"], name, now)
    deployment["rollbackInfo"] = {
        "rollbackDeploymentId": made["deploymentId"],
        "rollbackMessage": message,
    }
    return made


def original(task_set: Record) -> Record:
    """A revision that says what a task set is, for a service that no deployment made."""
    balancer = (task_set.get("loadBalancers") or [{}])[0]
    properties = {
        "TaskDefinition": task_set["taskDefinition"],
        "LoadBalancerInfo": {
            "ContainerName": balancer.get("containerName", ""),
            "ContainerPort": balancer.get("containerPort", 80),
        },
    }
    target = {"Type": "AWS::ECS::Service", "Properties": properties}
    content = {"version": 0.0, "Resources": [{"TargetService": target}]}
    return {
        "revisionType": "AppSpecContent",
        "appSpecContent": {"content": json.dumps(content)},
    }


def is_running(deployment: Record) -> bool:
    return deployment["status"] not in ENDED


def hook_state(deployment: Record, function: str) -> str:
    """Of the function of the stage: none, uncalled, waiting, Succeeded or Failed."""
    if not function:
        return "none"
    hook: dict[str, Any] = deployment["_hook"]
    return str(hook.get("status") or "waiting") if hook else "uncalled"


def _set_status(deployment: Record, status: str) -> None:
    deployment["status"] = status
    deployment["deploymentOverview"] = overview(status)
