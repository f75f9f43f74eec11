"""The command line as a whole, in this process: Invoke's own program with our tasks."""

from __future__ import annotations

import shutil
import signal
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import invoke.main
import pytest
from invoke.program import Program

CASES = Path(__file__).parents[2] / "cases" / "cli"
LINES = [
    pytest.param(case, id=case["name"])
    for case in tomllib.loads((CASES / "command_lines.toml").read_text())["case"]
]

Run = Callable[[str], int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Type words behind `invoke` in a checkout with the tasks of the cases; the exit code."""
    shutil.copy(CASES / "tasks.py", tmp_path)
    (tmp_path / "slipway.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)

    def type_words(words: str) -> int:
        program = Program(name="Invoke", binary="inv[oke]", binary_names=["invoke", "inv"])
        monkeypatch.setattr(invoke.main, "program", program)
        try:
            program.run(["invoke", *words.split()])
        except SystemExit as ending:
            return int(ending.code or 0)
        return 0

    before = signal.getsignal(signal.SIGPIPE)
    yield type_words
    # After a list of tasks a closed pipe ends the process, which is the whole test run's here.
    signal.signal(signal.SIGPIPE, before)


@pytest.mark.parametrize("case", LINES)
def test_command_line(case: dict[str, Any], run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """Each line of the case file ends with its code, its output and its message."""
    code = run(case["typed"])

    out, err = capfd.readouterr()
    assert code == case.get("code", 0), err
    if "out_has" not in case:
        assert out.strip() == case.get("out", "")
    for text in case.get("out_has", ()):
        assert text in out
    for text in case.get("err", ()):
        assert text in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [
        "deploy --help",
        "deploy -h",
        "--help deploy",
        "-h deploy",
        "deploy --env=local --help",
        "deploy --help --env=local",
        "deploy --env local --dry-run -h",
        "setup deploy --help",
        "setup --help deploy --env=local",
        "setup deploy --env=local --help",
        "--help deploy setup",
        "deploy --env=local setup --help",
        "state.setup --help",
        "exec --help",
    ],
)
def test_help_runs_nothing(words: str, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """Wherever `--help` stands, it prints one task's help, exits with 0 and runs no task."""
    code = run(words)

    out, err = capfd.readouterr()
    ran = [line for line in out.splitlines() if line.split(" ")[0] in {"setup", "deploy", "exec"}]
    assert (code, ran, err) == (0, [], "")
    assert out.startswith("usage: invoke ")


def test_help_text(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """Help shows the docstring and, for each flag, what is required, chosen from and assumed."""
    run("deploy --help")

    usage, *rest = capfd.readouterr().out.splitlines()
    assert usage.startswith("usage: invoke deploy --env=<text> [--service=<text>,…] ")
    assert rest == [
        "",
        "Build, push and roll out.",
        "",
        "The second paragraph.",
        "",
        "  --env=<text>        environment to deploy to (required)",
        "  --service=<text>,…  only these (optional)",
        "  --size=small|big    (default: small)",
        "  --count=<number>    (default: 2)",
        "  --share=<number>    (default: 0.5)",
        "  --to=<text>         (optional)",
        "  --[no-]wait         (default: on)",
        "  --dry-run           (default: off)",
    ]


@pytest.mark.parametrize("words", ["--help deplo", "--help nothing-like-it"])
def test_help_for_unknown(words: str, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """Help for a task that does not exist says so, with 2."""
    assert run(words) == 2
    assert f"no task is named {words.split()[1]}" in capfd.readouterr().err


def test_completion(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """Shell completion gets its candidates and no complaint about half a command line."""
    assert run("--complete -- invoke deploy --d") == 0
    assert "--dry-run" in capfd.readouterr().out.split()


def test_debug(
    run: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With SLIPWAY_DEBUG=1 an engine error shows its traceback, then its message."""
    monkeypatch.setenv("SLIPWAY_DEBUG", "1")
    assert run("fail --how=engine") == 3
    err = capfd.readouterr().err
    assert err.startswith("Traceback")
    assert err.endswith("error: slipway.toml: off\nnext: edit it\n")


def test_crash_is_recorded(run: Run, tmp_path: Path) -> None:
    """The traceback of a bug is kept where the message says."""
    run("fail --how=bug")
    assert "KeyError: 'nope'" in (tmp_path / ".slipway/crash.log").read_text()


def test_crash_without_a_place_to_record(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A crash that can't be recorded is still one message."""
    (tmp_path / ".slipway").write_text("in the way")
    assert run("fail --how=bug") == 1
    assert "next: run it again with SLIPWAY_DEBUG=1" in capfd.readouterr().err


def test_dry_run_by_variable(
    run: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Invoke's variable for `--dry` is refused like the flag."""
    monkeypatch.setenv("INVOKE_RUN_DRY", "1")
    assert run("setup") == 2
    assert "use --dry-run" in capfd.readouterr().err
