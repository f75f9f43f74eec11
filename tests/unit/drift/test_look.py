"""Looking for differences: what is read, and what a refusal leaves of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from slipway.drift import look
from slipway.errors import UsageError
from slipway.infra.apply import StackOutcome, Terraforming
from slipway.infra.plan import Change, PlanSummary
from slipway.infra.stacks import Stack
from slipway.release.world import Site
from slipway.scaffold import check
from slipway.scaffold.check import Standing
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, release, wrote

STANDINGS = [
    Standing(service="app", state="current"),
    Standing(service="another", state="behind", why="1 file of the template changed"),
]


class Scaling:
    """Answers, or refuses."""

    refuses = False

    def describe_scalable_targets(self, **_: Any) -> dict[str, Any]:
        if self.refuses:
            error: Any = {"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}
            raise ClientError(error, "DescribeScalableTargets")
        return {"ScalableTargets": []}


@pytest.fixture
def scaling() -> Scaling:
    return Scaling()


@pytest.fixture
def site(scaling: Scaling, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Revision 3 serves, which is the template with an image; no stack has a change."""
    ecs = FakeEcs([[deployment(2, 3, "COMPLETED")]])
    ecs.definitions[f"{FAMILY}:3"] = {**definition(3, "repo@sha256:3"), "family": "local-app"}
    monkeypatch.setattr("slipway.names.service", lambda *_: "local-app")
    monkeypatch.setattr(look, "plan_stack", planned)
    monkeypatch.setattr(check, "check", lambda *_: STANDINGS)
    with make_site(ecs) as made:
        made.aws.__dict__["autoscaling"] = scaling
        wrote(made, release(3))
        yield made


def planned(stack: Stack, world: Terraforming, *, refresh: bool) -> StackOutcome:
    """A plan in which only the platform differs."""
    assert refresh
    changed = stack.name == "platform" and cast(World, world).drifts
    change = Change(sign="~", address="aws_vpc.this", type="aws_vpc", attributes=("tags",))
    summary = PlanSummary(changes=(change,)) if changed else PlanSummary()
    return StackOutcome(changed=changed, skipped=False, summary=summary, outputs={})


@dataclass
class World:
    """As much of Terraform's world as is asked for here."""

    drifts: bool = False
    runner: Any = None


def found(site: Site, *, world: bool = False, whole: bool = True) -> Any:
    return look.look(site, cast(Terraforming, World(drifts=world)), whole=whole)


def test_nothing_differs(site: Site) -> None:
    """And it says what was looked at."""
    report = found(site)
    assert (report.exit_code, report.findings, report.gaps) == (0, (), ())
    assert report.looked_at[:3] == ("platform", "registry", "service app")


def test_a_change_of_a_stack_is_a_finding(site: Site) -> None:
    """By its address and what differs; without the values."""
    (only,) = found(site, world=True).findings
    assert only.text.startswith("~ aws_vpc.this (tags)")
    assert only.next_step == "uv run invoke deploy --env=local --refresh"
    assert found(site, world=True, whole=False).exit_code == 0


def test_one_refused_call_leaves_the_rest(site: Site, scaling: Scaling) -> None:
    """The gap is named; the release that nobody verified is found all the same."""
    scaling.refuses = True
    wrote(site, release(4))
    report = found(site)
    (gap,) = report.gaps
    assert (gap.of, gap.what) == ("app", "scaling")
    assert "not allowed" in gap.why
    assert [each.kind for each in report.findings] == ["release"]
    assert report.exit_code == 2


def test_a_service_behind_the_template_is_a_finding(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that were asked for; without git the rest is shown."""
    monkeypatch.setattr(check, "check", lambda *_: [replace(STANDINGS[1], service="app")])
    (only,) = found(site).findings
    assert (only.of, only.kind) == ("app", "template")
    assert only.next_step == "uv run invoke template.update --service=app"

    def no_git(*_: object) -> Any:
        raise UsageError("this is no git repository")

    monkeypatch.setattr(check, "check", no_git)
    report = found(site)
    assert (report.exit_code, report.gaps[0].what) == (2, "template")


def test_the_rules_that_a_state_knows() -> None:
    """By their ARNs; other resources are none."""
    rule = {"type": "aws_lb_listener_rule", "instances": [{"attributes": {"arn": "rule/1"}}]}
    other = {"type": "aws_vpc", "instances": [{"attributes": {"arn": "vpc"}}]}
    assert look.rules_in(json.dumps({"resources": [rule, other]})) == {"rule/1"}
