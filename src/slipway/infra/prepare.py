"""Getting Terraform's data folder of a stack ready: backend, provider, modules, workspace."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from slipway.errors import UsageError
from slipway.infra.terraform import Terraform, environment

if TYPE_CHECKING:
    from slipway.infra.apply import Terraforming
    from slipway.infra.stacks import Stack

READY = "slipway-ready"
"""Marks a data folder as initialised; holds the hash of what it was initialised for."""

LEFT_OVER = 86_400.0
"""Seconds after which the folder of a run that was killed is removed."""


def terraform(stack: Stack, world: Terraforming) -> Terraform:
    """Terraform for `stack`, with the keys of its environment and nothing of the shell's."""
    keys = world.aws.child_env()
    secrets = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    dummy = world.aws.endpoint is not None
    return Terraform(
        binary=world.binary,
        folder=stack.folder,
        env={
            **world.env,
            **keys,
            **environment(stack.data_dir, cli_config=world.cli_config),
        },
        # The embedded AWS's key is the word "test": masking that would garble the output.
        secrets=() if dummy else tuple(keys[name] or "" for name in secrets),
    )


def prepare(stack: Stack, tf: Terraform, world: Terraforming) -> bool:
    """Init and choose the workspace, where that has not been done for the same inputs.

    False where the workspace does not exist and a dry run may not make it.
    """
    if stack.environment not in world.environments:
        known = ", ".join(sorted(world.environments))
        raise UsageError(f"{stack.environment}: no environment of slipway.toml ({known})")
    stack.data_dir.mkdir(parents=True, exist_ok=True)
    with _alone(stack.data_dir):
        if not _is_ready(stack, world):
            _init(stack, tf, world)
        return _choose_workspace(stack, tf, world)


@contextmanager
def run_folder(stack: Stack) -> Iterator[Path]:
    """A folder for what one run must not leave behind: plans and variables may hold secrets."""
    for old in stack.data_dir.glob("run-*"):
        # Another run may end between our two looks, and take its folder along.
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > LEFT_OVER:
                shutil.rmtree(old, ignore_errors=True)
    with TemporaryDirectory(prefix="run-", dir=stack.data_dir) as folder:
        yield Path(folder)


def selected(stack: Stack) -> str:
    """The workspace that the data folder is set to."""
    file = stack.data_dir / "environment"
    return file.read_text().strip() if file.is_file() else "default"


def _is_ready(stack: Stack, world: Terraforming) -> bool:
    mark = stack.data_dir / READY
    providers = stack.data_dir / "providers"
    # A provider is a link into a mirror, and mirrors get moved.
    links_hold = all(path.exists() for path in providers.glob("*/*/*/*/*"))
    return mark.is_file() and mark.read_text() == _needs(stack, world) and links_hold


def _init(stack: Stack, tf: Terraform, world: Terraforming) -> None:
    mark = stack.data_dir / READY
    mark.unlink(missing_ok=True)
    # Init refuses a workspace that is gone, as after a reset of the embedded AWS.
    (stack.data_dir / "environment").unlink(missing_ok=True)
    world.run(tf.init(stack.backend), stack, "init")
    mark.write_text(_needs(stack, world))


def _choose_workspace(stack: Stack, tf: Terraform, world: Terraforming) -> bool:
    if selected(stack) == stack.environment:
        return True
    found = world.runner.run(tf.select_workspace(stack.environment), check=False)
    if found.code != 0 and "doesn't exist" in found.output:
        world.run(tf.new_workspace(stack.environment), stack, "making the workspace")
        return selected(stack) == stack.environment
    if found.code != 0:
        world.fail(found.output, stack, "choosing the workspace")
    return True


def _needs(stack: Stack, world: Terraforming) -> str:
    """A hash of what init depends on; any change of HCL counts, as it may call another module."""
    parts = (stack.hcl_hash(), *stack.backend.arguments(), str(world.binary))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes of this checkout out of the data folder meanwhile."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
