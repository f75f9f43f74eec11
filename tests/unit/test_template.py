"""Variants of the template, held against the generated project's own checks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.paths import Checkout
from slipway.scaffold import sample, template
from slipway.scaffold.service import NewService

REAL = Checkout(Path(__file__).parents[2])
HERE = Path(sys.executable).parent

VARIANTS = [
    NewService(
        name="payments",
        description="Takes money, for example yours",
        python="3.13",
        route="/payments",
        priority=110,
    ),
    # The longest of everything, and a route that owns every path.
    NewService(
        name="exactly-24-characters-ab",
        description="Gr\u00fc\u00dfe \u2013 it\u2019s as long as a description may be".ljust(
            80, "x"
        ),
        python="3.11",
        route="/",
        priority=49999,
    ),
]


@dataclass(frozen=True)
class Generated:
    """A rendered service; `run` calls a program in its folder and expects success."""

    folder: Path
    service: NewService

    def run(self, *argv: str | Path) -> None:
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant.name)
def generated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generated:
    """Each variant, rendered once."""
    variant: NewService = request.param
    folder = tmp_path_factory.mktemp("services")
    return Generated(template.render(REAL.template, variant.values, folder), variant)


def test_nothing_of_the_sample_is_left(generated: Generated) -> None:
    """No file and no line speaks of the service that the template was made from."""
    for path, content in sample.contents(generated.folder).items():
        assert sample.NAME not in path
        assert sample.NAME not in content.decode(), path


@pytest.mark.tools
def test_style(generated: Generated) -> None:
    """The longest names don't break a line, and no import changes its place."""
    generated.run(HERE / "ruff", "check", "--no-cache")
    generated.run(HERE / "ruff", "format", "--check", "--no-cache")


@pytest.mark.tools
def test_dockerfile(generated: Generated) -> None:
    """hadolint has nothing to say."""
    generated.run(HERE / "hadolint", "Dockerfile")


@pytest.mark.tools
def test_own_tests(generated: Generated) -> None:
    """The lock file fits the new name: the service installs and tests green."""
    generated.run("uv", "run", "--frozen", "pytest", "-q", "-p", "no:cacheprovider")
