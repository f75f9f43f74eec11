"""What the state bucket and the lock table have to be like: each thing as a look and a mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from slipway.aws import error_code
from slipway.errors import AccessError
from slipway.infra import bucket_rules as rules

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

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


@dataclass(frozen=True)
class Part:
    """One thing that has to hold, called `title`."""

    title: str
    holds: Callable[[], bool]
    mend: Callable[[], object]


def bucket_parts(s3: S3Client, bucket: str, region: str) -> list[Part]:
    """What has to hold of the bucket, in the order in which it can be made."""
    called = f"bucket {bucket}"

    def part(title: str, read: Callable[[], bool], mend: Callable[[], object]) -> Part:
        return Part(f"{called}: {title}", partial(_quietly, read), mend)

    return [
        Part(called, partial(bucket_exists, s3, bucket), partial(_create, s3, bucket, region)),
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


def table_parts(dynamodb: DynamoDBClient, table: str, *, protected: bool) -> list[Part]:
    """What has to hold of the lock table, in the order in which it can be made."""
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
    if table_exists(dynamodb, table):
        return
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
        DeletionProtectionEnabled=protected,
    )


def bucket_exists(s3: S3Client, bucket: str) -> bool:
    """Whether the bucket is there for us; raises `AccessError` where it is for others."""
    try:
        s3.head_bucket(Bucket=bucket)
    except Exception as error:
        if error_code(error) in _ABSENT:
            return False
        if error_code(error) in ("403", "Forbidden", "AccessDenied"):
            raise _foreign(bucket) from error
        raise
    return True


def table_exists(dynamodb: DynamoDBClient, table: str) -> bool:
    """Whether the table is there, usable already or not yet."""
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
