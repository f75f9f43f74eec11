"""What a deploy refuses before it changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway import names
from slipway.aws import Aws, calls
from slipway.config import Service, Settings
from slipway.errors import DeployError
from slipway.release import needs
from slipway.release.world import Site
from slipway.rollout import observe
from slipway.rollout.decide import Snapshot

ADDRESSES = {
    "ECS": "module.service.aws_ecs_service.rolling[0]",
    "CODE_DEPLOY": "module.service.aws_ecs_service.codedeploy[0]",
}
"""Terraform's address of a service by who rolls it out; of the two exactly one exists."""


def refuse(site: Site, allowed: Sequence[str] = ()) -> None:
    """Raise `DeployError` with everything that a deploy of the chosen services could not do.

    `allowed` are addresses that may be destroyed, or `all`.
    """
    found = refusals(site.settings, live(site.settings, site.aws), allowed)
    if found:
        lines = [line for line, _ in found]
        flags = " ".join(sorted({f"--allow-destroy='{address}'" for _, address in found}))
        raise DeployError(
            "\n".join(lines),
            next_step=f"to have that now, add {flags}; else set strategy and kind back",
        )
    needs.demand(site)


def live(settings: Settings, aws: Aws) -> Mapping[str, Snapshot]:
    """The chosen services as they are in ECS, by name; those that aren't there are left out."""
    ids = {names.service(settings, name): name for name in settings.services}
    with calls("looking at the services"):
        found = observe.known(aws.ecs, names.cluster(settings), list(ids))
    return {ids[name]: each for name, each in found.items()}


def refusals(
    settings: Settings, live: Mapping[str, Snapshot], allowed: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """What can't be done as asked, each with the address that would have to go. Pure."""
    return [
        (remade(service, snapshot), ADDRESSES[snapshot.controller])
        for service in settings.services.values()
        if (snapshot := live.get(service.name))
        and snapshot.controller != controller(service)
        and not {"all", ADDRESSES[snapshot.controller]} & set(allowed)
    ]


def controller(service: Service) -> str:
    """Who rolls `service` out, as ECS calls it; "" where ECS has no service to roll out."""
    return {"jobs": "", "rolling": "ECS"}.get(service.strategy, "CODE_DEPLOY")


def remade(service: Service, snapshot: Snapshot) -> str:
    """Why a service of another controller stands in the way."""
    if not service.serves:
        return f"{service.name}: it serves requests, and as a job it would serve none any more"
    before = "rolling" if snapshot.controller == "ECS" else "CodeDeploy's"
    return (
        f"{service.name}: it runs under {before} deployments, and ECS can't change that: "
        f"with {service.deploy.strategy} it is made anew, and serves nothing until it is up"
    )
