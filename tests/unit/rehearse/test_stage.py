"""The throw-away checkout: what is on it, and that nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from slipway import local, signals, tools
from slipway.command import command
from slipway.errors import Interrupted, ToolError
from slipway.paths import Checkout
from slipway.rehearse import stage
from slipway.rehearse.stage import CLOCK, made, opened, without_accounts_own
from slipway.runner import SubprocessRunner
from slipway.testing import FakeRunner

pytestmark = pytest.mark.tools

TFVARS = "infra/environments/prod.tfvars"
FILES = {
    "slipway.toml": "[project]\n",
    "services/greeter/app.py": "one\n",
    "infra/platform/main.tf": "# one\n",
    TFVARS: 'zones = 2\ncertificate_arn = "arn:x"\n',
    "README.md": "not on the stage\n",
    ".gitignore": ".slipway/\n*.secret\n",
}


@pytest.fixture
def origin(tmp_path: Path) -> Checkout:
    """A checkout with one commit, and an embedded AWS that looks installed."""
    for name, text in FILES.items():
        write(tmp_path / name, text)
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for words in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "one")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    checkout = Checkout(tmp_path)
    write(local.python(checkout), "")
    write(tools.own_terraform(checkout), "")
    write(tools.cli_config_path(checkout), "provider_installation {}\n")
    return checkout


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_commit_and_then_the_working_tree(origin: Checkout) -> None:
    """The commit as it was; then edits, new files and deletions, but nothing that git ignores."""
    place = made(origin, SubprocessRunner())
    root = place.checkout.root
    write(origin.services / "greeter/app.py", "two\n")
    write(origin.services / "greeter/new.py", "new\n")
    write(origin.services / "greeter/key.secret", "never\n")
    (origin.infra / "platform/main.tf").unlink()
    place.place_commit("HEAD")
    assert (root / "services/greeter/app.py").read_text() == "one\n"
    assert not (root / "services/greeter/new.py").exists()
    assert not (root / "README.md").exists()
    place.place_working_tree()
    assert (root / "services/greeter/app.py").read_text() == "two\n"
    assert (root / "services/greeter/new.py").exists()
    assert not (root / "services/greeter/key.secret").exists()
    assert not (root / "infra/platform/main.tf").exists()


def test_all_of_it_is_committed(origin: Checkout) -> None:
    """A protected environment wants it so; the origin's own index stays as it is."""
    place = made(origin, SubprocessRunner())
    for put in (partial(place.place_commit, "HEAD"), place.place_working_tree):
        put()
        assert git(place.checkout.root, "status", "--porcelain", "--", *stage.PARTS) == ""
        assert "services/greeter/app.py" in git(place.checkout.root, "ls-files")
    assert git(origin.root, "status", "--porcelain", "--", *stage.PARTS) == ""


def test_the_tools_are_the_origins(origin: Checkout) -> None:
    """Its Terraform, its configuration, its embedded AWS: nothing is set up again."""
    place = made(origin, SubprocessRunner())
    assert tools.own_terraform(place.checkout).exists()
    assert tools.cli_config_path(place.checkout).read_text() == "provider_installation {}\n"
    assert local.environment_ready(place.checkout)
    assert (place.checkout.root).is_relative_to(origin.work.resolve() / "rehearsals")


def test_what_the_account_alone_has_is_left_out(origin: Checkout) -> None:
    """A certificate's ARN means nothing elsewhere; comments and all else stay."""
    place = made(origin, SubprocessRunner())
    place.place_commit("HEAD")
    assert (place.checkout.root / TFVARS).read_text() == "zones = 2\n"
    text = '# certificate_arn = "x"\n  domain_name="y"\ndomain_names = 1\n'
    assert without_accounts_own(text) == '# certificate_arn = "x"\ndomain_names = 1\n'


def test_what_is_left_out_is_told(origin: Checkout) -> None:
    """By its name; nothing where there was nothing."""
    assert stage.changes(origin, "prod") == (
        "left out: certificate_arn; requests come over plain HTTP",
    )
    assert stage.changes(origin, "local") == ()


def test_a_commit_that_git_does_not_know_is_an_error(origin: Checkout) -> None:
    """With what git said; nothing is placed."""
    place = made(origin, SubprocessRunner())
    with pytest.raises(ToolError, match="0123abcd"):
        place.place_commit("0123abcd")


