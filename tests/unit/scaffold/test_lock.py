"""The uv.lock of one variant, cut out of that of all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from slipway.errors import ConfigError
from slipway.paths import Checkout
from slipway.scaffold import lock, template
from slipway.scaffold.lock import cut, for_any_name, packages, requirements

REAL = Checkout(Path(__file__).parents[3])

LOCK = """version = 1

[[package]]
name = "annotated-types"
version = "1"

[[package]]
name = "colorama"
version = "1"

[[package]]
name = "cryptography"
version = "1"

[[package]]
name = "{name}"
source = {{ editable = "." }}
dependencies = [
    {{ name = "annotated-types" }},
    {{ name = "pyjwt", extra = ["crypto"] }},
]

[package.dev-dependencies]
dev = [
    {{ name = "pytest" }},
]

[package.metadata]
requires-dist = [
    {{ name = "annotated-types" }},
    {{ name = "pyjwt", extras = ["crypto"] }},
]

[[package]]
name = "pyjwt"
version = "2"

[package.optional-dependencies]
crypto = [
    {{ name = "cryptography" }},
]
docs = [
    {{ name = "annotated-types" }},
]

[[package]]
name = "pytest"
version = "9"
dependencies = [
    {{ name = "colorama", marker = "sys_platform == 'win32'" }},
]
"""
ALL = ["annotated-types", "PyJWT[crypto]==2.*"]


def project(name: str, dependencies: list[str]) -> str:
    return (
        f'[project]\nname = "{name}"\ndependencies = {dependencies}\n'
        "[dependency-groups]\ndev = ['pytest>=9; python_version > \"3\"']\n"
    )


def test_packages() -> None:
    """The packages themselves, not the names in their dependencies."""
    found = packages(LOCK.format(name="greeter"))
    assert found == {
        *("annotated-types", "colorama", "cryptography", "greeter", "pyjwt", "pytest"),
    }


def test_requirements() -> None:
    """Names as uv.lock writes them, whatever follows them; groups count."""
    assert requirements(project("shop", ["Py_JWT[crypto]>=2", "a.b"])) == {
        "py-jwt",
        "a-b",
        "pytest",
    }


def test_all_is_kept_where_all_is_needed() -> None:
    """What uv wrote is not touched, but for an extra that nothing asks for."""
    whole = cut(LOCK.format(name="greeter"), project("greeter", ALL))
    unused = 'docs = [\n    { name = "annotated-types" },\n]\n'
    assert whole == LOCK.format(name="greeter").replace(unused, "")


def test_what_nothing_leads_to_goes() -> None:
    """The project's own lists, packages, and what only they needed; markers change nothing."""
    small = cut(LOCK.format(name="greeter"), project("greeter", ["annotated-types"]))
    assert packages(small) == {"annotated-types", "colorama", "greeter", "pytest"}
    assert "pyjwt" not in small
    assert "cryptography" not in small


def test_an_extra_goes_with_those_that_ask_for_it() -> None:
    """A package stays where another one needs it without the extra."""
    text = LOCK.format(name="greeter").replace('colorama", marker', 'pyjwt", marker')
    small = cut(text, project("greeter", ["annotated-types"]))
    assert packages(small) == {"annotated-types", "greeter", "pyjwt", "pytest"}
    assert "optional-dependencies" not in small


def test_every_version_of_a_package_stays() -> None:
    """uv locks two where markers divide the world; which one is whose is for uv to say."""
    entry = '[[package]]\nname = "colorama"\nversion = "1"\n\n'
    twice = LOCK.format(name="greeter").replace(entry, entry + entry.replace("1", "2"))
    assert cut(twice, project("greeter", ALL)).count('name = "colorama"\nversion') == 2


def test_a_name_that_comes_later() -> None:
    """A project is put where uv would put it, its tables with it."""
    moved = cut(LOCK.format(name="zebra"), project("zebra", ALL))
    assert moved.index('name = "pytest"\nversion') < moved.index('name = "zebra"')
    assert moved.endswith('    { name = "pyjwt", extras = ["crypto"] },\n]\n')


def test_what_the_lock_file_lacks_is_an_error() -> None:
    """A requirement that was added to the template alone is told, with the command to run."""
    with pytest.raises(ConfigError, match=r"uv\.lock lacks redis") as error:
        cut(LOCK.format(name="greeter"), project("greeter", ["redis"]))
    assert error.value.next_step == "uv run python -m slipway.scaffold.sample"


def test_the_name_is_left_open() -> None:
    """Only the project's own entry changes with the name."""
    opened = for_any_name(LOCK.format(name="greeter"), "greeter")
    assert opened == LOCK.format(name="{{ cookiecutter.name }}")


@pytest.mark.tools
@pytest.mark.parametrize(
    "answers", template.variants(REAL.template), ids=lambda answers: "-".join(answers.values())
)
def test_uv_agrees(answers: dict[str, str], tmp_path: Path) -> None:
    """The lock file of every variant answers what the variant requires, and nothing more."""
    folder = template.render(REAL.template, {"name": "zebra", **answers}, tmp_path)
    text = (folder / "uv.lock").read_text()
    argv = [*lock.resolve(folder).argv, "--check", "--offline"]
    checked = subprocess.run(argv, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert lock.cut(text, (folder / "pyproject.toml").read_text()) == text
