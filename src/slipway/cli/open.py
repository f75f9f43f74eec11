"""`invoke open`: where a service answers, and where AWS's console shows it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import reach
from slipway.cli.task import task
from slipway.links import What

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Settings
    from slipway.paths import Checkout


@task(
    name="open",
    help={
        "env": "environment that is meant",
        "service": "service that is meant (default: the whole environment)",
        "what": "the address where it answers, or a page of AWS's console",
        "print_": "print the address, and open no browser",
        "json": "print the address as JSON, and open no browser",
    },
)
def open_(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str | None = None,
    what: What = "url",
    print_: bool = False,
    json: bool = False,
) -> None:
    """Open its address, dashboard, logs or ECS page."""
    app = App()
    settings, aws = reach(app, env, (service,) if service else ())
    link = link_to(app.checkout, settings, aws, service or "", what)
    if json:
        app.console.json({"url": link})
        return
    app.console.result(link)
    if app.console.out.isatty() and app.console.interactive and not print_:
        browse(app, link)


def link_to(checkout: Checkout, settings: Settings, aws: Aws, service: str, what: What) -> str:
    """The address that is meant. Raises `DeployError` where there is none (yet)."""
    from slipway import links, names
    from slipway.errors import UsageError

    environment = settings.environment
    if what == "url":
        return str(known(checkout, settings, aws, service, "url"))
    if environment.target == "embedded":
        raise UsageError(
            f"open: {environment.name} runs on this machine, and the embedded AWS has no console",
            next_step=f"uv run invoke {'logs' if what == 'logs' else 'status'} "
            f"--env={environment.name}",
        )
    region, cluster = environment.region, names.cluster(settings)
    if what == "dashboard":
        return links.dashboard(region, known(checkout, settings, aws, "", "dashboard"))
    full = names.service(settings, service) if service else ""
    if what == "logs":
        group = f"/ecs/{full}" if full else f"/ecs/{names.prefix(settings)}-"
        return links.log_group(region, group) if full else links.log_groups(region, group)
    return links.service(region, cluster, full) if full else links.cluster(region, cluster)


def known(checkout: Checkout, settings: Settings, aws: Aws, service: str, name: str) -> Any:
    """What the last apply of the service, or of the platform, put out under this name."""
    from slipway.aws import calls
    from slipway.errors import DeployError
    from slipway.infra import applied
    from slipway.infra.stacks import platform_stack, service_stack

    stack = (
        service_stack(settings, settings.services[service], "", checkout)
        if service
        else platform_stack(settings, checkout)
    )
    with calls(f"looking for the {stack.label} of {settings.environment.name}"):
        record = applied.read(stack, aws)
    found = record.outputs.get(name) if record else None
    if not found:
        of = f" --service={service}" if service else ""
        raise DeployError(
            f"{stack.label} has no {name} in {settings.environment.name}: it was not deployed "
            "there, or is without one",
            next_step=f"uv run invoke deploy --env={settings.environment.name}{of}",
        )
    return found


def browse(app: App, link: str) -> None:
    """Open a browser where there is one; on a server the address is enough."""
    import webbrowser

    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or _desktop()):
        return
    if not webbrowser.open(link):
        app.console.warn("no browser was found")


def _desktop() -> bool:
    """Whether the system always has a browser of its own: all but Linux and its like."""
    import sys

    return sys.platform in ("darwin", "win32") or "BROWSER" in os.environ


ns = Collection(open_)
