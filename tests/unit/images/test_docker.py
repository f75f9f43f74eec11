"""Docker's command lines, word by word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from slipway.images import docker
from slipway.images.plan import ImagePlan
from slipway.tools import DockerCli

OLD = DockerCli(Path("/usr/bin/docker"), buildx=False)
NEW = DockerCli(Path("/usr/bin/docker"), buildx=True)
CONTEXT = Path("/tmp/context")
CONFIG = Path("/checkout/.slipway/docker")


def test_the_test_stage_is_asked_for_and_leaves_no_image(plan: ImagePlan) -> None:
    """BuildKit skips what nobody needs; the result stays in the cache alone."""
    made = docker.build_test(OLD, plan, context=CONTEXT, ca=None)
    assert str(made) == (
        "/usr/bin/docker build --progress=plain --platform linux/amd64 --target test"
        " --file /tmp/context/Dockerfile --build-arg DEBIAN=trixie --build-arg PYTHON_VERSION=3.13"
        " --build-arg SOURCE_DATE_EPOCH=1700000000"
        " --output type=cacheonly /tmp/context"
    )
    assert made.env["DOCKER_BUILDKIT"] == "1"
    assert made.mutates


def test_the_runtime_stage_is_named_labelled_and_its_id_kept(plan: ImagePlan) -> None:
    """The version is an argument of the last stage only, so it spoils no cached layer."""
    made = docker.build_runtime(OLD, plan, context=CONTEXT, ca=None, iidfile=Path("/tmp/iid"))
    assert str(made) == (
        "/usr/bin/docker build --progress=plain --platform linux/amd64 --target runtime"
        " --file /tmp/context/Dockerfile --build-arg DEBIAN=trixie --build-arg PYTHON_VERSION=3.13"
        " --build-arg SOURCE_DATE_EPOCH=1700000000"
        f" --tag {plan.reference} --iidfile /tmp/iid --build-arg VERSION={plan.tag}"
        " --label org.opencontainers.image.title=greeter"
        f" --label org.opencontainers.image.version={plan.tag}"
        " --label org.opencontainers.image.revision=c0ffee /tmp/context"
    )


def test_uncommitted_changes_show_in_the_image(plan: ImagePlan) -> None:
    """Its revision is not that commit."""
    edited = replace(plan, source=replace(plan.source, dirty=True))
    made = docker.build_runtime(OLD, edited, context=CONTEXT, ca=None, iidfile=Path("/tmp/iid"))
    assert "--label org.opencontainers.image.revision=c0ffee-dirty" in str(made)


def test_buildx_loads_one_plain_image(plan: ImagePlan) -> None:
    """Without `--load` the image stays in the builder; attestations would make it an index."""
    words = docker.build_runtime(NEW, plan, context=CONTEXT, ca=None, iidfile=Path("/tmp/iid")).argv
    assert words[1:3] == ("buildx", "build")
    assert {"--load", "--provenance=false"} <= set(words)
    test_stage = docker.build_test(NEW, plan, context=CONTEXT, ca=None).argv
    assert "--load" not in test_stage


def test_the_ca_bundle_is_a_secret(plan: ImagePlan) -> None:
    """It reaches the build as a mount, never as an argument or a file of the image."""
    made = docker.build_test(OLD, plan, context=CONTEXT, ca=Path("/etc/ca.pem"))
    assert "--secret id=ca,src=/etc/ca.pem" in str(made)


def test_the_password_of_a_login_shows_nowhere() -> None:
    """It goes through stdin into a configuration of our own, and is masked in what is printed."""
    made = docker.login(OLD, registry="r.example", password="s3cret", config=CONFIG, host="")
    assert str(made) == (
        f"/usr/bin/docker --config {CONFIG} login --username AWS --password-stdin r.example"
    )
    assert made.stdin == "s3cret"
    assert "s3cret" not in repr(made) + str(made)
    assert made.mask("Error: s3cret") == "Error: ****"


def test_push_names_the_engine() -> None:
    """A configuration of our own knows no contexts, so the engine is named where it is known."""
    made = docker.push(OLD, reference="r.example/a:b", config=CONFIG, host="tcp://build:2376")
    assert str(made) == (
        f"/usr/bin/docker --config {CONFIG} --host tcp://build:2376 push r.example/a:b"
    )
    assert made.mutates
