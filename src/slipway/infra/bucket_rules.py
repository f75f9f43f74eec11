"""What the state bucket has to be like, as S3 takes it; pure.

Rules and statements that somebody else added are kept: ours are known by their ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import (
        OwnershipControlsTypeDef,
        PublicAccessBlockConfigurationTypeDef,
        ServerSideEncryptionConfigurationTypeDef,
    )

KEEP_DAYS = 90
"""Days that an old version of a state is kept; the newest `KEEP_VERSIONS` stay longer."""
KEEP_VERSIONS = 30

LOCK_FILE_BYTES = 600
"""Below this an object is a lock file (about 250 bytes) or a state with nothing in it."""

TLS_ONLY = "SlipwayTlsOnly"
EXPIRY = "NoncurrentVersionExpiration"

PRIVATE: PublicAccessBlockConfigurationTypeDef = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
OWNERSHIP: OwnershipControlsTypeDef = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
ENCRYPTION: ServerSideEncryptionConfigurationTypeDef = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
            "BucketKeyEnabled": True,
        }
    ]
}

# Each plan and apply leaves two versions of a lock file behind. S3 can't select by the end of a
# name, so they are known by their size.
LIFECYCLE: tuple[Mapping[str, Any], ...] = (
    {
        "ID": "slipway-lock-files",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "env:/", "ObjectSizeLessThan": LOCK_FILE_BYTES}},
        EXPIRY: {"NoncurrentDays": 1},
    },
    {
        "ID": "slipway-old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        EXPIRY: {
            "NoncurrentDays": KEEP_DAYS,
            "NewerNoncurrentVersions": KEEP_VERSIONS,
        },
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
)


def is_encrypted(answer: Mapping[str, Any]) -> bool:
    """Whether the bucket encrypts with KMS by default; a key of one's own is fine."""
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    algorithms = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
    return bool(algorithms) and all(name.startswith("aws:kms") for name in algorithms)


def is_enforced(answer: Mapping[str, Any]) -> bool:
    """Whether access lists are off."""
    return bool(answer["OwnershipControls"]["Rules"] == OWNERSHIP["Rules"])


def denies_plain_http(policy: str, bucket: str) -> bool:
    """Whether the bucket policy has our statement, as it should be."""
    return tls_only(bucket) in _statements(policy)


def with_tls_only(policy: str, bucket: str) -> str:
    """The bucket policy with our statement, and every other one as it was."""
    others = [each for each in _statements(policy) if each.get("Sid") != TLS_ONLY]
    return json.dumps({"Version": "2012-10-17", "Statement": [*others, tls_only(bucket)]})


def tls_only(bucket: str) -> dict[str, Any]:
    """The statement that refuses what does not come over TLS."""
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def expires(found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether our lifecycle rules are there, as they should be."""
    return all(any(_same(rule, ours) for rule in found) for ours in LIFECYCLE)


def with_expiry(found: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The lifecycle rules with ours, and every other one as it was."""
    mine = {rule["ID"] for rule in LIFECYCLE}
    return [*(rule for rule in found if rule.get("ID") not in mine), *LIFECYCLE]


def _same(rule: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Whether `rule` is `ours` and does what it should.

    Not compared as a whole: S3 and those who speak like it add fields of their own.
    """
    theirs, wanted = (each.get(EXPIRY, {}).get("NoncurrentDays") for each in (rule, ours))
    return (rule.get("ID"), rule.get("Status"), theirs) == (ours["ID"], "Enabled", wanted)


def _statements(policy: str) -> list[dict[str, Any]]:
    found = json.loads(policy)["Statement"] if policy else []
    return [found] if isinstance(found, dict) else list(found)
