"""Where Terraform's state lives: makes the bucket and the lock table, and keeps them as they are.

Each thing that has to hold is a `Part` that can look and mend, so a first run, a repair and a look
without changes are the same list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from slipway import names
from slipway.aws import calls, error_code
from slipway.errors import AccessError, InfraError, SlipwayError
from slipway.infra import bucket_rules as rules

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from slipway.aws import Aws
    from slipway.config import Settings

WAIT = 60.0
"""Seconds that a new table gets until it can be used; it usually takes about ten."""

_ABSENT = frozenset({"404", "NoSuchBucket", "NotFound", "ResourceNotFoundException"})
_UNSET = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
        "TableNotFoundException",
    }
)
_NOT_YET = frozenset(
    {
        "BucketAlreadyOwnedByYou",
        "ConflictException",
        "LimitExceededException",
        "OperationAborted",
        "ResourceInUseException",
    }
)


@dataclass(frozen=True)
class Part:
    """One thing that has to hold, called `title`."""

    title: str
    holds: Callable[[], bool]
    mend: Callable[[], object]


def bootstrap(
    settings: Settings, aws: Aws, *, say: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Make or repair bucket and lock table; returns what had to be done, nothing if all held.

    Safe to run again, and at the same time as another one. `say` gets each thing that is done.
    """
    done = []
    with calls(f"preparing the Terraform state for {settings.environment.name}"):
        for part in parts(settings, aws):
            if part.holds():
                continue
            say(part.title)
            _mend(part)
            done.append(part.title)
    return done


def wanting(settings: Settings, aws: Aws) -> list[str]:
    """What `bootstrap` would do, changing nothing."""
    with calls(f"checking the Terraform state of {settings.environment.name}"):
        return [part.title for part in parts(settings, aws) if not part.holds()]


def check(settings: Settings, aws: Aws) -> None:
    """Raise `InfraError` where bucket or lock table are missing; two quick calls."""
    bucket, table = names.state_bucket(settings), names.lock_table(settings)
    missing = []
    with calls(f"checking the Terraform state of {settings.environment.name}"):
        if not _bucket_exists(aws.s3, bucket):
            missing.append(f"S3 bucket {bucket}")
        if not _table_exists(aws.dynamodb, table):
            missing.append(f"DynamoDB table {table}")
    if missing:
        raise InfraError(
            f"{settings.environment.name} has no place for its Terraform state: "
            f"{' and '.join(missing)} missing in account {aws.account_id}",
            next_step=f"uv run invoke state.bootstrap --env={settings.environment.name}",
        )


def ready(settings: Settings, aws: Aws, *, say: Callable[[str], None] = lambda _: None) -> None:
    """Have a place for the state: made by itself on the embedded AWS, asked for on an account."""
    try:
        check(settings, aws)
    except InfraError:
        if settings.environment.target != "embedded":
            raise
        bootstrap(settings, aws, say=say)


def parts(settings: Settings, aws: Aws) -> list[Part]:
    """Everything that has to hold, in the order in which it can be made."""
    protected = any(
        environment.protected
        for environment in settings.environments.values()
        if environment.account_id == settings.environment.account_id
    )
    bucket, table = names.state_bucket(settings), names.lock_table(settings)
    return [
        *_bucket_parts(aws.s3, bucket, aws.environment.region),
        *_table_parts(aws.dynamodb, table, protected=protected),
    ]


def _mend(part: Part) -> None:
    """Mend it, and look again: somebody else may be at the same, or AWS not ready yet."""
    deadline = time.monotonic() + WAIT
    while True:
        failed = _attempt(part.mend)
        if part.holds():
            return
        if failed and error_code(failed) not in _NOT_YET:
            raise failed
        if time.monotonic() > deadline:
            raise InfraError(
                f"{part.title}: still not so {WAIT:.0f} s after it was set",
                next_step="run the same command again; if it stays, look at it in the AWS console",
            )
        time.sleep(0.5)


def _attempt(mend: Callable[[], object]) -> Exception | None:
    try:
        mend()
    except Exception as error:
        if isinstance(error, SlipwayError):
            raise
        return error
    return None


