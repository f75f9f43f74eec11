"""What the documentation tells readers to type is understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from invoke.program import Program

from slipway.cli.commandline import check
from slipway.cli.root import namespace
from slipway.paths import find_checkout

ROOT = find_checkout().root
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *(
        page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        # Generated pages show usage, not commands; decisions what was typed then.
        if page.name not in ("errors.md", "tasks.md") and page.parent.name != "decisions"
    ),
]
TYPED = re.compile(r"(?<![\w-])(?:uv run )?invoke ([a-z][\w.]*(?: [^`\n|&#;)]*)?)")

TASKS = namespace()
CORE = Program().initial_context


def commands(text: str) -> list[str]:
    """The words behind `invoke` in code: what is in brackets may be left out, so it is."""
    joined = text.replace("\\\n", " ")
    fenced = re.findall(r"^ *```\w*\n(.*?)^ *```$", joined, re.M | re.S)
    inline = re.findall(r"`([^`\n]+)`", joined)
    code = "\n".join([*fenced, *inline])
    found = (re.sub(r"\[[^\]]*\]", "", words) for words in TYPED.findall(code))
    return [words.strip() for words in found if "…" not in words.split(" ")[0]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_understood(page: Path) -> None:
    """Every task and every flag in a page is there, and no flag that is needed is missing."""
    for words in commands(page.read_text()):
        typed, _, behind = words.partition(" -- ")
        name, *flags = (word for word in shlex.split(typed) if word != "…")
        if flags:
            check(TASKS, [name, *flags], CORE, behind)
        else:
            # A task that is only mentioned.
            assert name in {*TASKS.task_names, *TASKS.collections}


def test_commands_are_found() -> None:
    """In blocks and in sentences, with what may be left out left out."""
    page = (
        "Type `uv run invoke deploy --env=a [--wait=1]` or\n\n```sh\n$ uv run invoke plan \\\n"
        "  --env=b && ls\n```\nbut we invoke nothing here."
    )
    assert commands(page) == ["plan    --env=b", "deploy --env=a"]
