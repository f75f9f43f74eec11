"""Files as git has them: those of a tree, and the tree of a folder as it is now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from slipway.git import git
from slipway.runner import Runner


def unpack(
    folder: Path, tree: str, into: Path, runner: Runner, only: Iterable[str] | None = None
) -> None:
    """Write the files of a tree or commit of `folder`'s repository, all or `only` some.

    Index and working tree are left alone. Raises `CommandFailed` where git has no such tree.
    """
    # Below the top folder git would leave out what is above the current one.
    top = Path(runner.run(git(folder, "rev-parse", "--show-toplevel")).stdout.rstrip("\n"))
    with TemporaryDirectory(dir=into.parent) as aside:
        index = {"GIT_INDEX_FILE": str(Path(aside, "index"))}
        runner.run(git(top, "read-tree", tree, env=index))
        # It is text in front of each path; without a slash at its end it is no folder.
        words = ("checkout-index", "--quiet", f"--prefix={into}/")
        if only is None:
            runner.run(git(top, *words, "--all", env=index))
        else:
            paths = "".join(f"{path}\0" for path in only)
            runner.run(git(top, *words, "-z", "--stdin", env=index, stdin=paths))


def prefix(folder: Path, runner: Runner) -> str:
    """The folder in its repository, with a slash at its end; "" for the top, and without git."""
    found = runner.run(git(folder, "rev-parse", "--show-prefix"), check=False)
    return found.stdout.rstrip("\n") if found.code == 0 else ""


def tree_of(folder: Path, runner: Runner) -> str:
    """Git's id of a lower folder's content, uncommitted edits included; "" without git.

    What it names is in git's store afterwards, where nothing refers to it yet.
    """
    place = prefix(folder, runner)
    if not place:
        return ""
    with TemporaryDirectory() as aside:
        index = {"GIT_INDEX_FILE": str(Path(aside, "index"))}
        runner.run(git(folder, "add", "--all", "--", ".", env=index))
        words = ("write-tree", f"--prefix={place}")
        return runner.run(git(folder, *words, env=index)).stdout.strip()
