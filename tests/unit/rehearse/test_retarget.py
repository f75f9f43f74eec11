"""The settings of a rehearsal: the environment's own, but nothing of its account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from slipway.config import Notify, Settings, load
from slipway.paths import Checkout
from slipway.rehearse.retarget import changes, retarget
from tests.samples import make_service

CHECKOUT = Checkout(Path(__file__).parents[3])


def settings(environment: str = "prod") -> Settings:
    """The settings of this checkout, with everything set that a rehearsal changes."""
    found = load(CHECKOUT, environment)
    service = make_service(
        secrets=["STRIPE_KEY"],
        deploy={"strategy": "canary", "hooks": {"before_traffic": "CodeDeployHook_x"}},
    )
    notify = Notify(webhook="SLACK_URL", sns="arn:aws:sns:us-west-1:1:x")
    environments = {
        name: replace(each, role_arn="arn:aws:iam::333333333333:role/x")
        for name, each in found.environments.items()
    }
    return replace(
        found,
        environment=environments[environment],
        environments=environments,
        services={"greeter": service},
        notify=notify,
    )


def test_nothing_of_an_account_is_left() -> None:
    """No environment has an account, a role or somebody to tell, and the port is the stage's."""
    made = retarget(settings(), 4999)
    for each in (made.environment, *made.environments.values()):
        assert (each.target, each.account_id, each.role_arn) == ("embedded", "000000000000", "")
    assert made.local.port == 4999
    assert (made.notify.webhook, made.notify.sns) == ("", "")
    assert made.services["greeter"].deploy.hooks.before_traffic == ""


def test_all_else_is_the_environments_own() -> None:
    """Sizes, strategy, health checks, scaling, protection, names and the registry's place."""
    before = settings("test")
    made = retarget(before, 4999)
    assert made.environment.registry == "dev"
    assert retarget(settings("prod"), 4999).environment.protected
    hooks = before.services["greeter"].deploy.hooks
    service = made.services["greeter"]
    kept = replace(service, deploy=replace(service.deploy, hooks=hooks))
    assert kept == before.services["greeter"]


def test_what_is_changed_is_told() -> None:
    """A line for each; nothing about what was not there to change."""
    told = "\n".join(changes(settings(), 2))
    for words in ("333333333333", "60 s → 2 s", "none are sent", "deploy.hooks", "'rehearsal'"):
        assert words in told
    plain = replace(load(CHECKOUT, "local"), services={"greeter": make_service()})
    assert changes(plain, 2) == ("a minute of shifts, standby, bake time and alarms: 60 s → 2 s",)
