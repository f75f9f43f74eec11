"""Where Terraform's state lives: makes the bucket and the lock table, and keeps them as they are.

Each thing that has to hold is a `Part` that can look and mend, so a first run, a repair and a look
without changes are the same list.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from slipway import names
from slipway.aws import calls, error_code
from slipway.errors import InfraError, SlipwayError
from slipway.infra.state_parts import Part, bucket_exists, bucket_parts, table_exists, table_parts

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Settings

WAIT = 60.0
"""Seconds that a new table gets until it can be used; it usually takes about ten."""

_NOT_YET = frozenset(
    {
        "BucketAlreadyOwnedByYou",
        "ConflictException",
        "LimitExceededException",
        "OperationAborted",
        "ResourceInUseException",
    }
)


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
        if not bucket_exists(aws.s3, bucket):
            missing.append(f"S3 bucket {bucket}")
        if not table_exists(aws.dynamodb, table):
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
        *bucket_parts(aws.s3, bucket, aws.environment.region),
        *table_parts(aws.dynamodb, table, protected=protected),
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
