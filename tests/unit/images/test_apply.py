"""The order of events from a plan to an image in the registry."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from slipway.command import Command
from slipway.console import Console
from slipway.engine import HealthAnswer
from slipway.errors import BuildError, Interrupted
from slipway.images.apply import UNBUILT, Outcome, Workbench, ensure, prepare
from slipway.images.plan import ContextFile, ImagePlan, Source, plan_image
from slipway.paths import Checkout
from slipway.runner import DryRunner, Result
from slipway.sbom.attached import PREFIX as SBOM
from slipway.testing import FakeEngine, FakeRunner, an_image, printed
from slipway.tools import DockerCli
from tests.unit.images.samples import REPOSITORY, make_service

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

BUILD = "docker build --progress=plain --platform linux/amd64 --target"
PUSHED = "sha256:" + "ab" * 32
THEIRS = "sha256:" + "cd" * 32


class NotFound(Exception):
    """ECR's answer where it has no such image."""


class NoRepository(Exception):
    """ECR's answer where it has no such repository."""


class Exceptions:
    ImageNotFoundException = NotFound
    RepositoryNotFoundException = NoRepository


@dataclass
class FakeEcr:
    """The three calls that builds make; every image has its SBOM already."""

    tags: dict[str, str] = field(default_factory=dict)
    repository: str = "shop/greeter"
    passwords: int = 0
    exceptions = Exceptions

    def describe_images(self, *, repositoryName: str, imageIds: Any) -> Any:  # noqa: N803
        if repositoryName != self.repository:
            raise NoRepository
        tag = imageIds[0]["imageTag"]
        if tag.startswith(SBOM):
            return {"imageDetails": [{"imageDigest": THEIRS}]}
        if tag not in self.tags:
            raise NotFound
        return {"imageDetails": [{"imageDigest": self.tags[tag], "imageSizeInBytes": 42}]}

    def get_authorization_token(self) -> Any:
        self.passwords += 1
        token = base64.b64encode(b"AWS:s3cret").decode()
        return {"authorizationData": [{"authorizationToken": token}]}


@dataclass
class World:
    """A service, a registry, an engine, and a docker that does as it is told."""

    top: Path
    ecr: FakeEcr = field(default_factory=FakeEcr)
    runner: FakeRunner = field(default_factory=FakeRunner)
    engine: FakeEngine = field(default_factory=lambda: FakeEngine({"sha256:new": an_image()}))
    printed: io.StringIO = field(default_factory=io.StringIO)

    @property
    def bench(self) -> Workbench:
        return Workbench(
            checkout=Checkout(self.top),
            runner=self.runner,
            engine=self.engine,
            cli=DockerCli(Path("docker"), buildx=False),
            ecr=cast("ECRClient", self.ecr),
            console=Console(err=self.printed),
        )

    @property
    def verbs(self) -> list[str]:
        """The commands that ran, as one word each."""
        words = {"login", "push", "test", "runtime"}
        return [next(word for word in ran.argv if word in words) for ran in self.runner.ran]

    def builds(self) -> World:
        self.runner.on(f"{BUILD} test").on(f"{BUILD} runtime", write_id)
        return self

    def pushes(self, digest: str = PUSHED, *, result: Result | None = None) -> World:
        def push(command: Command) -> Result:
            if result is None:
                self.ecr.tags[command.argv[-1].rpartition(":")[2]] = digest
            return result or printed(f"tag: digest: {PUSHED} size: 947\n")

        config = f"docker --config {self.top}/.slipway/docker"
        self.runner.on(f"{config} login").on(f"{config} push", push)
        return self


def write_id(command: Command) -> str:
    Path(command.argv[command.argv.index("--iidfile") + 1]).write_text("sha256:new")
    return ""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def plan(tmp_path: Path) -> ImagePlan:
    folder = tmp_path / "services" / "greeter"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    digest = hashlib.sha256(b"FROM scratch\n").hexdigest()
    source = Source(
        folder=folder,
        files=(ContextFile(path="Dockerfile", kind="file", digest=digest),),
        dockerfile="FROM scratch\n",
        revision="c0ffee",
        dirty=False,
        changed=1700000000,
    )
    service = make_service(folder=folder)
    return plan_image(service, source, repository=REPOSITORY, bases={}, environment="local")


