"""The tables of docs/tasks.md: every task and each of its flags, from the code itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from invoke.collection import Collection

from slipway.cli.flags import Flag
from slipway.cli.root import namespace
from slipway.cli.task import Task
from slipway.paths import Checkout, find_checkout

PAGE = "docs/tasks.md"
BEGIN = "<!-- made by python -m slipway.cli.reference: begin -->"
END = "<!-- made by python -m slipway.cli.reference: end -->"


def filled(page: str) -> str:
    """The page with its generated part made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = "\n".join(manual(namespace()))
    return f"{before}{BEGIN}\n\n{made}\n{END}{after}"


def manual(tasks: Collection) -> Iterator[str]:
    """The generated part, a line each, the tasks by their names."""
    for name in sorted(tasks.task_names):
        yield from _section(name, tasks[name])


def _section(name: str, task: Task[..., None]) -> Iterator[str]:
    yield f"## {name}\n"
    # A docstring's lines are broken for the code's width, a page's paragraphs are not.
    for paragraph in inspect.cleandoc(task.__doc__ or "").split("\n\n"):
        yield " ".join(paragraph.splitlines()) + "\n"
    if task.remainder:
        yield "Takes words behind `--`.\n"
    if task.flags:
        yield "| flag | meaning |\n|---|---|"
        yield from map(_row, sorted(task.flags, key=lambda flag: not flag.required))
        yield ""


def _row(flag: Flag) -> str:
    # A bar ends a cell, also within code.
    spec, meaning = (text.replace("|", "\\|") for text in (flag.spec, flag.explained))
    return f"| `{spec}` | {meaning} |"


def publish(checkout: Checkout) -> bool:
    """Write the page where it is out of date; whether it was."""
    file = checkout.root / PAGE
    page = file.read_text()
    made = filled(page)
    if made != page:
        file.write_text(made)
    return made != page


if __name__ == "__main__":
    print("written" if publish(find_checkout()) else "up to date")
