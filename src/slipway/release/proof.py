"""Whether a new version serves as it should: asked at once, and watched for a while."""

from __future__ import annotations

import json
from functools import partial

from slipway.config import Service
from slipway.infra import applied
from slipway.infra.stacks import platform_stack
from slipway.model import Verdict
from slipway.release import bake, recover, smoke
from slipway.release.parallel import side_by_side
from slipway.release.progress import Progress
from slipway.release.verify import verify
from slipway.release.world import Site


def verify_all(site: Site, progress: Progress, watch: recover.Watch) -> None:
    """Ask every service that should serve now; take back what does not serve as released."""
    services = site.settings.services
    serving = [name for name in services if progress.outcome(name).verdict.good]
    answers = side_by_side({name: partial(check, progress, services[name]) for name in serving})
    for name, problem in answers.items():
        if problem:
            recover.take_back(site.aws, watch, progress.rollouts[name], problem)
        else:
            tried = services[name].smoke and services[name].scale.min > 0
            progress.smoke[name] = "passed" if tried else "none"


def check(progress: Progress, service: Service) -> str:
    """What is wrong with the service as its users see it, or ""."""
    if service.scale.min == 0 or not service.serves:
        return ""
    return asked(progress.url(service.name), service, progress.images[service.name].ref.tag)


def asked(url: str, service: Service, version: str, *, patience: float = 60) -> str:
    """What is wrong with the service at `url`, its health and its smoke tests, or "".

    A wrong answer to the first is asked for again for up to `patience` seconds.
    """
    problem = verify(f"{url}{service.health.path}", version, patience=patience)
    return problem or "; ".join(smoke.run(url, service.smoke))


def bake_all(site: Site, progress: Progress, watch: recover.Watch) -> None:
    """Watch every service that was rolled out now for its bake time; take back what goes wrong."""
    services = [each for each in site.settings.services.values() if bakes(progress, each)]
    if not services:
        return
    # Until the end of its bake time nobody should go back to it, or on from it.
    passed = {each.name: progress.smoke.pop(each.name) for each in services}
    minutes = ", ".join(f"{each.name} {each.deploy.bake} min" for each in services)
    site.console.detail(f"watching alarms and answers: {minutes}")
    baking = [what_bakes(site, progress, each) for each in services]
    for name, problem in bake.bake(site.aws, baking, say=site.console.warn):
        if problem:
            how = "during the bake time"
            recover.take_back(site.aws, watch, progress.rollouts[name], problem, how=how)
        else:
            progress.smoke[name] = passed[name]


def bakes(progress: Progress, service: Service) -> bool:
    """Whether there is anything to watch: a rollout of now, with tasks."""
    there = service.serves and service.deploy.bake > 0 and service.scale.min > 0
    return there and progress.outcome(service.name).verdict is Verdict.DEPLOYED


def balancer(site: Site, progress: Progress) -> str:
    """The ARN of the environment's load balancer, as its platform was applied last."""
    stack = progress.stacks.get("platform")
    if stack is None:
        record = applied.read(platform_stack(site.settings, site.checkout), site.aws)
        assert record, "a service was rolled out where there is no platform"
        return str(json.loads(record.outputs["contract"])["load_balancer_arn"])
    return str(json.loads(stack.outputs["contract"])["load_balancer_arn"])


def what_bakes(site: Site, progress: Progress, service: Service) -> bake.Baking:
    """What is watched of a service, from the outputs of its stack and of the platform."""
    outputs = progress.stacks[service.name].outputs
    groups = outputs.get("target_group_arns") or {"blue": outputs["target_group_arn"]}
    return bake.Baking(
        name=service.name,
        seconds=site.minute * service.deploy.bake,
        alarms=tuple(outputs.get("alarm_names", ())),
        balancer=balancer(site, progress),
        groups=tuple(groups.values()),
        began=progress.rollouts[service.name].since,
    )
