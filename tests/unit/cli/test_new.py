"""`invoke new`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from slipway.cli.new import new
from slipway.paths import Checkout
from slipway.scaffold.template import questions

# git says which version of the template it is.
pytestmark = pytest.mark.tools

REAL = Checkout(Path(__file__).parents[3])


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout without services, as the current folder."""
    (tmp_path / "slipway.toml").write_text(
        '[project]\nname = "shop"\n[environments.local]\ntarget = "embedded"\n'
    )
    monkeypatch.chdir(tmp_path)
    checkout = Checkout(tmp_path)
    shutil.copytree(REAL.template, checkout.template)
    return checkout


def test_makes_a_service(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """The name is all that it takes; the answer is what was made and the next commands."""
    new(Context(), name="payments")
    assert (checkout.services / "payments" / "service.toml").is_file()
    shown = capsys.readouterr().out
    assert shown.startswith("made services/payments: Python 3.13, route /payments, priority 100\n")
    assert "uv run invoke deploy --env=local --service=payments" in shown


def test_the_flags_offer_what_the_template_asks() -> None:
    """Each choice of cookiecutter.json is one of the flag's, in the same order."""
    choices = {flag.name: list(flag.choices) for flag in new.flags if flag.choices}
    asked = questions(REAL.template)
    assert choices == {name: each for name, each in asked.items() if isinstance(each, list)}


def test_every_flag_counts(checkout: Checkout) -> None:
    """Description, Python and route are the user's where given."""
    new(Context(), name="payments", description="Takes money", python="3.11", route="/pay")
    folder = checkout.services / "payments"
    assert 'path = "/pay"' in (folder / "service.toml").read_text()
    assert 'description = "Takes money"' in (folder / "pyproject.toml").read_text()
    assert "ARG PYTHON_VERSION=3.11" in (folder / "Dockerfile").read_text()


def test_dry_run_makes_nothing(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """It decides and tells, and leaves the checkout as it is."""
    new(Context(), name="payments", dry_run=True)
    assert not checkout.services.exists()
    assert capsys.readouterr().out.startswith("would make services/payments")


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_was_made_as_json(
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dry_run: bool,
) -> None:
    """All that was decided, and the next commands; nothing is asked, also at a terminal."""
    monkeypatch.setattr("slipway.cli.new.listening", lambda: True)
    new(Context(), name="payments", description="Takes money", json=True, dry_run=dry_run)
    assert json.loads(capsys.readouterr().out) == {
        "name": "payments",
        "description": "Takes money",
        "python": "3.13",
        "route": "/payments",
        "priority": 100,
        "kind": "web",
        "database": "none",
        "cache": "none",
        "auth": "none",
        "schedule": "",
        "folder": "services/payments",
        "next": [
            "uv run --directory services/payments pytest",
            "uv run invoke dev --service=payments",
            "uv run invoke deploy --env=local --service=payments",
        ],
        "dry_run": dry_run,
    }
    assert (checkout.services / "payments").exists() is not dry_run


def test_a_wrong_name_is_a_usage_error(checkout: Checkout) -> None:
    """Exit code 2 and no traceback, before anything is made."""
    with pytest.raises(Exit) as ended:
        new(Context(), name="json")
    assert ended.value.code == 2
    assert not checkout.services.exists()
