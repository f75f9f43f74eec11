"""`invoke template.update`: what is new in the template, merged into a service."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.errors import ConfigError, UsageError
from slipway.git import git
from slipway.images import source
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.scaffold import lock, merge, record, template, versions
from slipway.scaffold.merge import Conflict
from slipway.scaffold.record import Record
from slipway.signals import deferred

LOCK, PROJECT = "uv.lock", "pyproject.toml"


@dataclass(frozen=True, kw_only=True)
class Update:
    """A service brought to another version of the template, in a folder of its own.

    `before` is the version that it was of, `record` tells the new one.
    `changes` maps each file that is another than the service's to what becomes of it.
    """

    service: str
    before: str
    record: Record
    merged: Path
    changes: Mapping[str, str]
    conflicts: tuple[Conflict, ...]


@contextmanager
def prepared(checkout: Checkout, service: str, runner: Runner) -> Iterator[Update]:
    """The update of a service, which is not touched yet; the folder is there within the block.

    Raises `UsageError` where something might be lost, or where the old template is not here.
    """
    folder = checkout.services / service
    origin = came_from(folder)
    names = settled(folder, runner)
    with _workshop(checkout) as place:
        old = versions.write(checkout, origin.tree, place / "template", runner, service=service)
        answers = template.answers(checkout.template, origin.answers)
        base = template.render(old, origin.answers, place / "base")
        theirs = template.render(checkout.template, answers, place / "theirs")
        ours = place / "ours"
        for name in names:
            copy(folder / name, ours / name)
        now = Record(tree=versions.current(checkout, runner), answers=answers)
        locked = agree(base, ours, theirs, now)
        merged = place / "merged"
        found = merge.merge(base, ours, theirs, merged, runner)
        shutil.rmtree(merged / ".git")
        if not any(conflict.path == PROJECT for conflict in found):
            relock(merged, locked, runner)
        yield Update(
            service=service,
            before=origin.tree,
            record=now,
            merged=merged,
            changes=dict(changes(folder, names, merged)),
            conflicts=tuple(found),
        )


def apply(update: Update, checkout: Checkout, runner: Runner) -> None:
    """Take the files over, all of them before a signal is heard; nothing else is touched."""
    folder = checkout.services / update.service
    if not versions.committed(checkout, update.record.tree, runner):
        versions.keep(checkout, update.record.tree, runner)
    with deferred():
        # First what goes: where a file was, a folder may come.
        for name, what in sorted(update.changes.items(), key=lambda change: change[1] != "removed"):
            if what == "removed":
                _remove(folder, name)
            else:
                copy(update.merged / name, folder / name)


def came_from(folder: Path) -> Record:
    """The record of a service that can be updated. Raises `ConfigError`."""
    found = record.read(folder)
    if found is None or not found.tree:
        place = f"services/{folder.name}/{record.NAME}"
        reason = "no such file: the service is not from the template, or from before it was kept"
        raise ConfigError(
            f"{place}: {reason if found is None else 'tree: empty, it was made without git'}",
            next_step=f"look at one that uv run invoke new makes, and write {place} as it would "
            "have been: tree is what git rev-parse COMMIT:templates/service says",
        )
    return found


def settled(folder: Path, runner: Runner) -> list[str]:
    """The files of a service, all committed. Raises `UsageError` where they are not."""
    names = source.names(folder, runner)
    shown = f"services/{folder.name}"
    if marked := [name for name in names if has_markers(folder / name)]:
        raise UsageError(
            f"{shown}: conflicts of an earlier merge are still in {', '.join(marked)}",
            next_step="resolve them, commit, and run the command again",
        )
    status = git(folder, "status", "--porcelain", "--untracked-files=all", "--", ".")
    if runner.run(status).stdout.strip():
        raise UsageError(
            f"{shown}: has uncommitted changes, which an update could overwrite",
            next_step=f"git add {shown} && git commit  (or git stash --include-untracked)",
        )
    return names


def has_markers(file: Path) -> bool:
    """Whether a file has the marks of a conflict, from its beginning to its end."""
    if file.is_symlink() or not file.is_file():
        return False
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return all(any(line.startswith(mark) for line in lines) for mark in merge.MARKERS)


def agree(base: Path, ours: Path, theirs: Path, now: Record) -> frozenset[tuple[str, str]]:
    """Make the files that no merge can make the same everywhere: the record and uv.lock.

    The service's uv.lock is kept where it has locked anything itself. Returns the pairs of
    pyproject.toml and this uv.lock that are known to fit.
    """
    old, mine, new = (_text(folder / LOCK) for folder in (base, ours, theirs))
    chosen = new if mine == old else mine
    fits = {(_text(ours / PROJECT), mine), (_text(theirs / PROJECT), new)}
    for folder in (base, ours, theirs):
        (folder / record.NAME).write_text(now.text, encoding="utf-8")
        (folder / LOCK).unlink(missing_ok=True)
        if mine:
            (folder / LOCK).write_text(chosen, encoding="utf-8")
    return frozenset(pair for pair in fits if pair[1] == chosen)


def relock(merged: Path, fits: Iterable[tuple[str, str]], runner: Runner) -> None:
    """Let uv bring uv.lock up to date where it may not fit what the service requires now."""
    locked = _text(merged / LOCK)
    if locked and (_text(merged / PROJECT), locked) not in fits:
        runner.run(lock.resolve(merged))


def changes(folder: Path, names: Iterable[str], merged: Path) -> Iterator[tuple[str, str]]:
    """Each file that differs, and what becomes of it. Raises `UsageError` for one in the way."""
    before = set(names)
    after = {str(p.relative_to(merged)) for p in merged.rglob("*") if p.is_symlink() or p.is_file()}
    for name in sorted(before | after):
        if name not in after:
            yield name, "removed"
        elif name in before:
            if _content(folder / name) != _content(merged / name):
                yield name, "changed"
        elif (folder / name).exists():
            raise UsageError(
                f"services/{folder.name}/{name}: the template brings a file of this name, and git "
                "ignores the one that is there",
                next_step="move it away, and run the command again",
            )
        else:
            yield name, "added"


def copy(old: Path, new: Path) -> None:
    """Copy a file or a link, with its mode."""
    new.parent.mkdir(parents=True, exist_ok=True)
    new.unlink(missing_ok=True)
    shutil.copy2(old, new, follow_symlinks=False)


def _remove(folder: Path, name: str) -> None:
    (folder / name).unlink()
    for above in (folder / name).relative_to(folder).parents[:-1]:
        if any((folder / above).iterdir()):
            return
        (folder / above).rmdir()


def _content(path: Path) -> tuple[str, bytes]:
    if path.is_symlink():
        return "link", bytes(path.readlink())
    return "executable" if path.stat().st_mode & 0o100 else "file", path.read_bytes()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@contextmanager
def _workshop(checkout: Checkout) -> Iterator[Path]:
    folder = checkout.work / "update"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        yield Path(place)
