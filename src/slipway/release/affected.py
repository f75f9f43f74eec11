"""Which services are others than at some commit, by what goes into them; and why."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
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

MANIFEST = "service.toml"

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
    files = by_service(source.names(checkout.services, runner)) if past.touched else {}
    with unpacked(checkout, past, runner) as old:
        now = read_near(checkout, past, old, services)
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


def read_near(
    checkout: Checkout, past: Past, old: Checkout, services: Collection[str]
) -> Sources | None:
    """The configuration, with those services whose settings may have moved; None if none may.

    Raises `ConfigError`.
    """
    if checkout.config.name in past.moved:
        return read_all(checkout)
    moved = past.reconfigured(services)
    if not moved:
        return None
    texts = {name: [_text(checkout, name)] for name in {*services, *moved}}
    for name in moved:
        texts[name].append(_text(old, name))
    shared = checkout.config.read_text(encoding="utf-8", errors="replace")
    # Neither side may seem to be without services.
    there = sorted(set(services) & past.services.keys() - moved)[:1]
    return read_all(checkout, only=near(moved, texts, shared, besides=there))


def near(
    moved: Collection[str],
    texts: Mapping[str, Iterable[str]],
    shared: str,
    besides: Collection[str] = (),
) -> set[str]:
    """The services whose settings may follow from those that moved, and all that these need; pure.

    `texts` are the manifests of each, of both sides where it moved; `shared` is slipway.toml. To
    look for names in a text takes a hundredth of the time of reading it as settings.
    """
    named = {name: _named(" ".join(found), texts) for name, found in texts.items()}
    # Whether somebody calls a service is a setting of that service.
    changed = set(moved).union(*(named[name] for name in moved))
    if _named(shared, texts) & changed:
        return set(texts)
    found = {*changed, *besides, *(name for name, others in named.items() if others & changed)}
    while more := {other for name in found for other in named[name]} - found:
        found |= more
    return found


def _named(text: str, names: Collection[str]) -> set[str]:
    return set(re.findall(r"[a-z0-9-]+", text)).intersection(names)


def _text(checkout: Checkout, name: str) -> str:
    """A manifest as it is; nothing where there is none, which is for `read_all` to say."""
    try:
        return (checkout.services / name / MANIFEST).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def as_of(past: Past, old: Checkout, now: Sources) -> Sources:
    """The configuration of then, of which only what differs is read. Raises `ConfigError`."""

    def then(kind: type, path: Path, file: File | None) -> File:
        same = file and old.shown(path) not in past.moved
        return file if file and same else read_file(kind, path, old)

    services = {
        name: then(ServiceFile, old.services / name / MANIFEST, now.services.get(name))
        for name in sorted(past.services)
        if name in now.services or old.shown(old.services / name / MANIFEST) in past.moved
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
