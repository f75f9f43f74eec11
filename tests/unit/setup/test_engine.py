from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from slipway import tools
from slipway.command import Command
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Result
from slipway.setup import engine, packages
from slipway.testing import FakeRunner, printed
from tests.cases_files import cases

DOWN = printed("", code=1, stderr="Cannot connect to the Docker daemon at unix:///docker.sock")
CLOSED = printed("", code=1, stderr="permission denied while trying to connect to the socket")


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Debian without systemd, where we are root, with docker and dockerd under `bin`."""
    for name in ("apt-get", "docker", "dockerd"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.touch(0o755)
    release = tmp_path / "os-release"
    release.write_text('ID=mint\nID_LIKE="ubuntu debian"\n')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(engine, "SBIN", ())
    monkeypatch.setattr(engine, "SYSTEMD", tmp_path / "no-systemd")
    monkeypatch.setattr(engine, "KERNEL", tmp_path / "no-kernel")
    monkeypatch.setattr(engine, "LOGS", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(packages, "OS_RELEASE", release)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def answering(*results: Result) -> Any:
    """An answer that changes from call to call; the last one stays."""
    left = list(results)

    def answer(_: Command) -> Result:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def no_sleep(_: float) -> None:
    """Tests don't wait."""


@pytest.mark.parametrize("case", cases("setup/engine"))
def test_decide(case: dict[str, Any]) -> None:
    """What is seen of a machine decides what is done about its engine."""
    wanted = case["choice"]
    choice = engine.decide(engine.Observed(**case["observed"]))
    assert (choice.action, choice.reason) == (wanted["action"], wanted["reason"]), case["says"]
    assert wanted.get("way", "") in engine.finding(choice).remedy
    assert bool(choice.ways) == (choice.action == "refuse")


def test_nothing_is_changed_by_looking(debian: Path) -> None:
    """A look runs only commands that change nothing."""
    runner = FakeRunner().on(f"{debian}/bin/docker version", DOWN)
    found = engine.step(Checkout(debian), runner).look()
    assert (found.ok, found.would) == (False, "start dockerd")
    assert not any(command.mutates for command in runner.ran)
    assert not runner.started


def test_an_installed_engine_is_started_and_waited_for(debian: Path) -> None:
    """Without systemd dockerd becomes a process of its own, and is asked until it answers."""
    runner = FakeRunner().on(
        f"{debian}/bin/docker version", answering(DOWN, DOWN, DOWN, DOWN, printed("28.1\n"))
    )
    engine.mend(Checkout(debian), runner, sleep=no_sleep)
    assert [command.argv for command in runner.started] == [(f"{debian}/bin/dockerd",)]
    assert not any(command.mutates for command in runner.ran)


