"""The tables of docs/errors.md: every error that a command can end with, from the code itself.

Errors are found where they are made, by reading the source as Python reads it, so that none can be
left out. A placeholder such as `{service}` stands for what is filled in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway import errors, tools
from slipway.errors import SlipwayError, UsageError
from slipway.images.diagnose import BUILD_CAUSES, PUSH_CAUSES
from slipway.importing import read
from slipway.paths import Checkout, find_checkout
from slipway.rollout.codes import DECISIVE, VAGUE
from slipway.setup import terraform

PAGE = "docs/errors.md"
BEGIN = "<!-- made by python -m slipway.cli.messages: begin -->"
END = "<!-- made by python -m slipway.cli.messages: end -->"

CLASSES: Mapping[str, type[SlipwayError]] = {
    name: each
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, SlipwayError)
}

FIXED: Mapping[str, str] = {
    "AGAIN": read.AGAIN,
    "BY_HAND": terraform.BY_HAND,
    "RENDER": read.RENDER,
    "SETUP": tools.SETUP,
}
"""Next steps that are said in several places, by the name that they have there."""

HELP = "uv run invoke {task} --help"
"""The next step of a command line that is off; `slipway.cli.guard` fills it in."""


@dataclass(frozen=True, kw_only=True, order=True)
class Message:
    """An error or a cause as the page shows it; `place` is the module that says it."""

    kind: str
    place: str
    text: str
    next_step: str

    @property
    def says_something(self) -> bool:
        """Whether there is more to the text than one placeholder."""
        return not re.fullmatch(r"\{[^{}]*\}", self.text)


def filled(page: str, source: Path) -> str:
    """The page with its generated part made anew from the modules below `source`."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = "\n".join(manual(source))
    return f"{before}{BEGIN}\n\n{made}\n{END}{after}"


def manual(source: Path) -> Iterator[str]:
    """The generated part, a line each: errors by exit code, then causes."""
    found = sorted(set(messages(source)))
    for name, kind in sorted(CLASSES.items(), key=lambda item: item[1].exit_code):
        if mine := [each for each in found if each.kind == name]:
            summary = (kind.__doc__ or "").partition("\n")[0]
            yield f"## {name}: exit code {kind.exit_code}\n\n{summary}\n"
            yield from _table("message", mine)
    yield "## Why an image did not build or push\n"
    yield from _table("cause", causes_of_builds())
    yield "## Why a rollout did not come up\n"
    yield from _table("cause", [each for each in found if each.kind == "Cause"])
    yield "## What CodeDeploy's codes mean\n"
    yield from _table("cause", causes_of_codes())


def messages(source: Path) -> Iterator[Message]:
    """Every error and every cause of a rollout that the modules below `source` make."""
    for file in sorted(source.rglob("*.py")):
        place = ".".join(file.relative_to(source).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                # What only hands on the text of another error is that error's own row.
                yield from (m for m in _message(node.func.id, node, place) if m.says_something)


def _message(name: str, call: ast.Call, place: str) -> Iterator[Message]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in CLASSES and call.args:
        usual = HELP if CLASSES[name] is UsageError else CLASSES[name].usual_next
        next_step = _text(given["next_step"]) if "next_step" in given else usual
        yield Message(kind=name, place=place, text=_text(call.args[0]), next_step=next_step)
    elif name == "Cause" and given.keys() >= {"title", "remedy"}:
        title, remedy = _text(given["title"]), _text(given["remedy"])
        yield Message(kind=name, place=place, text=title, next_step=remedy)


def _text(node: ast.expr) -> str:
    """What an expression reads like, with names in braces for what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in FIXED:
            return FIXED[name]
        case ast.JoinedStr(values=values):
            return "".join(_text(each) for each in values)
        case ast.FormattedValue(value=value):
            return _text(value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
        case ast.IfExp(body=body, orelse=orelse):
            return f"{_text(body)} / {_text(orelse)}"
        case ast.Call(func=ast.Attribute(value=value, attr="rstrip")):
            return _text(value)
        case ast.Call(func=ast.Attribute(attr="join"), args=[ast.List(elts=parts)]):
            return " ".join(_text(part) for part in parts)
    return f"{{{_name(node)}}}"


def _name(node: ast.expr) -> str:
    """The most telling word of an expression: `settings.environment.name` is `environment name`."""
    match node:
        case ast.Attribute(value=value, attr="name" | "id"):
            return _name(value)
        case ast.Attribute(attr=attr):
            return attr.strip("_")
        case ast.Name(id=name):
            return name.strip("_")
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=func):
            return _name(func)
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
        case ast.Subscript(value=value) | ast.Starred(value=value):
            return _name(value)
        case ast.BoolOp(values=[first, *_]) | ast.GeneratorExp(elt=first) | ast.ListComp(elt=first):
            return _name(first)
    return "…"


def causes_of_builds() -> list[Message]:
    """What the output of a build or a push is recognised as."""
    causes = dict.fromkeys((*BUILD_CAUSES, *PUSH_CAUSES))
    return [
        Message(kind="build", place="images.diagnose", text=each.message, next_step=each.next_step)
        for each in causes
    ]


def causes_of_codes() -> list[Message]:
    """What each error code of CodeDeploy means."""
    return [
        Message(kind="code", place="rollout.codes", text=f"{code}: {title}", next_step=remedy)
        for code, (title, remedy) in {**DECISIVE, **VAGUE}.items()
    ]


def _table(head: str, rows: list[Message]) -> Iterator[str]:
    yield f"| {head} | next step |\n|---|---|"
    yield from (f"| {_cell(each.text)} | {_cell(each.next_step)} |" for each in rows)
    yield ""


def _cell(text: str) -> str:
    """Text for one cell of a table: on one line, with nothing that Markdown would take as its."""
    line = " ".join(text.split())
    for sign in ("\\", "|", "<", "*", "_"):
        line = line.replace(sign, f"\\{sign}")
    return line


def publish(checkout: Checkout, source: Path) -> bool:
    """Write the page where it is out of date; whether it was."""
    file = checkout.root / PAGE
    page = file.read_text()
    made = filled(page, source)
    if made != page:
        file.write_text(made)
    return made != page


if __name__ == "__main__":
    here = find_checkout()
    print("written" if publish(here, here.root / "src" / "slipway") else "up to date")
