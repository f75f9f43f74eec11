"""Keeps the sample service what the template renders.

After a change of the template, or to take in newer dependencies of its pyproject.toml:
`uv run python -m slipway.scaffold.sample [uv lock's options, as --upgrade]`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from slipway.command import Command, command
from slipway.paths import Checkout, find_checkout
from slipway.runner import Runner, SubprocessRunner
from slipway.scaffold import template

NAME = "greeter"

MADE_BY_TOOLS = frozenset(
    {".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)


def differences(sample: Path, rendered: Path) -> list[str]:
    """The files, by their paths in the service, that are not the same in both folders."""
    ours, theirs = contents(sample), contents(rendered)
    return sorted(path for path in ours | theirs if ours.get(path) != theirs.get(path))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a service by its path, without what tools leave there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    inside = ((path.relative_to(folder), path) for path in files)
    return {str(p): file.read_bytes() for p, file in inside if not MADE_BY_TOOLS & set(p.parts)}


def refresh(checkout: Checkout, runner: Runner, options: Sequence[str] = ()) -> None:
    """Render the sample again, let uv bring its lock file up to date, and give the template that.

    Raises `CommandFailed` where uv finds no versions that go together.
    """
    sample = checkout.services / NAME
    with tempfile.TemporaryDirectory() as folder:
        rendered = template.render(checkout.template, {"name": NAME}, Path(folder))
        for path in contents(sample).keys() - contents(rendered).keys():
            (sample / path).unlink()
        shutil.copytree(rendered, sample, dirs_exist_ok=True)
    runner.run(lock(sample, options))
    text = (sample / "uv.lock").read_text()
    template.lock_file(checkout.template).write_text(template.for_any_name(text, NAME))


def lock(sample: Path, options: Sequence[str] = ()) -> Command:
    """Resolve the sample's dependencies again."""
    return command("uv", "lock", "--project", sample, *options, mutates=True)


if __name__ == "__main__":
    refresh(find_checkout(), SubprocessRunner(), sys.argv[1:])