def test_an_image_that_the_registry_has_is_not_built(world: World, plan: ImagePlan) -> None:
    """Nothing runs; its digest is the answer."""
    world.ecr.tags[plan.tag] = THEIRS
    outcome = ensure(plan, world.bench)
    assert (str(outcome.ref), outcome.built, outcome.size) == (f"{REPOSITORY}@{THEIRS}", False, 42)
    assert not world.runner.ran


def test_tests_build_trial_and_push_come_in_this_order(world: World, plan: ImagePlan) -> None:
    """The image that was started is the one that is pushed, and the registry's digest counts."""
    world.builds().pushes()
    outcome = ensure(plan, world.bench)
    assert world.verbs == ["test", "runtime", "login", "push"]
    assert outcome == Outcome(ref=outcome.ref, built=True, size=42)
    assert (outcome.ref.tag, outcome.ref.digest) == (plan.tag, PUSHED)
    image, ask = world.engine.asked[0]
    assert (image, ask.port, ask.path) == ("sha256:new", 8000, "/health")
    assert ask.env == {**plan.ask.env, "SERVICE_VERSION": plan.tag}


def test_nothing_is_left_in_the_checkout_but_the_log(world: World, plan: ImagePlan) -> None:
    """The copy that was built from is gone; the log has every command and no password."""
    world.builds().pushes()
    ensure(plan, world.bench)
    assert not list((world.top / ".slipway" / "build").iterdir())
    log = (world.top / ".slipway" / "logs" / "build-greeter.log").read_text()
    assert log.count("$ docker ") == 3
    assert "s3cret" not in log + world.printed.getvalue()


def test_failing_tests_end_it(world: World, plan: ImagePlan) -> None:
    """Nothing is built after them, and nothing pushed."""
    failed = "#9 [test 2/2] RUN pytest\n#9 1.0 FAILED x\n#9 ERROR: exit code: 1\n"
    failed += " > [test 2/2] RUN pytest:\n"
    world.runner.on(f"{BUILD} test", printed("", code=1, stderr=failed))
    with pytest.raises(BuildError, match=r"^tests of greeter failed\nFAILED x") as caught:
        ensure(plan, world.bench)
    assert world.verbs == ["test"]
    assert caught.value.next_step.endswith(".slipway/logs/build-greeter.log")
    assert not list((world.top / ".slipway" / "build").iterdir())


def test_a_failing_build_ends_it(world: World, plan: ImagePlan) -> None:
    """The runtime stage failing is named as such."""
    world.runner.on(f"{BUILD} test").on(f"{BUILD} runtime", printed("", code=1, stderr="boom"))
    with pytest.raises(BuildError, match=r"^image of greeter: it ended with an error\nboom"):
        ensure(plan, world.bench)


def test_an_image_that_does_not_start_is_not_pushed(world: World, plan: ImagePlan) -> None:
    """It builds, and is still no image to deploy."""
    world.builds()
    world.engine.answer = HealthAnswer(ok=False, seconds=1, reason="it ended with code 1")
    with pytest.raises(BuildError, match="does not start: it ended with code 1"):
        ensure(plan, world.bench)
    assert world.verbs == ["test", "runtime"]


def test_an_image_that_runs_as_root_is_not_even_started(world: World, plan: ImagePlan) -> None:
    """Looking at it is enough."""
    world.builds().engine.images["sha256:new"] = an_image(user="")
    with pytest.raises(BuildError, match="runs as root"):
        ensure(plan, world.bench)
    assert not world.engine.asked


def test_somebody_quicker_wins(world: World, plan: ImagePlan) -> None:
    """An immutable tag that appeared meanwhile has the same content: theirs is used."""

    def refuse(command: Command) -> Result:
        world.ecr.tags[plan.tag] = THEIRS
        return printed("", code=1, stderr="tag invalid: the tag is immutable")

    config = f"docker --config {world.top}/.slipway/docker"
    world.builds().runner.on(f"{config} login").on(f"{config} push", refuse)
    outcome = ensure(plan, world.bench)
    assert (outcome.ref.digest, outcome.built) == (THEIRS, False)


def test_a_refused_push_is_named(world: World, plan: ImagePlan) -> None:
    """The registry's own words, and what to check."""
    world.builds().pushes(result=printed("", code=1, stderr="denied: not authorized"))
    with pytest.raises(BuildError, match="the registry refused\ndenied: not authorized"):
        ensure(plan, world.bench)


