"""The resources of an environment: its stacks, each made once for the same inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.config import Settings
from slipway.cost.mocked import Mocked, applied, bench
from slipway.cost.resources import Resource
from slipway.infra.stacks import Stack, platform_stack, registry_stack, service_stack
from slipway.names import repository
from slipway.paths import Checkout
from slipway.release.parallel import side_by_side
from slipway.runner import Runner

AT_ONCE = 8
"""Services in one process: each has Terraform print the provider's whole schema once more."""


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Makes stacks in memory and keeps what they hold, by their inputs, in `.slipway/cost`."""

    checkout: Checkout
    settings: Settings
    runner: Runner

    def resources(self) -> list[Resource]:
        """All that a deploy makes: platform, services, and the repositories that live here.

        Raises `InfraError` where a stack refuses its variables, `ToolError` without Terraform.
        """
        shared = {"platform": platform_stack(self.settings, self.checkout)}
        if self.settings.environment.registry == self.settings.environment.name:
            shared["registry"] = registry_stack(self.settings, self.checkout)
        jobs = {name: lambda stack=stack: self.made([stack]) for name, stack in shared.items()}
        parts = side_by_side(jobs)
        found = [each for name in shared for made in parts[name] for each in made.resources]
        for made in self.made(self.services(parts["platform"][0].contract)):
            found += made.resources
        return found

    def services(self, contract: str) -> list[Stack]:
        """The stack of each service, with an image that need not exist."""
        home = self.settings.environments[self.settings.environment.registry]
        registry = f"{home.account_id}.dkr.ecr.{home.region}.amazonaws.com"
        stacks = []
        for service in self.settings.services.values():
            name = repository(self.settings, service.name)
            image = f"{registry}/{name}@sha256:{'0' * 64}"
            stacks.append(
                service_stack(self.settings, service, image, self.checkout, contract=contract)
            )
        return stacks

    def made(self, stacks: Sequence[Stack]) -> list[Mocked]:
        """What each of these stacks of one folder holds; asks Terraform only for what is new."""
        found = {stack.label: kept(self._file(stack)) for stack in stacks}
        new = [stack for stack in stacks if found[stack.label] is None]
        for first in range(0, len(new), AT_ONCE):
            found.update(self._make(new[first : first + AT_ONCE]))
        return [made for made in found.values() if made]

    def _make(self, stacks: Sequence[Stack]) -> dict[str, Mocked]:
        with bench(self.checkout, stacks[0], self.runner) as place:
            made = applied(stacks, place)
        for stack, each in zip(stacks, made, strict=True):
            keep(self._file(stack), each)
        return {stack.label: each for stack, each in zip(stacks, made, strict=True)}

    def _file(self, stack: Stack) -> Path:
        mocks = b"".join(file.read_bytes() for file in sorted(self._mocks()))
        digest = hashlib.sha256(stack.inputs_hash().encode() + mocks).hexdigest()[:16]
        name = f"{stack.environment}-{stack.label.replace(' ', '-')}-{digest}.json"
        return self.checkout.work / "cost" / name

    def _mocks(self) -> list[Path]:
        return list((self.checkout.infra / "tests").glob("*.tfmock.hcl"))


def keep(file: Path, made: Mocked) -> None:
    """Write what a stack holds, whole or not at all."""
    for old in file.parent.glob(f"{file.stem.rpartition('-')[0]}-{'?' * 16}.json"):
        old.unlink(missing_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(asdict(made)))
    new.replace(file)


def kept(file: Path) -> Mocked | None:
    """What `keep` wrote, or None where that is not there (any more)."""
    try:
        raw = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    return Mocked(
        resources=[Resource(**each) for each in raw["resources"]], contract=raw["contract"]
    )
