"""What was last applied, per stack: the reason why most deploys need no Terraform run.

One JSON object per stack in the state bucket. It is taken back before an apply and written after
it, so that an apply that broke off is never mistaken for one that was done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from slipway.aws import error_code
from slipway.infra.locks import Place, place
from slipway.release.lease import whoami

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.infra.stacks import Stack


@dataclass(frozen=True, kw_only=True)
class Applied:
    """One successful apply; `inputs_hash` is empty while a later one is under way or failed.

    `image` is what the task definition's template holds; `outputs` are those that are no secret;
    `at` is UTC in ISO 8601.
    """

    inputs_hash: str
    image: str = ""
    serial: int = 0
    outputs: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""
    by: str = ""


def key(where: Place) -> str:
    """The record's object in the state bucket."""
    return (
        f"applied/{where.environment}/{'/'.join(filter(None, (where.stack, where.service)))}.json"
    )


def read(stack: Stack, aws: Aws) -> Applied | None:
    """The record of the last apply; None where there is none that can be read."""
    return read_at(place(stack), aws)


def read_at(where: Place, aws: Aws) -> Applied | None:
    """The record of the last apply of the stack whose state lies there."""
    try:
        answer = aws.s3.get_object(Bucket=where.bucket, Key=key(where))
        return Applied(**json.loads(answer["Body"].read()))
    except (ValueError, TypeError):
        # Not as we wrote it. Without a record Terraform runs, which is always right.
        return None
    except Exception as error:
        if error_code(error) in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise


def note(
    stack: Stack, aws: Aws, *, inputs_hash: str, serial: int, outputs: Mapping[str, Any]
) -> Applied:
    """Write down a successful apply."""
    record = Applied(
        inputs_hash=inputs_hash,
        image=str(stack.variables.get("image", "")),
        serial=serial,
        outputs=outputs,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        by=whoami(),
    )
    _write(place(stack), aws, record)
    return record


def take_back(stack: Stack, aws: Aws, record: Applied | None) -> None:
    """Say that an apply begins: until it has succeeded, the stack is as no hash describes."""
    if record and record.inputs_hash:
        _write(place(stack), aws, replace(record, inputs_hash=""))


def doubt(where: Place, aws: Aws) -> None:
    """Let the next run ask Terraform, as after a change of the state by hand."""
    record = read_at(where, aws)
    if record and record.inputs_hash:
        _write(where, aws, replace(record, inputs_hash=""))


def with_template_image(stack: Stack, record: Applied | None) -> Stack:
    """The stack with the image that its template already has.

    So a new image alone is no change to the infrastructure, and a changed template shows only what
    changed in it. A first apply gets the image of the deploy.
    """
    if not (record and record.image and "image" in stack.variables):
        return stack
    return replace(stack, variables={**stack.variables, "image": record.image})


def forget(where: Place, aws: Aws) -> None:
    """Drop the record, after the stack was destroyed."""
    aws.s3.delete_object(Bucket=where.bucket, Key=key(where))


def _write(where: Place, aws: Aws, record: Applied) -> None:
    aws.s3.put_object(
        Bucket=where.bucket,
        Key=key(where),
        Body=json.dumps(asdict(record), indent=2).encode(),
        ContentType="application/json",
    )