def test_a_digest_that_is_not_ours_is_not_trusted(world: World, plan: ImagePlan) -> None:
    """What docker pushed and what the registry has must be the same image."""
    world.builds().pushes(THEIRS)
    with pytest.raises(BuildError, match=f"docker pushed {PUSHED}, but the registry has {THEIRS}"):
        ensure(plan, world.bench)


def test_a_push_that_left_nothing_is_noticed(world: World, plan: ImagePlan) -> None:
    """Docker's word alone is not enough."""
    world.builds().pushes(result=printed(f"digest: {PUSHED}\n"))
    with pytest.raises(BuildError, match="but the registry has nothing"):
        ensure(plan, world.bench)


def test_a_missing_repository_is_found_before_the_build(world: World, plan: ImagePlan) -> None:
    """Minutes of building would be for nothing."""
    world.ecr.repository = "another"
    with pytest.raises(BuildError, match="the registry has no repository shop/greeter"):
        ensure(plan, world.bench)
    assert not world.runner.ran


def test_a_dry_run_builds_nothing_and_says_why_it_would(world: World, plan: ImagePlan) -> None:
    """The commands are shown; no container starts; the digest says that there is none."""
    bench = world.bench
    dry = DryRunner(world.runner, show=bench.console.detail)
    bench.runner = dry
    outcome = ensure(plan, bench)
    assert (outcome.ref.digest, outcome.built) == (UNBUILT, False)
    assert not world.runner.ran
    assert not world.engine.asked
    assert len(dry.skipped) == 2
    said = world.printed.getvalue()
    assert f"greeter: the registry lacks {plan.tag}" in said
    assert "would run: docker build" in said


def test_one_login_serves_all_services(world: World, plan: ImagePlan) -> None:
    """Threads that push side by side don't fight over Docker's configuration."""
    world.pushes()
    bench = world.bench
    threads = [threading.Thread(target=bench.login, args=["localhost:4566"]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.verbs == ["login"]
    assert world.ecr.passwords == 1


def test_docker_s_configuration_is_private(world: World, plan: ImagePlan) -> None:
    """It holds a password for twelve hours."""
    world.builds().pushes()
    ensure(plan, world.bench)
    assert (world.top / ".slipway" / "docker").stat().st_mode & 0o777 == 0o700


def test_an_interrupt_leaves_nothing(world: World, plan: ImagePlan) -> None:
    """The runner ends the build; no push follows and no copy stays."""

    def interrupt(command: Command) -> Result:
        raise Interrupted("interrupted: docker build")

    world.runner.on(f"{BUILD} test", interrupt)
    with pytest.raises(Interrupted):
        ensure(plan, world.bench)
    assert not list((world.top / ".slipway" / "build").iterdir())


def test_uncommitted_changes_are_told(world: World, plan: ImagePlan) -> None:
    """Whoever reads along knows that this image is of no commit."""
    world.builds().pushes()
    ensure(replace(plan, source=replace(plan.source, dirty=True)), world.bench)
    assert "(uncommitted changes)" in world.printed.getvalue()


def test_lines_say_whose_they_are(world: World, plan: ImagePlan) -> None:
    """Services are built side by side."""
    world.builds().pushes()
    ensure(plan, world.bench)
    lines = world.printed.getvalue().splitlines()
    assert lines
    assert all(line.startswith("    greeter: ") for line in lines)


def test_a_missing_base_image_is_named_before_anything_else(tmp_path: Path) -> None:
    """`setup` is what gets base images."""
    (tmp_path / "Dockerfile").write_text("ARG DEBIAN\nFROM python:3.13-slim-$DEBIAN\n")
    runner = FakeRunner().on("git")
    with pytest.raises(BuildError, match=r"base image .* is missing") as caught:
        prepare(
            make_service(folder=tmp_path),
            repository=REPOSITORY,
            environment="local",
            runner=runner,
            engine=FakeEngine(),
        )
    assert caught.value.next_step == "uv run invoke setup"


def test_a_plan_knows_what_its_base_images_are(tmp_path: Path) -> None:
    """Their digests take part in the tag."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.13-slim-trixie\n")
    tags = set()
    for identity in ("sha256:one", "sha256:two"):
        plan = prepare(
            make_service(folder=tmp_path),
            repository=REPOSITORY,
            environment="local",
            runner=FakeRunner().on("git"),
            engine=FakeEngine({"python:3.13-slim-trixie": an_image(identity)}),
        )
        assert plan.bases == {"python:3.13-slim-trixie": identity}
        tags.add(plan.tag)
    assert len(tags) == 2
