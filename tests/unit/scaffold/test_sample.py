"""The sample service and the template."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from slipway.command import Command
from slipway.paths import Checkout
from slipway.scaffold import sample, template
from slipway.testing import FakeRunner

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
    assert sample.differences(GREETER, rendered) == []


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
        lock = mine / "uv.lock"
        lock.write_text(lock.read_text().replace('name = "uvloop"', 'name = "uvloop2"'))
        return ""

    sample.refresh(checkout, FakeRunner().on("uv lock", uv_lock), ["--upgrade"])
    assert sample.differences(mine, GREETER) == ["uv.lock"]
    lock = template.lock_file(checkout.template).read_text()
    assert 'name = "uvloop2"' in lock
    assert 'name = "{{ cookiecutter.name }}"' in lock


def test_lock_passes_options_on() -> None:
    """`--upgrade` is uv's to understand."""
    assert sample.lock(Path("s"), ["--upgrade"]).argv[-2:] == ("s", "--upgrade")
