"""The one door to AWS: sessions, typed clients, and errors in plain words.

Two targets and no third: an account (`target = "aws"`) through the usual credential chain, or the
embedded AWS (`target = "embedded"`) with dummy keys. Neither ever stands in for the other: the
endpoint is decided here, from the configuration, and an `AWS_ENDPOINT_URL` of the shell is refused
for an account and not looked at for the embedded one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from slipway.errors import AccessError
from slipway.lost import ask_once
from slipway.refusals import SIGN_IN, refused

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

    from slipway.config import Environment

EMBEDDED_ACCOUNT = "000000000000"
EMBEDDED_KEY = "test"
_ATTEMPTS = 10
"""Retries of a call, with jitter between them; fewer where `slipway.lost` says so."""


class Keys(NamedTuple):
    """Credentials as Terraform and the Docker registry take them."""

    access: str
    secret: str
    token: str | None


@dataclass(frozen=True)
class Aws:
    """Typed clients for one environment; each is made when first used."""

    environment: Environment
    endpoint: str | None
    session: Session

    @cached_property
    def ecs(self) -> ECSClient:
        return ask_once(self.session.client("ecs", **self._options()), "UpdateService")

    @cached_property
    def ecr(self) -> ECRClient:
        return self.session.client("ecr", **self._options())

    @cached_property
    def autoscaling(self) -> ApplicationAutoScalingClient:
        return self.session.client("application-autoscaling", **self._options())

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:
        return self.session.client("cloudwatch", **self._options())

    @cached_property
    def codedeploy(self) -> CodeDeployClient:
        return ask_once(self.session.client("codedeploy", **self._options()), "CreateDeployment")

    @cached_property
    def elbv2(self) -> ElasticLoadBalancingv2Client:
        return self.session.client("elbv2", **self._options())

    @cached_property
    def s3(self) -> S3Client:
        return self.session.client("s3", **self._options())

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return self.session.client("dynamodb", **self._options())

    @cached_property
    def scheduler(self) -> EventBridgeSchedulerClient:
        return self.session.client("scheduler", **self._options())

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        return self.session.client("secretsmanager", **self._options())

    def sns(self, region: str) -> SNSClient:
        return self.session.client("sns", region, **self._options())

    @cached_property
    def ssm(self) -> SSMClient:
        return self.session.client("ssm", **self._options())

    @cached_property
    def sts(self) -> STSClient:
        return self.session.client("sts", **self._options())

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self.session.client("logs", **self._options())

    @cached_property
    def rds(self) -> Any:
        return self.session.client("rds", **self._options())

    def s3_in(self, region: str) -> S3Client:
        """S3 in another region; "" is our own."""
        if region in ("", self.environment.region):
            return self.s3
        return self.session.client("s3", region_name=region, **self._options())

    def dynamodb_in(self, region: str) -> DynamoDBClient:
        """DynamoDB in another region; "" is our own."""
        if region in ("", self.environment.region):
            return self.dynamodb
        return self.session.client("dynamodb", region_name=region, **self._options())

    @property
    def account_id(self) -> str:
        return self.environment.account_id

    def keys(self) -> Keys:
        """The credentials in force now. Raises `AccessError` where there are none."""
        found = self.session.get_credentials()
        if found is None:
            raise _no_credentials(self.environment.name)
        frozen = found.get_frozen_credentials()
        return Keys(str(frozen.access_key), str(frozen.secret_key), frozen.token)

    def child_env(self) -> dict[str, str | None]:
        """What Terraform and other children need to reach exactly this target.

        None removes a variable: a child sees this environment's keys or none.
        """
        keys = self.keys()
        return {
            **dict.fromkeys(_endpoint_variables(os.environ)),
            "AWS_PROFILE": None,
            "AWS_DEFAULT_PROFILE": None,
            "AWS_ACCESS_KEY_ID": keys.access,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_SESSION_TOKEN": keys.token,
            "AWS_REGION": self.environment.region,
            "AWS_DEFAULT_REGION": self.environment.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def verify(self) -> None:
        """Check that the credentials work and are of the configured account."""
        with calls(f"checking the credentials for {self.environment.name}"):
            account = self.sts.get_caller_identity()["Account"]
        if account != self.environment.account_id:
            raise AccessError(
                f"{self.environment.name} is account {self.environment.account_id}, "
                f"but the credentials are of account {account}",
                next_step="choose the right AWS_PROFILE, or set role_arn in slipway.toml",
            )

    def _options(self) -> Any:
        from botocore.config import Config

        retries = Config(
            retries={"mode": "standard", "max_attempts": _ATTEMPTS},
            connect_timeout=5,
            read_timeout=60,
            ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # missing in the stubs
            user_agent_extra="slipway",
        )
        return {"endpoint_url": self.endpoint, "config": retries}


def connect(environment: Environment, *, endpoint: str | None) -> Aws:
    """Clients for `environment`; `endpoint` is the embedded AWS's address, None for an account.

    Makes no call yet. Raises `AccessError` where target and endpoint don't fit.
    """
    import boto3

    if environment.target == "embedded":
        assert endpoint, "the embedded AWS has to be up before anyone connects"
        session = boto3.Session(EMBEDDED_KEY, EMBEDDED_KEY, region_name=environment.region)
        return Aws(environment, endpoint, session)
    _refuse_endpoint(environment.name)
    # Promotions work with two accounts at a time, so each may have a profile of its own.
    profile = os.environ.get(f"AWS_PROFILE_{environment.name.upper().replace('-', '_')}")
    with calls(f"signing in to {environment.name}"):
        session = boto3.Session(profile_name=profile, region_name=environment.region)
        credentials = session.get_credentials()
    if credentials is None:
        raise _no_credentials(environment.name)
    if credentials.access_key == EMBEDDED_KEY:
        raise AccessError(
            f"the credentials for {environment.name} are those of the embedded AWS",
            next_step="unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY, then sign in",
        )
    if environment.role_arn:
        session = _assume(session, environment)
    return Aws(environment, None, session)


def at(aws: Aws, environment: Environment) -> Aws:
    """`aws` for another environment, such as the one whose registry holds the images.

    Itself where account, role and region are the same. Raises `AccessError` where the credentials
    don't reach the other one.
    """
    same = ("account_id", "role_arn", "region")
    if all(getattr(aws.environment, key) == getattr(environment, key) for key in same):
        return aws
    other = connect(environment, endpoint=aws.endpoint)
    if aws.endpoint is None:
        other.verify()
    return other


def error_code(error: BaseException) -> str:
    """AWS's code of a client error (`ResourceNotFoundException`), or "" for any other error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


