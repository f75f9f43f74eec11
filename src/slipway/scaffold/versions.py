"""Versions of the template: git's ids of its folder, in history or kept by a reference."""

from __future__ import annotations

from pathlib import Path

from slipway.errors import UsageError
from slipway.git import git
from slipway.gitfiles import tree_of, unpack
from slipway.paths import Checkout
from slipway.runner import Runner

KEPT = "refs/slipway/templates"


def current(checkout: Checkout, runner: Runner) -> str:
    """The version of the template as it is now, uncommitted edits included; "" without git."""
    return tree_of(checkout.template, runner)


def committed(checkout: Checkout, tree: str, runner: Runner) -> bool:
    """Whether this is the template of the commit that is checked out."""
    return (
        runner.run(git(checkout.template, "rev-parse", "HEAD:./"), check=False).stdout.strip()
        == tree
    )


def keep(checkout: Checkout, tree: str, runner: Runner) -> None:
    """Let git never forget a version that no commit has."""
    words = ("update-ref", f"{KEPT}/{tree}", tree)
    runner.run(git(checkout.root, *words, mutates=True))


def has(checkout: Checkout, tree: str, runner: Runner) -> bool:
    """Whether this clone has the files of a version."""
    return (
        runner.run(git(checkout.root, "cat-file", "-e", f"{tree}^{{tree}}"), check=False).code == 0
    )


def changed(checkout: Checkout, old: str, new: str, runner: Runner) -> list[str]:
    """The template's files that differ between two versions that this clone has."""
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new)
    return [path for path in runner.run(git(checkout.root, *words)).stdout.split("\0") if path]


def write(checkout: Checkout, tree: str, into: Path, runner: Runner, *, service: str) -> Path:
    """The files of a version in the new folder `into`; raises `UsageError` where they are lost."""
    if not has(checkout, tree, runner):
        raise _lost(checkout, tree, runner, service)
    unpack(checkout.root, tree, into, runner)
    return into


def _lost(checkout: Checkout, tree: str, runner: Runner, service: str) -> UsageError:
    shallow = runner.run(git(checkout.root, "rev-parse", "--is-shallow-repository"), check=False)
    if shallow.stdout.strip() == "true":
        return UsageError(
            f"{service}: the template that it was made of ({tree[:12]}) is older than this clone",
            next_step="git fetch --unshallow",
        )
    return UsageError(
        f"{service}: the template that it was made of ({tree[:12]}) was not committed as it was, "
        "and this clone does not have it",
        next_step=f"on the machine it was made on: git push origin {KEPT}/{tree}, then here: "
        f"git fetch origin {KEPT}/{tree}; or write the version most like it into "
        f"services/{service}/.template.toml, as git rev-parse COMMIT:templates/service tells it",
    )
