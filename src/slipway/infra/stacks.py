"""What to apply where: each stack as a value that knows its folder, state and variables."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from slipway import names
from slipway.errors import ConfigError
from slipway.infra.terraform import Backend

if TYPE_CHECKING:
    from slipway.config import Environment, Service, Settings
    from slipway.paths import Checkout

LOCK_FILE = ".terraform.lock.hcl"

_NAMELESS = re.compile(r"^\s*dns_hostnames\s*=\s*false\b", re.MULTILINE)
_LOCAL_MODULE = re.compile(r'^\s*source\s*=\s*"(\.{1,2}/[^"]+)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One folder of HCL in one environment, for one service where `service` is not empty.

    `environment` is the workspace as well. `variables` go into a JSON file of each run;
    `var_files` exist before it. `contract` is what the stack reads of another one by itself.
    """

    name: str
    service: str = ""
    environment: str
    folder: Path
    backend: Backend
    variables: Mapping[str, object]
    var_files: tuple[Path, ...] = ()
    contract: str = ""
    data_dir: Path

    @property
    def label(self) -> str:
        """How users name it: `service greeter`, `platform`."""
        return f"{self.name} {self.service}".strip()

    @property
    def state_path(self) -> str:
        """The state object in the bucket; its lock is called the same, after the bucket's name."""
        return f"env:/{self.environment}/{self.backend.key}"

    def inputs_hash(self) -> str:
        """What decides the outcome of an apply, as one hash.

        HCL of the stack and of the modules that it calls, provider lock file, variables, contract.
        Without the image: it only seeds the first template of a task definition.
        """
        digest = hashlib.sha256(self.hcl_hash().encode())
        for file in self.var_files:
            digest.update(file.read_bytes())
        values = {name: value for name, value in self.variables.items() if name != "image"}
        others = [values, asdict(self.backend), self.contract]
        digest.update(json.dumps(others, sort_keys=True).encode())
        return digest.hexdigest()

    def hcl_hash(self) -> str:
        """The files of the stack and its modules as one hash, alike in every checkout."""
        digest = hashlib.sha256()
        for place, content in hcl_files(self.folder).items():
            digest.update(f"{place}\0".encode())
            digest.update(content)
        return digest.hexdigest()


def registry_stack(settings: Settings, checkout: Checkout) -> Stack:
    """The image repositories, in the workspace of the environment that holds them.

    Lists the services by their folders, not by `settings`: those may be a selection, and a
    repository missing from the list would be destroyed.
    """
    home = settings.environments[settings.environment.registry]
    services = sorted(file.parent.name for file in checkout.services.glob("*/service.toml"))
    # What an account has once, such as GitHub's identity provider; most need no such file.
    file = checkout.infra / "environments" / f"{home.name}.registry.tfvars"
    return _stack(
        settings,
        checkout,
        "registry",
        home=home,
        variables={"services": services},
        var_files=(file,) if file.is_file() else (),
    )


def platform_stack(settings: Settings, checkout: Checkout) -> Stack:
    """Network, load balancer and cluster of the environment."""
    file = checkout.infra / "environments" / f"{settings.environment.name}.tfvars"
    if not file.is_file():
        raise ConfigError(
            f"{checkout.shown(file)}: missing",
            next_step=f"copy {checkout.shown(file.with_name('local.tfvars'))} and adapt it",
        )
    if settings.environment.target == "aws" and _NAMELESS.search(_text(file)):
        raise ConfigError(
            f"{checkout.shown(file)}: dns_hostnames: false, but on AWS the names of services, by "
            "which they call each other, only resolve with it",
            next_step="remove that line: true is the default",
        )
    return _stack(settings, checkout, "platform", var_files=(file,))


def service_stack(
    settings: Settings,
    service: Service,
    image: str,
    checkout: Checkout,
    *,
    contract: str = "",
    former_port: int = 0,
) -> Stack:
    """Task definition, service and what belongs to them; `image` is `repository@sha256:…`.

    `contract` is the platform's output of that name: another one makes the stack run again.
    `former_port` is the port of the tasks that run now: it stays open while another one rolls out.
    """
    manifest = service_variable(service)
    if former_port not in (0, service.port):
        manifest["former_port"] = former_port
    variables = {"service": manifest, "image": image}
    stack = _stack(settings, checkout, "service", service=service.name, variables=variables)
    return replace(stack, contract=contract)


