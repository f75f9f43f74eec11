"""What CodeDeploy's own error codes mean for the user. Pure.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html lists them.
"""

from __future__ import annotations

import re

from slipway.rollout.cause import Cause
from slipway.rollout.evidence import Evidence

ROLE = "run the deploy again with --refresh; Terraform makes the role that CodeDeploy uses"
GROUP = "run the deploy again with --refresh, so that Terraform makes it again"

DECISIVE = {
    "APPLICATION_MISSING": ("CodeDeploy's application is gone", GROUP),
    "DEPLOYMENT_GROUP_MISSING": ("CodeDeploy's deployment group is gone", GROUP),
    "ECS_UPDATE_ERROR": (
        "ECS refused the new tasks",
        "mend what ECS says below; the task definition or its network is off",
    ),
    "ELASTIC_LOAD_BALANCING_INVALID": (
        "the load balancer isn't as the deployment needs it",
        "run the deploy again with --refresh; a listener rule or target group was changed by hand",
    ),
    "IAM_ROLE_MISSING": ("the role that CodeDeploy uses is gone", ROLE),
    "IAM_ROLE_PERMISSIONS": ("the role that CodeDeploy uses may not do it", ROLE),
    "INVALID_ECS_SERVICE": ("ECS has no such service that CodeDeploy can roll out", GROUP),
    "INVALID_LAMBDA_CONFIGURATION": (
        "a hook's function can't be called",
        "correct deploy.hooks in service.toml; names begin with CodeDeployHook_",
    ),
    "INVALID_LAMBDA_FUNCTION": (
        "a hook's function isn't there",
        "make it, or correct deploy.hooks in service.toml",
    ),
    "INVALID_REVISION": (
        "CodeDeploy can't read the AppSpec",
        "correct what it says below; nothing was changed",
    ),
    "RESOURCE_LIMIT_EXCEEDED": ("a limit of the AWS account is reached", "raise that quota"),
}
"""Codes that say all there is to know."""

VAGUE = {
    "INTERNAL_ERROR": ("CodeDeploy had a fault of its own", "deploy again"),
    "MANUAL_STOP": (
        "somebody stopped the deployment",
        "look in CodeDeploy for who it was; deploy again when it is clear",
    ),
    "THROTTLED": ("AWS throttled CodeDeploy", "deploy again in a few minutes"),
    "TIMEOUT": (
        "the deployment did not come on in time",
        "look at the service's events below; raise health.grace if the app starts slowly",
    ),
}
"""Codes that come after what the tasks themselves say."""


def alarm(evidence: Evidence) -> Cause | None:
    """An alarm of the deployment group was raised meanwhile."""
    if evidence.code != "ALARM_ACTIVE":
        return None
    named = re.search(r"<([^>]+)>", evidence.message)
    names = named.group(1) if named else "of the service"
    return Cause(
        title=f"an alarm was raised during the deployment: {names}",
        remedy="look at the alarm's metric in CloudWatch and at the service's log, then mend that",
        lines=(evidence.message, *evidence.log[-10:]),
    )


def hook(evidence: Evidence) -> Cause | None:
    """A validation function said no, or nothing."""
    if evidence.code != "HOOK_EXECUTION_FAILURE":
        return None
    event = evidence.event or "a lifecycle event"
    return Cause(
        title=f"the hook of {event} failed",
        remedy="look at the log of its Lambda function; it has an hour to report Succeeded",
        lines=(evidence.message,),
    )


def code(evidence: Evidence) -> Cause | None:
    """A code that is a cause by itself."""
    return _of(DECISIVE, evidence)


def vague_code(evidence: Evidence) -> Cause | None:
    """A code that is better than nothing."""
    return _of(VAGUE, evidence)


def _of(table: dict[str, tuple[str, str]], evidence: Evidence) -> Cause | None:
    if evidence.code not in table:
        return None
    title, remedy = table[evidence.code]
    events = evidence.events[:3] if table is VAGUE else ()
    return Cause(title=title, remedy=remedy, lines=(evidence.message, *events))
