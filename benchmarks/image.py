"""The sample service's image: size, start, bytes that a changed line pushes, layers built anew.

Has a checkout and an embedded AWS of its own. Bytes are counted in the registry: what it has after
a push and had not before. Takes about three minutes; ends what it starts.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

from slipway import tools
from slipway.images.apply import ensure
from slipway.images.docker import build_runtime
from slipway.images.plan import ImagePlan
from slipway.images.source import stage_context
from slipway.runner import SubprocessRunner
from tests.e2e.yard import Yard, open_yard

STARTS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, open_yard(Path(folder, "checkout")) as yard:
        yard.ecr.create_repository(repositoryName="shop/greeter", imageTagMutability="IMMUTABLE")
        plan = patient(yard)
        image, first = pushed(yard, plan)
        found = yard.engine.image(image)
        assert found
        print(f"size: {found.size / 1e6:.0f} MB, {first / 1e6:.1f} MB pushed the first time")
        print(f"start to healthy: {starts(yard, plan, image)}")
        api = plan.source.folder / "src" / "greeter" / "api.py"
        text = api.read_text()
        api.write_text(f"{text}\n# one line more\n")
        _, change = pushed(yard, patient(yard))
        print(f"one line changed: {change / 1e3:.1f} kB pushed, configuration and SBOM included")
        api.write_text(text)
        one, two = (rebuilt(yard, plan, Path(folder, name)) for name in ("one", "two"))
        same = sum(a == b for a, b in zip(one, two, strict=True))
        print(f"built twice without cache: {same} of {len(one)} layers are the same")


def patient(yard: Yard) -> ImagePlan:
    """The plan for the image as it is now; a busy machine may take its time to start it."""
    plan = yard.plan("greeter")
    return replace(plan, ask=replace(plan.ask, timeout=60))


def pushed(yard: Yard, plan: ImagePlan) -> tuple[str, int]:
    """Build and push; the image, and by how many bytes the registry has grown."""
    before = yard.stored()
    ref = ensure(plan, yard.bench(ca=tools.ca_bundle())).ref
    return str(ref), yard.stored() - before


def starts(yard: Yard, plan: ImagePlan, image: str) -> str:
    """Seconds from creating the container, read-only and without rights, to its first 200."""
    took = [
        yard.engine.ask_health(image, plan.ask, service="greeter").seconds for _ in range(STARTS)
    ]
    return f"{statistics.median(took):.2f} s median, {max(took):.2f} s at most, of {STARTS}"


def rebuilt(yard: Yard, plan: ImagePlan, folder: Path) -> list[str]:
    """The layers of the image, built without any cache of layers."""
    stage_context(plan, folder / "context")
    iid, runner = folder / "iid", SubprocessRunner()
    cli = tools.docker_cli(runner)
    ca = tools.ca_bundle()
    build = build_runtime(cli, plan, context=folder / "context", ca=ca, iidfile=iid)
    index = build.argv.index("build") + 1
    runner.run(replace(build, argv=(*build.argv[:index], "--no-cache", *build.argv[index:])))
    return yard.layers(iid.read_text().strip())


if __name__ == "__main__":
    main()
