"""What the sample service's image promises: small, bare, without secrets, told of, cheap to change.

All tests look at one image. Times and sizes are reported by benchmarks/image.py.
"""

from __future__ import annotations

import io
import json
import ssl
import tarfile
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import docker
import pytest

from slipway import tools
from slipway.images.apply import ensure
from slipway.images.docker import build_runtime
from slipway.images.plan import ImagePlan
from slipway.images.source import stage_context
from slipway.images.transport import Place
from slipway.model import ImageRef
from slipway.runner import SubprocessRunner
from slipway.sbom.attached import fetch, tag_of
from slipway.sbom.contents import DPKG
from tests.e2e.yard import Yard, open_yard

pytestmark = pytest.mark.e2e

SECRET = "planted-7d0c1f5e"
"""In the CA bundle, in files of the folder that are no code, and in the build's environment."""

BARE = f"""
set -eu
test "$(id -u)" = 10001
! touch /app/x 2>/dev/null
touch /tmp/x
for name in gcc cc make pip uv git; do ! command -v $name; done
! python -m pip 2>/dev/null
test -z "$(find / -xdev -type f -perm /6000 2>/dev/null)"
test -z "$(ls /var/lib/apt/lists /var/cache/apt/archives 2>/dev/null)"
! env | grep {SECRET}
"""