@contextmanager
def calls(doing: str) -> Iterator[None]:
    """Turn errors of AWS and of the way to it into one message that begins with `doing`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise refused(doing, error_code(error), str(error)) from error
    except BotoCoreError as error:
        # An SSO session that is over has an error of its own, before any call.
        over = "Token" in type(error).__name__
        raise AccessError(
            f"{doing}: {error}", next_step=SIGN_IN if over else "uv run invoke doctor"
        ) from error


def _no_credentials(environment: str) -> AccessError:
    return AccessError(
        f"no AWS credentials for {environment}",
        next_step="set AWS_PROFILE or sign in (aws sso login); "
        "the embedded AWS is used only with --env=local",
    )


def _endpoint_variables(variables: Mapping[str, str]) -> list[str]:
    return sorted(name for name in variables if name.startswith("AWS_ENDPOINT_URL"))


def _refuse_endpoint(environment: str) -> None:
    names = _endpoint_variables(os.environ)
    if names:
        raise AccessError(
            f"{environment} is an AWS account, but {', '.join(names)} points elsewhere",
            next_step=f"unset {' '.join(names)}",
        )


def _assume(session: Session, environment: Environment) -> Session:
    """A session of the environment's role that renews itself before it expires."""
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.session import get_session

    source = session.get_credentials()
    assert source
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session._session.create_client,
        source_credentials=source,
        role_arn=environment.role_arn,
        extra_args={"RoleSessionName": "slipway"},
    )
    inner = get_session()
    inner._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
    return boto3.Session(botocore_session=inner, region_name=environment.region)
