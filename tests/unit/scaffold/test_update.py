"""A service brought to another version of the template, in a real repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from slipway.errors import ConfigError, UsageError
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from slipway.scaffold import lock, record, template, update, versions
from slipway.scaffold.check import Standing, check, judge
from slipway.scaffold.merge import Conflict, conflicts
from slipway.scaffold.record import Record

pytestmark = pytest.mark.tools

ASKED = {"name": "shop", "kind": ["web", "job"], "greeting": "Hello"}
PYPROJECT = """[project]
name = "{{ cookiecutter.name }}"
version = "1"
requires-python = ">=3.11"
dependencies = []
"""
LOCK = """version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "{{ cookiecutter.name }}"
version = "1"
source = { virtual = "." }
"""
TEN = "".join(f"line {number}\n" for number in range(10))


class Monorepo:
    """A repository with a small template, in a folder of a larger one."""

    def __init__(self, root: Path) -> None:
        self.top, self.root = root, root / "checkout"
        self.checkout = Checkout(self.root)
        self.template = self.checkout.template / "{{cookiecutter.name}}"
        self.shop = self.checkout.services / "shop"
        self.write(self.root / "slipway.toml", "")
        self.write(self.root / ".gitignore", ".slipway/\n.venv/\nlocal.env\n")
        self.write(self.checkout.template / "cookiecutter.json", json.dumps(ASKED))
        self.write(self.template / "pyproject.toml", PYPROJECT)
        self.write(self.template / "uv.lock", LOCK)
        self.write(self.template / "app.py", TEN)
        self.write(self.template / "words.txt", "{{ cookiecutter.greeting }}\n")
        self.git("init", "-q")
        self.commit()

    def write(self, path: Path, text: str | bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
        argv = ["git", *who, *words]
        return subprocess.run(argv, cwd=self.top, check=True, capture_output=True, text=True).stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "now")

    def make(self) -> None:
        """The service, as `invoke new` makes it, committed."""
        tree = versions.current(self.checkout, SubprocessRunner())
        answers = {"name": "shop", "kind": "web", "greeting": "Good day"}
        template.render(self.checkout.template, answers, self.checkout.services)
        self.write(self.shop / record.NAME, Record(tree=tree, answers=answers).text)
        self.commit()

    def update(self) -> update.Update:
        """What the task does."""
        with update.prepared(self.checkout, "shop", SubprocessRunner()) as found:
            update.apply(found, self.checkout, SubprocessRunner())
        return found

    def files(self) -> dict[str, bytes]:
        paths = (path for path in self.shop.rglob("*") if path.is_file())
        return {str(path.relative_to(self.shop)): path.read_bytes() for path in paths}


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    made = Monorepo(tmp_path / "repo")
    made.make()
    return made


def update_in(clone: Path) -> None:
    """As far as it goes in another clone of the repository."""
    with update.prepared(Checkout(clone / "checkout"), "shop", SubprocessRunner()):
        return


def test_what_both_changed_is_there(repo: Monorepo) -> None:
    """Each side's edits of one file, what is new in the template, and what is the service's own."""
    repo.write(repo.template / "app.py", TEN.replace("line 1\n", "line one\n"))
    repo.write(repo.template / "more" / "new.py", "# {{ cookiecutter.name }}\n")
    repo.write(repo.shop / "app.py", TEN.replace("line 8\n", "line eight\n"))
    repo.write(repo.shop / "own.py", "# ours\n")
    repo.commit()
    found = repo.update()
    assert found.conflicts == ()
    assert found.changes == {
        ".template.toml": "changed",
        "app.py": "changed",
        "more/new.py": "added",
    }
    files = repo.files()
    expected = TEN.replace("line 1\n", "line one\n").replace("line 8\n", "line eight\n")
    assert files["app.py"].decode() == expected
    assert files["more/new.py"] == b"# shop\n"
    assert files["own.py"] == b"# ours\n"
    assert files["words.txt"] == b"Good day\n"
    origin = record.read(repo.shop)
    assert origin
    assert origin.tree == repo.git("rev-parse", "HEAD:checkout/templates/service").strip()


def test_a_conflict_is_shown_and_nothing_is_lost(repo: Monorepo) -> None:
    """Both versions and the old one are in the file; what is to be resolved is not overwritten."""
    repo.write(repo.template / "app.py", TEN.replace("line 5", "theirs"))
    repo.write(repo.shop / "app.py", TEN.replace("line 5", "ours"))
    repo.commit()
    found = repo.update()
    assert found.conflicts == (Conflict(path="app.py", reason="both changed the same place"),)
    text = (repo.shop / "app.py").read_text()
    shown = [line.split(" ")[0] for line in text.splitlines() if line not in TEN.splitlines()]
    assert shown == ["<<<<<<<", "ours", "|||||||", "=======", "theirs", ">>>>>>>"]
    assert "line 5" in text
    with pytest.raises(UsageError, match=r"conflicts of an earlier merge are still in app\.py"):
        repo.update()
    repo.commit()
    with pytest.raises(UsageError, match="conflicts of an earlier merge"):
        repo.update()
    repo.write(repo.shop / "app.py", TEN.replace("line 5", "both"))
    repo.commit()
    assert repo.update().changes == {}


def test_removed_on_either_side(repo: Monorepo) -> None:
    """What only one side removed goes; what the other one changed stays, and is told."""
    for name in ("one", "two", "three", "four"):
        repo.write(repo.template / "sub" / name, TEN + name)
    repo.commit()
    repo.update()
    repo.commit()
    (repo.template / "sub" / "one").unlink()
    (repo.template / "sub" / "two").unlink()
    repo.write(repo.shop / "sub" / "two", TEN + "two, ours")
    (repo.shop / "sub" / "three").unlink()
    (repo.shop / "sub" / "four").unlink()
    repo.write(repo.template / "sub" / "four", TEN + "four, theirs")
    repo.commit()
    found = repo.update()
    assert dict(found.changes) == {
        ".template.toml": "changed",
        "sub/four": "added",
        "sub/one": "removed",
    }
    assert [(each.path, each.reason.split(":")[1]) for each in found.conflicts] == [
        ("sub/four", " it is back"),
        ("sub/two", " kept"),
    ]
    assert repo.files()["sub/two"].endswith(b"two, ours")


def test_a_new_name_takes_our_edits_along(repo: Monorepo) -> None:
    """git finds that it is the same file; the folder that is empty then goes."""
    repo.write(repo.template / "old" / "long.py", TEN)
    repo.commit()
    repo.update()
    repo.commit()
    (repo.template / "old" / "long.py").rename(repo.template / "renamed.py")
    repo.write(repo.shop / "old" / "long.py", TEN.replace("line 3", "ours"))
    repo.commit()
    assert repo.update().conflicts == ()
    assert repo.files()["renamed.py"].decode() == TEN.replace("line 3", "ours")
    assert not (repo.shop / "old").exists()


def test_modes_links_and_bytes(repo: Monorepo) -> None:
    """A mode is a change as well; bytes that no text merge can bring together stay ours."""
    repo.write(repo.template / "logo.png", b"\x89PNG\0\1")
    repo.write(repo.template / "run.sh", "#!/bin/sh\n")
    repo.commit()
    repo.update()
    repo.commit()
    repo.write(repo.template / "logo.png", b"\x89PNG\0\2")
    repo.write(repo.shop / "logo.png", b"\x89PNG\0\3")
    (repo.template / "run.sh").chmod(0o755)
    (repo.shop / "link").symlink_to("app.py")
    repo.commit()
    found = repo.update()
    assert [conflict.path for conflict in found.conflicts] == ["logo.png"]
    assert found.changes["run.sh"] == "changed"
    assert os.access(repo.shop / "run.sh", os.X_OK)
    assert (repo.shop / "logo.png").read_bytes() == b"\x89PNG\0\3"
    assert (repo.shop / "link").is_symlink()


def test_new_questions_have_their_defaults(repo: Monorepo) -> None:
    """An answer is kept; what the service was never asked is answered by the template."""
    asked = json.dumps({**ASKED, "greeting": "Hi", "colour": "blue"})
    repo.write(repo.checkout.template / "cookiecutter.json", asked)
    words = "{{ cookiecutter.greeting }}, {{ cookiecutter.colour }}\n"
    repo.write(repo.template / "words.txt", words)
    repo.commit()
    found = repo.update()
    assert found.record.answers["colour"] == "blue"
    assert repo.files()["words.txt"] == b"Good day, blue\n"


def test_an_answer_that_is_offered_no_more(repo: Monorepo) -> None:
    """It is told before anything is changed."""
    repo.write(repo.checkout.template / "cookiecutter.json", json.dumps({**ASKED, "kind": ["job"]}))
    repo.commit()
    before = repo.files()
    with pytest.raises(ConfigError, match="web"):
        repo.update()
    assert repo.files() == before


def test_packages_of_the_service_stay_locked(repo: Monorepo) -> None:
    """uv brings the service's own lock file up to date, and does not take the template's."""
    locked = LOCK.replace("{{ cookiecutter.name }}", "shop")
    repo.write(repo.shop / "uv.lock", locked.replace("revision = 3", "revision = 2"))
    repo.write(repo.template / "pyproject.toml", PYPROJECT.replace('"1"', '"2"'))
    repo.commit()
    repo.update()
    assert 'name = "shop"\nversion = "2"' in (repo.shop / "uv.lock").read_text()
    argv = [*lock.resolve(repo.shop).argv, "--check", "--offline"]
    subprocess.run(argv, check=True, capture_output=True)


@pytest.mark.parametrize("name", ["app.py", "untracked.py"])
def test_uncommitted_changes_are_not_risked(repo: Monorepo, name: str) -> None:
    """Only what git has can be brought back."""
    repo.write(repo.shop / name, "precious\n")
    repo.write(repo.template / "app.py", "new\n")
    with pytest.raises(UsageError, match="uncommitted changes") as error:
        repo.update()
    assert "git stash" in error.value.next_step
    assert (repo.shop / name).read_text() == "precious\n"


def test_an_ignored_file_is_not_overwritten(repo: Monorepo) -> None:
    """git could not bring it back."""
    repo.write(repo.shop / "local.env", "MINE=1\n")
    repo.write(repo.template / "local.env", "THEIRS=1\n")
    repo.git("add", "-f", "checkout/templates/service/{{cookiecutter.name}}/local.env")
    repo.commit()
    # The template's version is what git has of it, whatever is ignored.
    assert (repo.shop / "local.env").read_text() == "MINE=1\n"
    with pytest.raises(UsageError, match=r"local\.env: the template brings a file of this name"):
        repo.update()


def test_interrupted_it_changes_nothing(repo: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is made aside first."""
    repo.write(repo.template / "app.py", "new\n")
    repo.commit()
    before = repo.files()

    def interrupted(*anything: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(update, "relock", interrupted)
    with pytest.raises(KeyboardInterrupt):
        repo.update()
    assert repo.files() == before
    assert list((repo.checkout.work / "update").iterdir()) == []


def test_a_template_that_was_never_committed(repo: Monorepo) -> None:
    """A reference keeps it, also from `git gc`; elsewhere the error says how to get it."""
    repo.write(repo.template / "app.py", TEN + "uncommitted\n")
    shutil.rmtree(repo.shop)
    tree = versions.current(repo.checkout, SubprocessRunner())
    assert not versions.committed(repo.checkout, tree, SubprocessRunner())
    versions.keep(repo.checkout, tree, SubprocessRunner())
    answers = {"name": "shop", "greeting": "Hi"}
    template.render(repo.checkout.template, answers, repo.checkout.services)
    repo.write(repo.shop / record.NAME, Record(tree=tree, answers=answers).text)
    repo.write(repo.template / "app.py", TEN + "committed\n")
    repo.commit()
    repo.git("gc", "-q", "--prune=now")
    other = repo.top.with_name("other")
    repo.git("clone", "-q", repo.top.as_uri(), str(other))
    with pytest.raises(UsageError, match="was not committed as it was") as error:
        update_in(other)
    assert f"git fetch origin refs/slipway/templates/{tree}" in error.value.next_step
    assert repo.update().conflicts == ()
    assert repo.files()["app.py"].endswith(b"committed\n")


def test_a_clone_that_is_too_shallow(repo: Monorepo) -> None:
    """The old template is older than the clone."""
    repo.write(repo.template / "app.py", "new\n")
    repo.commit()
    other = repo.top.with_name("other")
    repo.git("clone", "-q", "--depth=1", repo.top.as_uri(), str(other))
    with pytest.raises(UsageError) as error:
        update_in(other)
    assert error.value.next_step == "git fetch --unshallow"
    assert check(Checkout(other / "checkout"), SubprocessRunner()) == [
        Standing(service="shop", state="behind", why="its version is not in this clone")
    ]


def test_which_services_are_behind(repo: Monorepo) -> None:
    """Whatever the service did itself; a template that is edited counts at once."""
    repo.write(repo.shop / "app.py", "ours\n")
    runner = SubprocessRunner()
    assert check(repo.checkout, runner) == [Standing(service="shop", state="current")]
    repo.write(repo.template / "app.py", "new\n")
    why, files = "1 file of the template changed", ("{{cookiecutter.name}}/app.py",)
    assert check(repo.checkout, runner) == [
        Standing(service="shop", state="behind", why=why, files=files)
    ]
    (repo.shop / record.NAME).unlink()
    assert check(repo.checkout, runner)[0].state == "unknown"
    with pytest.raises(ConfigError, match=r"services/shop/\.template\.toml: no such file"):
        repo.update()


def test_of_what_origin() -> None:
    """A version that is not here is another one, so the service is behind."""
    origin = Record(tree="a" * 40, answers={})
    assert judge("shop", origin, "a" * 40, {}).state == "current"
    assert judge("shop", origin, "b" * 40, {}).state == "behind"
    assert judge("shop", "it has none", "b" * 40, {}).state == "unknown"


def test_what_git_says_of_conflicts() -> None:
    """A line for each version of a file; names may have blanks and tabs."""
    entries = ("aa 1\ta b", "bb 2\ta b", "cc 3\ta b", "dd 2\tc\td")
    listing = "".join(f"100644 {entry}\0" for entry in entries)
    assert list(conflicts(listing)) == [
        Conflict(path="a b", reason="both changed the same place"),
        Conflict(
            path="c\td",
            reason="the service gave it this name, the template another: both are kept",
        ),
    ]
