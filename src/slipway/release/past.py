"""What git says of a commit beside the working tree: which files differ, and what they were."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from slipway.errors import UsageError
from slipway.git import git
from slipway.gitfiles import prefix, unpack
from slipway.paths import Checkout
from slipway.runner import Runner

CONFIGURATION = ("service.toml", "local.env")
"""Files of a service that are checked together with all others."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """A commit, by paths from the checkout's top folder on.

    `services` are the files of each service that it has, from the service's folder on;
    `infrastructure` are those of `infra/`, and `moved` are all that differ from the working tree,
    new ones included.
    """

    commit: str
    services: Mapping[str, list[str]]
    infrastructure: tuple[str, ...]
    moved: frozenset[str]

    @cached_property
    def touched(self) -> frozenset[str]:
        """The services with a file that differs."""
        return frozenset(by_service(_below("services/", self.moved)))

    def reconfigured(self, services: Collection[str]) -> set[str]:
        """Those with a configuration file that differs, and those that are not on both sides."""
        return {
            name
            for name in {*services, *self.services}
            if any(f"services/{name}/{file}" in self.moved for file in CONFIGURATION)
            or (name in services) != (name in self.services)
        }

    @property
    def infrastructure_moved(self) -> bool:
        """Whether anything in `infra/` differs."""
        return any(path.startswith("infra/") for path in self.moved)


def look_back(checkout: Checkout, base: str, runner: Runner) -> Past:
    """The commit called `base`, and what has moved since. Raises `UsageError` without one."""
    commit = resolve(checkout, base, runner)
    parts = ("services", "infra", checkout.config.name)
    changed = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", commit)
    new = ("ls-files", "--others", "--exclude-standard", "-z")
    old = _paths(checkout, runner, "ls-tree", "-r", "--name-only", "-z", commit, *parts)
    found = (_paths(checkout, runner, *words, "--", *parts) for words in (changed, new))
    return Past(
        commit=commit,
        services=by_service(_below("services/", old)),
        infrastructure=tuple(path for path in old if path.startswith("infra/")),
        moved=frozenset(path for paths in found for path in paths),
    )


def by_service(paths: Iterable[str]) -> dict[str, list[str]]:
    """Paths from `services/` on, by the service that they are of; pure."""
    found: dict[str, list[str]] = {}
    for path in paths:
        name, slash, file = path.partition("/")
        if slash and name[0] not in "._":
            found.setdefault(name, []).append(file)
    return found


def resolve(checkout: Checkout, base: str, runner: Runner) -> str:
    """The full id of a commit."""
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    result = runner.run(git(checkout.root, *words), check=False)
    if result.code != 0:
        raise UsageError(
            f"git has no commit called {base!r}",
            next_step="git fetch  (in CI: check out with the whole history, fetch-depth: 0)",
        )
    return result.stdout.strip()


@contextmanager
def unpacked(checkout: Checkout, past: Past, runner: Runner) -> Iterator[Checkout]:
    """The commit's files of all that differs, in a folder of their own."""
    wanted = [
        *(path for path in past.moved if path == checkout.config.name),
        *(past.infrastructure if past.infrastructure_moved else ()),
        *(
            f"services/{name}/{file}"
            for name in past.touched
            for file in past.services.get(name, ())
        ),
    ]
    # A checkout may be a folder of a larger repository.
    above = prefix(checkout.root, runner)
    checkout.work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=checkout.work) as folder:
        place = Path(folder, "tree")
        if wanted:
            unpack(checkout.root, past.commit, place, runner, [above + path for path in wanted])
        yield Checkout(place / above)


def _paths(checkout: Checkout, runner: Runner, *words: str) -> list[str]:
    return [path for path in runner.run(git(checkout.root, *words)).stdout.split("\0") if path]


def _below(folder: str, paths: Iterable[str]) -> Iterator[str]:
    return (path.removeprefix(folder) for path in paths if path.startswith(folder))
