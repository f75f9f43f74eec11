"""`invoke import`: from another tool's files to services/NAME with a service.toml and a report."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

from slipway import signals
from slipway.config.layers import defaults
from slipway.config.load import read_all
from slipway.config.manifest import ServiceFile
from slipway.config.sources import Sources, find_sources, service_folders
from slipway.errors import UsageError
from slipway.importing import report
from slipway.importing.draft import Around
from slipway.importing.fit import fit
from slipway.importing.report import Report
from slipway.importing.sources import Request, drafted
from slipway.paths import Checkout
from slipway.scaffold.service import routes, workshop

MANIFEST = "service.toml"
SCHEMA = "#:schema ../../docs/schema/service.json"


def plan(checkout: Checkout, request: Request) -> Report:
    """What an import would write. Raises `ConfigError` where source or checkout can't be read.

    A folder of that name may be there, but neither a service.toml nor a report in it.
    """
    sources = existing(checkout)
    found = drafted(request, around(sources))
    refuse_overwriting(checkout, found.service)
    fit(found.draft, found.service, sources)
    return Report(
        service=found.service,
        source=named_source(checkout, request.path),
        format=found.format,
        draft=found.draft,
    )


def existing(checkout: Checkout) -> Sources:
    """The services that are there; folders that wait for a service.toml are none yet."""
    folders = service_folders(checkout)
    whole = {each.name for each in folders if (each / MANIFEST).is_file()}
    if whole:
        return read_all(checkout, without={each.name for each in folders} - whole)
    # The configuration refuses a checkout without services, which is where this one begins.
    return replace(find_sources(checkout, os.environ, defaults()), services={})


def named_source(checkout: Checkout, path: Path) -> str:
    """The source as others can understand it: without this machine's folders."""
    whole = path.absolute()
    inside = whole.is_relative_to(checkout.root)
    return checkout.shown(whole) if inside else "/".join(whole.parts[-3:])


def around(sources: Sources) -> Around:
    """What an import has to fit in with."""
    return Around(
        environments=sources.environments,
        taken=routes(sources),
        services=frozenset(sources.services),
    )


def refuse_overwriting(checkout: Checkout, service: str) -> None:
    """Raise `UsageError` where a report would be written over."""
    file = checkout.services / service / report.NAME
    if file.exists():
        raise UsageError(
            f"import: {checkout.shown(file)} is there already, and is not written over",
            next_step="move it away, or choose another name: --service=NAME",
        )


def apply(checkout: Checkout, made: Report) -> list[Path]:
    """Write service.toml and report, both or none; their places."""
    folder = checkout.services / made.service
    files = {report.NAME: report.markdown(made), MANIFEST: toml(made.draft.values, made.source)}
    try:
        with tempfile.TemporaryDirectory(dir=workshop(checkout)) as unfinished:
            whole = Path(unfinished) / made.service
            whole.mkdir()
            for name, text in files.items():
                (whole / name).write_text(text, encoding="utf-8")
            put(whole, folder, tuple(files))
    except OSError as error:
        shown = checkout.shown(Path(error.filename2 or error.filename or folder))
        raise UsageError(
            f"import: {shown}: {error.strerror}", next_step="make room for it, then import again"
        ) from error
    return [folder / MANIFEST, folder / report.NAME]


def put(whole: Path, folder: Path, files: tuple[str, ...]) -> None:
    """Put the files where they belong, with their folder where that is missing."""
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        whole.rename(folder)
        return
    with signals.deferred():  # both, or none
        for name in files:
            (whole / name).rename(folder / name)


def toml(values: Mapping[str, Any], source: str) -> str:
    """The text of a service.toml, its keys in the order of the reference."""
    import tomlkit

    lines = (SCHEMA, f"# Imported from {source}; {report.NAME} says what became of each key.")
    return "\n".join((*lines, tomlkit.dumps(ordered(values, ServiceFile))))


def ordered(values: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    """The same values as settings are declared, names of things as they came."""
    if not is_dataclass(kind):
        return dict(values)
    hints = get_type_hints(kind)
    known = [each.name for each in fields(kind) if each.name in values]
    first = [name for name in ("name", "kind") if name in known]
    return {
        name: ordered(values[name], hints[name]) if isinstance(values[name], dict) else values[name]
        for name in dict.fromkeys((*first, *known))
    }
