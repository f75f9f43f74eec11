"""The place of the state: made, checked and repaired against an AWS in this process."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from slipway.aws import Aws
from slipway.errors import AccessError, InfraError
from slipway.infra import bucket_rules, state
from slipway.infra.state_parts import Part

from .conftest import environment, settings

BUCKET = "shop-state-123456789012-us-west-1"
TABLE = "shop-locks"


def test_first_bootstrap_makes_bucket_and_table(aws: Aws) -> None:
    """On an empty account everything is made, and a second look wants nothing."""
    done = state.bootstrap(settings(), aws)
    assert done[0] == f"bucket {BUCKET}"
    assert f"lock table {TABLE}" in done
    assert state.wanting(settings(), aws) == []


def test_bootstrap_again_does_nothing(aws: Aws) -> None:
    """A second run finds that everything holds."""
    state.bootstrap(settings(), aws)
    assert state.bootstrap(settings(), aws) == []


def test_bootstrap_tells_each_thing_as_it_does_it(aws: Aws) -> None:
    """`say` gets what the result lists."""
    said: list[str] = []
    assert state.bootstrap(settings(), aws, say=said.append) == said


def test_bucket_is_versioned_encrypted_private(aws: Aws) -> None:
    """The bucket holds secrets: it is private, encrypted, versioned, and reached over TLS only."""
    state.bootstrap(settings(), aws)
    assert aws.s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    block = aws.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    assert bucket_rules.is_encrypted(aws.s3.get_bucket_encryption(Bucket=BUCKET))
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_table_is_recoverable_and_billed_by_use(aws: Aws) -> None:
    """The table has point-in-time recovery, encryption, no fixed capacity."""
    state.bootstrap(settings(), aws)
    table = aws.dynamodb.describe_table(TableName=TABLE)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["KeySchema"] == [{"AttributeName": "LockID", "KeyType": "HASH"}]
    assert not table["DeletionProtectionEnabled"]


def test_table_of_a_protected_environment_cannot_be_deleted(aws: Aws) -> None:
    """One protected environment on the account protects the table that all of it share."""
    both = {"dev": environment("dev"), "prod": environment("prod", protected=True)}
    state.bootstrap(settings(), aws)
    done = state.bootstrap(settings(environments=both), aws)
    assert done == [f"lock table {TABLE}: protected from deletion"]
    table = aws.dynamodb.describe_table(TableName=TABLE)["Table"]
    assert table["DeletionProtectionEnabled"]


def test_drift_is_repaired_and_named(aws: Aws) -> None:
    """What somebody switched off is switched on again; nothing else is touched."""
    state.bootstrap(settings(), aws)
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    aws.s3.delete_public_access_block(Bucket=BUCKET)
    wanted = [f"bucket {BUCKET}: public access blocked", f"bucket {BUCKET}: versioned"]
    assert state.wanting(settings(), aws) == wanted
    assert state.bootstrap(settings(), aws) == wanted


def test_other_peoples_rules_are_kept(aws: Aws) -> None:
    """Statements and lifecycle rules that somebody added survive a repair."""
    aws.s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-1"}
    )
    theirs: Any = {
        "Sid": "Theirs",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutBucketAcl",
        "Resource": f"arn:aws:s3:::{BUCKET}",
    }
    aws.s3.put_bucket_policy(
        Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": theirs})
    )
    state.bootstrap(settings(), aws)
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert [each["Sid"] for each in policy["Statement"]] == ["Theirs", bucket_rules.TLS_ONLY]


def test_two_at_once_both_succeed(aws: Aws) -> None:
    """Two bootstraps at the same time end with one bucket, one table and no error."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            state.bootstrap(settings(), aws)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert state.wanting(settings(), aws) == []


def test_what_takes_a_moment_is_waited_for(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part counts as done only when a look finds that it holds."""
    looks = iter([False, False, True])
    slow = Part("slow", lambda: next(looks), lambda: None)
    monkeypatch.setattr(state, "parts", lambda *_: [slow])
    assert state.bootstrap(settings(), aws) == ["slow"]
    assert list(looks) == []


def test_looking_changes_nothing(aws: Aws) -> None:
    """`wanting` on an empty account lists everything and makes nothing."""
    assert f"bucket {BUCKET}" in state.wanting(settings(), aws)
    assert aws.s3.list_buckets()["Buckets"] == []


def test_check_names_what_is_missing_and_the_command(aws: Aws) -> None:
    """Without bucket and table a deploy stops with both names and the command that makes them."""
    with pytest.raises(InfraError) as caught:
        state.check(settings(), aws)
    assert f"S3 bucket {BUCKET} and DynamoDB table {TABLE}" in caught.value.message
    assert caught.value.next_step == "uv run invoke state.bootstrap --env=dev"


def test_an_account_is_never_prepared_unasked(aws: Aws) -> None:
    """On an account `ready` refuses and leaves it as it was."""
    with pytest.raises(InfraError):
        state.ready(settings(), aws)
    assert aws.s3.list_buckets()["Buckets"] == []


def test_the_embedded_aws_is_prepared_by_itself(aws: Aws) -> None:
    """On the embedded AWS `ready` makes what is missing."""
    local = settings("local", environments={"local": environment("local", target="embedded")})
    state.ready(local, aws)
    state.check(local, aws)


def test_a_bucket_of_somebody_else_is_an_access_error(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the name is taken by another account, the message says so and gives the ways out."""
    from botocore.exceptions import ClientError

    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    monkeypatch.setattr(aws.s3, "head_bucket", refuse)
    with pytest.raises(AccessError, match=f"the bucket {BUCKET} exists, but not for us"):
        state.bootstrap(settings(), aws)