@pytest.mark.parametrize("keep", [False, True])
def test_nothing_is_left_however_it_ends(
    origin: Checkout, keep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder, the embedded AWS and the clock: gone after Ctrl-C too, unless they are kept."""
    reset: list[Path] = []
    monkeypatch.setattr(local, "reset", lambda place, *_: reset.append(place.root))
    monkeypatch.setattr(stage, "forget_images", lambda *_: None)
    monkeypatch.delenv(CLOCK, raising=False)
    stages: list[stage.Stage] = []

    def stopped() -> None:
        with opened(origin, SubprocessRunner(), 2, keep=keep) as one:
            stages.append(one)
            assert os.environ[CLOCK] == "2"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    root = stages[0].checkout.root
    assert CLOCK not in os.environ
    assert root.exists() is keep
    assert reset == ([] if keep else [root])


def test_a_signal_that_came_to_another_thread_does_not_stop_the_tidying_up(
    origin: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main thread would hear of it at its next command, which is the first of these."""
    monkeypatch.setattr(local, "reset", lambda _, __, runner: runner.run(command("true")))
    monkeypatch.setattr(stage, "forget_images", lambda *_: None)
    stages: list[stage.Stage] = []

    def stopped() -> None:
        with opened(origin, SubprocessRunner(), 2, keep=False) as one:
            stages.append(one)
            now = signals.current()
            assert now
            now.signal = signal.SIGINT
            raise Interrupted("a thread was stopped")

    with signals.interruptible(), pytest.raises(signals.Stopped):
        stopped()
    assert not stages[0].checkout.root.exists()


def test_what_a_killed_rehearsal_left_is_removed_by_the_next(
    origin: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not what is kept, nor the stage of one that is at work."""
    reset: list[Path] = []
    monkeypatch.setattr(local, "reset", lambda place, *_: reset.append(place.root))
    monkeypatch.setattr(stage, "forget_images", lambda *_: None)
    killed, kept, working = (made(origin, SubprocessRunner()) for _ in range(3))
    with subprocess.Popen(["true"]) as process:
        process.wait()
    killed.owner.write_text(f"{process.pid} {killed.port}")
    kept.owner.unlink()
    stage.sweep(origin, SubprocessRunner())
    assert reset == [killed.checkout.root]
    assert not killed.checkout.root.exists()
    assert kept.checkout.root.exists()
    assert working.checkout.root.exists()


def test_two_at_once_are_apart(origin: Checkout) -> None:
    """Each has a folder of its own."""
    one, other = made(origin, SubprocessRunner()), made(origin, SubprocessRunner())
    assert one.checkout.root != other.checkout.root
    assert one.id != other.id


def test_an_embedded_aws_that_is_not_installed_is_told_at_once(tmp_path: Path) -> None:
    """Before anything is made."""
    with pytest.raises(ToolError) as error:
        made(Checkout(tmp_path), SubprocessRunner())
    assert error.value.next_step == "uv run invoke setup"
    assert list(tmp_path.iterdir()) == []


LISTED = """\
127.0.0.1:4999/slipway/greeter abc sha256:1
127.0.0.1:4999/slipway/greeter <none> sha256:2
127.0.0.1:4999/shop/orders abc-again <none>
"""


def test_only_names_of_the_stages_registry_are_taken_from_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The images themselves may be others' too: none is removed by its id, or by force."""
    cli = tools.DockerCli(path=Path("/docker"), buildx=False)
    monkeypatch.setattr(tools, "docker_cli", lambda runner: cli)
    runner = FakeRunner().on("/docker image ls", LISTED).on("/docker image rm")
    stage.forget_images(runner, "127.0.0.1:4999")
    listed, removed = runner.ran
    assert "--filter=reference=127.0.0.1:4999/*/*" in listed.argv
    greeter = "127.0.0.1:4999/slipway/greeter"
    assert removed.argv[1:] == (
        *("image", "rm", f"{greeter}:abc", f"{greeter}@sha256:1", f"{greeter}@sha256:2"),
        "127.0.0.1:4999/shop/orders:abc-again",
    )
    nothing = FakeRunner().on("/docker image ls", "")
    stage.forget_images(nothing, "127.0.0.1:4999")
    assert len(nothing.ran) == 1