def _bucket_parts(s3: S3Client, bucket: str, region: str) -> list[Part]:
    called = f"bucket {bucket}"

    def part(title: str, read: Callable[[], bool], mend: Callable[[], object]) -> Part:
        return Part(f"{called}: {title}", partial(_quietly, read), mend)

    return [
        Part(called, partial(_bucket_exists, s3, bucket), partial(_create, s3, bucket, region)),
        part(
            "public access blocked",
            lambda: (
                s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
                == rules.PRIVATE
            ),
            lambda: s3.put_public_access_block(
                Bucket=bucket, PublicAccessBlockConfiguration=rules.PRIVATE
            ),
        ),
        part(
            "owned by the account alone, no access lists",
            lambda: rules.is_enforced(s3.get_bucket_ownership_controls(Bucket=bucket)),
            lambda: s3.put_bucket_ownership_controls(
                Bucket=bucket, OwnershipControls=rules.OWNERSHIP
            ),
        ),
        part(
            "versioned",
            lambda: s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled",
            lambda: s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            ),
        ),
        part(
            "encrypted with KMS",
            lambda: rules.is_encrypted(s3.get_bucket_encryption(Bucket=bucket)),
            lambda: s3.put_bucket_encryption(
                Bucket=bucket, ServerSideEncryptionConfiguration=rules.ENCRYPTION
            ),
        ),
        part(
            "reached over TLS only",
            lambda: rules.denies_plain_http(_policy(s3, bucket), bucket),
            lambda: s3.put_bucket_policy(
                Bucket=bucket, Policy=rules.with_tls_only(_policy(s3, bucket), bucket)
            ),
        ),
        part(
            "old versions expire",
            lambda: rules.expires(_lifecycle(s3, bucket)),
            lambda: s3.put_bucket_lifecycle_configuration(
                Bucket=bucket,
                LifecycleConfiguration={"Rules": rules.with_expiry(_lifecycle(s3, bucket))},
            ),
        ),
    ]


def _table_parts(dynamodb: DynamoDBClient, table: str, *, protected: bool) -> list[Part]:
    called = f"lock table {table}"

    def recoverable() -> bool:
        found = dynamodb.describe_continuous_backups(TableName=table)
        status: Any = found["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription")
        return bool(status) and status["PointInTimeRecoveryStatus"] == "ENABLED"

    def described(key: str) -> Any:
        return dynamodb.describe_table(TableName=table)["Table"].get(key)

    def update(**change: Any) -> object:
        return dynamodb.update_table(TableName=table, **change)

    def part(title: str, read: Callable[[], bool], mend: Callable[[], object]) -> Part:
        return Part(f"{called}: {title}", partial(_quietly, read), mend)

    everything = [
        Part(
            called,
            partial(_table_active, dynamodb, table),
            partial(_create_table, dynamodb, table, protected=protected),
        ),
        part(
            "encrypted with KMS",
            lambda: (described("SSEDescription") or {}).get("Status") in ("ENABLED", "UPDATING"),
            lambda: update(SSESpecification={"Enabled": True, "SSEType": "KMS"}),
        ),
        part(
            "point-in-time recovery",
            recoverable,
            lambda: dynamodb.update_continuous_backups(
                TableName=table,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            ),
        ),
    ]
    protection = part(
        "protected from deletion",
        lambda: bool(described("DeletionProtectionEnabled")),
        lambda: update(DeletionProtectionEnabled=True),
    )
    return [*everything, *([protection] if protected else [])]


def _create(s3: S3Client, bucket: str, region: str) -> None:
    where: Mapping[str, Any] = {}
    if region != "us-east-1":
        # The one region that refuses to be named.
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=bucket, **where)
    except s3.exceptions.BucketAlreadyExists as error:
        raise _foreign(bucket) from error


def _create_table(dynamodb: DynamoDBClient, table: str, *, protected: bool) -> None:
    if _table_exists(dynamodb, table):
        return
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
        DeletionProtectionEnabled=protected,
    )


def _bucket_exists(s3: S3Client, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except Exception as error:
        if error_code(error) in _ABSENT:
            return False
        if error_code(error) in ("403", "Forbidden", "AccessDenied"):
            raise _foreign(bucket) from error
        raise
    return True


def _table_exists(dynamodb: DynamoDBClient, table: str) -> bool:
    return _table_status(dynamodb, table) is not None


def _table_active(dynamodb: DynamoDBClient, table: str) -> bool:
    return _table_status(dynamodb, table) in ("ACTIVE", "UPDATING")


def _table_status(dynamodb: DynamoDBClient, table: str) -> str | None:
    try:
        return dynamodb.describe_table(TableName=table)["Table"].get("TableStatus")
    except dynamodb.exceptions.ResourceNotFoundException:
        return None


def _quietly(read: Callable[[], bool]) -> bool:
    """What `read` says; no where AWS says that there is nothing to read."""
    try:
        return read()
    except Exception as error:
        if error_code(error) in _ABSENT | _UNSET:
            return False
        raise


def _policy(s3: S3Client, bucket: str) -> str:
    try:
        return s3.get_bucket_policy(Bucket=bucket)["Policy"]
    except Exception as error:
        if error_code(error) in _UNSET:
            return ""
        raise


def _lifecycle(s3: S3Client, bucket: str) -> list[Any]:
    try:
        return list(s3.get_bucket_lifecycle_configuration(Bucket=bucket).get("Rules", []))
    except Exception as error:
        if error_code(error) in _UNSET:
            return []
        raise


def _foreign(bucket: str) -> AccessError:
    return AccessError(
        f"the bucket {bucket} exists, but not for us: another account has it, or our role may "
        "not read it",
        next_step="check AWS_PROFILE and role_arn; or choose another project or owner in "
        "slipway.toml",
    )
