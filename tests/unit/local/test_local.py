"""Starting and stopping the embedded AWS, without one."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from slipway import local
from slipway.command import command
from slipway.config import Local
from slipway.console import Console
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import DryRunner
from slipway.testing import FakeRunner

LOCAL = Local(port=4599, mode="process")
ENDPOINT = "http://127.0.0.1:4599"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with the environment of an embedded AWS."""
    found = Checkout(tmp_path)
    python = local.python(found)
    python.parent.mkdir(parents=True)
    python.touch()
    return found


class Answers:
    """What the port answers, one after the other; the last answer stays."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def __call__(self, url: str, timeout: float = 0) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def health(checkout: Checkout, **more: Any) -> dict[str, Any]:
    return {
        "service": local.SERVICE,
        "checkout": str(checkout.root.resolve()),
        "pid": 77,
        "version": "v",
        "started": 1.0,
        "engine": "ok",
        "tasks": 2,
        "load_balancers": {"shop": ["http://127.0.1.1"]},
        "container": "",
        "problems": [],
        **more,
    }


def answers(monkeypatch: pytest.MonkeyPatch, *found: Any) -> None:
    monkeypatch.setattr(local, "ask", Answers(*found))
    monkeypatch.setattr(local, "_source_version", lambda _: "v")
    monkeypatch.setattr(local, "_ended", lambda _: False)
    monkeypatch.setattr(local, "owner", lambda _: "pid 12 (nginx)")
    monkeypatch.setattr("slipway.local.time.sleep", lambda _: None)


def console() -> Console:
    return Console(out=io.StringIO(), err=io.StringIO())


def test_up_starts_it_and_waits_for_the_answer(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process, in its own environment, from the folder above its package."""
    answers(monkeypatch, None, None, None, health(checkout))
    runner = FakeRunner()
    assert local.up(checkout, LOCAL, runner, console()) == ENDPOINT
    (started,) = runner.started
    assert str(started).endswith(
        f".venv/bin/python -m embedded_aws serve --port=4599 "
        f"--folder={checkout.root}/.slipway/embedded --checkout={checkout.root}"
    )
    assert started.cwd == checkout.root / "src"
    assert started.mutates


