"""What Terraform's errors mean, and what to do about them; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway.errors import AccessError, InfraError, Interrupted, SlipwayError, ToolError
from slipway.infra.locks import LockInfo, place, unlock_command

if TYPE_CHECKING:
    from slipway.infra.stacks import Stack

MOST_LINES = 12
"""Lines of one error that are shown; Terraform adds advice of its own below."""

_LOCKED = re.compile(r"Error acquiring the state lock|failed to lock s3 state")
_HELD = re.compile(r"PreconditionFailed|ConditionalCheckFailed|Lock Info:")
_NO_STATE = re.compile(
    r"NoSuchBucket|S3 bucket .* does not exist|"
    r"Unable to (?:retrieve item from|access) DynamoDB table.*ResourceNotFoundException|"
    r"operation error DynamoDB: .*ResourceNotFoundException",
    re.DOTALL,
)
_DENIED = re.compile(
    r"AccessDenied|UnauthorizedOperation|ExpiredToken|InvalidClientTokenId|AuthFailure|"
    r"No valid credential sources|SignatureDoesNotMatch"
)
_PROVIDER = re.compile(
    r"Failed to query available provider packages|Failed to install provider|"
    r"could not connect to registry|Required plugins are not installed|"
    r"Failed to load plugin schemas|Error accessing the registry"
)
_LOCK_FILE = re.compile(r"Provider dependency changes detected|Inconsistent dependency lock file")
_STALE = re.compile(r"Saved plan is stale")
_NO_PLATFORM = re.compile(
    r"SSM Parameter \(?(/[\w/-]+/platform)\)?[^\n]*(?:couldn't find|not found)", re.I
)
_NOT_EMPTY = re.compile(
    r"BucketNotEmpty|RepositoryNotEmptyException|[Dd]eletion ?[Pp]rotection|DependencyViolation|"
    r"ClusterContains\w+Exception|prevent_destroy"
)
_DIGEST = re.compile(r"state data in S3 does not have the expected content")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One error that Terraform reported; `address` and `place` are empty where it gave none."""

    summary: str
    detail: str = ""
    address: str = ""
    place: str = ""

    def __str__(self) -> str:
        head = ": ".join(part for part in (self.address or self.place, self.summary) if part)
        lines = [line.rstrip() for line in self.detail.strip().splitlines()]
        return "\n".join([head, *(f"  {line}" for line in lines[:MOST_LINES] if line)])


def problems(output: str) -> list[Problem]:
    """The errors in what Terraform printed, as JSON lines or as text, each once."""
    found = [*_from_json(output)] or [*_from_text(output)]
    return list(dict.fromkeys(each for each in found if each.summary != "execution halted"))


def is_locked(output: str) -> bool:
    """Whether Terraform failed because somebody holds the lock of the state."""
    return bool(_LOCKED.search(output) and _HELD.search(output))


def explain(output: str, stack: Stack, doing: str) -> SlipwayError:
    """The one error for a Terraform run that failed: what, where, and what to do."""
    found = problems(output)
    told = "\n".join(map(str, found)) or "\n".join(output.strip().splitlines()[-MOST_LINES:])
    message = f"{stack.label} in {stack.environment}: {doing} failed\n{told}"
    flags = f"--stack={stack.name}" + (f" --service={stack.service}" if stack.service else "")
    if _NO_STATE.search(told):
        return InfraError(
            f"{stack.label} in {stack.environment}: the place for its state is missing "
            f"(bucket {stack.backend.bucket}, table {stack.backend.lock_table})",
            next_step=f"uv run invoke state.bootstrap --env={stack.environment}",
        )
    if missing := _NO_PLATFORM.search(told):
        return InfraError(
            f"{stack.label} in {stack.environment}: the platform is missing "
            f"(no parameter {missing[1]} in {stack.backend.region})",
            next_step=f"uv run invoke deploy --env={stack.environment}, which makes it first",
        )
    if _PROVIDER.search(told):
        return ToolError(message, next_step="uv run invoke setup")
    if _LOCK_FILE.search(told):
        return InfraError(
            message,
            next_step=f"terraform -chdir=infra/{stack.name} init -backend=false -upgrade, "
            "then commit .terraform.lock.hcl",
        )
    if _DIGEST.search(told):
        return InfraError(
            message,
            next_step="wait a minute and try again; if it stays, the state was changed by hand: "
            f"uv run invoke state.versions --env={stack.environment} {flags}, then state.restore",
        )
    if _STALE.search(told):
        return InfraError(
            f"{stack.label} in {stack.environment}: somebody else applied while we looked; "
            "nothing of ours was applied",
            next_step="run the same command again",
        )
    if doing == "destroy" and _NOT_EMPTY.search(told):
        return InfraError(
            message,
            next_step="empty it or take its protection away, then run the same command again; "
            "what is gone already stays gone",
        )
    if _DENIED.search(told):
        return AccessError(
            message, next_step="check AWS_PROFILE, or sign in again, then try once more"
        )
    return InfraError(message, next_step="mend what it names, then run the same command again")


def _from_json(output: str) -> Iterator[Problem]:
    for line in output.splitlines():
        event = event_of(line)
        if event.get("type") == "diagnostic" and event["diagnostic"].get("severity") == "error":
            yield _problem(event["diagnostic"])


def event_of(line: str) -> dict[str, Any]:
    """The event of a line that `-json` printed; empty for any other line."""
    if not line.startswith("{"):
        return {}
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _problem(diagnostic: dict[str, Any]) -> Problem:
    place = diagnostic.get("range") or {}
    line = place.get("start", {}).get("line", "")
    return Problem(
        summary=diagnostic.get("summary", ""),
        detail=diagnostic.get("detail", ""),
        address=diagnostic.get("address", ""),
        place=f"{place['filename']}:{line}" if place.get("filename") else "",
    )


def _from_text(output: str) -> Iterator[Problem]:
    """Blocks that begin with `Error:`; they end at the next one, or at a warning."""
    blocks = re.split(r"^[│╷╵ ]*(?=Error: |Warning: )", output, flags=re.MULTILINE)
    for block in blocks:
        if block.startswith("Error: "):
            head, _, rest = block.removeprefix("Error: ").partition("\n")
            yield Problem(
                summary=head.strip(), detail=re.sub(r"^[│╷╵] ?", "", rest, flags=re.M).strip()
            )


NAMED = 5
"""Changes that a message names; more are a number, and each had its line when it was made."""


def broken_off(
    stack: Stack, done: Sequence[str], total: int, held: LockInfo | None, signal: int
) -> Interrupted:
    """What to tell about an apply that a signal ended; `held` is the lock that it left."""
    names = f" ({', '.join(done)})" if 0 < len(done) <= NAMED else ""
    message = (
        f"{stack.label} in {stack.environment}: interrupted; "
        f"{len(done)} of {total} changes were applied{names}; "
    )
    if held is None:
        return Interrupted(
            f"{message}the state is saved and not locked",
            next_step="run the same command again to finish",
            signal=signal,
        )
    return Interrupted(
        f"{message}the state is still locked by {held}",
        next_step=unlock_command(place(stack), held),
        signal=signal,
    )
