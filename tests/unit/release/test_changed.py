"""What a deploy of what has changed leaves alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import pytest

from slipway.infra import applied
from slipway.infra.apply import StackOutcome
from slipway.infra.locks import place
from slipway.infra.plan import PlanSummary
from slipway.model import ImageRef, Verdict
from slipway.release import changed, deploy
from slipway.release.progress import Options, Progress
from slipway.release.world import Built, Site, World
from tests.fake_ecs import FAMILY, FakeEcs
from tests.fake_ecs import deployment as ecs_deployment
from tests.release_site import URL, make_site, said

SERVING = "sha256:old"
"""The image of revision 2, which the script has serving."""


@pytest.fixture
def world() -> Iterator[World]:
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]])) as site:
        yield cast(World, site)


def progress(digest: str = SERVING) -> Progress:
    contract = json.dumps({"url": "http://lb"})
    platform = StackOutcome(
        changed=False, skipped=True, summary=PlanSummary(), outputs={"contract": contract}
    )
    ref = ImageRef(repository="repo", tag="v", digest=digest)
    built = Built(ref=ref, commit="", dirty=False)
    return Progress(
        options=Options(only_changed=True),
        chosen=("app",),
        images={"app": built},
        stacks={"platform": platform},
    )


def applied_now(site: Site, now: Progress) -> None:
    """The last apply was of the very same inputs."""
    stack = changed.stack_of(cast(World, site), now, site.settings.services["app"])
    outputs = {"task_definition_arn": f"{FAMILY}:1", "target_group_arn": "tg", "url": URL}
    template = applied.with_template_image(stack, applied.read(stack, site.aws))
    hashed = template.inputs_hash()
    applied.note(template, site.aws, inputs_hash=hashed, serial=3, outputs=outputs)


def leave(world: World, now: Progress) -> None:
    changed.leave_unchanged(world, now, partial(deploy.target, world))


def test_what_serves_already_is_left_alone(world: World) -> None:
    """The same inputs and the same image: its verdict is there before anything is done."""
    now = progress()
    applied_now(world, now)
    leave(world, now)
    assert now.outcome("app").verdict is Verdict.UNCHANGED
    assert now.outcome("app").reason == "nothing of it has changed; it was left alone"
    assert now.url("app") == URL


def test_another_image_is_a_change(world: World) -> None:
    """It is deployed, and why is said."""
    now = progress("sha256:new")
    applied_now(world, now)
    leave(world, now)
    assert now.settled == {}
    assert "app: another image or task definition than the one that serves" in said(world)


def test_other_inputs_are_a_change(world: World) -> None:
    """What Terraform would have to look at is not left alone."""
    now = progress()
    leave(world, now)
    assert now.settled == {}
    assert "app: its infrastructure is to change" in said(world)


def test_what_was_never_there_is_a_change(world: World) -> None:
    """A service without a record is new here."""
    now = progress()
    stack: Any = changed.stack_of(world, now, world.settings.services["app"])
    applied.forget(place(stack), world.aws)
    leave(world, now)
    assert "app: it was never set up here" in said(world)
