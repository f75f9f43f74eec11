"""The fakes of tests behind botocore's own clients, so that its retries are part of the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from slipway.aws import Aws
from slipway.config import Environment
from tests.faults import Choose, Faults, answered, refused

LOCAL = Environment(
    name="local",
    target="embedded",
    region="us-west-1",
    account_id="000000000000",
    role_arn="",
    branch="",
    protected=False,
    registry="local",
)
SESSION = boto3.Session("k", "s", region_name="us-west-1")


def connected(fake: object, choose: Choose, *services: str) -> tuple[Aws, Faults]:
    """Clients of ours whose requests go to `fake`, which meets the faults of `choose`."""
    aws = Aws(LOCAL, "http://aws.test", SESSION)
    faults = Faults(choose=choose, send=told_by(fake), slowness=0)
    for service in services or ("ecs", "codedeploy"):
        getattr(aws, service).meta.events.register("before-send", faults)
    return aws, faults


def told_by(fake: object) -> Callable[[str, AWSPreparedRequest], AWSResponse]:
    """Answers a request by the method of `fake` that is called like its operation."""

    def send(event_name: str, request: AWSPreparedRequest) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        wanted = json.loads(cast(bytes, request.body))
        try:
            answer = getattr(fake, xform_name(operation))(**wanted)
        except ClientError as error:
            return refused(request, 400, str(error.response["Error"]["Code"]))
        body = json.dumps(answer or {}, default=_plain).encode()
        return answered(request, 200, body, "application/x-amz-json-1.1")

    return send


def _plain(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else str(value)
