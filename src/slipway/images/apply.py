"""Makes sure that the registry has an image: builds, tests, starts and pushes it if not.

Nothing else writes to the registry.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO

from slipway.command import Command
from slipway.config.local_values import local_values
from slipway.console import Console
from slipway.errors import BuildError
from slipway.images import docker, registry
from slipway.images.diagnose import build_error, image_error, push_error, trial_error
from slipway.images.plan import CHECK, ImagePlan, base_images, build_args, plan_image
from slipway.images.progress import Progress
from slipway.images.source import read_source, stage_context
from slipway.model import ImageRef
from slipway.paths import Checkout
from slipway.runner import DryRunner, Result, Runner
from slipway.sbom import apply as sbom

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

    from slipway.config import Service
    from slipway.engine import Engine
    from slipway.tools import DockerCli

_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")

UNBUILT = "sha256:" + "0" * 64
"""The digest of an image that a dry run would have built."""


@dataclass(kw_only=True)
class Workbench:
    """What builds need; one for all services of a command, safe to use from several threads.

    `ca` is a bundle of certificates that reaches builds as a secret.
    """

    checkout: Checkout
    runner: Runner
    engine: Engine
    cli: DockerCli
    ecr: ECRClient
    console: Console
    ca: Path | None = None
    _logins: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def log_of(self, service: str) -> Path:
        """Where all output of a service's last build is."""
        return self.checkout.work / "logs" / f"build-{service}.log"

    def login(self, registry_host: str) -> None:
        """Log in once per registry, whichever thread comes first."""
        with self._lock:
            if registry_host in self._logins:
                return
            command = docker.login(
                self.cli,
                registry=registry_host,
                password=registry.password(self.ecr),
                config=docker_config(self.checkout),
                host=self.engine.host,
            )
            self.runner.run(command)
            self._logins.add(registry_host)

    def pull(self, ref: ImageRef) -> None:
        """Have an image of the registry in the engine."""
        self.login(ref.repository.partition("/")[0])
        config = docker_config(self.checkout)
        command = docker.pull(self.cli, reference=str(ref), config=config, host=self.engine.host)
        self.runner.run(command)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An image in the registry; `built` tells whether it was made now. `size` in bytes, compressed.

    In a dry run that would have built, `ref.digest` is `UNBUILT`.
    """

    ref: ImageRef
    built: bool
    size: int | None = None


def prepare(
    service: Service, *, repository: str, environment: str, runner: Runner, engine: Engine
) -> ImagePlan:
    """The plan for a service's image, from its folder and the engine's base images.

    `repository` is host and path. Changes nothing.
    """
    source = read_source(service.folder, runner)
    bases = {
        name: _base_digest(service, name, engine)
        for name in base_images(source.dockerfile, build_args(service))
    }
    return plan_image(
        service,
        source,
        repository=repository,
        bases=bases,
        environment=environment,
        local=local_values(service),
    )


def ensure(plan: ImagePlan, bench: Workbench) -> Outcome:
    """The image of `plan` in the registry; built, tested, started and pushed if it lacks it.

    Its SBOM is beside it, or there is a warning. Raises `BuildError` with the cause; then nothing
    was pushed.
    """
    outcome = _ensured(plan, bench)
    if not isinstance(bench.runner, DryRunner):
        sbom.ensure(outcome.ref, bench, service=plan.service)
    return outcome


def _ensured(plan: ImagePlan, bench: Workbench) -> Outcome:
    stored = registry.find(bench.ecr, plan.repository, plan.tag)
    if stored:
        return _outcome(plan, stored, built=False)
    say = _speaker(plan, bench)
    say(f"the registry lacks {plan.tag}" + (" (uncommitted changes)" if plan.dirty else ""))
    with _log(plan, bench) as log, _folder(bench) as folder:
        _test(plan, bench, folder, log)
        image = _build(plan, bench, folder, log)
        if image is None:
            return Outcome(ref=_ref(plan, UNBUILT), built=False)
        _try(plan, bench, image)
        return _push(plan, bench, log)


def docker_config(checkout: Checkout) -> Path:
    """Docker's configuration with our logins; the user's own is left alone."""
    folder = checkout.work / "docker"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _test(plan: ImagePlan, bench: Workbench, folder: Path, log: TextIO) -> None:
    context = folder / "context"
    stage_context(plan, context)
    command = docker.build_test(bench.cli, plan, context=context, ca=bench.ca)
    result = _run(command, plan, bench, log)
    if result.code != 0:
        raise build_error(plan.service, "test", result.output, log=_shown_log(plan, bench))


def _build(plan: ImagePlan, bench: Workbench, folder: Path, log: TextIO) -> str | None:
    """Build the stage `runtime`; the image's id, None in a dry run."""
    iidfile = folder / "iid"
    command = docker.build_runtime(
        bench.cli, plan, context=folder / "context", ca=bench.ca, iidfile=iidfile
    )
    result = _run(command, plan, bench, log)
    if result.code != 0:
        raise build_error(plan.service, "runtime", result.output, log=_shown_log(plan, bench))
    if isinstance(bench.runner, DryRunner):
        _speaker(plan, bench)(f"would {plan.ask.told}, and push it")
        return None
    return iidfile.read_text().strip()


