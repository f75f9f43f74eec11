"""Which services differ from a commit, and why."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.command import Command
from slipway.config import sources
from slipway.config.sources import File
from slipway.errors import UsageError
from slipway.paths import Checkout
from slipway.release.affected import Affected, compare, differences, judge, near
from slipway.runner import OnLine, Result, SubprocessRunner

ROOT = Path(__file__).parents[3]

PROJECT = """
[project]
name = "shop"
[environments.local]
target = "embedded"
[environments.prod]
target = "aws"
account_id = "123456789012"
"""


def test_each_part_that_differs_is_told() -> None:
    """Files are changed, added or removed; of settings the values are said."""
    before = {"services/a/x.py": "1", "services/a/y.py": "2", "scale.min in prod": "2"}
    now = {"services/a/x.py": "9", "services/a/z.py": "3", "scale.min in prod": "4", "a in b": "1"}
    assert list(differences(before, now)) == [
        "a in b: added (1)",
        "scale.min in prod: 2 → 4",
        "services/a/x.py: changed",
        "services/a/y.py: removed",
        "services/a/z.py: added",
    ]


def test_new_and_removed_services() -> None:
    """A new one is affected and nothing more is said of it; one that is gone is told apart."""
    found = judge("abc", {"old": {}, "same": {"x": "1"}}, {"new": {"x": "1"}, "same": {"x": "1"}})
    assert found.affected == (Affected(name="new", why=("it is new",)),)
    assert found.removed == ("old",)


Edit = Callable[[str, str], None]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two services, all committed, in a folder of a larger one."""
    root = tmp_path / "checkout"
    for name, priority in (("orders", 10), ("users", 20)):
        folder = root / "services" / name
        write(folder / "src/main.py", f"# {name}\n")
        write(folder / "README.md", "read\n")
        write(folder / "Dockerfile", "FROM scratch\n")
        write(folder / ".dockerignore", "README.md\n")
        manifest = f'name = "{name}"\nroute = {{ path = "/{name}", priority = {priority} }}\n'
        write(folder / "service.toml", manifest)
    write(root / "slipway.toml", PROJECT)
    write(root / "infra/service/main.tf", "# service\n")
    write(root / "infra/platform/main.tf", "# platform\n")
    write(root / ".gitignore", ".slipway/\n*.pyc\n")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "now")


def affected(root: Path, base: str = "HEAD") -> dict[str, tuple[str, ...]]:
    found = compare(Checkout(root), base, SubprocessRunner())
    return {each.name: each.why for each in found.affected}


@pytest.mark.tools
def test_nothing_changed(repository: Path) -> None:
    """The commit itself, and files that enter no image, affect nothing; nothing is left behind."""
    write(repository / "services/orders/README.md", "other words\n")
    write(repository / "services/orders/src/main.pyc", "ignored by git\n")
    write(repository / "infra/platform/main.tf", "# of no service\n")
    assert affected(repository) == {}
    assert list((repository / ".slipway").iterdir()) == []


@pytest.mark.tools
def test_edits_count_committed_or_not(repository: Path) -> None:
    """The working tree is compared, with new files; a mode counts as well."""
    write(repository / "services/orders/src/main.py", "# other\n")
    write(repository / "services/orders/src/more.py", "# new\n")
    (repository / "services/users/src/main.py").chmod(0o755)
    wanted = {
        "orders": (
            "services/orders/src/main.py: changed",
            "services/orders/src/more.py: added",
        ),
        "users": ("services/users/src/main.py: changed",),
    }
    assert affected(repository) == wanted
    commit(repository)
    assert affected(repository, "HEAD~1") == wanted
    assert affected(repository) == {}


@pytest.mark.tools
def test_settings_count_wherever_they_are_written(repository: Path) -> None:
    """A default of slipway.toml affects those that it reaches, in the environment that it is of."""
    more = "[environments.prod.defaults]\nscale = { min = 3 }\n[defaults]\nsecrets = ['A']\n"
    write(repository / "slipway.toml", PROJECT + more)
    manifest = repository / "services/users/service.toml"
    manifest.write_text(manifest.read_text() + "scale = { min = 3 }\nsecrets = []\n")
    found = affected(repository)
    assert found["orders"] == (
        "scale.min in prod: 1 → 3",
        'secrets in local: [] → ["A"]',
        'secrets in prod: [] → ["A"]',
    )
    assert "scale.min in local: 1 → 3" in found["users"]
    assert "services/users/service.toml: changed" in found["users"]


@pytest.mark.tools
def test_infrastructure_of_services_is_every_services(repository: Path) -> None:
    """What Terraform would change in each stack makes each affected."""
    write(repository / "infra/service/main.tf", "# other\n")
    why = ("infra/service/main.tf: changed",)
    assert affected(repository) == {"orders": why, "users": why}


@pytest.mark.tools
def test_new_and_removed_services_in_git(repository: Path) -> None:
    """A folder more is a service more; one that is gone is told."""
    shutil.copytree(repository / "services/orders", repository / "services/wallet")
    manifest = 'name = "wallet"\nroute = { path = "/wallet", priority = 30 }\n'
    write(repository / "services/wallet/service.toml", manifest)
    shutil.rmtree(repository / "services/users")
    found = compare(Checkout(repository), "HEAD", SubprocessRunner())
    assert found.affected == (Affected(name="wallet", why=("it is new",)),)
    assert found.removed == ("users",)