def test_its_folder_is_private(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others on the machine can't read the state."""
    answers(monkeypatch, None, None, health(checkout))
    local.up(checkout, LOCAL, FakeRunner(), console())
    assert local.folder(checkout).stat().st_mode & 0o777 == 0o700


def test_credentials_of_accounts_never_reach_it(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every AWS_ variable is removed from its environment."""
    answers(monkeypatch, None, None, health(checkout))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    runner = FakeRunner()
    local.up(checkout, LOCAL, runner, console())
    assert runner.started[0].env["AWS_SECRET_ACCESS_KEY"] is None


def test_up_twice_starts_one(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it runs already, `up` only says where."""
    answers(monkeypatch, health(checkout))
    runner = FakeRunner()
    assert local.up(checkout, LOCAL, runner, console()) == ENDPOINT
    assert not runner.started


def test_an_older_one_that_runs_is_told_of(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not restarted behind the user's back."""
    answers(monkeypatch, health(checkout, version="old"))
    told = console()
    local.up(checkout, LOCAL, FakeRunner(), told)
    assert isinstance(told.err, io.StringIO)
    assert "invoke local.down local.up" in told.err.getvalue()


def test_a_port_of_another_program(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the program and how to choose another port."""
    answers(monkeypatch, local.Foreign("no JSON"))
    with pytest.raises(ToolError) as caught:
        local.up(checkout, LOCAL, FakeRunner(), console())
    assert caught.value.message == "port 4599 is taken by pid 12 (nginx)"
    assert "SLIPWAY_LOCAL_PORT=4600" in caught.value.next_step


def test_a_port_of_another_service_with_a_json_answer(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not everything that answers JSON is ours."""
    answers(monkeypatch, {"status": "ok"})
    with pytest.raises(ToolError, match="taken by pid 12"):
        local.endpoint(checkout, LOCAL)


def test_one_that_ends_just_now_is_no_stranger(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that breaks is looked at twice."""
    answers(monkeypatch, local.Foreign("connection reset"), None)
    assert local.endpoint(checkout, LOCAL) is None


def test_a_port_of_another_checkout(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names that checkout and its process."""
    answers(monkeypatch, {**health(checkout), "checkout": "/home/me/other"})
    with pytest.raises(ToolError) as caught:
        local.endpoint(checkout, LOCAL)
    expected = "port 4599 is taken by the embedded AWS of /home/me/other (pid 77)"
    assert caught.value.message == expected


def test_it_runs_on_another_port(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second instance on the same state is refused."""
    answers(monkeypatch, None)
    local.folder(checkout).mkdir(parents=True)
    note = json.dumps({"pid": os.getpid(), "port": 4600})
    (local.folder(checkout) / "pid").write_text(note)
    with pytest.raises(ToolError, match="runs on port 4600, not 4599"):
        local.up(checkout, LOCAL, FakeRunner(), console())


def test_a_pid_file_left_by_a_killed_one_is_no_hindrance(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one that holds nonsense."""
    answers(monkeypatch, None)
    local.folder(checkout).mkdir(parents=True)
    for text in ('{"pid": 4194305, "port": 4600}', "nonsense", ""):
        (local.folder(checkout) / "pid").write_text(text)
        assert local.endpoint(checkout, LOCAL) is None


def test_without_its_environment_setup_is_the_next_step(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but `setup` installs anything."""
    answers(monkeypatch, None)
    local.python(checkout).unlink()
    with pytest.raises(ToolError) as caught:
        local.up(checkout, LOCAL, FakeRunner(), console())
    assert caught.value.next_step == "uv run invoke setup"


def test_a_start_that_fails_says_why(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last error of its log is the message."""
    answers(monkeypatch, None)
    monkeypatch.setattr(local, "_ended", lambda _: True)
    local.folder(checkout).mkdir(parents=True)
    local.log_path(checkout).write_text("starting\nerror: the Docker engine does not answer: no\n")
    with pytest.raises(ToolError, match="did not start: the Docker engine does not answer: no"):
        local.up(checkout, LOCAL, FakeRunner(), console())


def test_what_docker_refuses_is_said(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container, the engine may refuse before the program says anything."""
    answers(monkeypatch, None)
    monkeypatch.setattr(local, "_ended", lambda _: True)
    local.folder(checkout).mkdir(parents=True)
    said = (
        "docker: Error response from daemon: port is already allocated.\nSee 'docker run --help'."
    )
    local.log_path(checkout).write_text(said)
    with pytest.raises(ToolError, match=r"did not start: Error response .* already allocated"):
        local.up(checkout, LOCAL, FakeRunner(), console())


def test_in_a_container(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started is docker's command; its process is noted, as the program can't know it."""
    in_container = health(checkout, container="slipway-1")
    answers(monkeypatch, None, None, in_container)
    run = command("docker", "run", mutates=True)
    monkeypatch.setattr("slipway.contained.run.prepare", lambda *_: run)
    runner, wanted = FakeRunner(), Local(port=4599, mode="container")
    assert local.up(checkout, wanted, runner, console()) == ENDPOINT
    assert runner.started == [run]
    noted = json.loads((local.folder(checkout) / "pid").read_text())
    assert noted == {"pid": 4242, "port": 4599}
    found = local.status(checkout, wanted)
    assert (found.pid, found.container) == (0, "slipway-1")


def test_a_container_on_its_way_is_no_stranger(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine opens its ports before anything in it answers."""
    answers(monkeypatch, local.Foreign("connection reset"))
    local.folder(checkout).mkdir(parents=True)
    note = json.dumps({"pid": os.getpid(), "port": 4599})
    (local.folder(checkout) / "pid").write_text(note)
    assert local.endpoint(checkout, LOCAL) is None


def test_it_is_told_of_the_engine_that_docker_uses(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a context names it, of which the program knows nothing."""
    answers(monkeypatch, None, None, health(checkout))
    monkeypatch.setattr(local, "_engine_host", lambda: "unix:///home/me/docker.sock")
    runner = FakeRunner()
    local.up(checkout, LOCAL, runner, console())
    assert runner.started[0].env["DOCKER_HOST"] == "unix:///home/me/docker.sock"


def test_a_dry_run_starts_nothing(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not wait for what was not started."""
    answers(monkeypatch, None)
    runner = DryRunner(FakeRunner(), show=lambda _: None)
    assert local.up(checkout, LOCAL, runner, console()) == ENDPOINT
    assert [ran.argv[3] for ran in runner.skipped] == ["serve"]


def test_down_and_reset_without_anything_do_nothing(checkout: Checkout) -> None:
    """There is no folder: nothing ever ran here."""
    runner = FakeRunner()
    local.down(checkout, LOCAL, runner)
    local.reset(checkout, LOCAL, runner)
    assert not runner.ran


@pytest.mark.parametrize(("verb", "name"), [(local.down, "stop"), (local.reset, "forget")])
def test_down_and_reset_leave_it_to_the_program(checkout: Checkout, verb: Any, name: str) -> None:
    """It knows its process and its containers, also those of a killed one."""
    local.folder(checkout).mkdir(parents=True)
    runner = FakeRunner().on(str(local.python(checkout)))
    verb(checkout, LOCAL, runner)
    assert [ran.argv[1:4] for ran in runner.ran] == [("-m", "embedded_aws", name)]
    assert all(ran.mutates for ran in runner.ran)


def test_status_of_one_that_runs(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that it tells of itself, and whether its code is current."""
    answers(monkeypatch, health(checkout, version="old"))
    found = local.status(checkout, LOCAL)
    assert (found.running, found.current, found.tasks) == (True, False, 2)
    assert found.load_balancers == {"shop": ["http://127.0.1.1"]}


def test_status_of_one_that_does_not_run(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no error."""
    answers(monkeypatch, None)
    assert not local.status(checkout, LOCAL).running


def test_a_log_that_grew_long_is_put_aside(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next start, once."""
    answers(monkeypatch, None, None, health(checkout))
    monkeypatch.setattr(local, "LONGEST_LOG", 3)
    local.folder(checkout).mkdir(parents=True)
    local.log_path(checkout).write_text("long")
    local.up(checkout, LOCAL, FakeRunner(), console())
    assert (local.folder(checkout) / "log.1").read_text() == "long"
