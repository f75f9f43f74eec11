"""Services that others need: whether they can be called where they are not deployed as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway import names
from slipway.aws import calls
from slipway.config.variables import address_variable
from slipway.errors import DeployError
from slipway.infra import applied
from slipway.infra.locks import Place
from slipway.release.world import Site
from slipway.rollout import observe
from slipway.rollout.decide import Snapshot


@dataclass(frozen=True, kw_only=True)
class Needed:
    """A service that `callers` need, as it is: applied, open to callers, with a name or without.

    `chosen`: it is deployed as well, which gives it what ECS can still give.
    """

    name: str
    callers: Sequence[str]
    chosen: bool
    applied: bool
    open: bool
    snapshot: Snapshot | None


def demand(site: Site) -> None:
    """Raise `DeployError` where a service could not call one that it needs; warn of half of it."""
    found = look(site)
    problems = [line for each in found if (line := problem(each))]
    if problems:
        all_names = sorted({*site.settings.services, *(e.name for e in found if problem(e))})
        raise DeployError(
            "\n".join(problems),
            next_step=f"deploy them together: --service={','.join(all_names)}",
        )
    for line in (nameless(each) for each in found):
        if line:
            site.console.warn(line)


def look(site: Site) -> list[Needed]:
    """Every service that a chosen one needs."""
    needs = {name: each.needs for name, each in site.settings.services.items()}
    needed = sorted({one for each in needs.values() for one in each})
    if not needed:
        return []
    ids = {names.service(site.settings, name): name for name in needed}
    with calls("looking at the services that others need"):
        cluster = names.cluster(site.settings)
        there = observe.known(site.aws.ecs, cluster, list(ids))
        return [
            _look_at(site, name, [n for n, each in needs.items() if name in each], there.get(id_))
            for id_, name in ids.items()
        ]


def _look_at(site: Site, name: str, callers: Sequence[str], snapshot: Snapshot | None) -> Needed:
    settings = site.settings
    where = Place(
        names.state_bucket(settings),
        names.lock_table(settings),
        settings.environment.name,
        "service",
        name,
    )
    record = applied.read_at(where, site.aws)
    discovery: Mapping[str, object] = (record.outputs if record else {}).get("discovery") or {}
    return Needed(
        name=name,
        callers=callers,
        chosen=name in settings.services,
        applied=record is not None,
        open=bool(discovery.get("called")),
        snapshot=snapshot,
    )


def problem(needed: Needed) -> str:
    """Why callers could not reach it, or nothing. Pure."""
    if needed.chosen or needed.open:
        return ""
    lets = "has not let others in yet" if needed.applied else "is not deployed here"
    variable = address_variable(needed.name)
    return (
        f"{', '.join(needed.callers)}: needs {needed.name}, which {lets}: {variable} leads nowhere"
    )


def nameless(needed: Needed) -> str:
    """What to say of one that ECS can't give a name any more, or nothing. Pure."""
    snapshot = needed.snapshot
    if not snapshot or snapshot.registered or snapshot.controller != "CODE_DEPLOY":
        return ""
    return (
        f"{needed.name} was made before services had names, and ECS gives none to one that "
        f"CodeDeploy rolls out: {address_variable(needed.name)} does not resolve until it is made "
        "anew (docs/many-services.md)"
    )
