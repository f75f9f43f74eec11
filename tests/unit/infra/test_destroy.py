"""Destroying an environment: what goes, in which order, and what keeps it from going."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway.aws import Aws
from slipway.command import Command
from slipway.config import Settings
from slipway.errors import InfraError, LockedError, UsageError
from slipway.infra import applied, destroy, locks
from slipway.infra.apply import Planned
from slipway.infra.locks import Place
from slipway.infra.remains import remains
from slipway.paths import Checkout
from slipway.release import lease
from slipway.runner import DryRunner, Result
from slipway.testing import printed
from tests.samples import make_service

from .conftest import BUCKET, TABLE, environment, settings
from .test_apply import PLAN, Terraform, world
from .test_statefile import a_state

GREETER = Place(BUCKET, TABLE, "dev", "service", "greeter")
GONE = GREETER._replace(service="gone")
PLATFORM = Place(BUCKET, TABLE, "dev", "platform")
REGISTRY = Place(BUCKET, TABLE, "dev", "registry")


@pytest.fixture
def everything(place: Aws, checkout: Checkout) -> Aws:
    """States of two services (one has no folder any more), of the platform and the registry."""
    for where in (GREETER, GONE, PLATFORM, REGISTRY):
        put(place, where, a_state("aws_lb.this"))
    for stack in ("platform", "registry"):
        folder = checkout.infra / stack
        folder.mkdir(exist_ok=True)
        (folder / "main.tf").write_text("# nothing\n")
    return place


def put(aws: Aws, where: Place, text: str) -> None:
    aws.s3.put_object(Bucket=BUCKET, Key=where.path, Body=text.encode())


def plan() -> dict[str, Any]:
    """A plan that destroys a service."""
    change = {**PLAN["resource_changes"][0], "change": {"actions": ["delete"]}}
    return {"resource_changes": [change]}


class Destroying(Terraform):
    """Empties the state that an apply destroys, and notes in which order."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(plan())
        self.aws, self.gone, self.lock = aws, list[str](), threading.Lock()
        self.instead("/tf apply", self._apply)

    def _apply(self, command: Command) -> Result:
        folder = Path(str(command.env["TF_DATA_DIR"])).name
        stack, _, service = folder.partition("-")
        put(self.aws, Place(BUCKET, TABLE, "dev", stack, service), a_state())
        with self.lock:
            self.gone.append(folder)
        return printed("")


def found(aws: Aws, checkout: Checkout, *, registry: bool = False) -> Sequence[destroy.Doomed]:
    return destroy.find(settings(), checkout, aws, registry=registry)


def never(plans: Sequence[Planned]) -> None:
    raise UsageError("not confirmed")


def yes(plans: Sequence[Planned]) -> None:
    assert plans


def test_services_go_first_then_the_platform(everything: Aws, checkout: Checkout) -> None:
    """Services side by side, the platform after all of them; the registry stays."""
    terraform = Destroying(everything)
    destroy.destroy(settings(), found(everything, checkout), world(terraform, everything), yes)
    assert sorted(terraform.gone[:2]) == ["service-gone", "service-greeter"]
    assert terraform.gone[2:] == ["platform"]
    assert {"-destroy"} <= set(next(c for c in terraform.ran if c.argv[1] == "plan").argv)
    assert found(everything, checkout) == []


def test_the_registry_goes_last_and_only_if_asked(everything: Aws, checkout: Checkout) -> None:
    """With `registry` it is the last wave."""
    terraform = Destroying(everything)
    doomed = found(everything, checkout, registry=True)
    destroy.destroy(settings(), doomed, world(terraform, everything), yes)
    assert terraform.gone[-2:] == ["platform", "registry"]


def test_nothing_goes_before_the_name_was_typed(everything: Aws, checkout: Checkout) -> None:
    """All plans are shown, then asked; a no leaves everything, leases and plans included."""
    terraform = Destroying(everything)
    ours = world(terraform, everything)
    doomed = found(everything, checkout)
    with pytest.raises(UsageError, match="not confirmed"):
        destroy.destroy(settings(), doomed, ours, never)
    assert isinstance(ours.console.err, io.StringIO)
    shown = ours.console.err.getvalue()
    assert all(each.stack.label in shown for each in doomed)
    assert terraform.gone == []
    assert lease.read(everything.dynamodb, TABLE, "lease/dev/greeter") is None
    assert list(doomed[0].stack.data_dir.glob("run-*")) == []


def test_a_dry_run_only_shows(everything: Aws, checkout: Checkout) -> None:
    """Neither asked nor applied, and no lease is taken."""
    terraform = Destroying(everything)
    dry = world(DryRunner(terraform, show=lambda _: None), everything)
    destroy.destroy(settings(), found(everything, checkout), dry, never)
    assert terraform.gone == []


def test_a_service_that_fails_keeps_the_platform(everything: Aws, checkout: Checkout) -> None:
    """The others still end; run again, it goes on with what is left."""
    terraform = Destroying(everything)
    failing = replace(world(terraform, everything))
    first = terraform.answers[0][1]
    assert callable(first)

    def fail(command: Command) -> Any:
        if "service-gone" in str(command.env["TF_DATA_DIR"]):
            return printed("", code=1, stderr="Error: BucketNotEmpty: gone-data\n")
        return first(command)

    terraform.instead("/tf apply", fail)
    with pytest.raises(InfraError, match="BucketNotEmpty") as caught:
        destroy.destroy(settings(), found(everything, checkout), failing, yes)
    assert caught.value.next_step.startswith("empty it")
    assert terraform.gone == ["service-greeter"]
    assert [each.where for each in found(everything, checkout)] == [GONE, PLATFORM]
    again = Destroying(everything)
    destroy.destroy(settings(), found(everything, checkout), world(again, everything), yes)
    assert again.gone == ["service-gone", "platform"]


