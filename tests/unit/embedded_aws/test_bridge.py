"""What tasks may call: an allow-list that can't be read in two ways."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import pytest

from embedded_aws.bridge.allowed import Request, handed_on, is_allowed
from embedded_aws.bridge.door import Guard, refusal
from embedded_aws.patches.task_environment import environment

BUCKETS = {"uploads", "shop-state-000000000000-us-west-1"}
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def signed(service: str) -> dict[str, str]:
    scope = f"test/20260101/us-west-1/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host"}


def json_call(target: str, **more: Any) -> Request:
    service = more.pop("service", "ecs")
    headers = {**signed(service), "x-amz-target": target, **more.pop("headers", {})}
    return Request(**{"method": "POST", "path": "/", "headers": headers, **more})


def form(service: str, body: str, **more: str) -> Request:
    headers = {**signed(service), "content-type": FORM, **more}
    return Request(method="POST", path="/", headers=headers, body=body.encode())


def on_s3(method: str, path: str, query: str = "") -> Request:
    return Request(method=method, path=path, query=query, headers=signed("s3"))


@pytest.mark.parametrize(
    "request_",
    [
        json_call("secretsmanager.GetSecretValue"),
        json_call("secretsmanager.PutSecretValue"),
        json_call("AmazonSSM.GetParameter"),
        json_call("Logs_20140328.PutLogEvents"),
        form("sns", "Action=Publish&Message=a"),
        form("sts", "Action=GetCallerIdentity"),
        form("monitoring", "Action=PutMetricData"),
        Request(
            method="POST",
            path="/service/GraniteServiceVersion20100801/operation/PutMetricData",
            headers=signed("monitoring"),
        ),
        on_s3("PUT", "/uploads/a/b.txt"),
        on_s3("GET", "/uploads", "list-type=2"),
        on_s3("POST", "/uploads", "delete"),
        Request(method="GET", path="/v4/abcdefgh-1/task", headers={}),
        Request(method="GET", path="/v2/credentials/0-1", headers={}),
    ],
)
def test_what_an_application_needs_is_allowed(request_: Request) -> None:
    """Its secrets and parameters, logs, metrics, messages, objects, and its own metadata."""
    assert is_allowed(request_, BUCKETS)


@pytest.mark.parametrize(
    "request_",
    [
        json_call("AmazonEC2ContainerServiceV20141113.RunTask"),
        json_call("AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition"),
        json_call("AmazonEC2ContainerServiceV20141113.CreateService"),
        json_call("CodeDeploy_20141006.CreateDeployment"),
        json_call("AWSEvents.PutEvents"),
        json_call("AmazonSSM.PutParameter"),
        json_call("AmazonSSM.GetParameter.RunTask"),
        json_call("secretsmanager.GetSecretValue", path="/clusters"),
        json_call("secretsmanager.GetSecretValue", query="Action=RunTask"),
        json_call("secretsmanager.GetSecretValue", headers={"content-type": FORM}),
        form("ecs", "Action=RunTask"),
        form("sns", "Action=Publish&Action=Subscribe"),
        form("sns", "Action=Subscribe"),
        form("ec2", "Action=Publish"),
        form("sns", "Action=Publish", **{"content-encoding": "gzip"}),
        on_s3("PUT", "/uploads"),
        on_s3("PUT", "/v2"),
        on_s3("PUT", "/v2/shop/manifests/latest"),
        on_s3("DELETE", "/uploads", "policy"),
        on_s3("PUT", "/shop-state-000000000000-us-west-1/dev.tfstate"),
        on_s3("GET", "/uploads/../v2/"),
        on_s3("POST", "/uploads", "Action=RunTask"),
        Request(method="GET", path="/v2/", headers={}),
        Request(method="GET", path="/_ministack/health", headers={}),
        Request(method="POST", path="/_ministack/reset", headers=signed("s3")),
        Request(method="POST", path="/2015-03-31/functions", headers=signed("lambda")),
        Request(method="DELETE", path="/v2/credentials/0-1", headers={}),
    ],
)
def test_all_else_is_refused(request_: Request) -> None:
    """Above all whatever could start a container, in any disguise."""
    assert not is_allowed(request_, BUCKETS)


def test_two_signatures_are_none() -> None:
    """One could be read here and the other there."""
    twice = signed("sns")["authorization"] + " " + signed("ecs")["authorization"]
    request = form("sns", "Action=Publish", authorization=twice)
    assert not is_allowed(request, BUCKETS)


def test_headers_that_lead_elsewhere_are_left_out() -> None:
    """The host is that of the APIs."""
    given = {"host": "x.execute-api", "x-amz-request-route": "r", "x-amz-date": "d", "cookie": "c"}
    assert handed_on(given, "127.0.0.1:1") == {"host": "127.0.0.1:1", "x-amz-date": "d"}


def ask(client: str, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    """The answer's messages for a call of GetSecretValue."""
    sent: list[Any] = []

    async def inner(scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "inner", "headers": dict(scope["headers"])})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: Any) -> None:
        sent.append(message)

    guard = Guard(inner, ipaddress.IPv4Network("198.19.0.0/22"), "127.0.0.1:1", lambda: set())
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    asyncio.run(guard({**scope, "client": (client, 1)}, receive, send))
    return sent


def test_the_door_is_for_the_tasks_network() -> None:
    """Another machine that routes here gets nothing; neither does who repeats a header."""
    target = (b"X-Amz-Target", b"secretsmanager.GetSecretValue")
    assert ask("198.19.2.1", [target])[0]["type"] == "inner"
    assert ask("10.0.0.1", [target])[0]["status"] == 403
    assert ask("198.19.2.1", [target, target])[0]["status"] == 403
    assert ask("198.19.2.1", [])[0]["status"] == 403


def test_tasks_are_told_where_aws_is() -> None:
    """What the definition sets stays; without a door nothing is changed."""
    given = {"AWS_ENDPOINT_URL": "http://host.docker.internal:4566", "AWS_REGION": "eu-west-1"}
    found = environment(given, "http://198.19.0.1:4566", "us-west-1")
    assert found["AWS_ENDPOINT_URL"] == "http://198.19.0.1:4566"
    assert (found["AWS_REGION"], found["AWS_ACCESS_KEY_ID"]) == ("eu-west-1", "test")
    assert found["AWS_DEFAULT_REGION"] == "us-west-1"
    assert found["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"
    assert environment(given, "", "us-west-1") == given


def test_a_refusal_is_in_the_clients_own_words() -> None:
    """Clients would otherwise say that the answer can't be read."""
    assert b'"__type": "AccessDeniedException"' in refusal({"x-amz-target": b"a.B"})[1]
    of_s3 = {name: value.encode() for name, value in signed("s3").items()}
    assert refusal(of_s3)[1].startswith(b"<Error><Code>AccessDenied")
    assert refusal({})[1].startswith(b"<ErrorResponse><Error>")
