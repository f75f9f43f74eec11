"""`invoke render`: which image, and where the files go."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from invoke.context import Context

from slipway.cli import render
from slipway.cli.render import demand_one, write
from slipway.errors import UsageError
from slipway.render.documents import Rendered

DONE = Rendered(service="greeter", task_definition={"family": "f"}, appspec={"version": 0.0})


@pytest.mark.parametrize(
    ("image", "services", "said"),
    [
        ("repo@sha256:1", (), "name it with --service"),
        ("repo@sha256:1", ("a", "b"), "name it with --service"),
        ("repo:latest", ("a",), "not by digest"),
    ],
)
def test_an_image_that_cant_be_meant(image: str, services: tuple[str, ...], said: str) -> None:
    """One service's, and by its digest."""
    with pytest.raises(UsageError, match=said):
        demand_one(image, services)


def test_a_folder_for_each_service(tmp_path: Path) -> None:
    """Where pipelines look for them; written anew each time."""
    for _ in range(2):
        places = write(tmp_path / "deep", [DONE])
    assert [str(each.relative_to(tmp_path)) for each in places] == [
        "deep/greeter/task-definition.json",
        "deep/greeter/appspec.yaml",
    ]
    assert all(each.is_file() for each in places)


def test_the_files_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each by its place; what nobody can know yet stays on stderr."""
    monkeypatch.setattr(render, "made", lambda *_, **__: [replace(DONE, notes=("no image",))])
    render.render.body(Context(), env="local", out=tmp_path, json=True)
    told = capsys.readouterr()
    files = [tmp_path / "greeter/task-definition.json", tmp_path / "greeter/appspec.yaml"]
    assert json.loads(told.out) == {"files": [str(each) for each in files]}
    assert "greeter: no image" in told.err


def test_the_documents_are_json_anyway(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a folder nothing is written, and the flag changes nothing."""
    monkeypatch.setattr(render, "made", lambda *_, **__: [DONE])
    render.render.body(Context(), env="local", json=True)
    documents = {"task_definition": {"family": "f"}, "appspec": {"version": 0.0}}
    assert json.loads(capsys.readouterr().out) == {"greeter": documents}


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """One message with the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        write(tmp_path / "file", [DONE])
