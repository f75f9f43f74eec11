"""Renders templates/service; the only part that knows cookiecutter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PACKAGE = re.compile(r"^\[\[package\]\]\nname = \"(?P<name>[^\"]+)\"", re.MULTILINE)


def render(template: Path, values: Mapping[str, str], into: Path) -> Path:
    """Render the template into a new folder of `into`; the folder.

    Whatever is not in `values` has the default of cookiecutter.json; the user's own settings of
    cookiecutter play no part, and nothing is written beside the folder.
    """
    from cookiecutter.generate import (  # type: ignore[import-untyped]
        generate_context,
        generate_files,
    )
    from cookiecutter.prompt import prompt_for_config  # type: ignore[import-untyped]

    context = generate_context(str(template / "cookiecutter.json"), extra_context=dict(values))
    context["cookiecutter"] = prompt_for_config(context, no_input=True)
    folder = Path(generate_files(str(template), context, output_dir=str(into)))
    lock = folder / "uv.lock"
    lock.write_text(in_order(lock.read_text()))
    return folder


def lock_file(template: Path) -> Path:
    """The template's own uv.lock, in which the project's name is still open."""
    return template / "{{cookiecutter.name}}" / "uv.lock"


def for_any_name(lock: str, name: str) -> str:
    """The uv.lock of a service called `name`, as the template has it."""
    return lock.replace(f'name = "{name}"\n', 'name = "{{ cookiecutter.name }}"\n', 1)


def packages(lock: str) -> set[str]:
    """The names of all packages in a uv.lock, the project's own included."""
    return {match["name"] for match in PACKAGE.finditer(lock)}


def in_order(lock: str) -> str:
    """A uv.lock with its packages by name, as uv writes them, for a project of a new name."""
    head, *blocks = re.split(r"(?=^\[\[package\]\]\n)", lock, flags=re.MULTILINE)
    # The last block ends without the blank line that separates the others.
    stripped = [block.rstrip("\n") for block in blocks]
    ordered = sorted(stripped, key=lambda block: packages(block).pop())
    return head + "\n\n".join(ordered) + "\n"
