"""The one door to AWS: two targets, and neither ever stands in for the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse

from slipway.aws import EMBEDDED_ACCOUNT, calls, connect, error_code
from slipway.config import Environment
from slipway.errors import AccessError, SlipwayError

LOCAL = Environment(
    name="local",
    target="embedded",
    region="us-west-1",
    account_id=EMBEDDED_ACCOUNT,
    role_arn="",
    branch="",
    protected=False,
    registry="local",
)
STAGING = replace(LOCAL, name="staging", target="aws", account_id="123456789012")
ENDPOINT = "http://127.0.0.1:4566"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """A shell without credentials, whatever the machine's own."""
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")


def test_the_embedded_one_never_sees_real_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody signed in to production deploys locally: dummies go to the embedded AWS."""
    sign_in(monkeypatch)
    aws = connect(LOCAL, endpoint=ENDPOINT)
    env = aws.child_env()
    assert aws.keys().access == env["AWS_ACCESS_KEY_ID"] == "test"
    assert "real" not in env.values()
    assert env["AWS_SESSION_TOKEN"] is None
    assert env["AWS_ENDPOINT_URL"] == ENDPOINT


def test_a_profile_of_the_shell_does_not_reach_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terraform prefers keys over profiles, but other tools don't; so there is only one way."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere")
    env = connect(LOCAL, endpoint=ENDPOINT).child_env()
    assert env["AWS_PROFILE"] is None
    assert env["AWS_ENDPOINT_URL_S3"] is None


def test_an_account_needs_credentials() -> None:
    """Without credentials there is an error, and not the embedded AWS instead."""
    with pytest.raises(AccessError, match="no AWS credentials for staging") as caught:
        connect(STAGING, endpoint=None)
    assert "AWS_PROFILE" in caught.value.next_step


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS"])
def test_an_account_is_not_deployed_elsewhere(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A left-over endpoint would send a production deploy to an emulator, and call it done."""
    sign_in(monkeypatch)
    monkeypatch.setenv(name, ENDPOINT)
    with pytest.raises(AccessError, match=name) as caught:
        connect(STAGING, endpoint=None)
    assert caught.value.next_step == f"unset {name}"


def test_the_dummies_of_the_embedded_one_never_go_to_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that was set up to look into the embedded AWS deploys to no account."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(AccessError, match="those of the embedded AWS") as caught:
        connect(STAGING, endpoint=None)
    assert caught.value.next_step.startswith("unset AWS_ACCESS_KEY_ID")


@pytest.mark.parametrize("service", ["ecs", "s3", "sts"])
def test_calls_of_the_embedded_one_stay_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    """Wherever the shell would send one service's calls."""
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service.upper()}", "https://sts.amazonaws.com")
    client = getattr(connect(LOCAL, endpoint=ENDPOINT), service)
    assert client.meta.endpoint_url == ENDPOINT


def test_children_of_an_account_get_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terraform acts as exactly whom boto3 acts as, and with no endpoint."""
    sign_in(monkeypatch)
    env = connect(STAGING, endpoint=None).child_env()
    assert env["AWS_ACCESS_KEY_ID"] == "AKIAREAL"
    assert env["AWS_SESSION_TOKEN"] == "token"
    assert env["AWS_ENDPOINT_URL"] is None


def test_the_wrong_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in to another account: nothing is changed there."""
    sign_in(monkeypatch)
    with mock_aws():
        connect(STAGING, endpoint=None).verify()
        with pytest.raises(AccessError, match="is account 999999999999, but"):
            connect(replace(STAGING, account_id="999999999999"), endpoint=None).verify()


def test_a_role_is_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a role, the caller's own keys are used for nothing but assuming it."""
    sign_in(monkeypatch)
    role = replace(STAGING, role_arn="arn:aws:iam::123456789012:role/deploy")
    with mock_aws():
        aws = connect(role, endpoint=None)
        assert aws.keys().access != "AKIAREAL"
        assert "assumed-role/deploy/slipway" in aws.sts.get_caller_identity()["Arn"]


def test_errors_of_aws_are_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message begins with what was going on; a refusal says to sign in."""
    sign_in(monkeypatch)
    with mock_aws():
        s3 = connect(STAGING, endpoint=None).s3
        with (
            pytest.raises(SlipwayError, match=r"^reading the ledger: .*NoSuchBucket") as caught,
            calls("reading the ledger"),
        ):
            s3.get_object(Bucket="no-such-bucket", Key="x")
    assert error_code(caught.value.__cause__ or caught.value) == "NoSuchBucket"


def throttled(times: int) -> Callable[..., Any]:
    """Answers every request: refused so many times, then with no services at all."""
    left = itertools.chain(itertools.repeat(True, times), itertools.repeat(False))

    def answer(request: Any, **_: Any) -> AWSResponse:
        refused = next(left)
        body = b'{"__type": "ThrottlingException"}' if refused else b'{"services": []}'
        return AWSResponse(
            request.url, 400 if refused else 200, HTTPHeaders(), MockRawResponse(body)
        )

    return answer


@pytest.mark.parametrize(("times", "answered"), [(5, True), (10, True), (11, False)])
def test_a_throttled_call_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, times: int, *, answered: bool
) -> None:
    """Ten times, with pauses between; one that never gets through is an error in plain words."""
    pauses: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", pauses.append)
    ecs = connect(LOCAL, endpoint=ENDPOINT).ecs
    ecs.meta.events.register("before-send.ecs.DescribeServices", throttled(times))
    refused = nullcontext() if answered else pytest.raises(SlipwayError, match="Throttling")
    with refused, calls("watching the rollout"):
        assert ecs.describe_services(services=["app"])["services"] == []
    assert len(pauses) == min(times, 10)
    assert all(0 < pause <= 20 for pause in pauses)


def test_a_refusal_is_told_from_other_errors() -> None:
    """AccessDenied has an exit code and a next step of its own."""
    from botocore.exceptions import ClientError

    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
    with pytest.raises(AccessError) as caught, calls("reading"):
        raise denied
    assert "sign in" in caught.value.next_step


def test_two_accounts_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A promotion reads in one account and changes another: each environment's own profile wins."""
    sign_in(monkeypatch)
    file = tmp_path / "credentials"
    file.write_text("[there]\naws_access_key_id = AKIATHERE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE_STAGING", "there")
    there = connect(STAGING, endpoint=None)
    here = connect(replace(STAGING, name="prod"), endpoint=None)
    assert (there.keys().access, here.keys().access) == ("AKIATHERE", "AKIAREAL")
    assert there.child_env()["AWS_ACCESS_KEY_ID"] == "AKIATHERE"


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_PROFILE_BLUE_GREEN"])
def test_a_profile_that_there_is_not(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """One message, whichever variable names it."""
    monkeypatch.setenv(variable, "nobody")
    with pytest.raises(AccessError, match=r"signing in to blue-green: .*\(nobody\)"):
        connect(replace(STAGING, name="blue-green"), endpoint=None)
