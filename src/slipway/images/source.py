"""A service's folder as git sees it, and a clean copy of it to build from."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from slipway.config.local_values import FILE as LOCAL_VALUES
from slipway.errors import BuildError
from slipway.git import git
from slipway.images.ignore import ignore_rules
from slipway.images.plan import ContextFile, ImagePlan, Source
from slipway.runner import Runner

DOCKERFILE = "Dockerfile"
# The first is Docker's name for one that belongs to a single Dockerfile; it wins.
IGNORE_FILES = (f"{DOCKERFILE}.dockerignore", ".dockerignore")


def read_source(folder: Path, runner: Runner) -> Source:
    """What would be built from `folder` now. Raises `BuildError` where git or a file is missing."""
    dockerfile = folder / DOCKERFILE
    if not dockerfile.is_file():
        raise BuildError(
            f"{_shown(folder)}/{DOCKERFILE}: missing",
            next_step="write it, or copy that of another service",
        )
    head = runner.run(git(folder, "rev-parse", "--verify", "--quiet", "HEAD"), check=False)
    status = git(folder, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    files = tuple(context(folder, names(folder, runner)))
    dirty = bool(runner.run(status).stdout.strip())
    return Source(
        folder=folder,
        files=files,
        dockerfile=dockerfile.read_text(encoding="utf-8"),
        revision=head.stdout.strip(),
        dirty=dirty,
        changed=_edited(folder, files) if dirty else _committed(folder, runner),
    )


def _edited(folder: Path, files: Iterable[ContextFile]) -> int:
    """When the newest of these files was written."""
    return max(int((folder / file.path).lstat().st_mtime) for file in files)


def _committed(folder: Path, runner: Runner) -> int:
    """When the last commit was made that changed something in a folder; 0 before the first one."""
    log = runner.run(git(folder, "log", "-1", "--format=%ct", "--", "."), check=False)
    return int(log.stdout.strip() or 0)


def stage_context(plan: ImagePlan, target: Path) -> None:
    """Copy exactly the files that were hashed into `target`, with modes that no umask decides.

    What git ignores therefore never enters an image, and an edit in the meantime is noticed.
    """
    for file in plan.source.files:
        source, copy = plan.source.folder / file.path, target / file.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            _copy(source, copy, file)
        except FileNotFoundError:
            raise _changed(source) from None
        if _entry(target, file.path) != file:
            raise _changed(source)


def context(folder: Path, names: Iterable[str]) -> Iterator[ContextFile]:
    """The files of a service's folder that enter its image, of those called `names`."""
    ignored = ignore_rules(_ignore_file(folder))
    for name in sorted({DOCKERFILE, *names}):
        # Its rules are applied here. In the copy they would be applied again, by rules that
        # differ between versions of Docker. Values for one's own machine never leave it.
        if name in (*IGNORE_FILES, LOCAL_VALUES) or (name != DOCKERFILE and ignored(name)):
            continue
        entry = _entry(folder, name)
        if entry:
            yield entry


def names(folder: Path, runner: Runner) -> list[str]:
    """The files in a folder that git has, or would take. Raises `BuildError` without git."""
    listing = git(folder, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    result = runner.run(listing, check=False)
    if result.code != 0:
        raise BuildError(
            f"{_shown(folder)}: git can't list its files: {result.output.strip()}",
            next_step="git init  (git says which files belong to an image)",
        )
    return [name for name in result.stdout.split("\0") if name]


def _ignore_file(folder: Path) -> str:
    for name in IGNORE_FILES:
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    return ""


def _entry(folder: Path, name: str) -> ContextFile | None:
    """The file as it is on disk; None where it was deleted without telling git."""
    path = folder / name
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        _refuse_mangled(path)
        return None
    if stat.S_ISLNK(mode):
        target = os.fsencode(path.readlink())
        return ContextFile(path=name, kind="link", digest=hashlib.sha256(target).hexdigest())
    if not stat.S_ISREG(mode):
        raise BuildError(
            f"{_shown(path)}: neither a file nor a link (a git repository of its own?)",
            next_step="copy its files into the service, or name it in .gitignore",
        )
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ContextFile(path=name, kind="executable" if mode & 0o100 else "file", digest=digest)


def _refuse_mangled(path: Path) -> None:
    # The replacement character stands for bytes that are no UTF-8: the file is there.
    if "\ufffd" in path.name:
        raise BuildError(f"{_shown(path)}: its name is not UTF-8", next_step="rename the file")


def _copy(source: Path, copy: Path, file: ContextFile) -> None:
    shutil.copyfile(source, copy, follow_symlinks=False)
    if file.kind != "link":
        copy.chmod(0o755 if file.kind == "executable" else 0o644)


def _changed(path: Path) -> BuildError:
    return BuildError(
        f"{_shown(path)}: changed while it was being read", next_step="run the command again"
    )


def _shown(path: Path) -> str:
    """`path` from the folder of services on, as a user types it."""
    parts = path.parts
    return str(Path(*parts[parts.index("services") :])) if "services" in parts else str(path)