def test_the_records_go_as_well(everything: Aws, checkout: Checkout) -> None:
    """The next deploy must not take a destroyed stack for applied."""
    doomed = found(everything, checkout)
    applied.note(doomed[-1].stack, everything, inputs_hash="h", serial=1, outputs={})
    destroy.destroy(settings(), doomed, world(Destroying(everything), everything), yes)
    assert applied.read(doomed[-1].stack, everything) is None


def test_a_deploy_under_way_keeps_us_out(everything: Aws, checkout: Checkout) -> None:
    """Who deploys a service holds its lease; nothing is planned even."""
    terraform = Destroying(everything)
    lease.acquire(everything.dynamodb, TABLE, "lease/dev/greeter")
    with pytest.raises(LockedError, match="greeter in dev is being deployed"):
        destroy.destroy(settings(), found(everything, checkout), world(terraform, everything), yes)
    assert terraform.ran == []


def test_without_a_platform_only_the_state_is_read(everything: Aws, checkout: Checkout) -> None:
    """A service's plan would look for what the platform gives, and fail."""
    put(everything, PLATFORM, a_state())
    terraform = Destroying(everything)
    destroy.destroy(settings(), found(everything, checkout), world(terraform, everything), yes)
    plans = [command for command in terraform.ran if command.argv[1] == "plan"]
    assert len(plans) == 2
    assert all("-refresh=false" in command.argv for command in plans)


@pytest.mark.parametrize(
    ("changes", "registry", "says"),
    [
        ({"protected": True}, False, "dev is protected"),
        ({"registry": "tools"}, True, "belongs to tools"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], registry: bool, says: str) -> None:
    """A protected environment, and somebody else's registry."""
    known = {"dev": environment("dev", **changes), "tools": environment("tools")}
    with pytest.raises(UsageError, match=says):
        destroy.refuse(settings(environments=known), registry=registry)


def test_a_registry_in_use_is_named(everything: Aws) -> None:
    """An environment that takes images from here counts while it has anything."""
    known = {"dev": environment("dev"), "test": environment("test", registry="dev")}
    ours = settings(environments=known)
    assert destroy.users_of_registry(ours, everything) == []
    put(everything, PLATFORM._replace(environment="test"), a_state())
    assert destroy.users_of_registry(ours, everything) == []
    put(everything, PLATFORM._replace(environment="test"), a_state("a.b"))
    assert destroy.users_of_registry(ours, everything) == ["test"]


def test_what_terraform_does_not_know_is_in_the_way(everything: Aws, checkout: Checkout) -> None:
    """A service or a task that no state knows would keep the cluster from going."""
    doomed = found(everything, checkout)
    ours = settings()
    assert destroy.in_the_way(ours, doomed, everything) == []
    ecs = everything.ecs
    ecs.create_cluster(clusterName="shop-dev")
    ecs.register_task_definition(
        family="t", containerDefinitions=[{"name": "a", "image": "i", "memory": 64}]
    )
    for name in ("shop-dev-greeter", "by-hand"):
        ecs.create_service(cluster="shop-dev", serviceName=name, taskDefinition="t", desiredCount=0)
    assert destroy.in_the_way(ours, doomed, everything) == [
        "ECS service by-hand, which no state knows"
    ]
    assert destroy.in_the_way(ours, doomed[:2], everything) == []
    error = destroy.blocked("dev", ["ECS service by-hand"])
    assert "nothing was destroyed" in error.message


def test_images_are_counted(everything: Aws) -> None:
    """Whoever destroys a registry is told how many images go with it."""
    ours: Settings = settings()
    assert destroy.images(ours, everything) == 0
    everything.ecr.create_repository(repositoryName="shop/greeter")
    everything.ecr.put_image(
        repositoryName="shop/greeter",
        imageManifest='{"schemaVersion": 2}',
        imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        imageTag="1",
    )
    assert destroy.images(ours, everything) == 1


def test_what_remains_is_told(everything: Aws) -> None:
    """Bucket and table with who else uses them, and the registry unless it went too."""
    known = {"dev": environment("dev"), "test": environment("test")}
    left = remains(settings(environments=known), everything, registry=False).lines
    assert BUCKET in left[0]
    assert "which test use as well" in left[0]
    assert "--registry removes them" in left[1]
    assert len(remains(settings(), everything, registry=True).lines) == 1


def test_a_manifest_that_is_gone_gets_valid_values(checkout: Checkout) -> None:
    """Terraform wants values for a service whose folder is gone; the state has the real ones."""
    stack = destroy.stack_of(GONE, settings(), checkout, image="")
    kept = make_service("gone").port
    assert stack.variables["service"]["port"] == kept  # type: ignore[index]
    assert str(stack.variables["image"]).startswith("unknown/unknown@sha256:")
    assert locks.place(stack) == GONE
