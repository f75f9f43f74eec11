"""Looking for what a task definition and an AppSpec are rendered from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from slipway import names
from slipway.aws import calls
from slipway.cost.inventory import Inventory
from slipway.infra import applied
from slipway.infra.stacks import platform_stack, service_stack
from slipway.release.aim import network
from slipway.release.parallel import side_by_side
from slipway.release.serving import serving
from slipway.render.documents import Rendered, deployed, invented
from slipway.rollout import observe

if TYPE_CHECKING:
    from slipway.config import Service, Settings
    from slipway.paths import Checkout
    from slipway.release.world import Site
    from slipway.runner import Runner


def online(site: Site, image: str) -> dict[str, Rendered | None]:
    """The documents of each service as Terraform has made it; None for one that it has not."""
    services = site.settings.services.values()
    return side_by_side({each.name: partial(_online, site, each, image) for each in services})


def _online(site: Site, service: Service, image: str) -> Rendered | None:
    with calls(f"looking at {service.name}"):
        stack = service_stack(site.settings, service, image, site.checkout)
        record = applied.read(stack, site.aws)
        if record is None or not record.outputs:
            return None
        template, tags = observe.task_definition(
            site.aws.ecs, record.outputs["task_definition_arn"]
        )
        cluster, name = names.cluster(site.settings), names.service(site.settings, service.name)
        here = serving(site.aws, cluster, name)
    running = here.image if here else record.image
    where = network(record.outputs.get("network"))
    waits = bool(record.outputs.get("test_url"))
    return deployed(service, template, tags, image or running, where, waits=waits)


def offline(
    checkout: Checkout, settings: Settings, runner: Runner, image: str
) -> dict[str, Rendered]:
    """The documents of each service as an apply in memory makes it; AWS is not asked."""
    inventory = Inventory(checkout=checkout, settings=settings, runner=runner)
    (platform,) = inventory.made([platform_stack(settings, checkout)])
    made = inventory.made(inventory.services(platform.contract))
    return {
        service.name: invented(settings, service, each.resources, image)
        for service, each in zip(settings.services.values(), made, strict=True)
    }
