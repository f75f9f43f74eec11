"""`invoke new`: from a name to a service that tests green and deploys at once."""

from __future__ import annotations

import fcntl
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.config import load
from slipway.config.rules import SEGMENT
from slipway.errors import ConfigError, UsageError
from slipway.paths import Checkout
from slipway.scaffold import template
from slipway.scaffold.names import name_problem
from slipway.scaffold.routes import Taken, free_priority, path_problem

LONGEST_DESCRIPTION = 80
LONGEST_PATH = 126
"""ELBv2 takes 128 characters in a path condition; two are for the `/*` behind it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user asks for; what is left empty follows from the name."""

    name: str
    description: str = ""
    python: str = "3.13"
    route: str = ""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is there already: `packages` are those of the template's lock file."""

    folders: frozenset[str]
    routes: tuple[Taken, ...]
    packages: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class NewService:
    """A service to be made, everything decided."""

    name: str
    description: str
    python: str
    route: str
    priority: int

    @property
    def values(self) -> dict[str, str]:
        """The answers to the template's questions."""
        return {
            "name": self.name,
            "description": self.description,
            "python": self.python,
            "route": self.route,
            "priority": str(self.priority),
        }


def look(checkout: Checkout) -> Around:
    """What the checkout has. Raises `ConfigError` where its configuration is broken."""
    lock = template.lock_file(checkout.template)
    if not lock.is_file():
        raise ConfigError(
            f"{checkout.shown(checkout.template)}: no template of a service here",
            next_step=f"git checkout -- {checkout.shown(checkout.template)}",
        )
    return Around(
        folders=frozenset(path.name for path in checkout.services.glob("*")),
        routes=_routes(checkout),
        packages=frozenset(template.packages(lock.read_text())),
    )


def plan(options: Options, around: Around) -> NewService:
    """Everything about the new service, or one `UsageError` with all that is wrong."""
    name = options.name
    route = options.route or f"/{name}"
    description = (options.description or f"The {name} service").strip().rstrip(".")
    priority = free_priority(route, around.routes)
    problems = {
        f"--name={name}": _name_problem(name, around),
        f"--description={description!r}": _description_problem(description),
        f"--route={route}": _route_problem(route, around.routes),
    }
    lines = [f"{flag}: {problem}" for flag, problem in problems.items() if problem]
    if not lines and priority is None:
        lines = [f"--route={route}: no priority is left between those of the routes around it"]
    if lines or priority is None:
        raise UsageError("\n".join(lines), next_step="uv run invoke new --help")
    return NewService(
        name=name, description=description, python=options.python, route=route, priority=priority
    )


def apply(service: NewService, checkout: Checkout) -> Path:
    """Make the service's folder, whole or not at all; the folder."""
    folder = checkout.services / service.name
    with tempfile.TemporaryDirectory(dir=_workshop(checkout)) as unfinished:
        rendered = template.render(checkout.template, service.values, Path(unfinished))
        checkout.services.mkdir(exist_ok=True)
        rendered.rename(folder)
    return folder


def story(service: NewService, *, made: bool) -> list[str]:
    """What the user reads in the end: what there is now, and the commands that come next."""
    name = service.name
    facts = f"Python {service.python}, route {service.route}, priority {service.priority}"
    return [
        f"{'made' if made else 'would make'} services/{name}: {facts}",
        "",
        "next:",
        f"  uv run --directory services/{name} pytest",
        f"  uv run invoke deploy --env=local --service={name}",
    ]


@contextmanager
def alone(checkout: Checkout) -> Iterator[None]:
    """Keep others who make a service in this checkout waiting: both would get the same priority."""
    checkout.work.mkdir(exist_ok=True)
    with (checkout.work / "new.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # What a killed run left behind; nobody else is at work here now.
        shutil.rmtree(_workshop(checkout))
        yield


def _workshop(checkout: Checkout) -> Path:
    """A folder in the checkout's own file system, so that the last step is a rename."""
    folder = checkout.work / "new"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _routes(checkout: Checkout) -> tuple[Taken, ...]:
    # The configuration refuses a checkout without services, which is where this one begins.
    if not any(checkout.services.glob("*/")):
        return ()
    environments = tomllib.loads(checkout.config.read_text()).get("environments", {})
    services = (s for env in environments for s in load(checkout, env).services.values())
    routes = (
        Taken(service=s.name, path=s.route.path, host=s.route.host, priority=s.route.priority)
        for s in services
    )
    return tuple(dict.fromkeys(routes))


def _name_problem(name: str, around: Around) -> str:
    if name in around.folders:
        return f"services/{name} is there already"
    return name_problem(name, around.packages)


def _description_problem(description: str) -> str:
    """It goes into TOML, a docstring and Markdown as it is."""
    if len(description) > LONGEST_DESCRIPTION:
        return f"longer than {LONGEST_DESCRIPTION} characters"
    if not description.isprintable() or set(description) & set('"\\{}`'):
        return 'must be one line without " \\ { } `'
    return "" if description else "says nothing"


def _route_problem(route: str, taken: Sequence[Taken]) -> str:
    if not re.fullmatch(f"/({SEGMENT}(/{SEGMENT})*)?", route) or len(route) > LONGEST_PATH:
        return (
            f"must be a path as /orders, up to {LONGEST_PATH} characters, without a closing slash"
        )
    return path_problem(route, taken)
