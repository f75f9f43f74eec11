"""Services that others need: whether they can be called where they are not deployed as well."""

from __future__ import annotations

from typing import Any, cast

import pytest

from slipway import names
from slipway.errors import DeployError
from slipway.infra import applied
from slipway.infra.stacks import service_stack
from slipway.release import needs
from slipway.release.needs import Needed, nameless, problem
from slipway.release.world import Site
from slipway.rollout.decide import Snapshot
from tests.fake_ecs import FakeEcs
from tests.release_site import make_site
from tests.samples import make_service

CATALOG = make_service("catalog", needs=["greeter"])


def needed(controller: str = "ECS", *, registered: bool = True, **changes: Any) -> Needed:
    known: dict[str, Any] = {
        "name": "stock-room",
        "callers": ["catalog", "web"],
        "chosen": False,
        "applied": True,
        "open": True,
        "snapshot": Snapshot(
            service="local-stock-room",
            status="ACTIVE",
            desired=1,
            running=1,
            controller=controller,
            registered=registered,
        ),
    }
    return Needed(**{**known, **changes})


@pytest.mark.parametrize(
    ("which", "says"),
    [
        (needed(), ""),
        (needed(chosen=True, applied=False, open=False, snapshot=None), ""),
        (
            needed(applied=False, open=False, snapshot=None),
            "catalog, web: needs stock-room, which is not deployed here: "
            "STOCK_ROOM_URL leads nowhere",
        ),
        (
            needed(open=False),
            "catalog, web: needs stock-room, which has not let others in yet: "
            "STOCK_ROOM_URL leads nowhere",
        ),
    ],
)
def test_who_is_needed_is_there_or_comes_along(which: Needed, says: str) -> None:
    """Else its callers would reach nothing, and only find out at work."""
    assert problem(which) == says


def test_a_service_of_codedeploy_gets_no_name_any_more() -> None:
    """ECS gives names to rolling services by an update; whoever rolls out otherwise is told."""
    assert nameless(needed("CODE_DEPLOY")) == ""
    assert nameless(needed("ECS", registered=False)) == ""
    assert nameless(needed(snapshot=None)) == ""
    said = nameless(needed("CODE_DEPLOY", registered=False, chosen=True))
    assert "STOCK_ROOM_URL does not resolve until it is made anew" in said


def apply_greeter(site: Site, **outputs: Any) -> None:
    stack = service_stack(site.settings, make_service(), "repo@sha256:0", site.checkout)
    applied.note(stack, site.aws, inputs_hash="hash", serial=1, outputs=outputs)


class Ecs(FakeEcs):
    """An ECS whose one service has no name."""

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        self.called.append(("describe_services", services))
        counts = {"status": "ACTIVE", "desiredCount": 1, "runningCount": 1}
        controller = {"type": "CODE_DEPLOY"}
        return {
            "services": [
                {"serviceName": name, **counts, "deploymentController": controller}
                for name in services
            ]
        }


def test_a_caller_alone_is_refused_with_what_to_do() -> None:
    """By the record of the last apply of what it needs, which says whether callers get in."""
    with make_site(Ecs([]), CATALOG) as site:
        with pytest.raises(DeployError, match="greeter, which is not deployed here") as missing:
            needs.demand(site)
        assert missing.value.next_step == "deploy them together: --service=catalog,greeter"
        apply_greeter(site, discovery={"called": False})
        with pytest.raises(DeployError, match="has not let others in yet"):
            needs.demand(site)
        apply_greeter(site, discovery={"called": True})
        needs.demand(site)
        assert "GREETER_URL does not resolve" in cast("Any", site.console.err).getvalue()


def test_nobody_is_asked_about_services_that_need_none() -> None:
    """Most deploys have nothing to look at."""
    with make_site(ecs := Ecs([]), make_service("catalog")) as site:
        needs.demand(site)
        assert ecs.called == []


def test_services_of_one_deploy_need_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is deployed together is opened by that."""
    with make_site(Ecs([]), CATALOG, make_service("greeter")) as site:
        [found] = needs.look(site)
        assert found.chosen
        assert problem(found) == ""
        assert names.service(site.settings, found.name) == "slipway-local-greeter"
