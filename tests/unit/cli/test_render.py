"""`invoke render`: which image, and where the files go."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """One message with the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        write(tmp_path / "file", [DONE])