def _try(plan: ImagePlan, bench: Workbench, image: str) -> None:
    """Start the image and ask it, so that none is pushed that never runs."""
    local = bench.engine.image(image)
    if local is None:
        raise BuildError(
            f"image of {plan.service}: built, but gone from the engine",
            next_step="run the command again",
        )
    wrong = image_error(plan, local)
    if wrong:
        raise wrong
    ask = replace(plan.ask, env={**plan.ask.env, "SERVICE_VERSION": plan.tag})
    answer = bench.engine.ask_health(image, ask, service=plan.service)
    if not answer.ok:
        raise trial_error(plan, answer)
    say = _speaker(plan, bench)
    did = f"{CHECK} ended with 0" if ask.command else f"started and answered {ask.path}"
    say(f"{local.size / 1e6:.0f} MB; {did} in {answer.seconds:.1f} s")


def _push(plan: ImagePlan, bench: Workbench, log: TextIO) -> Outcome:
    """Push, and believe only what the registry then says."""
    bench.login(plan.repository.partition("/")[0])
    command = docker.push(
        bench.cli,
        reference=plan.reference,
        config=docker_config(bench.checkout),
        host=bench.engine.host,
    )
    result = _run(command, plan, bench, log)
    stored = registry.find(bench.ecr, plan.repository, plan.tag)
    if result.code != 0:
        # Tags are immutable: somebody else was quicker with the same content, so theirs will do.
        if stored:
            return _outcome(plan, stored, built=False)
        raise push_error(plan, result.output, log=_shown_log(plan, bench))
    printed = _DIGEST.search(result.output)
    if stored is None or (printed and printed[1] != stored.digest):
        raise BuildError(
            f"push of {plan.reference}: docker pushed {printed[1] if printed else 'it'}, "
            f"but the registry has {stored.digest if stored else 'nothing'}",
            next_step="run the command again",
        )
    _speaker(plan, bench)(f"pushed {stored.digest}")
    return _outcome(plan, stored, built=True)


def _run(command: Command, plan: ImagePlan, bench: Workbench, log: TextIO) -> Result:
    progress, say = Progress(), _speaker(plan, bench)
    log.write(f"$ {command}\n")

    def on_line(line: str) -> None:
        log.write(line + "\n")
        shown = progress.feed(line)
        if shown:
            say(shown)

    return bench.runner.run(command, check=False, on_line=on_line)


def _base_digest(service: Service, name: str, engine: Engine) -> str:
    found = engine.image(name)
    if found:
        return found.digest
    raise BuildError(
        f"image of {service.name}: the base image {name} is missing",
        next_step="uv run invoke setup",
    )


def _speaker(plan: ImagePlan, bench: Workbench) -> Callable[[str], None]:
    # Services are built side by side, so each line says whose it is.
    return lambda text: bench.console.detail(f"{plan.service}: {text}")


@contextmanager
def _log(plan: ImagePlan, bench: Workbench) -> Iterator[TextIO]:
    path = bench.log_of(plan.service)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", buffering=1) as log:
        yield log


@contextmanager
def _folder(bench: Workbench) -> Iterator[Path]:
    # One per build: two commands may build the same service at once.
    top = bench.checkout.work / "build"
    top.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=top) as folder:
        yield Path(folder)


def _shown_log(plan: ImagePlan, bench: Workbench) -> str:
    return bench.checkout.shown(bench.log_of(plan.service))


def _outcome(plan: ImagePlan, stored: registry.Stored, *, built: bool) -> Outcome:
    return Outcome(ref=_ref(plan, stored.digest), built=built, size=stored.size)


def _ref(plan: ImagePlan, digest: str) -> ImageRef:
    return ImageRef(repository=plan.repository, tag=plan.tag, digest=digest)
