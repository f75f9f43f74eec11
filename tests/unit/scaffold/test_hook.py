"""cookiecutter called by itself: the template's hook has the rules of `invoke new`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.config import load
from slipway.errors import ConfigError
from slipway.paths import Checkout
from slipway.scaffold import template
from slipway.scaffold.answers import Around
from slipway.scaffold.hook import wrong
from slipway.scaffold.routes import Taken

REAL = Checkout(Path(__file__).parents[3])
COOKIECUTTER = Path(sys.executable).with_name("cookiecutter")
TAKEN = Taken(service="greeter", path="/greeter", host="", priority=100)
AROUND = Around(folders=frozenset({"greeter"}), routes=(TAKEN,), packages=frozenset())
WEB = {
    "name": "shop",
    "description": "A shop",
    "kind": "web",
    "route": "/shop",
    "auth": "none",
    "priority": "110",
    "schedule": "rate(1 hour)",
}


@pytest.mark.parametrize(
    ("answers", "problems"),
    [
        ({}, {}),
        ({"priority": "100"}, {"priority": "not free for /shop; 110 is"}),
        ({"priority": "many"}, {"priority": "not free for /shop; 110 is"}),
        ({"route": "/greeter", "name": "greeter"}, {"name", "route"}),
        ({"kind": "job", "priority": "100"}, {}),
        ({"kind": "job", "auth": "jwt", "schedule": "often"}, {"auth", "schedule"}),
    ],
)
def test_answers(answers: dict[str, str], problems: dict[str, str] | set[str]) -> None:
    """Only what the kind of the service has a use for is looked at."""
    found = wrong({**WEB, **answers}, AROUND)
    assert (found if isinstance(problems, dict) else set(found)) == problems


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with the sample's manifest."""
    checkout = Checkout(tmp_path)
    checkout.config.write_text(
        '[project]\nname = "shop"\n[environments.local]\ntarget="embedded"\n'
    )
    shutil.copytree(REAL.template, checkout.template)
    (checkout.services / "greeter").mkdir(parents=True)
    shutil.copy(REAL.services / "greeter" / "service.toml", checkout.services / "greeter")
    return checkout


def cookiecutter(checkout: Checkout, *answers: str) -> subprocess.CompletedProcess[str]:
    argv = [str(COOKIECUTTER), "--no-input", "templates/service", "-o", "services", *answers]
    home = {**os.environ, "HOME": str(checkout.root)}
    return subprocess.run(argv, cwd=checkout.root, env=home, capture_output=True, text=True)


@pytest.mark.tools
def test_real_cookiecutter(checkout: Checkout) -> None:
    """What is refused is told and leaves nothing behind; what is good is a valid service."""
    refused = cookiecutter(checkout, "name=json", "priority=110")
    assert refused.returncode == 1
    assert "error: name=json: would hide Python's own module json" in refused.stderr
    assert "uv run invoke new" in refused.stderr
    assert [folder.name for folder in checkout.services.iterdir()] == ["greeter"]
    made = cookiecutter(checkout, "name=shop", "priority=110", "description=It's ours")
    assert made.returncode == 0, made.stderr
    assert load(checkout, "local").services["shop"].route.priority == 110


@pytest.mark.tools
def test_a_python_without_slipway(checkout: Checkout) -> None:
    """The hook says which command has the rules, where it can't ask them."""
    text = (checkout.template / "hooks" / "pre_gen_project.py").read_text()
    hook = checkout.root / "hook.py"
    hook.write_text(text.replace("{{ cookiecutter | jsonify | pprint }}", "'{}'"))
    argv = [sys.executable, "-I", "-S", str(hook)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "next: from the repository's top folder: uv run invoke new"
    )


@pytest.mark.tools
def test_an_error_of_the_template_is_told(checkout: Checkout, tmp_path: Path) -> None:
    """No traceback: the file and the reason."""
    manifest = checkout.template / "{{cookiecutter.name}}" / "service.toml"
    manifest.write_text("{{ cookiecutter.colour }}")
    with pytest.raises(ConfigError, match=r"templates/service: .*service\.toml"):
        template.render(checkout.template, {"name": "shop"}, tmp_path / "out")
    manifest.write_text("{% if %}")
    with pytest.raises(ConfigError, match="Expected an expression"):
        template.render(checkout.template, {"name": "shop"}, tmp_path / "out2")
