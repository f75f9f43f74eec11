"""`invoke import`: what it writes, what it refuses, what it says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from slipway.cli.importing import import_
from slipway.paths import Checkout
from tests.cases_files import CASES
from tests.unit.importing.samples import REAL, checkout_in

WEB = CASES / "importing" / "copilot" / "web"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with greeter, as the current folder."""
    monkeypatch.chdir(tmp_path)
    return checkout_in(tmp_path)


def made(checkout: Checkout) -> list[str]:
    folder = checkout.services / "storefront"
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def test_writes_both_files(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer counts the keys, and what asks for a decision is said as well."""
    import_(Context(), from_=WEB)
    assert made(checkout) == ["IMPORTED.md", "service.toml"]
    said = capsys.readouterr()
    assert said.out.startswith("made services/storefront/service.toml: 11 carried over")
    assert "manifest.yml: image.build: not carried over: " in said.err


def test_a_folder_with_code_is_taken(checkout: Checkout) -> None:
    """Whoever has brought the code first keeps it."""
    folder = checkout.services / "storefront"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    import_(Context(), from_=WEB)
    assert made(checkout) == ["Dockerfile", "IMPORTED.md", "service.toml"]


@pytest.mark.parametrize("name", ["service.toml", "IMPORTED.md"])
def test_nothing_is_written_over(
    name: str, checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a manifest nor a report that somebody may still need."""
    import_(Context(), from_=WEB)
    folder = checkout.services / "storefront"
    for file in folder.iterdir():
        if file.name != name:
            file.unlink()
    kept = (folder / name).read_text()
    with pytest.raises(Exit) as ended:
        import_(Context(), from_=WEB)
    assert ended.value.code == 2
    assert f"services/storefront/{name} is there already" in str(ended.value.message)
    assert made(checkout) == [name]
    assert (folder / name).read_text() == kept


def test_another_name(checkout: Checkout) -> None:
    """Name, route and folder follow the flag."""
    import_(Context(), from_=CASES / "importing" / "copilot" / "worker", service="thumbs")
    text = (checkout.services / "thumbs" / "service.toml").read_text()
    assert tomllib.loads(text)["route"] == {"path": "/thumbs", "priority": 110}


def test_a_path_that_another_service_has(checkout: Checkout, tmp_path: Path) -> None:
    """It gets its own, and the report says who has the other."""
    file = tmp_path / "manifest.yml"
    file.write_text((WEB / "manifest.yml").read_text().replace("path: shop", "path: greeter"))
    import_(Context(), from_=file)
    text = (checkout.services / "storefront" / "service.toml").read_text()
    assert tomllib.loads(text)["route"]["path"] == "/storefront"
    report = (checkout.services / "storefront" / "IMPORTED.md").read_text()
    assert "/greeter goes to greeter already" in report


def test_dry_run_writes_nothing(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows what would be in both files."""
    import_(Context(), from_=WEB, dry_run=True)
    assert made(checkout) == []
    shown = capsys.readouterr().out
    assert 'name = "storefront"' in shown
    assert "# storefront: what was imported" in shown


def test_json(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get the manifest and each finding; nothing else is on stdout."""
    import_(Context(), from_=WEB, json=True, dry_run=True)
    found = json.loads(capsys.readouterr().out)
    assert found["manifest"]["port"] == 8080
    assert found["written"] is False
    assert sum(found["counts"].values()) == sum(len(each["covers"]) for each in found["findings"])


def test_the_first_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout without services, which other commands refuse, can begin with an import."""
    checkout = Checkout(tmp_path)
    checkout.config.write_text(
        '[project]\nname = "shop"\n[environments.dev]\ntarget = "embedded"\n'
    )
    monkeypatch.chdir(tmp_path)
    import_(Context(), from_=WEB)
    assert made(checkout) == ["IMPORTED.md", "service.toml"]


def test_a_broken_project_with_the_first_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without services nothing else looks at slipway.toml, so the import does."""
    checkout = Checkout(tmp_path)
    checkout.config.write_text(REAL.config.read_text().replace('target = "aws"', 'target = "gcp"'))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exit) as ended:
        import_(Context(), from_=WEB)
    assert ended.value.code == 3
    assert "slipway.toml: environments.dev.target: must be one of" in str(ended.value.message)
    assert made(checkout) == []


def test_a_broken_checkout_is_said_first(checkout: Checkout) -> None:
    """What is wrong elsewhere is no fault of the source."""
    (checkout.services / "greeter" / "service.toml").write_text("prot = 1\n")
    with pytest.raises(Exit) as ended:
        import_(Context(), from_=WEB)
    assert ended.value.code == 3
    assert "services/greeter/service.toml: prot: unknown key" in str(ended.value.message)
    assert made(checkout) == []


def test_a_place_that_cannot_be_written(checkout: Checkout) -> None:
    """No traceback, and nothing half done."""
    (checkout.services / "storefront").write_text("a file\n")
    with pytest.raises(Exit) as ended:
        import_(Context(), from_=WEB)
    assert ended.value.code == 2
    assert (checkout.services / "storefront").read_text() == "a file\n"
