"""What a rollout aims at besides what every one does: CodeDeploy's, and that of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from slipway.config import Service
from slipway.release import proof
from slipway.rollout.decide import Network
from slipway.rollout.model import Target
from slipway.rollout.schedules import Schedules

PATIENCE = 15.0
"""Seconds for the test listener to lead to new tasks, which are healthy by then."""


def shifted(base: Target, outputs: Mapping[str, Any], service: Service, version: str) -> Target:
    """`base` with what CodeDeploy needs, of the service stack's `outputs`; others stay as they are.

    Its new tasks are tried before they get requests where there is an address to ask them at.
    """
    names = outputs.get("codedeploy")
    if service.strategy in ("rolling", "jobs") or not names:
        return base
    return replace(
        base,
        strategy=service.deploy.strategy,
        application=names["application"],
        group=names["deployment_group"],
        network=network(outputs.get("network")),
        hooks={event: name for event, name in asdict(service.deploy.hooks).items() if name},
        before_traffic=before_traffic(outputs.get("test_url", ""), service, version),
    )


def with_jobs(base: Target, outputs: Mapping[str, Any], service: Service) -> Target:
    """`base` with its jobs' schedules; of a service without any other tasks they are all."""
    raw = outputs.get("schedules")
    found = Schedules(group=raw["group"], jobs=tuple(raw["jobs"])) if raw else None
    if service.serves:
        return replace(base, schedules=found)
    return replace(
        base,
        strategy="jobs",
        schedules=found,
        released=outputs["released"],
        network=network(outputs.get("network")),
    )


def network(raw: Mapping[str, Any] | None) -> Network | None:
    """The network of new tasks; None leaves it as it is."""
    if not raw:
        return None
    return Network(
        subnets=tuple(sorted(raw["subnets"])),
        security_groups=tuple(sorted(raw["security_groups"])),
        public_ip=bool(raw["public_ip"]),
    )


def before_traffic(url: str, service: Service, version: str) -> Callable[[], str] | None:
    """What tries new tasks at the test listener and says what is wrong with them, or "".

    None where nobody can ask there, or where there is no task to ask.
    """
    if not url or service.scale.min == 0:
        return None
    return partial(proof.asked, url, service, version, patience=PATIENCE)
