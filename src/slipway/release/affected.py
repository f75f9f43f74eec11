"""Which services are others than at some commit, by what goes into them; and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from slipway.config import Service, load
from slipway.config.layers import Unreadable, leaves, read
from slipway.config.sources import service_folders
from slipway.errors import ConfigError, UsageError
from slipway.git import git
from slipway.images import source
from slipway.infra.stacks import hcl_files
from slipway.paths import Checkout
from slipway.runner import Runner

Parts = Mapping[str, str]
"""All that goes into a service: what it is, and its content or a hash of it."""


@dataclass(frozen=True, kw_only=True)
class Affected:
    """A service that is another than before; `why` has a line for each part that differs."""

    name: str
    why: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What became of the services since the commit `base`."""

    base: str
    affected: tuple[Affected, ...]
    removed: tuple[str, ...] = ()


def compare(checkout: Checkout, base: str, runner: Runner) -> Comparison:
    """The services of the working tree, uncommitted edits included, against those of `base`.

    Raises `UsageError` where git has no such commit.
    """
    commit = resolve(checkout, base, runner)
    now = every(checkout, {name: source.names(path, runner) for name, path in folders(checkout)})
    with checked_out(checkout, commit, runner) as old:
        try:
            before = every(old, {name: tracked(path) for name, path in folders(old)})
        except ConfigError as error:
            why = (f"the configuration of {base} can't be read: {error.message.splitlines()[0]}",)
            found = tuple(Affected(name=name, why=why) for name in now)
            return Comparison(base=commit, affected=found)
    return judge(commit, before, now)


def judge(base: str, before: Mapping[str, Parts], now: Mapping[str, Parts]) -> Comparison:
    """What differs between two sets of services; pure."""
    changes = {name: tuple(differences(before.get(name), now[name])) for name in sorted(now)}
    return Comparison(
        base=base,
        affected=tuple(Affected(name=name, why=why) for name, why in changes.items() if why),
        removed=tuple(sorted(before.keys() - now.keys())),
    )


def differences(before: Parts | None, now: Parts) -> Iterator[str]:
    """A line for each part that is not as it was; pure."""
    if before is None:
        yield "it is new"
        return
    for part in sorted(before.keys() | now.keys()):
        if part not in before:
            yield f"{part}: added{_value(part, now)}"
        elif part not in now:
            yield f"{part}: removed"
        elif before[part] != now[part]:
            yield f"{part}: {_change(part, before, now)}"


def _value(part: str, now: Parts) -> str:
    return f" ({now[part]})" if is_setting(part) else ""


def _change(part: str, before: Parts, now: Parts) -> str:
    return f"{before[part]} → {now[part]}" if is_setting(part) else "changed"


def is_setting(part: str) -> bool:
    """Whether a part is a setting, whose value says more than that it changed."""
    return " in " in part


def every(checkout: Checkout, names: Mapping[str, Iterable[str]]) -> dict[str, Parts]:
    """The parts of all services of a checkout; `names` are the files of each folder."""
    settings = every_setting(checkout, names)
    infrastructure = {
        f"infra/{place}": content.hex()
        for place, content in hcl_files(checkout.infra / "service").items()
    }
    return {
        name: {**_files(checkout, name, files), **settings[name], **infrastructure}
        for name, files in names.items()
    }


def _files(checkout: Checkout, name: str, files: Iterable[str]) -> Parts:
    found = source.context(checkout.services / name, files)
    return {f"services/{name}/{each.path}": f"{each.kind} {each.digest}" for each in found}


def every_setting(checkout: Checkout, names: Iterable[str]) -> dict[str, Parts]:
    """The settings in force of each service in every environment: `scale.min in prod`."""
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for environment in environments(checkout):
        for name, service in load(checkout, environment).services.items():
            found[name] |= {f"{key} in {environment}": value for key, value in _settings(service)}
    return dict(found)


def environments(checkout: Checkout) -> Sequence[str]:
    """The names of all environments. Raises `ConfigError`."""
    shown = checkout.shown(checkout.config)
    try:
        found = list(read(checkout.config).get("environments", {}))
    except Unreadable as error:
        raise ConfigError(f"{shown}: {error}") from error
    if not found:
        raise ConfigError(f"{shown}: no [environments.NAME] in it")
    return found


def _settings(service: Service) -> Iterator[tuple[str, str]]:
    values: dict[str, Any] = asdict(service)
    del values["folder"]
    for key, value in leaves(values):
        yield key, json.dumps(value, ensure_ascii=False)


def folders(checkout: Checkout) -> list[tuple[str, Path]]:
    """Every service's name and folder."""
    return [(folder.name, folder) for folder in service_folders(checkout)]


def tracked(folder: Path) -> list[str]:
    """All files below a folder that git wrote and nobody else."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return [path.relative_to(folder).as_posix() for path in found]


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
def checked_out(checkout: Checkout, commit: str, runner: Runner) -> Iterator[Checkout]:
    """The files of a commit in a folder of their own; index and working tree are left alone."""
    checkout.work.mkdir(parents=True, exist_ok=True)
    # A checkout may be a folder of a larger repository.
    below = runner.run(git(checkout.root, "rev-parse", "--show-prefix")).stdout.strip()
    with TemporaryDirectory(dir=checkout.work) as folder:
        place = Path(folder)
        index = {"GIT_INDEX_FILE": str(place / "index")}
        runner.run(git(checkout.root, "read-tree", commit, env=index))
        prefix = f"--prefix={place / 'tree'}/"
        runner.run(git(checkout.root, "checkout-index", "--all", "--quiet", prefix, env=index))
        yield Checkout(place / "tree" / below)
