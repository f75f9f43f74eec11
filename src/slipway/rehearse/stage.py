"""A throw-away checkout with an embedded AWS of its own; nothing of it is left at the end."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from slipway import local, signals, tools
from slipway.command import Command
from slipway.config import Local
from slipway.errors import SlipwayError, ToolError
from slipway.git import git
from slipway.images import docker
from slipway.paths import Checkout
from slipway.runner import Runner, SubprocessRunner

PARTS = ("infra", "services", "slipway.toml")
"""What a deploy reads of a checkout."""

HOME, OWNER, TASKS = "rehearsals", "owner", "tasks.py"
"""The folder of all stages, the file in each that tells whose it is, and what `invoke` reads."""

CLOCK = "EMBEDDED_AWS_CLOCK_SCALE"
"""The variable that tells the embedded AWS how many seconds its minutes have."""

ACCOUNTS_OWN = re.compile(r"^\s*(certificate_arn|domain_name)\s*=.*\n", re.MULTILINE)
"""Lines of a .tfvars file that name what is in the account alone."""

_IDENTITY = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost")
_PLAIN = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=off")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a rehearsal takes place; `origin` is the checkout that it is of.

    `port` is for its embedded AWS.
    """

    id: str
    port: int
    origin: Checkout
    checkout: Checkout
    runner: Runner

    @property
    def owner(self) -> Path:
        """Holds the process that it is of, and its port."""
        return self.checkout.work / OWNER

    def place_commit(self, commit: str) -> None:
        """Have what `commit` of the origin has. Raises `ToolError` where git does not know it."""
        packed = self.checkout.work / "commit.tar"
        self.runner.run(archive(self.origin, commit, packed))
        self._clear()
        with tarfile.open(packed) as files:
            files.extractall(self.checkout.root, filter="tar")
        self._committed(f"commit {commit}")

    def place_working_tree(self) -> None:
        """Have what the origin has now, uncommitted edits and new files included."""
        listed = self.runner.run(listing(self.origin)).stdout
        self._clear()
        for name in filter(None, listed.split("\0")):
            source, copy = self.origin.root / name, self.checkout.root / name
            if source.is_symlink() or source.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, copy, follow_symlinks=False)
        self._committed("the working tree")

    def _clear(self) -> None:
        for part in PARTS:
            path = self.checkout.root / part
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _committed(self, what: str) -> None:
        """Commit it: images are of what git has, and a protected one wants it committed."""
        for file in (self.checkout.infra / "environments").glob("*.tfvars"):
            file.write_text(without_accounts_own(file.read_text()))
        for words in (
            ("add", "--all", "--force", "--", *PARTS),
            (*_IDENTITY, *_PLAIN, "commit", "--quiet", "--allow-empty", "-m", what),
        ):
            self.runner.run(git(self.checkout.root, *words))


def archive(origin: Checkout, commit: str, file: Path) -> Command:
    """Pack what a deploy reads of `commit`."""
    return git(origin.root, "archive", "--format=tar", f"--output={file}", commit, "--", *PARTS)


def listing(origin: Checkout) -> Command:
    """What git has, or would take, of what a deploy reads."""
    flags = ("--cached", "--others", "--exclude-standard", "-z")
    return git(origin.root, "ls-files", *flags, "--", *PARTS)


def without_accounts_own(text: str) -> str:
    """A .tfvars file without the certificate and the domain, which an embedded AWS has not."""
    return ACCOUNTS_OWN.sub("", text)


def changes(origin: Checkout, environment: str) -> tuple[str, ...]:
    """What a stage's platform has otherwise than the environment's, a line each."""
    file = origin.infra / "environments" / f"{environment}.tfvars"
    found = ACCOUNTS_OWN.findall(file.read_text()) if file.is_file() else []
    return (f"left out: {', '.join(found)}; requests come over plain HTTP",) if found else ()


def free_port() -> int:
    """A port of loopback that nobody listens on; somebody else may be quicker to take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def opened(origin: Checkout, runner: Runner, clock: float, *, keep: bool) -> Iterator[Stage]:
    """An empty stage, with minutes of `clock` seconds for all that starts meanwhile.

    At the end, however it comes, its embedded AWS and its folder are gone, unless they are kept.
    What a rehearsal that was killed has left is removed first.
    """
    sweep(origin, runner)
    stage = made(origin, runner)
    before = os.environ.get(CLOCK)
    os.environ[CLOCK] = f"{clock:g}"
    try:
        yield stage
    finally:
        if before is None:
            del os.environ[CLOCK]
        else:
            os.environ[CLOCK] = before
        if keep:
            stage.owner.unlink()
        else:
            # A signal that stopped another thread would end this one at its next command.
            with signals.deferred():
                removed(stage)


def made(origin: Checkout, runner: Runner) -> Stage:
    """A new stage: a repository of its own, with the origin's tools and embedded AWS."""
    if not local.environment_ready(origin):
        raise ToolError("the embedded AWS is not installed", next_step="uv run invoke setup")
    identity = f"{time.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(2)}"
    root = (origin.work / HOME / identity).resolve()
    stage = Stage(
        id=identity, port=free_port(), origin=origin, checkout=Checkout(root), runner=runner
    )
    (stage.checkout.work / "terraform").mkdir(parents=True)
    (root / "src").mkdir()
    stage.owner.write_text(f"{os.getpid()} {stage.port}")
    if (origin.root / TASKS).is_file():
        shutil.copy2(origin.root / TASKS, root / TASKS)
    _link(origin.embedded_project, stage.checkout.embedded_project)
    for name in ("bin", "plugins"):
        if (origin.work / name).exists():
            _link(origin.work / name, stage.checkout.work / name)
    if tools.cli_config_path(origin).is_file():
        shutil.copy2(tools.cli_config_path(origin), tools.cli_config_path(stage.checkout))
    runner.run(git(stage.checkout.root, *_PLAIN, "init", "--quiet", "--template="))
    return stage


def _link(target: Path, place: Path) -> None:
    place.symlink_to(target.resolve(), target_is_directory=True)


def removed(stage: Stage) -> None:
    """Stop the stage's embedded AWS, forget it, and remove its images and its folder.

    By a runner of its own: the one at work starts nothing any more once a signal came.
    """
    runner = SubprocessRunner()
    local.reset(stage.checkout, Local(port=stage.port, mode="auto"), runner)
    with suppress(SlipwayError):
        forget_images(runner, f"127.0.0.1:{stage.port}")
    shutil.rmtree(stage.checkout.root, ignore_errors=True)


def forget_images(runner: Runner, registry: str) -> None:
    """Take the names of `registry` from the engine's images, so that those go that have no other.

    By name and never by id: the same image may be somebody else's under another name.
    """
    cli = tools.docker_cli(runner)
    names = docker.names_in(runner.run(docker.named(cli, registry)).stdout)
    if names:
        runner.run(docker.unname(cli, names), check=False)


def sweep(origin: Checkout, runner: Runner) -> None:
    """Remove the stages of rehearsals that were killed; what is kept has no owner any more."""
    for noted in sorted((origin.work / HOME).glob(f"*/.slipway/{OWNER}")):
        pid, port = noted_in(noted)
        if lives(pid):
            continue
        root = Checkout(noted.parents[1])
        removed(Stage(id=root.root.name, port=port, origin=origin, checkout=root, runner=runner))


def noted_in(owner: Path) -> tuple[int, int]:
    """Process and port of a stage; 0 for what is not to be read."""
    try:
        pid, port = owner.read_text().split()
        return int(pid), int(port)
    except (OSError, ValueError):
        return 0, 0


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return pid > 0
