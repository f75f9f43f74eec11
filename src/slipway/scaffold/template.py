"""Renders templates/service; the only part that knows cookiecutter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from slipway.errors import ConfigError
from slipway.scaffold import lock

HOOK = "post_gen_project"
"""Takes away what the chosen variant has no use for."""

VARIES = ("kind", "database", "cache", "auth")
"""The questions whose answers decide which files and which packages a service has."""


def render(template: Path, values: Mapping[str, str], into: Path) -> Path:
    """Render the template into a new folder of `into`; the folder.

    Whatever is not in `values` has the default of cookiecutter.json; the user's own settings of
    cookiecutter play no part, and nothing is written beside the folder. Raises `ConfigError` where
    the template is off, or offers an answer no more.
    """
    folder = generate(template, values, into)
    file = folder / "uv.lock"
    file.write_text(lock.cut(file.read_text(), (folder / "pyproject.toml").read_text()))
    return folder


def generate(template: Path, values: Mapping[str, str], into: Path) -> Path:
    """The same with the uv.lock of all variants."""
    from cookiecutter.generate import generate_files  # type: ignore[import-untyped]
    from cookiecutter.hooks import run_hook  # type: ignore[import-untyped]
    from cookiecutter.utils import work_in  # type: ignore[import-untyped]

    with _explained(template):
        context = _context(template, values)
        # Its other hook holds answers against the rules of `invoke new`; ours have passed them.
        folder = generate_files(str(template), context, output_dir=str(into), accept_hooks=False)
        with work_in(template):
            run_hook(HOOK, folder, context)
    return Path(folder)


def answers(template: Path, values: Mapping[str, str]) -> dict[str, str]:
    """The answer to each question: of `values` where it has one, else the default."""
    with _explained(template):
        context = _context(template, values)["cookiecutter"]
    return {name: context[name] for name in questions(template)}


def _context(template: Path, values: Mapping[str, str]) -> dict[str, Any]:
    from cookiecutter.generate import generate_context
    from cookiecutter.prompt import prompt_for_config  # type: ignore[import-untyped]

    context = generate_context(str(template / "cookiecutter.json"), extra_context=dict(values))
    return {"cookiecutter": prompt_for_config(context, no_input=True)}


@contextmanager
def _explained(template: Path) -> Iterator[None]:
    """Errors of the template as ours."""
    from cookiecutter.exceptions import CookiecutterException  # type: ignore[import-untyped]
    from jinja2 import TemplateError

    try:
        yield
    except (CookiecutterException, TemplateError, ValueError) as error:
        file = getattr(error, "filename", None) or ""
        raise ConfigError(
            f"{'/'.join(template.parts[-2:])}{f'/{file}' if file else ''}: {error}",
            next_step="correct the template, or the answers that it was given",
        ) from error


def questions(template: Path) -> dict[str, Any]:
    """What the template asks: text as default, or a list of choices whose first is the default.

    Raises `ConfigError` where there is no template.
    """
    file = template / "cookiecutter.json"
    try:
        asked = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        place = "/".join(template.parts[-2:])
        raise ConfigError(
            f"{place}: no template of a service here ({error})",
            next_step=f"git checkout -- {place}",
        ) from error
    return {name: value for name, value in asked.items() if not name.startswith("_")}


def variants(template: Path) -> list[dict[str, str]]:
    """Every combination of the answers that decide what a service is made of."""
    asked = questions(template)
    names = [name for name in VARIES if name in asked]
    each = [dict(zip(names, picked, strict=True)) for picked in product(*(asked[n] for n in names))]
    return [one for one in each if (one.get("kind"), one.get("auth")) != ("job", "jwt")]


def lock_file(template: Path) -> Path:
    """The template's own uv.lock, in which the project's name is still open."""
    return template / "{{cookiecutter.name}}" / "uv.lock"