def service_variable(service: Service) -> dict[str, object]:
    """The manifest as `infra/service/variables.tf` declares it."""
    deploy = asdict(service.deploy)
    for engines in ("timeout", "bake", "hooks"):  # what the engine waits for, and tells CodeDeploy
        del deploy[engines]
    return {
        "name": service.name,
        "kind": service.kind,
        "port": service.port,
        "cpu": service.cpu,
        "memory": service.memory,
        "architecture": service.architecture,
        "stop_timeout": service.stop_timeout,
        "health": asdict(service.health),
        "route": asdict(service.route),
        "scale": asdict(service.scale),
        "deploy": deploy,
        "alarms": asdict(service.alarms),
        "database": asdict(service.database),
        "cache": asdict(service.cache),
        "buckets": {name: asdict(bucket) for name, bucket in service.buckets.items()},
        "calls": {name: asdict(address) for name, address in service.calls.items()},
        "called": service.called,
        "secrets": list(service.secrets),
        "parameters": dict(service.parameters),
        "env": dict(service.env),
        "jobs": {name: asdict(job) for name, job in service.jobs.items()},
    }


def _stack(
    settings: Settings,
    checkout: Checkout,
    name: str,
    *,
    service: str = "",
    home: Environment | None = None,
    variables: Mapping[str, object] | None = None,
    var_files: tuple[Path, ...] = (),
) -> Stack:
    home = home or settings.environment
    return Stack(
        name=name,
        service=service,
        environment=home.name,
        folder=checkout.infra / name,
        backend=Backend(
            bucket=names.state_bucket(settings, home),
            key=names.state_key(name, service),
            region=home.region,
            lock_table=names.lock_table(settings),
        ),
        variables={**_common(settings, home), **(variables or {})},
        var_files=var_files,
        data_dir=data_dir(checkout, home.name, name, service),
    )


def data_dir(checkout: Checkout, environment: str, stack: str, service: str = "") -> Path:
    """Terraform's own folder for a stack; one each, so that runs can go side by side."""
    folder = f"{stack}-{service}" if service else stack
    return checkout.work / "terraform" / environment / folder


def _common(settings: Settings, home: Environment) -> dict[str, object]:
    return {
        "environment": home.name,
        "project": settings.project,
        "owner": settings.owner,
        "region": home.region,
        "protected": home.protected,
    }


def hcl_files(folder: Path) -> dict[str, bytes]:
    """Every file that a run of the stack in `folder` reads, from `infra/` on, with its SHA-256."""
    return {
        _place(file, folder): hashlib.sha256(file.read_bytes()).digest()
        for file in sorted(_inputs(folder))
    }


def module_folders(folder: Path) -> frozenset[Path]:
    """`folder` and every local module that it calls, directly or through another."""
    seen: set[Path] = set()
    ahead = [folder.resolve()]
    while ahead:
        here = ahead.pop()
        if here in seen or not here.is_dir():
            continue
        seen.add(here)
        for file in here.glob("*.tf"):
            ahead += [(here / source).resolve() for source in _LOCAL_MODULE.findall(_text(file))]
    return frozenset(seen)


def _inputs(folder: Path) -> Iterator[Path]:
    """Every file that a run of the stack in `folder` reads."""
    lock = folder.resolve() / LOCK_FILE
    if lock.is_file():
        yield lock
    for module in module_folders(folder):
        for file in module.rglob("*"):
            relative = file.relative_to(module)
            hidden = any(part.startswith(".") for part in relative.parts)
            if file.is_file() and not hidden and not _is_aside(relative):
                yield file


def _is_aside(file: Path) -> bool:
    """Whether a file is about the stack and no part of it: tests and explanations."""
    return "tests" in file.parts or file.name.endswith((".tftest.hcl", ".tfmock.hcl", ".md"))


def _place(file: Path, folder: Path) -> str:
    """`file` named alike in every checkout."""
    top = folder.resolve().parent
    return str(file.relative_to(top)) if file.is_relative_to(top) else file.name


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
