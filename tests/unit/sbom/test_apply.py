"""Having an SBOM beside an image, and what happens where that fails."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, cast

import pytest

from slipway.console import Console
from slipway.errors import AccessError, Interrupted
from slipway.images import transport
from slipway.images.apply import Workbench
from slipway.model import ImageRef
from slipway.paths import Checkout
from slipway.sbom import apply
from slipway.sbom.attached import fetch
from slipway.testing import FakeEngine, FakeRunner, an_image
from slipway.tools import DockerCli
from tests.unit.images.registry import FakeEcr, image, place
from tests.unit.sbom.test_contents import FILES


class Registry(FakeEcr):
    """With a password."""

    def get_authorization_token(self) -> Any:
        return {"authorizationData": [{"authorizationToken": "QVdTOng="}]}


class World:
    """An image in a registry, and what is needed to tell of it."""

    def __init__(self, top: Path) -> None:
        self.ecr, self.runner, self.said = Registry(), FakeRunner(), io.StringIO()
        self.ref = ImageRef(repository="host/slipway/app", tag="abc", digest=image(self.ecr))
        self.engine = FakeEngine({str(self.ref): an_image()}, contents=dict(FILES))
        self.bench = Workbench(
            checkout=Checkout(top),
            runner=self.runner,
            engine=self.engine,
            cli=DockerCli(Path("docker"), buildx=False),
            ecr=cast(Any, self.ecr),
            console=Console(err=self.said),
        )

    def ensure(self) -> None:
        apply.ensure(self.ref, self.bench, service="app")

    @property
    def document(self) -> bytes | None:
        return fetch(place(self.ecr), self.ref.digest)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    opened = lambda url, timeout: io.BytesIO(made.ecr.blobs[url])  # noqa: E731
    monkeypatch.setattr(transport, "urlopen", opened)
    return made


def test_it_tells_what_the_image_has(world: World) -> None:
    """Read from its files, of the image with that digest; said in one line."""
    world.ensure()
    made = json.loads(world.document or b"{}")
    assert {each["name"] for each in made["components"]} >= {"libc6", "fastapi", "python"}
    assert made["metadata"]["component"]["hashes"][0]["content"] == world.ref.digest[7:]
    assert world.said.getvalue() == "    app: SBOM of 4 packages attached\n"


def test_one_that_is_there_stays(world: World) -> None:
    """Nothing is read again, and nothing said."""
    world.ensure()
    world.said.truncate(0)
    world.engine.contents.clear()
    before = world.document
    world.ensure()
    assert world.document == before
    assert not world.said.getvalue().strip("\0")


def test_an_image_that_the_engine_lacks_is_pulled(world: World) -> None:
    """It was built on another machine, by a version that attached none."""
    found = world.engine.images.pop(str(world.ref))

    def pull(_command: object) -> str:
        world.engine.images[str(world.ref)] = found
        return ""

    config = f"docker --config {world.bench.checkout.work}/docker"
    world.runner.on(f"{config} login").on(f"{config} pull {world.ref}", pull)
    world.ensure()
    assert world.document


def test_a_refusal_is_a_warning(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What serves is the image; the deploy goes on, and says what is missing."""

    def refuse(**_more: Any) -> None:
        raise AccessError("AWS refused: ecr:PutImage")

    monkeypatch.setattr(world.ecr, "put_image", refuse)
    world.ensure()
    assert world.document is None
    assert "! app: its image is without an SBOM: AWS refused: ecr:PutImage" in world.said.getvalue()


def test_an_interrupt_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the deploy here as anywhere."""

    def stop(*_more: Any, **_named: Any) -> dict[str, bytes]:
        raise Interrupted("interrupted")

    monkeypatch.setattr(world.engine, "files", stop)
    with pytest.raises(Interrupted):
        world.ensure()


def test_a_base_without_a_database_is_told(world: World) -> None:
    """The list would look complete without Debian's packages."""
    del world.engine.contents["var/lib/dpkg/status"]
    world.ensure()
    assert "no database of its Debian packages" in world.said.getvalue()
    assert world.document
