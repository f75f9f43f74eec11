"""The container that the embedded AWS runs in: its image, its command, its names."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from embedded_aws.contained import names
from slipway import tools
from slipway.config import Local
from slipway.console import Console
from slipway.contained import image, run
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import DryRunner
from slipway.testing import FakeRunner, printed
from slipway.tools import DockerCli

CLI = DockerCli(Path("/bin/docker"), buildx=False)
LOCAL = Local(port=4600, mode="container")
HOST = "unix:///run/user/1000/docker.sock"
ABSENT = printed("", code=1)


def console() -> Console:
    return Console(out=io.StringIO(), err=io.StringIO())


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with a source, and an engine on this machine."""
    found = Checkout(tmp_path)
    found.embedded_project.mkdir(parents=True)
    for name in ("Dockerfile", "pyproject.toml", "uv.lock", "a.py"):
        (found.embedded_project / name).write_text(name)
    monkeypatch.setattr(run, "docker_cli", lambda _: CLI)
    monkeypatch.setattr(run, "in_virtual_machine", lambda _: False)
    monkeypatch.setattr(tools, "ca_bundle", lambda: None)
    monkeypatch.setattr("embedded_aws.version.source_version", lambda _: "source")
    for name in ("CLOCK_SCALE", "FORWARDER", "LAMBDA", "PUBLISHED"):
        monkeypatch.delenv(f"EMBEDDED_AWS_{name}", raising=False)
    return found


def prepared(checkout: Checkout, runner: FakeRunner, host: str = HOST) -> list[str]:
    folder = checkout.work / "embedded"
    return list(run.prepare(checkout, LOCAL, folder, runner, console(), host).argv)


def everything() -> FakeRunner:
    """An engine that has all that is needed."""
    return (
        FakeRunner()
        .on("/bin/docker image inspect", "sha256:1\n")
        .on("/bin/docker network inspect")
        .on("/bin/docker volume inspect")
    )


def after(argv: list[str], option: str) -> list[str]:
    return [argv[n + 1] for n, word in enumerate(argv) if word == option]


def test_ports_are_published_on_loopback_alone(checkout: Checkout) -> None:
    """That of the API as it is, and those for load balancers."""
    argv = prepared(checkout, everything())
    ports = names.published(4600)
    assert after(argv, "--publish") == [
        "127.0.0.1:4600:4600",
        f"127.0.0.1:{ports[0]}-{ports[-1]}:{ports[0]}-{ports[-1]}",
    ]


def test_no_task_is_on_the_network_of_its_ports(checkout: Checkout) -> None:
    """And that comes first in the alphabet, because an engine publishes through the first."""
    argv = prepared(checkout, everything())
    (network,), (name,) = after(argv, "--network"), after(argv, "--name")
    assert network == f"front-{name}" < name


def test_state_and_socket_are_mounted_and_nothing_else(checkout: Checkout) -> None:
    """The engine's socket from where this user's engine has it; no folder of the host."""
    argv = prepared(checkout, everything())
    (name,) = after(argv, "--name")
    inside = names.inside(checkout.work / "embedded")
    assert after(argv, "--volume") == [
        f"{name}-state:{inside}",
        "/run/user/1000/docker.sock:/var/run/docker.sock",
    ]
    assert "--privileged" not in argv
    assert f"--contained={name}" in argv


def test_the_socket_of_a_virtual_machine_is_its_own(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is called on this side."""
    monkeypatch.setattr(run, "in_virtual_machine", lambda _: True)
    argv = prepared(checkout, everything(), "unix:///Users/me/.docker/run/docker.sock")
    assert after(argv, "--volume")[1] == "/var/run/docker.sock:/var/run/docker.sock"


def test_an_engine_elsewhere_is_refused(checkout: Checkout) -> None:
    """Its ports would be published there."""
    with pytest.raises(ToolError, match="engine elsewhere: ssh://box"):
        prepared(checkout, everything(), "ssh://box")


def test_only_its_own_variables_are_passed_on(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a credential of an account."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("EMBEDDED_AWS_CLOCK_SCALE", "2")
    argv = prepared(checkout, everything())
    assert after(argv, "--env") == ["HOSTNAME=", "EMBEDDED_AWS_CLOCK_SCALE"]


def test_what_is_missing_is_made_once(checkout: Checkout) -> None:
    """Image, network and volume; the latter with the label by which `reset` finds them."""
    runner = (
        FakeRunner()
        .on(f"/bin/docker image inspect --format {{{{.Id}}}} {image.BASE}", "sha256:1")
        .on("/bin/docker image inspect", ABSENT)
        .on("/bin/docker network inspect", ABSENT)
        .on("/bin/docker volume inspect", ABSENT)
        .on("/bin/docker")
    )
    (name,) = after(prepared(checkout, runner), "--name")
    made = [str(command) for command in runner.ran if command.mutates]
    assert made[0].startswith("/bin/docker build --progress=plain --tag embedded-aws.local/aws:")
    label = f"--label slipway.embedded={name}"
    assert made[1:] == [
        f"/bin/docker network create {label} front-{name}",
        f"/bin/docker volume create {label} {name}-state",
    ]
    assert not [command for command in everything().ran if command.mutates]


def test_a_dry_run_makes_nothing(checkout: Checkout) -> None:
    """It shows what it would make."""
    runner = DryRunner(
        FakeRunner()
        .on(f"/bin/docker image inspect --format {{{{.Id}}}} {image.BASE}", "sha256:1")
        .on("/bin/docker", ABSENT),
        show=lambda _: None,
    )
    run.prepare(checkout, LOCAL, checkout.work / "embedded", runner, console(), HOST)
    assert [command.argv[1] for command in runner.skipped] == ["build", "network", "volume"]


def test_a_missing_base_image_is_one_message(checkout: Checkout) -> None:
    """`setup` provides it."""
    with pytest.raises(ToolError, match=f"image {image.BASE} is missing") as caught:
        prepared(checkout, FakeRunner().on("/bin/docker image inspect", ABSENT))
    assert caught.value.next_step == tools.SETUP


@pytest.mark.parametrize("changed", ["Dockerfile", "pyproject.toml"])
def test_another_content_is_another_image(checkout: Checkout, changed: str) -> None:
    """And so is another base image; the same is not built again."""
    before = image.tag(checkout, "sha256:1")
    assert image.tag(checkout, "sha256:1") == before != image.tag(checkout, "sha256:2")
    (checkout.embedded_project / changed).write_text("other")
    assert image.tag(checkout, "sha256:1") != before


@pytest.mark.parametrize("buildx", [True, False])
def test_a_ca_bundle_is_a_secret_of_the_build(checkout: Checkout, *, buildx: bool) -> None:
    """It is in no layer and in no argument."""
    cli = DockerCli(Path("/bin/docker"), buildx=buildx)
    argv = image.build(checkout, cli, "aws:1", ca=Path("/etc/ca.pem")).argv
    assert after(list(argv), "--secret") == ["id=ca,src=/etc/ca.pem"]
    assert ("buildx" in argv) is buildx
    assert "--secret" not in image.build(checkout, cli, "aws:1", ca=None).argv
