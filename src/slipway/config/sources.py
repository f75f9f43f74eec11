"""All configuration files of a checkout, and the layers of each thing that they configure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from slipway.config.check import Location, Problem, check
from slipway.config.layers import DEFAULTS, Layer, Merged, Origin, Tree, Unreadable, merge, read
from slipway.config.local_values import FILE, Line, lines_of
from slipway.config.manifest import ServiceFile
from slipway.config.nearest import did_you_mean, nearest
from slipway.config.settings import Local, ProjectFile
from slipway.paths import Checkout

T = TypeVar("T")
Kept = dict[tuple[str, str], Any]
"""What was merged, by environment and service; without a service, what all begin with."""

VARIABLE = "SLIPWAY_LOCAL_"
"""What a variable that overrides a key of [local] begins with; the key follows in capitals."""

EMBEDDED_ACCOUNT = "000000000000"
"""The account that every embedded AWS says it is."""


@dataclass(frozen=True, kw_only=True)
class File:
    """One file: what of it is valid, and what is wrong with the rest."""

    shown: str
    values: Tree = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    readable: bool = True

    def table(self, path: str = "", *, without: Sequence[str] = ()) -> Layer:
        """A table of the file (dotted path) as a layer, empty where the file has none."""
        found: Any = self.values
        for part in path.split(".") if path else ():
            found = found.get(part, {})
        values = {key: value for key, value in found.items() if key not in without}
        return Layer(origin=Origin(file=self.shown, table=path), values=values)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Everything that was read, before it is merged."""

    defaults: Tree
    project: File
    services: Mapping[str, File]
    variables: tuple[Layer, ...] = ()
    local_values: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    # Checks and settings ask for the same; with hundreds of services that is most of the time.
    _kept: Kept = field(init=False, default_factory=dict, repr=False, compare=False)

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of all environments."""
        return tuple(self.project.values.get("environments", {}))

    def merged_project(self) -> Merged:
        """[project] over its defaults."""
        return merge([self._ours("project"), self.project.table("project")])

    def merged_local(self) -> Merged:
        """Variables over [local] over its defaults."""
        return merge([self._ours("local"), self.project.table("local"), *self.variables])

    def merged_notify(self, environment: str) -> Merged:
        """[environments.<name>.notify] over [notify] over its defaults."""
        own = self.project.table(f"environments.{environment}.notify")
        return merge([self._ours("notify"), self.project.table("notify"), own])

    def merged_environment(self, name: str) -> Merged:
        """[environments.<name>] over what follows from its name, its target and the project."""
        own = self.project.table(f"environments.{name}", without=("defaults", "notify"))
        implied = {"registry": name}
        if own.values.get("target") == "embedded":
            implied["account_id"] = EMBEDDED_ACCOUNT
        return merge(
            [self._ours("environment"), Layer(origin=DEFAULTS, values=implied), self._region(), own]
        )

    def merged_service(self, environment: str, name: str) -> Merged:
        """service.toml and its environment's table over the defaults of slipway.toml and ours."""
        return self._once((environment, name), lambda: self._merge(environment, name))

    def share(self, other: Sources) -> None:
        """Take over what `other` has merged of the very same files, slipway.toml's among them."""
        if self.project is not other.project:
            return
        theirs = other.services
        moved = {name for name, file in self.services.items() if theirs.get(name) is not file}
        for key, made in other._kept.items():
            if key[1] not in moved:
                self._kept.setdefault(key, made)

    def _merge(self, environment: str, name: str) -> Merged:
        layers = self.service_layers(environment, name)
        defaults = [
            self._each(layers, "buckets", "bucket"),
            self._each(layers, "jobs", "job"),
            self._routeless(name),
        ]
        if any(layer.values for layer in defaults):
            merged = merge([self._ours("service"), *defaults, *layers])
        else:
            # Then all begin alike.
            begun = self._once((environment, ""), lambda: self._begin(environment))
            merged = merge(layers[2:], onto=begun)
        if not merged.values["smoke"]:
            return merged
        smoke = [{**self.defaults["smoke"], **one} for one in merged.values["smoke"]]
        return replace(merged, values={**merged.values, "smoke": smoke})

    def service_layers(self, environment: str, name: str) -> tuple[Layer, ...]:
        """What the files say about a service in an environment, the weakest first."""
        own = self.services[name]
        return (
            *self._common(environment),
            own.table(without=("environments",)),
            own.table(f"environments.{environment}"),
        )

    def _common(self, environment: str) -> tuple[Layer, ...]:
        """What slipway.toml says about all services."""
        own = f"environments.{environment}.defaults"
        return self.project.table("defaults"), self.project.table(own)

    def _begin(self, environment: str) -> Merged:
        """What all services begin with."""
        return merge([self._ours("service"), *self._common(environment)])

    def _once(self, key: tuple[str, str], make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def _each(self, layers: Iterable[Layer], table: str, one: str) -> Layer:
        """The defaults (those of `one`) of every name that the layers have in a table of names."""
        names = [name for layer in layers for name in layer.values.get(table, {})]
        values = {table: dict.fromkeys(names, self.defaults[one])} if names else {}
        return Layer(origin=DEFAULTS, values=values)

    def _routeless(self, name: str) -> Layer:
        """What a service that serves nobody need not write: the priority of its route."""
        job = self.services[name].values.get("kind") == "job"
        return Layer(origin=DEFAULTS, values={"route": {"priority": 0}} if job else {})

    def _ours(self, table: str) -> Layer:
        return Layer(origin=DEFAULTS, values=self.defaults[table])

    def _region(self) -> Layer:
        project = self.merged_project()
        return Layer(origin=project.origins["region"], values={"region": project.values["region"]})


def find_sources(
    checkout: Checkout,
    environ: Mapping[str, str],
    defaults: Tree,
    only: Collection[str] | None = None,
) -> Sources:
    """Read and check every file by itself; what is wrong is kept, not raised.

    Of the services all are read, or those in `only`.
    """
    folders = [each for each in service_folders(checkout) if only is None or each.name in only]
    services = {
        folder.name: read_file(ServiceFile, folder / "service.toml", checkout) for folder in folders
    }
    variables, problems = _variables(environ)
    return Sources(
        defaults=defaults,
        project=read_file(ProjectFile, checkout.config, checkout),
        services=services,
        variables=variables,
        local_values={each.name: lines_of(each, checkout.shown(each / FILE)) for each in folders},
        problems=problems,
    )


def service_folders(checkout: Checkout) -> list[Path]:
    """Every folder that should be a service, by name."""
    if not checkout.services.is_dir():
        return []
    found = (path for path in checkout.services.iterdir() if path.is_dir())
    return sorted(path for path in found if path.name[0] not in "._")


def read_file(kind: type, path: Path, checkout: Checkout) -> File:
    """The file at `path`, checked against `kind`; what is invalid is left out of its values."""
    shown = checkout.shown(path)
    try:
        values = read(path)
    except Unreadable as error:
        problem = Problem(place=shown, reason=_unreadable(error, path, checkout))
        return File(shown=shown, problems=(problem,), readable=False)
    problems = tuple(check(kind, values, shown))
    wrong = {problem.keys[0] for problem in problems}
    return File(shown=shown, values=_without(values, wrong), problems=problems)


def _unreadable(error: Unreadable, path: Path, checkout: Checkout) -> str:
    if path == checkout.config or path.exists():
        return str(error)
    return f"{error}; is {checkout.shown(path.parent)} a service?"


def _without(tree: Tree, wrong: set[Location], above: Location = ()) -> dict[str, Any]:
    return {
        key: _without(value, wrong, (*above, key)) if isinstance(value, Mapping) else value
        for key, value in tree.items()
        if (*above, key) not in wrong
    }


def _variables(environ: Mapping[str, str]) -> tuple[tuple[Layer, ...], tuple[Problem, ...]]:
    layers, problems = [], []
    for variable, text in sorted(environ.items()):
        if not variable.startswith(VARIABLE) or not text:
            continue
        values = {variable.removeprefix(VARIABLE).lower(): int(text) if text.isdigit() else text}
        found = list(_wrong_variable(variable, values))
        problems += found
        if not found:
            layers.append(Layer(origin=Origin(file=variable), values=values))
    return tuple(layers), tuple(problems)


def _wrong_variable(variable: str, values: Tree) -> Iterator[Problem]:
    known = [VARIABLE + entry.name.upper() for entry in fields(Local)]
    if variable not in known:
        meant = did_you_mean(nearest(variable, known))
        yield Problem(place=variable, reason=f"no such variable{meant}")
        return
    for problem in check(Local, values, variable):
        yield Problem(place=variable, reason=problem.reason)
