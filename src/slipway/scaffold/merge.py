"""Three folders merged into one by git, in a repository that is thrown away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.git import git
from slipway.runner import Runner, failure

OURS, THEIRS = "service", "template"
MARKERS = ("<<<<<<< ", ">>>>>>> ")
"""What lines begin with around a place that git could not decide."""

SETTINGS = ("-c", "merge.conflictStyle=diff3", "-c", "merge.directoryRenames=true")

STAGES: Mapping[frozenset[int], str] = {
    frozenset({1, 2, 3}): "both changed the same place",
    frozenset({2, 3}): "both added it",
    frozenset({1, 2}): "the template has it no more, the service changed it: kept",
    frozenset({1, 3}): "the service has it no more, the template changed it: it is back",
    frozenset({1}): "both gave it another name",
    frozenset({2}): "the service gave it this name, the template another: both are kept",
    frozenset({3}): "the template gave it this name, the service another: both are kept",
}
"""What happened to a file, by the versions of it that git can't bring together: 1 is the old one, 2
ours, 3 theirs."""


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A file that somebody has to look at."""

    path: str
    reason: str


def merge(base: Path, ours: Path, theirs: Path, into: Path, runner: Runner) -> list[Conflict]:
    """Bring what changed from `base` to `theirs` into `ours`, in the new folder `into`.

    Whatever git can't decide is left as git leaves it, with markers (diff3) in texts, and told.
    """
    home = _home(into)
    runner.run(git(into.parent, "init", "--quiet", str(into), env=home))
    old = _commit(base, into, runner)
    for side, folder in ((OURS, ours), (THEIRS, theirs)):
        commit = _commit(folder, into, runner, "-p", old)
        runner.run(git(into, "update-ref", f"refs/heads/{side}", commit, env=home))
    runner.run(git(into, "checkout", "--quiet", OURS, env=home))
    attempt = git(into, *SETTINGS, "merge", "--quiet", "--no-commit", THEIRS, env=home)
    ended = runner.run(attempt, check=False)
    found = list(conflicts(runner.run(git(into, "ls-files", "--unmerged", "-z", env=home)).stdout))
    if ended.code != 0 and not found:
        raise failure(attempt, ended.code, ended.output)
    return found


def conflicts(listing: str) -> Iterator[Conflict]:
    """What `git ls-files --unmerged -z` says; pure."""
    stages: dict[str, set[int]] = {}
    for entry in filter(None, listing.split("\0")):
        facts, _, path = entry.partition("\t")
        stages.setdefault(path, set()).add(int(facts.split()[2]))
    for path, found in sorted(stages.items()):
        yield Conflict(path=path, reason=STAGES[frozenset(found)])


def _commit(folder: Path, repository: Path, runner: Runner, *parents: str) -> str:
    """A commit of a folder's files, whatever its .gitignore says."""
    place = {
        **_home(repository),
        "GIT_DIR": str(repository / ".git"),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(repository / ".git" / "aside"),
    }
    runner.run(git(folder, "add", "--all", "--force", "--", ".", env=place))
    tree = runner.run(git(folder, "write-tree", env=place)).stdout.strip()
    words = ("commit-tree", tree, *parents, "-m", folder.name)
    return runner.run(git(folder, *words, env=place)).stdout.strip()


def _home(repository: Path) -> dict[str, str]:
    """No setting of the user's or of the machine's: they may sign, convert or call hooks."""
    roles, parts = ("AUTHOR", "COMMITTER"), ("NAME", "EMAIL")
    who = {f"GIT_{role}_{part}": "slipway" for role in roles for part in parts}
    home = str(repository.parent)
    return {**who, "HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1"}