@dataclass
class Built:
    """The image, and the yard that it was built in."""

    yard: Yard
    plan: ImagePlan
    ref: ImageRef

    @property
    def place(self) -> Place:
        return Place(ecr=self.yard.ecr, repository="shop/greeter")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with (
        open_yard(tmp_path_factory.mktemp("quality")) as yard,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SLIPWAY_PLANTED", SECRET)
        folder = yard.checkout.services / "greeter"
        for name in (".env", "local.env", "id_rsa", "src/.env"):
            (folder / name).write_text(f"TOKEN={SECRET}\n")
        ca = tmp_path_factory.mktemp("ca") / "bundle.pem"
        roots = tools.ca_bundle() or Path(ssl.get_default_verify_paths().cafile or "")
        ca.write_text(f"# {SECRET}\n{roots.read_text()}")
        yard.ecr.create_repository(repositoryName="shop/greeter", imageTagMutability="IMMUTABLE")
        plan = patiently(yard)
        yield Built(yard, plan, ensure(plan, yard.bench(ca=ca)).ref)


def patiently(yard: Yard) -> ImagePlan:
    """The plan for the image as it is now; it has to start, however busy the machine is."""
    plan = yard.plan("greeter")
    return replace(plan, ask=replace(plan.ask, timeout=60))


def test_it_is_small(built: Built) -> None:
    """The budget is 150 MB, uncompressed."""
    found = built.yard.engine.image(str(built.ref))
    assert found
    assert found.size < 150_000_000


def test_nothing_in_it_builds_or_grants(built: Built) -> None:
    """Run as a task runs: no root, no writing but to /tmp, no capability."""
    with closing(docker.from_env()) as client:
        client.containers.run(
            str(built.ref),
            ["sh", "-c", BARE],
            remove=True,
            read_only=True,
            tmpfs={"/tmp": ""},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            network_disabled=True,
        )


def test_no_secret_is_in_any_layer(built: Built) -> None:
    """Nor in the configuration with its history: neither bundle nor files nor variables."""
    with closing(docker.from_env()) as client:
        archive = b"".join(client.images.get(str(built.ref)).save())
    assert b"greeter" in archive
    assert SECRET.encode() not in archive
    assert not [name for name in in_layers(archive) if name.endswith((".env", ".pem", "id_rsa"))]


def in_layers(archive: bytes) -> list[str]:
    """The files in the layers above the base image."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as saved:
        (image,) = json.load(saved.extractfile("manifest.json") or io.BytesIO())
        layers = [saved.extractfile(name) for name in image["Layers"][1:]]
        return [name for layer in layers for name in tarfile.open(fileobj=layer).getnames()]


def test_the_sbom_tells_what_is_in_it(built: Built) -> None:
    """Every locked dependency, and Debian's packages where the base image knows them."""
    document = json.loads(fetch(built.place, built.ref.digest) or "{}")
    packages = {each["purl"] for each in document["components"] if "purl" in each}
    assert locked(built) <= packages
    engine = built.yard.engine
    known = engine.files(str(built.ref), DPKG.__eq__, service="greeter").get(DPKG, b"")
    assert any(each.startswith("pkg:deb/debian/libc6@") for each in packages) == bool(known)
    assert document["metadata"]["component"]["hashes"][0]["content"] == built.ref.digest[7:]


def locked(built: Built) -> set[str]:
    """The package URLs of some dependencies, as the lock file has them."""
    lock = tomllib.loads((built.plan.source.folder / "uv.lock").read_text())
    wanted = {"fastapi", "uvicorn", "structlog"}
    found = {each["name"]: each["version"] for each in lock["package"]}
    return {f"pkg:pypi/{name}@{found[name]}" for name in wanted}


def test_others_find_the_sbom(built: Built) -> None:
    """By the registry's referrers API, as any client of OCI 1.1 does, and by ECR's own."""
    address = f"http://{built.yard.host}/v2/shop/greeter/referrers/{built.ref.digest}"
    with urlopen(f"{address}?artifactType=application/vnd.cyclonedx%2Bjson") as answer:
        (listed,) = json.load(answer)["manifests"]
    (same,) = built.yard.ecr.list_image_referrers(
        repositoryName="shop/greeter", subjectId={"imageDigest": built.ref.digest}
    )["referrers"]
    assert listed["digest"] == same["digest"]
    with urlopen(
        f"http://{built.yard.host}/v2/shop/greeter/manifests/{listed['digest']}"
    ) as answer:
        manifest = json.load(answer)
    assert manifest["subject"]["digest"] == built.ref.digest


def test_a_lost_sbom_comes_back_the_same(built: Built) -> None:
    """With the next deploy, byte for byte; the image is not built again."""
    before = fetch(built.place, built.ref.digest)
    tag: Any = {"imageTag": tag_of(built.ref.digest)}
    built.yard.ecr.batch_delete_image(repositoryName="shop/greeter", imageIds=[tag])
    assert fetch(built.place, built.ref.digest) is None
    assert not ensure(built.plan, built.yard.bench()).built
    assert fetch(built.place, built.ref.digest) == before


def test_a_change_of_the_code_pushes_the_last_layer_alone(built: Built) -> None:
    """Kilobytes of it, with the configuration and the new image's SBOM."""
    before = built.yard.stored()
    api = built.plan.source.folder / "src" / "greeter" / "api.py"
    text = api.read_text()
    api.write_text(f"{text}\n# one line more\n")
    changed = ensure(patiently(built.yard), built.yard.bench())
    api.write_text(text)
    assert changed.built
    old, new = (built.yard.layers(str(each)) for each in (built.ref, changed.ref))
    assert above(old)[:-1] == above(new)[:-1]
    assert old[-1] != new[-1]
    assert 0 < built.yard.stored() - before < 250_000


def above(layers: list[str]) -> list[str]:
    """The layers but for the one that takes files out of the base: some hundred bytes, with times.

    An engine that has built it twice may take either from its cache.
    """
    return [layers[0], *layers[2:]]


def test_the_same_content_gives_the_same_layers(built: Built, tmp_path: Path) -> None:
    """Dependencies above all: built anew without any cache they are nothing new to a registry."""
    stage_context(built.plan, tmp_path / "context")
    iid, runner = tmp_path / "iid", SubprocessRunner()
    cli = tools.docker_cli(runner)
    build = build_runtime(
        cli, built.plan, context=tmp_path / "context", ca=tools.ca_bundle(), iidfile=iid
    )
    index = build.argv.index("build") + 1
    runner.run(replace(build, argv=(*build.argv[:index], "--no-cache", *build.argv[index:])))
    first = built.yard.layers(str(built.ref))
    again = built.yard.layers(iid.read_text().strip())
    # The code's may be from the cache, with the time of an earlier build of the same content.
    assert above(again)[:-1] == above(first)[:-1]
