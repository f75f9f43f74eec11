"""`invoke new`: from a name to a service that tests green and deploys at once."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.config.load import read_all
from slipway.config.sources import Sources
from slipway.paths import Checkout
from slipway.scaffold import lock, record, template
from slipway.scaffold.answers import ONCE, Around, Options, complete, problems, refuse
from slipway.scaffold.record import Record
from slipway.scaffold.routes import Taken, free_priority


@dataclass(frozen=True, kw_only=True)
class NewService:
    """A service to be made, everything decided."""

    name: str
    description: str
    python: str
    route: str
    priority: int
    kind: str = "web"
    database: str = "none"
    cache: str = "none"
    auth: str = "none"
    schedule: str = ""

    @property
    def values(self) -> dict[str, str]:
        """The answers to the template's questions."""
        return {key: str(value) for key, value in asdict(self).items()}


def look(checkout: Checkout, *, without: str = "") -> Around:
    """What the checkout has besides one service. Raises `ConfigError` where it is broken."""
    asked = template.questions(checkout.template)
    folders = {folder.name for folder in checkout.services.glob("*")} - {without}
    # The configuration refuses a checkout without services, which is where this one begins.
    sources = read_all(checkout, without={without}) if folders else None
    return Around(
        folders=frozenset(folders),
        routes=routes(sources) if sources else (),
        packages=frozenset(lock.packages(template.lock_file(checkout.template).read_text())),
        environments=sources.environments if sources else (),
        asked=asked,
    )


def plan(options: Options, around: Around) -> NewService:
    """Everything about the new service, or one `UsageError` with all that is wrong."""
    whole = complete(options, around)
    refuse(whole, problems(whole, around))
    schedule = "" if whole.schedule == ONCE else whole.schedule
    if whole.kind == "job":
        return NewService(**{**asdict(whole), "schedule": schedule, "priority": 0})
    priority = free_priority(whole.route, around.routes)
    assert priority  # else the route has a problem
    return NewService(**{**asdict(whole), "priority": priority})


def apply(service: NewService, checkout: Checkout, version: str = "") -> Path:
    """Make the service's folder, whole or not at all; the folder.

    `version` is the template's, for the record.
    """
    folder = checkout.services / service.name
    with tempfile.TemporaryDirectory(dir=workshop(checkout)) as unfinished:
        rendered = template.render(checkout.template, service.values, Path(unfinished))
        answers = template.answers(checkout.template, service.values)
        origin = Record(tree=version, answers=answers)
        (rendered / record.NAME).write_text(origin.text, encoding="utf-8")
        checkout.services.mkdir(exist_ok=True)
        rendered.rename(folder)
    return folder


def story(service: NewService, *, made: bool) -> list[str]:
    """What the user reads in the end: what there is now, and the commands that come next."""
    verb, facts = "made" if made else "would make", ", ".join(_facts(service))
    commands = [f"  {command}" for command in next_commands(service)]
    return [f"{verb} services/{service.name}: {facts}", "", "next:", *commands]


def document(service: NewService) -> dict[str, object]:
    """The same for programs."""
    folder = f"services/{service.name}"
    return {**asdict(service), "folder": folder, "next": next_commands(service)}


def next_commands(service: NewService) -> list[str]:
    """What to type once it is there."""
    name = service.name
    test = f"uv run --directory services/{name} pytest"
    deploy = f"uv run invoke deploy --env=local --service={name}"
    if service.kind == "job":
        return [test, deploy, f"uv run invoke jobs.run --env=local --service={name}"]
    return [test, f"uv run invoke dev --service={name}", deploy]


def _facts(service: NewService) -> Iterator[str]:
    yield f"Python {service.python}"
    if service.kind == "job":
        yield f"a job, {service.schedule or 'run by hand'}"
    else:
        yield f"route {service.route}"
        yield f"priority {service.priority}"
    parts = {"postgres": service.database, "redis": service.cache, "jwt": service.auth}
    yield from (part for part, chosen in parts.items() if chosen == part)


@contextmanager
def alone(checkout: Checkout) -> Iterator[None]:
    """Keep others who make a service in this checkout waiting: both would get the same priority."""
    checkout.work.mkdir(exist_ok=True)
    with (checkout.work / "new.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # What a killed run left behind; nobody else is at work here now.
        shutil.rmtree(workshop(checkout))
        yield


def workshop(checkout: Checkout) -> Path:
    """A folder in the checkout's own file system, so that the last step is a rename."""
    folder = checkout.work / "new"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def routes(sources: Sources) -> tuple[Taken, ...]:
    pairs = ((env, name) for env in sources.environments for name in sources.services)
    merged = ((name, sources.merged_service(env, name).values["route"]) for env, name in pairs)
    routes = (
        Taken(service=name, path=route["path"], host=route["host"], priority=route["priority"])
        for name, route in merged
        if route.get("priority")
    )
    return tuple(dict.fromkeys(routes))
