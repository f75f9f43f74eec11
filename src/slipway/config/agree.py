"""What has to fit together: the values of a service, of an environment, and their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from itertools import product

from slipway.config.check import Location, Problem, location
from slipway.config.clash import Clash, Rule
from slipway.config.fargate import unfit
from slipway.config.jobs import is_web_only, job_clashes, web_only
from slipway.config.layers import Merged, Tree, leaves
from slipway.config.manifest import LONGEST_SHIFT, waits
from slipway.config.nearest import did_you_mean, nearest
from slipway.config.sources import EMBEDDED_ACCOUNT
from slipway.config.variables import doubled_variables, reserved_variables

HALF = 50
"""Largest step of `linear`, %: with a larger one there is one step and a smaller rest."""


def service_problems(merged: Merged) -> list[Problem]:
    """What does not fit together in one service for one environment."""
    clashes = (
        clash
        for rule in RULES
        for clash in rule(merged.values)
        if merged.values["kind"] == "web" or not all(is_web_only(key) for key in clash.keys)
    )
    return [*web_only(merged), *(_problem(merged, clash) for clash in clashes)]


def _problem(merged: Merged, clash: Clash, above: Location = ()) -> Problem:
    keys = tuple((*above, *location(key)) for key in clash.keys)
    return Problem(place=merged.place(*clash.keys), reason=clash.reason, keys=keys)


def _fargate(service: Tree) -> Iterator[Clash]:
    if reason := unfit(service["cpu"], service["memory"]):
        yield Clash(keys=("cpu", "memory"), reason=reason)


def _health(service: Tree) -> Iterator[Clash]:
    timeout, interval = service["health"]["timeout"], service["health"]["interval"]
    if timeout >= interval:
        yield Clash(
            keys=("health.interval", "health.timeout"),
            reason=f"timeout ({timeout}) must be less than interval ({interval})",
        )


def _scale(service: Tree) -> Iterator[Clash]:
    least, most = service["scale"]["min"], service["scale"]["max"]
    if least > most:
        yield Clash(
            keys=("scale.min", "scale.max"),
            reason=f"min ({least}) must not be more than max ({most})",
        )


def _replaceable(service: Tree) -> Iterator[Clash]:
    """A rolling rollout must be allowed to start a task more or to stop one first."""
    if service["deploy"]["strategy"] != "rolling":
        return
    low, high = service["deploy"]["minimum_healthy_percent"], service["deploy"]["maximum_percent"]
    counts = range(max(1, service["scale"]["min"]), service["scale"]["max"] + 1)
    # ECS rounds the lower limit up and the upper one down.
    stuck = [n for n in counts if n * high // 100 <= n and -(-n * low // 100) >= n]
    if stuck:
        yield Clash(
            keys=("deploy.minimum_healthy_percent", "deploy.maximum_percent"),
            reason=f"with {stuck[0]} running, {low} % to {high} % leave no room to replace a task; "
            "lower minimum_healthy_percent or raise maximum_percent",
        )


def _shift(service: Tree) -> Iterator[Clash]:
    strategy, shift = service["deploy"]["strategy"], service["deploy"]["shift"]
    percent, minutes = shift["percent"], shift["minutes"]
    if strategy == "linear" and percent > HALF:
        yield Clash(
            keys=("deploy.strategy", "deploy.shift.percent"),
            reason=f"steps of {percent} % are not equal; "
            f"with linear percent is {HALF} at most, or use canary",
        )
    elif waits(strategy, percent) * minutes > LONGEST_SHIFT:
        yield Clash(
            keys=("deploy.shift.percent", "deploy.shift.minutes"),
            reason=f"{waits(strategy, percent)} times {minutes} minutes are too long; "
            f"CodeDeploy allows {LONGEST_SHIFT} minutes in all",
        )


def _nothing_to_try(service: Tree) -> Iterator[Clash]:
    """A strategy that tries new tasks before they get requests needs one to try."""
    strategy = service["deploy"]["strategy"]
    if strategy != "rolling" and service["scale"]["min"] == 0:
        yield Clash(
            keys=("deploy.strategy", "scale.min"),
            reason=f"{strategy} tries new tasks before they get requests, and with min 0 there may "
            'be none; set min to 1, or strategy to "rolling"',
        )


def _migrate(service: Tree) -> Iterator[Clash]:
    if service["database"]["migrate"] and not service["database"]["enabled"]:
        yield Clash(
            keys=("database.enabled", "database.migrate"),
            reason="there is a migration and no database; set enabled = true, or migrate = []",
        )


def _hooks(service: Tree) -> Iterator[Clash]:
    if service["deploy"]["strategy"] != "rolling":
        return
    for hook, function in service["deploy"]["hooks"].items():
        if function:
            yield Clash(
                keys=("deploy.strategy", f"deploy.hooks.{hook}"),
                reason=f"{hook} is called by CodeDeploy, which takes no part in rolling; "
                "remove it, or choose another strategy",
            )


def _smoke(service: Tree) -> Iterator[Clash]:
    for number, smoke in enumerate(service["smoke"], start=1):
        if "path" not in smoke:
            yield Clash(
                keys=("smoke",), reason=f'test {number} has no path; write one, as "/hello"'
            )
        # TOML has dates, and JSON has none: no answer could ever be equal.
        dates = [key for key, value in leaves(smoke["json"]) if isinstance(value, date | time)]
        if dates:
            yield Clash(keys=("smoke",), reason=f"JSON has no dates; write {dates[0]} in quotes")


RULES: tuple[Rule, ...] = (
    _fargate,
    _health,
    _scale,
    _replaceable,
    _shift,
    _nothing_to_try,
    _migrate,
    _hooks,
    _smoke,
    job_clashes,
    reserved_variables,
    doubled_variables,
)


def environment_problems(environments: Mapping[str, Merged]) -> list[Problem]:
    """What does not fit together in the environments of slipway.toml."""
    return [
        _problem(merged, clash, ("environments", name))
        for name, merged in environments.items()
        if "target" in merged.values
        for rule in (_account, _role, _registry(environments), _workspace(name))
        for clash in rule(merged.values)
    ]


def _account(environment: Tree) -> Iterator[Clash]:
    real = environment["target"] == "aws"
    if real and not environment["account_id"]:
        yield Clash(
            keys=("account_id", "target"),
            reason="needs account_id, the 12 digits of the AWS account",
        )
    if not real and environment["account_id"] != EMBEDDED_ACCOUNT:
        yield Clash(keys=("account_id",), reason='is for target = "aws" only; remove it')


def _role(environment: Tree) -> Iterator[Clash]:
    role, account = environment["role_arn"], environment["account_id"]
    if role and environment["target"] == "embedded":
        yield Clash(keys=("role_arn",), reason='is for target = "aws" only; remove it')
    elif role and account and role.split(":")[4] != account:
        yield Clash(
            keys=("account_id", "role_arn"),
            reason=f"role_arn is of account {role.split(':')[4]}, account_id says {account}",
        )


def _registry(environments: Mapping[str, Merged]) -> Rule:
    def rule(environment: Tree) -> Iterator[Clash]:
        home = environments.get(environment["registry"])
        if home is None:
            meant = did_you_mean(nearest(environment["registry"], environments))
            known = ", ".join(environments)
            yield _of_registry(f"no environment of this name{meant}; there are: {known}")
        elif home.values.get("target") != environment["target"]:
            yield _of_registry(f"{environment['registry']} has another target")
        elif home.values["registry"] != environment["registry"]:
            yield _of_registry(f"{environment['registry']} has no registry of its own")

    return rule


def _of_registry(reason: str) -> Clash:
    return Clash(keys=("registry",), reason=reason)


def _workspace(name: str) -> Rule:
    def rule(_: Tree) -> Iterator[Clash]:
        if name == "default":
            yield Clash(
                keys=("target",),
                reason='an environment can\'t be called "default": Terraform calls its '
                "own first workspace so",
            )

    return rule


def name_problems(environments: Iterable[str], services: Iterable[str]) -> list[Problem]:
    """Pairs of environment and service whose resources would get the same name."""
    named: dict[str, tuple[str, str]] = {}
    found = []
    for pair in sorted(product(environments, services)):
        environment, service = pair
        other = named.setdefault("-".join(pair), pair)
        if other != pair:
            reason = (
                f"in {environment} it would be named as {other[1]} in {other[0]} is "
                f"({'-'.join(pair)}); rename one of them"
            )
            found.append(Problem(place=f"services/{service}", reason=reason))
    return found
