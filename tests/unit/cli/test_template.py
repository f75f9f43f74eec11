"""`invoke template.check` and `template.update`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from slipway.cli.new import new
from slipway.cli.template import check, update
from slipway.paths import Checkout

REAL = Checkout(Path(__file__).parents[3])
pytestmark = pytest.mark.tools


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A repository with the real template and one service of it, all committed."""
    checkout = Checkout(tmp_path)
    project = '[project]\nname = "shop"\n[environments.local]\ntarget = "embedded"\n'
    checkout.config.write_text(project)
    (tmp_path / ".gitignore").write_text(".slipway/\n")
    shutil.copytree(REAL.template, checkout.template)
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    commit()
    new(Context(), name="orders")
    commit()
    return checkout


def git(*words: str) -> None:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


def commit() -> None:
    git("add", "-A")
    git("commit", "-qm", "now")


def change(checkout: Checkout, where: Path, line: str) -> None:
    file = where / "README.md"
    file.write_text(f"{line}\n{file.read_text()}")


def test_from_behind_to_current(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """Told by exit codes as well; a dry run only tells; a second run finds nothing to do."""
    assert check(Context()) == 0
    change(checkout, checkout.template / "{{cookiecutter.name}}", "New words")
    commit()
    capsys.readouterr()
    with pytest.raises(Exit) as behind:
        check(Context(), json=True)
    assert behind.value.code == 1
    (standing,) = json.loads(capsys.readouterr().out)
    assert standing["state"] == "behind"
    assert standing["files"] == ["{{cookiecutter.name}}/README.md"]
    before = (checkout.services / "orders" / "README.md").read_text()
    update(Context(), service="orders", dry_run=True)
    assert (checkout.services / "orders" / "README.md").read_text() == before
    capsys.readouterr()
    update(Context(), service="orders")
    said = capsys.readouterr().out
    assert said.startswith("services/orders: updated\n  changed  .template.toml\n")
    assert "  changed  README.md\n" in said
    assert "next:\n  git diff -- services/orders\n" in said
    commit()
    assert check(Context()) == 0
    update(Context(), service="orders")
    assert "services/orders is as the template has it" in capsys.readouterr().out


def test_conflicts_end_with_one(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """What is to be resolved comes first among the next steps."""
    change(checkout, checkout.template / "{{cookiecutter.name}}", "Theirs")
    change(checkout, checkout.services / "orders", "Ours")
    commit()
    with pytest.raises(Exit) as ended:
        update(Context(), service="orders")
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "conflict README.md: both changed the same place" in said
    assert said.partition("next:\n")[2].startswith("  resolve what is listed as conflict")
    assert os.fspath(checkout.root) not in said


def version(checkout: Checkout) -> str:
    """The template that is committed, as git names it."""
    words = ["git", "rev-parse", "HEAD:templates/service"]
    found = subprocess.run(words, cwd=checkout.root, check=True, capture_output=True, text=True)
    return found.stdout.strip()


def test_an_update_as_json(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """From which version to which, and each file; the same shape where nothing is to do."""
    old = version(checkout)
    change(checkout, checkout.template / "{{cookiecutter.name}}", "New words")
    commit()
    new = version(checkout)
    told = {"service": "orders", "from": old, "to": new, "conflicts": []}
    paths = (".template.toml", "README.md")
    files = [{"path": path, "change": "changed"} for path in paths]
    for dry_run in (True, False):
        capsys.readouterr()
        update(Context(), service="orders", json=True, dry_run=dry_run)
        found = json.loads(capsys.readouterr().out)
        assert found == {**told, "files": files, "dry_run": dry_run}
    commit()
    update(Context(), service="orders", json=True)
    assert json.loads(capsys.readouterr().out) == {
        **told,
        "from": new,
        "files": [],
        "dry_run": False,
    }


def test_conflicts_as_json(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """With their reasons; they end with one all the same."""
    change(checkout, checkout.template / "{{cookiecutter.name}}", "Theirs")
    change(checkout, checkout.services / "orders", "Ours")
    commit()
    capsys.readouterr()
    with pytest.raises(Exit) as ended:
        update(Context(), service="orders", json=True)
    assert ended.value.code == 1
    conflict = {"path": "README.md", "reason": "both changed the same place"}
    assert json.loads(capsys.readouterr().out)["conflicts"] == [conflict]


def test_a_name_that_is_none(checkout: Checkout) -> None:
    """The nearest one is named."""
    with pytest.raises(Exit, match=r"no service called 'order' \(did you mean orders\?\)") as ended:
        update(Context(), service="order")
    assert ended.value.code == 2
