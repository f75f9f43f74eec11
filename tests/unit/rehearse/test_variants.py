"""Images made of images: built once, pushed, and believed only when the registry has them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from slipway.console import Console
from slipway.errors import BuildError
from slipway.images import registry
from slipway.images.apply import Workbench
from slipway.model import ImageRef
from slipway.paths import Checkout
from slipway.rehearse import variants
from slipway.testing import FakeEngine, FakeRunner
from slipway.tools import DockerCli
from tests.samples import make_service

BASE = ImageRef(repository="127.0.0.1:1/slipway/greeter", tag="abc", digest="sha256:1")
CONFIG = '{"Entrypoint": null, "Cmd": ["python", "-m", "greeter"]}\n'


@dataclass
class Registry:
    """The tags that it has; a push adds one."""

    tags: dict[str, str] = field(default_factory=dict)
    loses: bool = False

    def find(self, ecr: Any, repository: str, tag: str) -> registry.Stored | None:
        digest = self.tags.get(tag)
        return registry.Stored(digest=digest, size=1) if digest else None


def bench(folder: Path, store: Registry) -> tuple[Workbench, FakeRunner, list[str]]:
    """A workbench whose builds are noted: the Dockerfile of each."""
    files: list[str] = []
    runner = FakeRunner()

    def build(command: Any) -> None:
        files.append((Path(command.argv[-1]) / "Dockerfile").read_text())

    def push(command: Any) -> None:
        if not store.loses:
            store.tags[command.argv[-1].rpartition(":")[2]] = "sha256:2"

    runner.on("/docker image inspect", CONFIG).on("/docker build", build)
    (folder / ".slipway").mkdir(exist_ok=True)
    runner.on("/docker --config", lambda c: push(c) if "push" in c.argv else None)
    made = Workbench(
        checkout=Checkout(folder),
        runner=runner,
        engine=FakeEngine(),
        cli=DockerCli(path=Path("/docker"), buildx=False),
        ecr=cast(Any, None),
        console=Console(out=io.StringIO(), err=io.StringIO()),
    )
    made._logins.add("127.0.0.1:1")
    return made, runner, files


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    monkeypatch.setattr(registry, "find", made.find)
    return made


def test_a_variant_is_built_upon_the_image_and_pushed(tmp_path: Path, store: Registry) -> None:
    """Under a tag of its own, for the service's processor; its program knows the real command."""
    made, runner, files = bench(tmp_path, store)
    service = make_service(architecture="arm64")
    ref = variants.make(made, service, BASE, "late", lambda _, command: f"run({command})")
    assert (ref.tag, ref.digest, ref.repository) == ("abc-late", "sha256:2", BASE.repository)
    [text] = files
    assert text.startswith(f"FROM {BASE.repository}:abc\nENV SERVICE_VERSION=abc-late\n")
    assert "('python', '-m', 'greeter')" in text
    build = next(each for each in runner.ran if "build" in each.argv)
    assert "linux/arm64" in build.argv
    assert build.mutates


def test_what_the_registry_has_is_not_built_again(tmp_path: Path, store: Registry) -> None:
    """Tags can't be overwritten; the candidate is rolled out more than once."""
    store.tags["abc-again"] = "sha256:9"
    made, runner, _ = bench(tmp_path, store)
    ref = variants.make(made, make_service(), BASE, "again", variants.same)
    assert ref.digest == "sha256:9"
    assert runner.ran == []


def test_a_push_is_believed_only_when_the_registry_has_it(tmp_path: Path, store: Registry) -> None:
    """As with every other image."""
    store.loses = True
    made, _, _ = bench(tmp_path, store)
    with pytest.raises(BuildError, match="the registry has nothing"):
        variants.make(made, make_service(), BASE, "again", variants.same)
