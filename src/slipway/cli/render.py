"""`invoke render`: task definitions and AppSpecs as files that other tools take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.console import Console
    from slipway.render.documents import Rendered


@task(
    help={
        "env": "environment that they are for",
        "service": "services that are meant (default: all)",
        "out": "folder to write them into, a folder for each service (default: stdout, as JSON)",
        "image": "the service's image, by digest (default: the one that runs)",
        "offline": "from the configuration alone, without credentials",
        "json": "print the files written as JSON; without --out all is JSON anyway",
    }
)
def render(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    out: Path | None = None,
    image: str | None = None,
    offline: bool = False,
    json: bool = False,
) -> None:
    """Write task definition JSON and AppSpec YAML of services."""
    app = App()
    demand_one(image or "", service)
    found = made(app, env, service, image or "", offline=offline)
    for each in found:
        for note in each.notes:
            app.console.warn(f"{each.service}: {note}")
    if out is None:
        app.console.json(
            {e.service: {"task_definition": e.task_definition, "appspec": e.appspec} for e in found}
        )
        return
    show(app.console, write(out.expanduser(), found), as_json=json)


def show(console: Console, files: Sequence[Path], *, as_json: bool) -> None:
    """Where the files are."""
    if as_json:
        console.json({"files": files})
        return
    for file in files:
        console.result(str(file))


def demand_one(image: str, services: tuple[str, ...]) -> None:
    """Raise `UsageError` for an image that can't be meant."""
    from slipway.errors import UsageError

    if image and len(services) != 1:
        raise UsageError("render: --image is one service's: name it with --service")
    if image and "@sha256:" not in image:
        raise UsageError(
            f"render: --image={image}: not by digest, so what runs could change by itself",
            next_step="--image=REPOSITORY@sha256:…",
        )


def made(
    app: App, env: str, services: tuple[str, ...], image: str, *, offline: bool
) -> list[Rendered]:
    """The documents, of what is deployed where that is so, else of the configuration."""
    from dataclasses import replace

    from slipway.cli.site import open_site
    from slipway.config import load
    from slipway.render import find

    settings = load(app.checkout, env, services)
    known: dict[str, Rendered | None] = dict.fromkeys(settings.services)
    if not offline:
        known = find.online(open_site(app, env, services), image)
    missing = {name: settings.services[name] for name, each in known.items() if each is None}
    if missing:
        if not offline:
            app.console.warn(f"not deployed, so rendered offline: {', '.join(missing)}")
        rest = replace(settings, services=missing)
        known |= find.offline(app.checkout, rest, app.runner, image)
    return [each for each in known.values() if each]


def write(folder: Path, found: Iterable[Rendered]) -> list[Path]:
    """Write the files; their places."""
    from slipway.errors import UsageError

    written = []
    for place, text in (file for each in found for file in each.files.items()):
        target = folder / place
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        except OSError as error:
            raise UsageError(f"{error.filename or target}: {error.strerror}") from error
        written.append(target)
    return written


ns = Collection(render)
