"""Putting an earlier state back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.errors import UsageError
from slipway.infra import applied, statefile, statestore
from slipway.infra.holding import hold
from slipway.infra.statefile import State

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.infra.locks import Place

S3 = "s3://"


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A state before (None: none that could be read) and after; `undo` is the version before."""

    before: State | None
    after: State
    undo: str = ""


def wanted(where: Place, aws: Aws, *, version: str, file: str) -> State:
    """The state to put back: a version of this one, or a file, here or in S3.

    Raises `UsageError` where there is no such thing, `InfraError` where it is no state.
    """
    if bool(version) == bool(file):
        raise UsageError(
            "state.restore: either --version or --from says what to put back",
            next_step=f"uv run invoke state.versions {where.flags}",
        )
    if version:
        text = statestore.text_at(where, version, aws)
        return statefile.parse(text, f"version {version} of the state of {where}")
    return statefile.parse(_read(file, aws), file)


def look(where: Place, state: State, aws: Aws, *, force: bool) -> Restored:
    """What `restore` would do. Raises `InfraError` where it would refuse."""
    before = statestore.current_if_sound(where, aws)
    statefile.restorable(before, state, str(where), force=force)
    return Restored(before=before, after=statefile.after(before, state))


def restore(where: Place, state: State, aws: Aws, *, force: bool) -> Restored:
    """Make `state` the newest one, holding the lock meanwhile.

    Its serial is raised above both, so that Terraform takes it for newer; the record of the last
    apply no longer counts. Raises `LockedError` and `InfraError`.
    """
    with hold([where], "restore", aws):
        found = look(where, state, aws, force=force)
        latest = next(iter(statestore.versions(where, aws)), None)
        applied.doubt(where, aws)
        statestore.write(where, found.after, aws)
    return replace(found, undo=latest.id if latest and not latest.deleted else "")


def _read(file: str, aws: Aws) -> str:
    try:
        if not file.startswith(S3):
            return Path(file).expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise UsageError(f"{file}: {reason}") from error
    bucket, _, key = file.removeprefix(S3).partition("/")
    text = statestore.text_of(aws, bucket, key) if bucket and key else None
    if text is None:
        raise UsageError(f"{file}: no such object")
    return text
