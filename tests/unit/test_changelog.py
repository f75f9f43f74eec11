"""The changelog is in the form that its readers, and their tools, know."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from itertools import pairwise

from slipway.paths import find_checkout

ROOT = find_checkout().root
TEXT = (ROOT / "CHANGELOG.md").read_text()
RELEASES = re.findall(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", TEXT, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Known limits"}


def test_the_newest_release_is_the_version_of_the_project() -> None:
    """pyproject.toml and the changelog can't tell two stories."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert RELEASES[0][0] == project["version"]


def test_releases_are_in_order() -> None:
    """Newest first, by version and by day, below what is not released yet."""
    assert re.findall(r"^## (.*)$", TEXT, re.MULTILINE)[0] == "Unreleased"
    known = [
        (tuple(map(int, version.split("."))), date.fromisoformat(day)) for version, day in RELEASES
    ]
    assert all(newer > older for newer, older in pairwise(known))
    assert len(known) == TEXT.count("\n## ") - 1


def test_entries_are_of_known_kinds() -> None:
    """Those of Keep a Changelog, and what is known not to work."""
    assert set(re.findall(r"^### (.*)$", TEXT, re.MULTILINE)) <= KINDS