def test_systemd_starts_the_engine_where_it_runs(
    debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With systemd its unit is enabled, so that the engine is there after a reboot as well."""
    monkeypatch.setattr(engine, "SYSTEMD", debian)
    runner = (
        FakeRunner()
        .on(f"{debian}/bin/docker version", answering(DOWN, DOWN, printed("28.1\n")))
        .on("systemctl")
    )
    engine.mend(Checkout(debian), runner, sleep=no_sleep)
    assert "systemctl enable --now docker" in runner.shown
    assert not runner.started


def test_a_missing_engine_is_installed_with_its_newer_parts(debian: Path) -> None:
    """Newer releases have the command line and buildx as packages of their own."""
    (debian / "bin/docker").unlink()
    (debian / "bin/dockerd").unlink()

    def install(_: Command) -> None:
        (debian / "bin/docker").touch(0o755)

    runner = (
        FakeRunner()
        .on(f"{debian}/bin/docker version", printed("28.1\n"))
        .on("apt-get install", install)
        .on("apt-get update", printed("", code=100))
        .on("dpkg --configure -a")
        .on("apt-cache pkgnames", "docker.io\ndocker-cli\ndocker-buildx\n")
    )
    engine.mend(Checkout(debian), runner, sleep=no_sleep)
    installed = next(command for command in runner.ran if "install" in command.argv)
    assert installed.argv[-4:] == ("docker.io", "iptables", "docker-cli", "docker-buildx")
    assert installed.env["DEBIAN_FRONTEND"] == "noninteractive"
    assert str(installed.env["PATH"]).endswith("/usr/sbin:/usr/bin:/sbin:/bin")
    assert installed.mutates
    assert not runner.started, "the package had started it"


def test_sudo_gets_the_environment_as_words(debian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sudo clears the environment, so what apt-get needs is handed over by `env`."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (debian / "bin/sudo").touch(0o755)
    runner = (
        FakeRunner()
        .on(f"{debian}/bin/sudo -n true")
        .on("sudo -n apt-get")
        .on("apt-cache")
        .on("sudo -n env")
    )
    packages.install(("mmdebstrap",), runner)
    assert runner.shown[-1] == (
        "sudo -n env DEBIAN_FRONTEND=noninteractive "
        "apt-get install -y --no-install-recommends --no-remove mmdebstrap"
    )


def test_a_failed_install_says_what_apt_said(debian: Path) -> None:
    """The message has apt's own words, the next step the command to try by hand."""
    runner = (
        FakeRunner()
        .on("apt-get install", printed("", code=100, stderr="E: Unable to locate package"))
        .on("apt-get update")
        .on("dpkg")
        .on("apt-cache")
    )
    with pytest.raises(ToolError, match="Unable to locate package") as caught:
        packages.install(("docker.io",), runner)
    assert "apt-get install docker.io" in caught.value.next_step


def test_who_may_not_install_is_told_the_command(
    debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without root and sudo nothing is tried."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    runner = FakeRunner()
    with pytest.raises(ToolError) as caught:
        packages.install(("docker.io",), runner)
    assert caught.value.next_step == "sudo apt-get update && sudo apt-get install docker.io"
    assert not runner.ran


def test_an_engine_that_dies_says_why(debian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of this start's log that names the failure is the message."""
    log = debian / "dockerd.log"
    log.write_text("failed to start daemon: permission denied, in an older story\n")

    def died(pid: int, _: int) -> tuple[int, int]:
        with log.open("a") as more:
            more.write("level=info msg=up\nfailed to start daemon: no space left on device\nbye\n")
        return (pid, 256)

    monkeypatch.setattr(os, "waitpid", died)
    runner = FakeRunner().on(f"{debian}/bin/docker version", DOWN)
    with pytest.raises(ToolError) as caught:
        engine.mend(Checkout(debian), runner, sleep=no_sleep)
    assert caught.value.message == "dockerd ended: failed to start daemon: no space left on device"
    assert caught.value.next_step == f"look into {log}"


@pytest.mark.parametrize("sign", ["operation not permitted", "iptables: Permission denied"])
def test_a_container_without_rights_gets_the_ways_out(sign: str) -> None:
    """A dockerd that may not do its work is most often one in a container."""
    error = engine.why_it_died(f"failed to start daemon: {sign}\n", Path("log"))
    assert "--privileged" in error.next_step
    assert "/var/run/docker.sock" in error.next_step


def test_an_engine_that_never_answers_is_given_up(
    debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait has an end, and the message has docker's words."""
    monkeypatch.setattr(engine, "ANSWERS_WITHIN", 0.0)
    runner = FakeRunner().on(f"{debian}/bin/docker version", DOWN)
    with pytest.raises(ToolError, match="Cannot connect"):
        engine.mend(Checkout(debian), runner, sleep=no_sleep)


def test_a_socket_closed_to_us_ends_the_wait(debian: Path) -> None:
    """The engine is up then; the look that follows says what the user has to do."""
    runner = FakeRunner().on(f"{debian}/bin/docker version", answering(DOWN, DOWN, CLOSED))
    engine.mend(Checkout(debian), runner, sleep=no_sleep)
    assert "usermod" in engine.step(Checkout(debian), runner).look().remedy


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ('{"currentContext": "colima"}', "context=colima"),
        ('{"currentContext": "default"}', ""),
        ("{}", ""),
        ("[]", ""),
        ("not JSON", ""),
    ],
)
def test_the_chosen_context_is_read_from_dockers_configuration(
    debian: Path, text: str, chosen: str
) -> None:
    """A context chosen by `docker context use` counts; a broken file doesn't."""
    (debian / ".docker").mkdir()
    (debian / ".docker/config.json").write_text(text)
    runner = FakeRunner().on(f"{debian}/bin/docker version", DOWN)
    assert engine.observe(runner).chosen == chosen


@pytest.mark.parametrize(
    ("stat", "stale"),
    [
        ("7 (dockerd) S 1 7", False),
        ("7 (dockerd) Z 1 7", True),
        ("7 (bash (x)) S 1 7", True),
        (None, False),
    ],
)
def test_a_pid_file_of_a_killed_engine_is_known(
    tmp_path: Path, stat: str | None, stale: bool
) -> None:
    """Only a living dockerd may keep another from starting; one that is gone does not."""
    file = tmp_path / "docker.pid"
    file.write_text("7")
    if stat:
        (tmp_path / "7").mkdir()
        (tmp_path / "7" / "stat").write_text(stat)
    assert engine.is_stale(file, tmp_path) is stale
