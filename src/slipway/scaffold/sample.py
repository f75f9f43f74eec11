"""Keeps the sample service what the template renders.

After a change of the template, or to take in newer dependencies of its pyproject.toml:
`uv run python -m slipway.scaffold.sample [uv lock's options, as --upgrade]`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from slipway.paths import Checkout, find_checkout
from slipway.runner import Runner, SubprocessRunner
from slipway.scaffold import lock, record, template, versions
from slipway.scaffold.record import Record

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
    """Lock what all variants of the template require, and render the sample again.

    Raises `CommandFailed` where uv finds no versions that go together.
    """
    sample = checkout.services / NAME
    with tempfile.TemporaryDirectory() as folder:
        project = superset(checkout.template, Path(folder))
        runner.run(lock.resolve(project, *options))
        text = lock.for_any_name((project / "uv.lock").read_text(), NAME)
        template.lock_file(checkout.template).write_text(text)
        rendered = template.render(checkout.template, {"name": NAME}, Path(folder, "sample"))
        now = Record(
            tree=versions.current(checkout, runner),
            answers=template.answers(checkout.template, {"name": NAME}),
        )
        (rendered / record.NAME).write_text(now.text)
        for path in contents(sample).keys() - contents(rendered).keys():
            (sample / path).unlink()
        shutil.copytree(rendered, sample, dirs_exist_ok=True)


def superset(source: Path, into: Path) -> Path:
    """A project that requires what any variant does, with the template's lock file."""
    each = [
        template.generate(source, {"name": NAME, **answers}, into / str(number))
        for number, answers in enumerate(template.variants(source))
    ]
    project = into / "superset"
    project.mkdir()
    text = united([(folder / "pyproject.toml").read_text() for folder in each])
    (project / "pyproject.toml").write_text(text)
    shutil.copy(each[0] / "uv.lock", project)
    return project


def united(projects: Sequence[str]) -> str:
    """A pyproject.toml with the requirements of all of these; pure."""
    read = [tomllib.loads(text) for text in projects]
    first = read[0]["project"]
    dependencies = {one for each in read for one in each["project"]["dependencies"]}
    groups: dict[str, set[str]] = {}
    for each in read:
        for name, group in each.get("dependency-groups", {}).items():
            groups.setdefault(name, set()).update(group)
    lines = [
        "[project]",
        *(f"{key} = {json.dumps(first[key])}" for key in ("name", "version", "requires-python")),
        f"dependencies = {json.dumps(sorted(dependencies))}",
        "[dependency-groups]",
        *(f"{name} = {json.dumps(sorted(group))}" for name, group in sorted(groups.items())),
        "[build-system]",
        *(f"{key} = {json.dumps(value)}" for key, value in read[0]["build-system"].items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    refresh(find_checkout(), SubprocessRunner(), sys.argv[1:])
