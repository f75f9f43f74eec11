from __future__ import annotations

from pathlib import Path

import pytest

from slipway import tools
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Result
from slipway.setup import basics, docker_cli, packages, variables
from slipway.setup.step import look
from slipway.setup.steps import steps
from slipway.testing import FakeRunner, printed


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has nothing of what we need; its PATH is `bin`."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(tools, "SHARED_FOLDERS", ())
    monkeypatch.setattr(packages, "OS_RELEASE", tmp_path / "os-release")
    for name in tools.FILE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "slipway.toml").write_text('[project]\nname = "shop"\n')
    return tmp_path


def test_nothing_at_all_is_still_a_list(bare: Path) -> None:
    """On a bare machine every step has an answer, and none an exception."""
    found = {one.step.name: one for one in look(steps(Checkout(bare), FakeRunner()))}
    assert [name for name, one in found.items() if one.missing] == [
        "uv",
        "Docker engine",
        "docker command line",
        "Terraform",
        "AWS provider",
        "embedded AWS",
        "base images",
        "data images",
        "embedded AWS's base image",
    ]
    assert all(one.finding.way_out for one in found.values() if one.missing)


def test_broken_variables_are_a_line_each(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are reported, and stop nothing; where all is well there is no line."""
    assert variables.steps() == []
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nowhere/a")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/b")
    lines = [one.line for one in look(variables.steps())]
    assert lines[0].startswith("! TF_CLI_CONFIG_FILE: /nowhere/a does not exist; not passed on\n")
    assert lines[1].startswith("! SSL_CERT_FILE: /nowhere/b")
    assert not any(one.missing for one in look(variables.steps()))


def test_the_basics_say_version_and_place(bare: Path) -> None:
    """Enough to see which of several is in use."""
    uv = bare / "bin/uv"
    uv.parent.mkdir()
    uv.touch(0o755)
    assert basics.uv(FakeRunner().on(f"{uv}", "uv 0.9.8 (x)")).found == f"0.9.8 at {uv}"
    assert basics.python().ok


def test_haproxy_is_only_mentioned(bare: Path) -> None:
    """Without it the built-in forwarder serves."""
    [absent] = look(basics.optional_steps())
    assert (absent.finding.ok, absent.missing) == (True, False)
    haproxy = bare / "bin/haproxy"
    haproxy.parent.mkdir()
    haproxy.touch(0o755)
    assert basics.haproxy().found == str(haproxy)


def test_a_command_line_is_installed_only_where_it_can_be(bare: Path) -> None:
    """Elsewhere the line says what to install; without any docker the engine comes first."""
    assert docker_cli.look(FakeRunner()).remedy == "see to the Docker engine first"
    docker = bare / "bin/docker"
    docker.parent.mkdir()
    docker.touch(0o755)
    without = FakeRunner().on(f"{docker}", printed("", code=1))
    absent = docker_cli.look(without)
    assert (absent.ok, absent.would) == (False, "")
    assert "docker-buildx-plugin" in absent.remedy
    runner = FakeRunner().on(f"{docker} buildx", "github.com/docker/buildx v0.14\n")
    assert docker_cli.look(runner).found == f"{docker} (buildx)"


@pytest.mark.parametrize(
    ("known", "installed"),
    [
        ("docker-ce\ndocker-buildx-plugin\ndocker-buildx\n", ["docker-buildx-plugin"]),
        ("docker.io\ndocker-buildx\n", ["docker-buildx"]),
        ("docker.io\n", ["docker.io", "iptables"]),
    ],
)
def test_buildkit_comes_from_what_the_release_has(
    bare: Path, monkeypatch: pytest.MonkeyPatch, known: str, installed: list[str]
) -> None:
    """The plugin alone where there is one; nothing that is installed may be removed for it."""
    monkeypatch.setattr(packages, "is_debian", lambda: True)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    runner = FakeRunner().on("dpkg").on("apt-get").on("apt-cache pkgnames", known)
    step = docker_cli.step(runner)
    assert step.mend
    step.mend()
    options = ["-y", "--no-install-recommends", "--no-remove"]
    assert list(runner.ran[-1].argv) == ["apt-get", "install", *options, *installed]


@pytest.mark.parametrize(
    ("text", "debian"),
    [
        ("ID=debian\n", True),
        ('ID="ubuntu"\nID_LIKE=debian\n', True),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", True),
        ("ID=fedora\n", False),
        ("", False),
    ],
)
def test_debian_and_its_children(bare: Path, text: str, debian: bool) -> None:
    """os-release tells the family; without apt-get it does not help."""
    (bare / "os-release").write_text(text)
    assert not packages.is_debian()
    apt = bare / "bin/apt-get"
    apt.parent.mkdir()
    apt.touch(0o755)
    assert packages.is_debian() == debian


def test_a_sudo_that_asks_is_no_right(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is there to type a password."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    sudo = bare / "bin/sudo"
    sudo.parent.mkdir()
    sudo.touch(0o755)
    asks = Result(code=1, stdout="", output="sudo: a password is required")
    assert packages.rights(FakeRunner().on(f"{sudo} -n true", asks)) == "none"
    assert packages.rights(FakeRunner().on(f"{sudo} -n true", "")) == "sudo"
    with pytest.raises(ToolError):
        packages.install(("x",), FakeRunner().on(f"{sudo} -n true", asks))
