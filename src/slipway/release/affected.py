"""Which services are others than at some commit, by what goes into them; and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from slipway.config import Service
from slipway.config.layers import leaves
from slipway.config.load import build, checked, read_all, whole
from slipway.config.local_values import FILE as LOCAL
from slipway.config.local_values import Line, lines_of
from slipway.config.manifest import ServiceFile
from slipway.config.settings import ProjectFile
from slipway.config.sources import File, Sources, read_file, service_folders
from slipway.errors import ConfigError
from slipway.images import source
from slipway.infra.stacks import hcl_files
from slipway.paths import Checkout
from slipway.release.past import Past, by_service, look_back, unpacked
from slipway.runner import Runner

Parts = Mapping[str, str]
"""All that goes into a service: what it is, and its content or a hash of it."""

Found = dict[str, dict[str, str]]
"""The parts of each service, while they are gathered."""


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

    Only what git finds to differ is read on both sides. Raises `ConfigError`, and `UsageError`
    where git has no such commit.
    """
    past = look_back(checkout, base, runner)
    services = [folder.name for folder in service_folders(checkout)]
    now = read_all(checkout) if past.reconfigured(services) else None
    files = by_service(source.names(checkout.services, runner)) if past.touched else {}
    with unpacked(checkout, past, runner) as old:
        try:
            then = as_of(past, old, now) if now else None
        except ConfigError as error:
            why = (f"the configuration of {base} can't be read: {error.message.splitlines()[0]}",)
            found = tuple(Affected(name=name, why=why) for name in services)
            return Comparison(base=past.commit, affected=found)
        before: Found = {name: {} for name in past.services}
        after: Found = {name: {} for name in services}
        if now and then:
            settings(before, then, now)
            settings(after, now, then)
        contents(before, old, past, past.services)
        contents(after, checkout, past, files)
    return judge(past.commit, before, after)


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


def as_of(past: Past, old: Checkout, now: Sources) -> Sources:
    """The configuration of then, of which only what differs is read. Raises `ConfigError`."""

    def then(kind: type, path: Path, file: File | None) -> File:
        same = file and old.shown(path) not in past.moved
        return file if file and same else read_file(kind, path, old)

    services = {
        name: then(ServiceFile, old.services / name / "service.toml", now.services.get(name))
        for name in sorted(past.services)
    }
    was = replace(
        now,
        project=then(ProjectFile, old.config, now.project),
        services=services,
        local_values={name: _lines(past, old, now, name) for name in services},
    )
    was.share(now)
    return checked(was)


def _lines(past: Past, old: Checkout, now: Sources, name: str) -> tuple[Line, ...]:
    """The service's values for one's own machine, as they were."""
    shown = old.shown(old.services / name / LOCAL)
    if name in now.local_values and shown not in past.moved:
        return now.local_values[name]
    return lines_of(old.services / name, shown)


def contents(
    parts: Mapping[str, dict[str, str]],
    checkout: Checkout,
    past: Past,
    files: Mapping[str, Iterable[str]],
) -> None:
    """Add the content of all that has moved to the parts of each service."""
    infrastructure = {
        f"infra/{place}": content.hex()
        for place, content in hcl_files(checkout.infra / "service").items()
        if past.infrastructure_moved
    }
    for name, own in parts.items():
        own |= infrastructure
        if name in past.touched:
            own |= _files(checkout, name, files.get(name, ()))


def _files(checkout: Checkout, name: str, files: Iterable[str]) -> Parts:
    found = source.context(checkout.services / name, files)
    return {f"services/{name}/{each.path}": f"{each.kind} {each.digest}" for each in found}


def settings(parts: Found, mine: Sources, other: Sources) -> None:
    """Add the settings of each service in an environment where the other side has others."""
    for environment in mine.environments:
        there = whole(other, environment) if environment in other.environments else {}
        for name, values in whole(mine, environment).items():
            if there.get(name) != values:
                found = _leaves(values).items()
                parts[name] |= {f"{key} in {environment}": value for key, value in found}


def _leaves(service: Mapping[str, Any]) -> dict[str, str]:
    # Through the dataclass, which has tables in lists in one order.
    values = asdict(build(Service, {**service, "folder": Path()}))
    del values["folder"]
    return {key: json.dumps(value, ensure_ascii=False) for key, value in leaves(values)}