@pytest.mark.tools
def test_an_old_configuration_that_is_none_any_more(repository: Path) -> None:
    """Where the settings of then can't be read, everything counts as changed, and why is said."""
    write(repository / "slipway.toml", "[project]\nnam = 'shop'\n")
    commit(repository)
    write(repository / "slipway.toml", PROJECT)
    found = affected(repository)
    assert set(found) == {"orders", "users"}
    assert found["orders"][0].startswith("the configuration of HEAD can't be read: slipway.toml")


TEXTS = {
    "pay": ["port = 8000"],
    "orders": ['needs = ["pay"]'],
    "bill": ['needs = ["pay"]'],
    "shop": ['needs = ["orders", "mail"]'],
    "mail": [""],
    "alone": ["name = 'alone'"],
}


@pytest.mark.parametrize(
    ("moved", "shared", "found"),
    [
        ({"alone"}, "", {"alone"}),
        # Who calls it has its address; what those need has to be there to be looked up.
        ({"pay"}, "", {"pay", "orders", "bill"}),
        ({"mail"}, "", {"mail", "shop", "orders", "pay"}),
        # Whether it is called is a setting of what it needs, and others call that as well.
        ({"orders"}, "", {"orders", "pay", "bill", "shop", "mail"}),
        ({"alone"}, 'needs = ["alone"]', set(TEXTS)),
        ({"pay"}, 'needs = ["mail"]', {"pay", "orders", "bill"}),
        (set(), "", set()),
    ],
)
def test_whose_settings_may_follow(moved: set[str], shared: str, found: set[str]) -> None:
    """Those that moved, those around them, and nobody else."""
    assert near(moved, TEXTS, shared) == found


@pytest.mark.tools
def test_only_what_may_follow_is_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hundreds of services a few; with slipway.toml another, all."""
    for name, priority in (("alone", 30), ("apart", 40)):
        service = repository / "services" / name / "service.toml"
        write(service, f'name = "{name}"\nroute = {{ path = "/{name}", priority = {priority} }}\n')
    commit(repository)
    read: list[str] = []
    real = sources.read_file

    def noted(kind: type, path: Path, checkout: Checkout) -> File:
        read.append(path.parent.name)
        return real(kind, path, checkout)

    monkeypatch.setattr(sources, "read_file", noted)
    service = repository / "services/alone/service.toml"
    service.write_text(service.read_text() + "cpu = 512\nmemory = 1024\n")
    assert list(affected(repository)) == ["alone"]
    assert {"alone", "apart", "orders", "users"} & set(read) == {"alone", "apart"}, read
    project = repository / "slipway.toml"
    project.write_text(project.read_text() + "[defaults]\ncpu = 512\nmemory = 1024\n")
    affected(repository)
    assert {"alone", "apart", "orders", "users"} <= set(read)


@pytest.mark.tools
def test_the_first_service_of_a_project_is_new(repository: Path) -> None:
    """Though nothing around it is on both sides."""
    for name in ("orders", "users"):
        shutil.rmtree(repository / "services" / name)
    write(
        repository / "services/fresh/service.toml",
        'name = "fresh"\nroute = { path = "/fresh", priority = 30 }\n',
    )
    assert affected(repository) == {"fresh": ("it is new",)}


@pytest.mark.tools
def test_an_unknown_commit(repository: Path) -> None:
    """A branch that was not fetched is told, with the way to it; an option is no commit."""
    for base in ("origin/main", "--help"):
        with pytest.raises(UsageError, match="git has no commit called") as caught:
            affected(repository, base)
        assert "fetch-depth: 0" in caught.value.next_step


@pytest.mark.tools
def test_index_and_files_are_left_alone(repository: Path) -> None:
    """What is staged stays staged, and nothing is written to the working tree."""
    write(repository / "services/orders/src/main.py", "# staged\n")
    git(repository, "add", "-A")
    before = subprocess.check_output(["git", "status", "--porcelain"], cwd=repository)
    affected(repository)
    assert subprocess.check_output(["git", "status", "--porcelain"], cwd=repository) == before


@pytest.mark.tools
def test_git_s_way_to_say_it(repository: Path) -> None:
    """Links, new names and files that git ignores, as they are on each side."""
    folder = repository / "services/orders"
    (folder / "src/main.py").rename(folder / "src/renamed.py")
    (folder / "link").symlink_to("src")
    write(folder / "src/x.pyc", "ignored")
    assert affected(repository) == {
        "orders": (
            "services/orders/link: added",
            "services/orders/src/main.py: removed",
            "services/orders/src/renamed.py: added",
        )
    }


@pytest.mark.tools
def test_few_commands_for_many_services(repository: Path) -> None:
    """git is asked about all of them at once."""
    ran: list[str] = []

    class Counting(SubprocessRunner):
        def run(
            self, command: Command, *, check: bool = True, on_line: OnLine | None = None
        ) -> Result:
            ran.append(str(command))
            return super().run(command, check=check, on_line=on_line)

    for name in ("orders", "users"):
        write(repository / "services" / name / "src/main.py", "# other\n")
    runner = Counting()
    assert len(compare(Checkout(repository), "HEAD", runner).affected) == 2
    assert len(ran) < 10
    assert not [command for command in ran if "services/orders" in command]


@pytest.mark.tools
def test_what_follows_from_another_service(repository: Path) -> None:
    """Who calls a service is affected where its address is another."""
    orders, users = (
        repository / "services" / name / "service.toml" for name in ("orders", "users")
    )
    orders.write_text('needs = ["users"]\n' + orders.read_text())
    commit(repository)
    users.write_text("port = 8001\n" + users.read_text())
    assert affected(repository)["orders"] == (
        "calls.users.port in local: 8000 → 8001",
        "calls.users.port in prod: 8000 → 8001",
    )
