"""Copies of the states of an environment, all of the same moment, in a dated folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from slipway.errors import InfraError, UsageError
from slipway.infra import statefile, statestore
from slipway.infra.holding import hold
from slipway.release.lease import whoami

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.infra.locks import Place

INDEX = "index.json"
"""Lists what is in a backup. Written last: a folder without it is no whole backup."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One state of a backup; `lineage` is empty where the text could not be read as a state."""

    key: str
    lineage: str
    serial: int
    resources: int
    sha256: str


class Shelf(Protocol):
    """Where backups are kept: all files of one, or none."""

    def keep(self, name: str, files: dict[str, str]) -> str:
        """Keep `files` together as `name`; returns where they are, as a user would type it."""
        ...


@dataclass(frozen=True)
class InBucket:
    """Beside the states: as safe as they are."""

    bucket: str
    aws: Aws
    _done: list[str] = field(default_factory=list)

    def keep(self, name: str, files: dict[str, str]) -> str:
        try:
            for file, text in files.items():
                key = f"backup/{name}/{file}"
                self._done.append(key)
                self.aws.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        except BaseException:
            for key in self._done:
                with suppress(Exception):
                    self.aws.s3.delete_object(Bucket=self.bucket, Key=key)
            raise
        return f"s3://{self.bucket}/backup/{name}"


@dataclass(frozen=True)
class InFolder:
    """In a local folder that nobody else may enter: states hold secrets."""

    folder: Path

    def keep(self, name: str, files: dict[str, str]) -> str:
        target = self.folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".backup-", dir=target.parent) as aside:
                whole = Path(aside) / "whole"
                for file, text in files.items():
                    _write_private(whole, file, text)
                whole.rename(target)
        except OSError as error:
            raise UsageError(f"{target}: {error.strerror}") from error
        return str(target)


def _write_private(folder: Path, name: str, text: str) -> None:
    path = folder / name
    # One by one: `parents=True` gives the folders above what the umask says.
    for each in reversed(path.relative_to(folder.parent).parents):
        (folder.parent / each).mkdir(exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(text)


def backup(environment: str, wheres: Sequence[Place], shelf: Shelf, aws: Aws) -> str:
    """Keep a copy of all these states; returns where.

    Holds all their locks meanwhile, so the copies belong together. Raises `LockedError`.
    """
    with hold(wheres, "backup", aws):
        return keep(environment, wheres, shelf, aws)


def keep(environment: str, wheres: Sequence[Place], shelf: Shelf, aws: Aws) -> str:
    """As `backup`, for who holds the locks already."""
    texts = {_name(each): statestore.text_of(aws, each.bucket, each.path) for each in wheres}
    files = {name: text for name, text in texts.items() if text is not None}
    if not files:
        raise UsageError(f"{environment} has no states to keep")
    now = datetime.now(UTC)
    index = {
        "schema_version": 1,
        "environment": environment,
        "at": now.isoformat(timespec="seconds"),
        "by": whoami(),
        "states": [asdict(entry(name, text)) for name, text in files.items()],
    }
    # Microseconds, so that two within a second don't meet.
    name = f"{environment}/{now:%Y%m%dT%H%M%S.%fZ}"
    return shelf.keep(name, {**files, INDEX: json.dumps(index, indent=2) + "\n"})


def entry(key: str, text: str) -> Entry:
    """What the index says of one state; a broken one is kept as well, it may be all there is."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    try:
        state = statefile.parse(text, key)
    except InfraError:
        return Entry(key=key, lineage="", serial=0, resources=0, sha256=sha256)
    return Entry(
        key=key,
        lineage=state.lineage,
        serial=state.serial,
        resources=len(state.addresses),
        sha256=sha256,
    )


def _name(where: Place) -> str:
    return where.path.removeprefix(f"env:/{where.environment}/")
