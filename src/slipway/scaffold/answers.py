"""What a new service may be: what follows where nothing is said, and what is refused; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slipway.config.agree import name_problems
from slipway.config.jobs import unscheduled
from slipway.config.rules import SCHEDULE, SEGMENT
from slipway.errors import UsageError
from slipway.scaffold.names import name_problem
from slipway.scaffold.routes import Taken, free_priority, path_problem

CHOICES = ("database", "cache", "auth", "python")
LONGEST_DESCRIPTION = 80
LONGEST_PATH = 126
"""ELBv2 takes 128 characters in a path condition; two are for the `/*` behind it."""
ONCE = "none"
"""What is written for the schedule of a job that has none."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user asks for; what is left empty follows from the name or the template."""

    name: str = ""
    description: str = ""
    kind: str = ""
    database: str = ""
    cache: str = ""
    auth: str = ""
    python: str = ""
    route: str = ""
    schedule: str = ""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is there already: `packages` are those of the template's lock file.

    `asked` are the template's questions with their choices or defaults.
    """

    folders: frozenset[str]
    routes: tuple[Taken, ...]
    packages: frozenset[str]
    environments: tuple[str, ...] = ()
    asked: Mapping[str, str | list[str]] = field(default_factory=dict)

    def default(self, question: str) -> str:
        """What the template answers by itself."""
        found = self.asked.get(question, "")
        return found if isinstance(found, str) else found[0]


def complete(options: Options, around: Around) -> Options:
    """The options with what follows where nothing is said."""
    kind = options.kind or around.default("kind")
    return Options(
        name=options.name,
        description=_sentence(options.description or f"The {options.name} service"),
        kind=kind,
        **{key: getattr(options, key) or around.default(key) for key in CHOICES},
        route=options.route or ("" if kind == "job" else f"/{options.name}"),
        schedule=options.schedule or (around.default("schedule") if kind == "job" else ""),
    )


def problems(options: Options, around: Around) -> dict[str, str]:
    """What is wrong with each answer, by the name of its question; pure."""
    found = {
        "name": _name_problem(options.name, around),
        "description": _description_problem(options.description),
        "auth": _auth_problem(options),
        "route": _route_problem(options, around.routes),
        "schedule": _schedule_problem(options),
    }
    return {question: problem for question, problem in found.items() if problem}


def refuse(options: Options, found: Mapping[str, str]) -> None:
    """Raise one `UsageError` with all that is wrong, if anything is."""
    lines = [f"--{name}={_shown(options, name)}: {problem}" for name, problem in found.items()]
    if lines:
        raise UsageError("\n".join(lines), next_step="uv run invoke new --help")


def refuse_given(options: Options, around: Around) -> None:
    """The same for what is not left open."""
    found = problems(complete(options, around), around)
    refuse(options, {name: found[name] for name in found if getattr(options, name)})


def _shown(options: Options, name: str) -> str:
    value: str = getattr(options, name)
    return repr(value) if name in ("description", "schedule") else value


def _sentence(description: str) -> str:
    """A description without the period that the docstring adds."""
    return description.strip().rstrip(".")


def _name_problem(name: str, around: Around) -> str:
    if name in around.folders:
        return f"services/{name} is there already"
    if problem := name_problem(name, around.packages):
        return problem
    alike = name_problems(around.environments, {*around.folders, name})
    return f"not apart from another service: {alike[0].reason}" if alike else ""


def _description_problem(description: str) -> str:
    """It goes into TOML, a docstring and Markdown as it is."""
    if len(description) > LONGEST_DESCRIPTION:
        return f"longer than {LONGEST_DESCRIPTION} characters"
    if not description.isprintable() or set(description) & set('"\\{}`'):
        return 'must be one line without " \\ { } `'
    return "" if description else "says nothing"


def _auth_problem(options: Options) -> str:
    if options.kind == "job" and options.auth != "none":
        return "a job takes no requests, so that there is nobody to be known"
    return ""


def _route_problem(options: Options, taken: Sequence[Taken]) -> str:
    route = options.route
    if options.kind == "job":
        return "a job takes no requests" if route else ""
    if not re.fullmatch(f"/({SEGMENT}(/{SEGMENT})*)?", route) or len(route) > LONGEST_PATH:
        return (
            f"must be a path as /orders, up to {LONGEST_PATH} characters, without a closing slash"
        )
    if problem := path_problem(route, taken):
        return problem
    if free_priority(route, taken) is None:
        return "no priority is left between those of the routes around it"
    return ""


def _schedule_problem(options: Options) -> str:
    if options.kind != "job":
        return "only a job has one" if options.schedule else ""
    if options.schedule == ONCE:
        return ""
    if not re.fullmatch(SCHEDULE, options.schedule):
        return f"must be as rate(1 hour) or cron(0 3 * * ? *), or {ONCE}: run by hand"
    return unscheduled(options.schedule)
