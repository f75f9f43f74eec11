"""The real `invoke` program as a process: exit codes, streams, pipes and signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.tools

INVOKE = Path(sys.executable).with_name("invoke")
TASKS = Path(__file__).parents[2] / "cases" / "cli" / "tasks.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the tasks of the cases."""
    shutil.copy(TASKS, tmp_path)
    (tmp_path / "slipway.toml").touch()
    return tmp_path


def start(checkout: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [INVOKE, *words],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(checkout: Path, *words: str) -> tuple[int, str, str]:
    with start(checkout, *words) as process:
        out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_result_on_stdout(checkout: Path) -> None:
    """What a task prints goes to stdout, and nothing to stderr."""
    assert run(checkout, "setup") == (0, "setup\n", "")


def test_message_on_stderr(checkout: Path) -> None:
    """A refused command line exits with 2, on stderr, before the first task."""
    code, out, err = run(checkout, "setup", "deploy")
    assert (code, out) == (2, "")
    assert err.startswith("error: deploy: --env is missing\nusage: invoke deploy --env=<text> ")


def test_a_list_that_nobody_reads_to_its_end(checkout: Path) -> None:
    """Ends without a word, as other programs do; Invoke's own would be a traceback."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([INVOKE, "--list"], cwd=checkout, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


def test_help(checkout: Path) -> None:
    """Help of the last of two tasks runs neither."""
    code, out, err = run(checkout, "setup", "deploy", "--env=local", "--help")
    assert (code, err) == (0, "")
    assert out.startswith("usage: invoke deploy ")


def test_list(checkout: Path) -> None:
    """The list has a line for each task, with the first sentence of its docstring."""
    code, out, _ = run(checkout, "--list")
    assert code == 0
    assert "  deploy        Build, push and roll out.\n" in out


def test_command_of_a_users_task(checkout: Path) -> None:
    """A command that fails under Invoke's own `c.run` ends as it does in Invoke."""
    code, _, err = run(checkout, "fail", "--how=run")
    assert (code, err) == (5, "")


def test_closed_pipe_is_quiet(checkout: Path) -> None:
    """Output piped into a program that stops reading ends with 141 and no complaint."""
    with start(checkout, "fail", "--how=print") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait(timeout=30)
    assert (code, err) == (141, "")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
@pytest.mark.parametrize("on", ["child", "thread", "sleep"])
def test_first_signal(checkout: Path, on: str, number: signal.Signals, code: int) -> None:
    """The first signal gives a child time to tidy up, and ends with one message and 128 + n."""
    with start(checkout, "wait", f"--on={on}", "setup") as process:
        _await_ready(process)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert ("tidied" in out) == (on != "sleep")
    assert "setup" not in out.splitlines(), "the next task must not run"
    assert err.startswith("error: ")
    assert "Traceback" not in err


def test_signal_that_a_task_swallowed(checkout: Path) -> None:
    """A task that ends well in spite of a signal is the last one."""
    with start(checkout, "wait", "--on=swallow", "setup") as process:
        _await_ready(process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (143, "", "")


def test_second_signal(checkout: Path) -> None:
    """The second signal kills a child that does not end, and says what may still go on."""
    with start(checkout, "wait", "--on=stubborn") as process:
        child = _await_ready(process)
        process.send_signal(signal.SIGINT)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert err.startswith("! stopping, and tidying up; a second signal leaves at once\n")
    assert err.endswith("stopped at once: what was under way may still be going on\n")
    ends = time.monotonic() + 5
    while _is_alive(child) and time.monotonic() < ends:
        time.sleep(0.02)
    assert not _is_alive(child)


def test_signals_at_once_count_as_one(checkout: Path) -> None:
    """A parent that passes on what the terminal has sent already does not cut tidying short."""
    with start(checkout, "wait", "--on=child") as process:
        _await_ready(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert process.returncode in {130, 143}
    assert "tidied" in out


def _await_ready(process: subprocess.Popen[str]) -> int:
    """Wait until the task does; the id of its child, if it has one."""
    assert process.stdout
    words = process.stdout.readline().split()
    assert words[0] == "ready"
    return int(words[1]) if len(words) > 1 else 0


def _is_alive(process: int) -> bool:
    """Whether it runs; where nothing waits for orphans a dead one stays as a zombie."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
