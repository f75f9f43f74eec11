"""The sample service and the template."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from slipway.command import Command
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from slipway.scaffold import record, sample, template
from slipway.scaffold.check import Standing, check
from slipway.testing import FakeRunner, printed

# git, and the template's own hook, are programs of their own.
pytestmark = pytest.mark.tools

REAL = Checkout(Path(__file__).parents[3])
GREETER = REAL.services / sample.NAME


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path)
    shutil.copytree(REAL.template, checkout.template)
    ignore = shutil.ignore_patterns(*sample.MADE_BY_TOOLS)
    shutil.copytree(GREETER, checkout.services / sample.NAME, ignore=ignore)
    return checkout


def test_the_sample_is_what_the_template_renders(tmp_path: Path) -> None:
    """Byte for byte, uv.lock included; else: uv run python -m slipway.scaffold.sample."""
    rendered = template.render(REAL.template, {"name": sample.NAME}, tmp_path)
    assert sample.differences(GREETER, rendered) == [record.NAME]


@pytest.mark.parametrize("name", [sample.NAME, "catalog"])
def test_the_samples_say_so(name: str) -> None:
    """Their records are of the template that there is; else the same command, or an update."""
    found = check(REAL, SubprocessRunner())
    assert Standing(service=name, state="current") in found


def test_differences_are_seen(checkout: Checkout) -> None:
    """Changed, added and removed files count; what tools leave behind does not."""
    mine = checkout.services / sample.NAME
    (mine / "README.md").write_text("changed")
    (mine / "added.py").touch()
    (mine / "service.toml").unlink()
    (mine / "src" / "__pycache__").mkdir()
    (mine / "src" / "__pycache__" / "x.pyc").touch()
    expected = ["README.md", "added.py", "service.toml"]
    assert sample.differences(mine, GREETER) == expected


def test_refresh_takes_the_template_over(checkout: Checkout) -> None:
    """The sample gets the template's files, the template the lock file that uv makes of them."""
    mine = checkout.services / sample.NAME
    (mine / "stale.py").touch()
    (mine / "README.md").unlink()

    def uv_lock(command: Command) -> str:
        lock = Path(command.argv[3]) / "uv.lock"
        lock.write_text(lock.read_text().replace('name = "uvloop"', 'name = "uvloop2"'))
        return ""

    asked = checkout.template / "{{cookiecutter.name}}" / "pyproject.toml"
    asked.write_text(asked.read_text().replace("uvloop==", "uvloop2=="))
    runner = FakeRunner().on("uv lock", uv_lock).on("git", printed("", code=128))
    sample.refresh(checkout, runner, ["--upgrade"])
    assert sample.differences(mine, GREETER) == [".template.toml", "pyproject.toml", "uv.lock"]
    lock = template.lock_file(checkout.template).read_text()
    assert 'name = "uvloop2"' in lock
    assert 'name = "{{ cookiecutter.name }}"' in lock
    assert runner.shown[0].endswith("superset --upgrade")


def test_the_superset_requires_what_any_variant_does() -> None:
    """Each requirement once, groups by name; the project itself is that of the first."""
    one, other = (
        f'[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f"dependencies = {wanted}\n[dependency-groups]\n{group} = ['pytest']\n"
        '[build-system]\nrequires = ["uv_build"]\n'
        for wanted, group in ((["b", "c==1"], "dev"), (["b", "d[x]"], "docs"))
    )
    both = tomllib.loads(sample.united([one, other]))
    assert both["project"]["dependencies"] == ["b", "c==1", "d[x]"]
    assert both["dependency-groups"] == {"dev": ["pytest"], "docs": ["pytest"]}
    assert both["build-system"] == {"requires": ["uv_build"]}
