"""Whether a service could go back to a release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from slipway.errors import DeployError
from slipway.release import wayback
from slipway.release.progress import Options
from slipway.release.wayback import Found, judge
from slipway.release.world import Site
from tests.cases_files import cases
from tests.fake_ecs import FAMILY, FakeEcs, deployment
from tests.release_site import make_site, push, release, wrote

SERVING = f"{FAMILY}:2"


@pytest.mark.parametrize("case", cases("release/wayback"))
def test_what_is_in_the_way(case: dict[str, Any]) -> None:
    """Revision, image and secrets are needed; all that is missing is told at once."""
    found = Found(
        status=case["status"],
        image="repo@sha256:7",
        image_there=case.get("image_there", False),
        secrets=case.get("secrets", {}),
    )
    assert judge(release(7), found) == case["want"]


@pytest.fixture
def ecs() -> FakeEcs:
    return FakeEcs([[deployment(3, 2, "COMPLETED")]])


@pytest.fixture
def site(ecs: FakeEcs) -> Iterator[Site]:
    with make_site(ecs) as made:
        container = ecs.definitions[SERVING]["containerDefinitions"][0]
        container["image"] = push(made, "abc")
        wrote(made, release(1), release(2))
        yield made


def secret(site: Site, name: str) -> str:
    return site.aws.secretsmanager.create_secret(Name=name, SecretString="x")["ARN"]


def test_a_release_with_everything_is_a_way_back(site: Site, ecs: FakeEcs) -> None:
    """Secrets by ARN, by one of their keys, and parameters are all looked at."""
    site.aws.ssm.put_parameter(Name="/app/url", Value="x", Type="String")
    ecs.definitions[SERVING]["containerDefinitions"][0]["secrets"] = [
        {"name": "KEY", "valueFrom": secret(site, "key")},
        {"name": "USER", "valueFrom": f"{secret(site, 'database')}:username::"},
        {"name": "URL", "valueFrom": "/app/url"},
    ]
    wayback.demand(site, Options())


def test_a_secret_that_is_about_to_be_deleted_is_none(site: Site, ecs: FakeEcs) -> None:
    """New tasks of the old revision would not start."""
    arn = secret(site, "key")
    site.aws.secretsmanager.delete_secret(SecretId=arn)
    ecs.definitions[SERVING]["containerDefinitions"][0]["secrets"] = [
        {"name": "KEY", "valueFrom": arn},
        {"name": "URL", "valueFrom": "/app/url"},
    ]
    with pytest.raises(DeployError) as caught:
        wayback.demand(site, Options())
    assert "the secret KEY can't" in caught.value.message
    assert "the secret URL can't" in caught.value.message
    assert "--no-way-back" in caught.value.next_step


def test_an_image_that_the_registry_lost(site: Site, ecs: FakeEcs) -> None:
    """The tasks that run don't need it; those of a way back would."""
    ecs.definitions[SERVING]["containerDefinitions"][0]["image"] = f"repo@sha256:{'0' * 64}"
    with pytest.raises(DeployError, match=r"app: release .*the registry has repo@"):
        wayback.demand(site, Options())
    wayback.demand(site, Options(way_back=False))


def test_what_was_never_verified_is_no_way_back(site: Site, ecs: FakeEcs) -> None:
    """A first deploy, or one after a deploy by other means, has nothing to prove."""
    ecs.definitions[SERVING]["containerDefinitions"][0]["image"] = "nginx"
    wrote(site, release(3))
    wayback.demand(site, Options())


def test_a_service_that_is_not_there_yet(site: Site, ecs: FakeEcs) -> None:
    """The first deploy ever goes back to nothing."""
    ecs.script = [[]]
    wayback.demand(site, Options())


def test_a_revision_that_ecs_forgot(site: Site) -> None:
    """DescribeTaskDefinition answers with an error for a deleted one."""
    gone = replace(release(2), task_definition=f"{FAMILY}:99")
    assert wayback.obstacles(site, gone) == [
        f"release {gone.id}: local-app:99 is not there any more"
    ]
