"""ecspresso's configuration: what its keys become, and what its functions stand for; pure.

Source of its keys and functions: ecspresso's README and documentation (version 2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.config.rules import HookName
from slipway.importing import servicedef, taskdef
from slipway.importing.bounds import fits
from slipway.importing.draft import Node
from slipway.importing.shared import name_of, named, route
from slipway.importing.template import Call
from slipway.importing.tfstate import lookup

HOOKS = {
    "BeforeInstall": "before_install",
    "AfterInstall": "after_install",
    "AfterAllowTestTraffic": "after_test_traffic",
    "BeforeAllowTraffic": "before_traffic",
    "AfterAllowTraffic": "after_traffic",
}

GIVEN: Mapping[str, str] = {
    "region": "the environment's (slipway.toml)",
    "cluster": "the environment's own",
    "service_definition": "read as well",
    "task_definition": "read as well",
    "codedeploy": "application and deployment group are the service stack's",
    "required_version": "the checkout has its own version of everything",
}

LEFT: Mapping[str, str] = {
    "plugins": "Terraform hands over what services need: nothing looks into a state or an export",
    "appspec": "a deploy makes its own (`invoke render` shows it)",
    "filter_command": "no filter is needed: names are completed from flags",
    "ignore": "tags are Terraform's",
}

NATIVE: Mapping[str, tuple[str, ...]] = {
    "env": ("name", "default"),
    "must_env": ("name",),
    "tfstate": ("address",),
    "ssm": ("name",),
    "secretsmanager_arn": ("id",),
    "cfn_output": ("stack", "key"),
    "cfn_export": ("name",),
}
"""Functions that Jsonnet can call, with their parameters."""


@dataclass(frozen=True, kw_only=True)
class Functions:
    """What calls stand for: variables that were given, and states that are on this machine.

    `states` are by the prefix of the functions that read them.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def answer(self, call: Call) -> str | None:
        """The value of a call, or None where it has none here."""
        if call.name == "env" and call.arguments:
            *names, default = call.arguments if len(call.arguments) > 1 else (*call.arguments, "")
            return next((self.env[name] for name in names if self.env.get(name)), default)
        if call.name == "must_env" and call.arguments:
            return self.env.get(call.arguments[0])
        for prefix, state in self.states.items():
            if call.name in (f"{prefix}tfstate", f"{prefix}tfstatef"):
                return lookup(state, filled(call.arguments))
        return None

    def native(self) -> Mapping[str, tuple[str, ...]]:
        """The names and parameters of all functions for Jsonnet."""
        prefixed = {f"{prefix}tfstate": NATIVE["tfstate"] for prefix in self.states}
        return {**NATIVE, **prefixed}


def filled(arguments: tuple[str, ...]) -> str:
    """An address whose `%s` and `%d` are the arguments behind it."""
    rest = iter(arguments[1:])
    return re.sub("%[sd]", lambda one: next(rest, one[0]), "".join(arguments[:1]))


def draft(config: Node, definition: Node, service: Node | None, name: str = "") -> str:
    """Fill the draft from the three files; the service's name."""
    said = config.at("service")
    wanted = said.text() or definition.at("family").text() or ""
    called = name_of(wanted, name, config.draft.around)
    named(said, called)
    definition.draft.set(("name",), called)
    container = servicedef.container(service) if service else ""
    web = taskdef.draft(definition, container=container, serves=bool(service) or said.there)
    if service:
        servicedef.draft(service)
    if web:
        route(definition.draft, called)
    settings(config)
    return called


def settings(config: Node) -> None:
    """What is said beside the two definitions."""
    timeout = config.at("timeout")
    timeout.carry("deploy.timeout", timeout.seconds())
    for each in config.at("appspec.Hooks").items():
        for theirs, node in each.entries():
            hook(node, HOOKS.get(theirs, ""))
    for key, why in GIVEN.items():
        config.at(key).given(why)
    for key, why in LEFT.items():
        config.at(key).leave(why)


def hook(node: Node, ours: str) -> None:
    """A function that CodeDeploy calls, by its name or ARN."""
    function = (node.text() or "").rpartition("function:")[2]
    if not ours or not function or not fits(HookName, function):
        node.leave(
            "AWS's role for CodeDeploy calls functions named CodeDeployHook_… only: rename it, and "
            "write it into [deploy.hooks]"
        )
    else:
        node.carry(f"deploy.hooks.{ours}", function)
