"""Variants of the template, held against the generated projects' own checks."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.paths import Checkout
from slipway.scaffold import sample, template

REAL = Checkout(Path(__file__).parents[2])
HERE = Path(sys.executable).parent

LONGEST = {
    "name": "exactly-24-characters-ab",
    "description": "Gr\u00fc\u00dfe \u2013 it\u2019s as long as a description may be".ljust(
        80, "x"
    ),
    "python": "3.11",
    "route": "/",
    "schedule": "",
}
"""Of everything, with a route that owns every path and a job that is only run by hand."""

PATHS = """
from {module}.app import create_app
from {module}.settings import Settings
for path in create_app(Settings(route_path="{route}")).openapi()["paths"]:
    print(path)
"""


@dataclass(frozen=True)
class Generated:
    """A rendered service and what was answered for it."""

    folder: Path
    answers: dict[str, str]

    @property
    def module(self) -> str:
        return self.answers["name"].replace("-", "_")


def asked() -> list[dict[str, str]]:
    """Each variant with a name of its own, and once more with the longest of everything."""
    variants = template.variants(REAL.template)
    each = ({"name": "v" + "".join(answers.values()), **answers} for answers in variants)
    named = [{**answers, "route": f"/{answers['name']}"} for answers in each]
    return [*named, *({**answers, **LONGEST} for answers in variants)]


def made(answers: dict[str, str], folder: Path) -> Generated:
    return Generated(template.render(REAL.template, answers, folder), answers)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> list[Generated]:
    """Every variant, rendered once."""
    wanted = asked()
    top = tmp_path_factory.mktemp("services")
    folders = [top / ("long" + str(n) if "schedule" in a else "") for n, a in enumerate(wanted)]
    return list(map(made, wanted, folders))


@pytest.fixture(scope="module")
def named(generated: list[Generated]) -> list[Generated]:
    """Those with names of their own, all in one folder."""
    return [each for each in generated if "schedule" not in each.answers]


@pytest.fixture(scope="module")
def python(generated: list[Generated], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has what any variant needs."""
    everything = next(
        each for each in generated if "none" not in each.answers.values() and "web" in each.module
    )
    environment = tmp_path_factory.mktemp("environment") / "all"
    # Compiled once, as many processes import it.
    sync = ("uv", "sync", "--frozen", "--no-install-project", "--compile-bytecode", "--quiet")
    run(*sync, cwd=everything.folder, UV_PROJECT_ENVIRONMENT=str(environment))
    return environment / "bin" / "python"


def run(*argv: str | Path, cwd: Path, **variables: str) -> str:
    """Call a program and expect success; what it said."""
    env = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | variables
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{cwd.name}: {argv}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_nothing_of_the_sample_or_of_the_template_is_left(generated: list[Generated]) -> None:
    """No file and no line speaks of the service that the template was made from, and none is empty.

    Neither are there words of Jinja.
    """
    for each in generated:
        for path, content in sample.contents(each.folder).items():
            text = content.decode()
            assert sample.NAME not in path + text, path
            assert not any(word in text for word in ("{%", "{{", "cookiecutter")), path
            assert text.strip(), path
            assert "\n\n\n\n" not in text, path


@pytest.mark.tools
def test_style(generated: list[Generated]) -> None:
    """The longest names don't break a line, and no import changes its place."""
    folders = [each.folder for each in generated]
    run(HERE / "ruff", "check", "--no-cache", *folders, cwd=folders[0])
    run(HERE / "ruff", "format", "--check", "--no-cache", *folders, cwd=folders[0])


@pytest.mark.tools
def test_types(named: list[Generated], python: Path) -> None:
    """Strict, tests included; all in one run, which reads the libraries once."""
    top = named[0].folder.parent
    sources = [each.folder / "src" for each in named]
    files = (*sources, *(each.folder / "tests" for each in named))
    configuration = top / "mypy.ini"
    configuration.write_text("[mypy]\n[mypy-botocore.*]\nignore_missing_imports = True\n")
    strict = ("--strict", "--explicit-package-bases", "--no-incremental")
    how: tuple[str | Path, ...] = ("--config-file", configuration, "--python-executable", python)
    places = ":".join(map(str, [top, *sources]))
    run(HERE / "mypy", *strict, *how, *files, cwd=top, MYPYPATH=places)


@pytest.mark.tools
def test_dockerfiles(generated: list[Generated]) -> None:
    """hadolint has nothing to say."""
    files = [each.folder / "Dockerfile" for each in generated]
    run(HERE / "hadolint", *files, cwd=files[0].parent)


@pytest.mark.tools
def test_own_tests(generated: list[Generated], python: Path) -> None:
    """Each is green; the slow tests, of signals, run where nothing and where all is chosen."""

    def green(each: Generated) -> None:
        chosen = set(each.answers.values()) & {"postgres", "redis", "jwt"}
        some = ("--ignore=tests/test_server.py",) if len(chosen) in (1, 2) else ()
        pytest_ = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *some)
        run(*pytest_, cwd=each.folder, PYTHONPATH="src", PYTHONDONTWRITEBYTECODE="1")

    # The longest names change nothing but the layout of the code: one of them is enough.
    wanted = [each for each in generated if "schedule" not in each.answers] + generated[-1:]
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(green, wanted))


@pytest.mark.tools
def test_the_lock_file_is_up_to_date(named: list[Generated]) -> None:
    """Nobody who makes a service has to resolve anything."""
    for each in named:
        run("uv", "lock", "--check", "--quiet", cwd=each.folder)


@pytest.mark.tools
def test_every_route_is_documented(named: list[Generated], python: Path) -> None:
    """In the service's README, with the prefix that callers use."""
    for each in (each for each in named if each.answers["kind"] == "web"):
        code = PATHS.format(module=each.module, route=each.answers["route"])
        paths = run(python, "-c", code, cwd=each.folder, PYTHONPATH="src").split()
        readme = (each.folder / "README.md").read_text()
        assert [path for path in paths if f"{path}`" not in readme] == []
