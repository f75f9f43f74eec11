"""Everything that is wrong with a checkout's configuration, in one list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from slipway.config.agree import (
    environment_problems,
    name_problems,
    service_problems,
)
from slipway.config.buckets import bucket_problems
from slipway.config.check import Problem, location
from slipway.config.jobs import commands
from slipway.config.layers import Merged, leaves
from slipway.config.local_values import value_problems
from slipway.config.nearest import did_you_mean, nearest
from slipway.config.needs import need_problems
from slipway.config.routes import route_problems
from slipway.config.sources import File, Sources


def problems(sources: Sources) -> list[Problem]:
    """Everything that is wrong, each once: first in files by themselves, then between them."""
    files = [sources.project, *sources.services.values()]
    found = [problem for file in files for problem in file.problems] + list(sources.problems)
    if sources.project.readable:
        found += [*_project(sources), *_services(sources)]
    return list({str(problem): problem for problem in found}.values())


def _project(sources: Sources) -> Iterator[Problem]:
    merged = {name: sources.merged_environment(name) for name in sources.environments}
    yield from _missing(sources.project, {"project.name": "what this project is called"})
    if "environments" not in sources.project.values:
        yield Problem(place=sources.project.shown, reason="no [environments.NAME] in it")
    for name in merged:
        target = f"environments.{name}.target"
        yield from _missing(sources.project, {target: 'write "aws" or "embedded"'})
    yield from name_problems(sources.environments, sources.services)
    yield from _sure(environment_problems(merged), sources.project.problems)


def _services(sources: Sources) -> Iterator[Problem]:
    if not sources.services:
        yield Problem(place="services", reason="no service in it (uv run invoke new --name=NAME)")
    for name, file in sources.services.items():
        yield from _manifest(sources, name, file)
    fleets = {name: _merged(sources, name) for name in sources.environments}
    for fleet in fleets.values():
        yield from _fleet(sources, fleet)
    for name, file in sources.services.items():
        if not file.problems:
            everywhere = {env: fleet[name].values for env, fleet in fleets.items()}
            yield from value_problems(sources.local_values[name], everywhere)
    yield from bucket_problems(sources, fleets)


def _merged(sources: Sources, environment: str) -> dict[str, Merged]:
    return {name: sources.merged_service(environment, name) for name in sources.services}


def _manifest(sources: Sources, folder: str, file: File) -> Iterator[Problem]:
    if not file.readable:
        return
    required = {"name": f'"{folder}"'}
    if file.values.get("kind") != "job":
        required["route.priority"] = "a number that no other service has"
    yield from _missing(file, {**required, **commands(file.values)})
    name = file.values.get("name", folder)
    if name != folder:
        yield Problem(place=f"{file.shown}: name", reason=f'must be "{folder}", as its folder')
    for environment in file.values.get("environments", {}):
        if sources.environments and environment not in sources.environments:
            meant = did_you_mean(nearest(environment, sources.environments))
            place = f"{file.shown}: environments.{environment}"
            yield Problem(place=place, reason=f"slipway.toml has no such environment{meant}")


def _fleet(sources: Sources, fleet: Mapping[str, Merged]) -> Iterator[Problem]:
    """What is wrong with and between the services of one environment."""
    routed = {}
    for name, merged in fleet.items():
        doubts = (*sources.project.problems, *sources.services[name].problems)
        yield from _sure(service_problems(merged), doubts)
        if merged.values["kind"] == "web" and "route.priority" in merged.origins:
            routed[name] = merged
    yield from route_problems(routed)
    yield from need_problems(fleet)


def _sure(found: Iterable[Problem], doubts: Sequence[Problem]) -> Iterator[Problem]:
    """Leave out what may only follow from a problem that is listed already."""
    for problem in found:
        names = [".".join(key) for key in problem.keys]
        if not any(doubt.concerns(name) for doubt in doubts for name in names):
            yield problem


def _missing(file: File, required: Mapping[str, str]) -> Iterator[Problem]:
    """The required keys (dotted) that the file lacks; the values say what belongs there."""
    there = dict(leaves(file.values))
    lacking = [
        Problem(place=f"{file.shown}: {key}", reason=f"missing: {says}", keys=(location(key),))
        for key, says in required.items()
        if key not in there
    ]
    yield from _sure(lacking, file.problems)
