"""One comment on a pull request that is made once and then kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slipway.ci import github
from slipway.command import Command
from slipway.runner import Runner


def decide(number: int, found: Sequence[dict[str, Any]], name: str, text: str) -> Command | None:
    """What makes the comment `name` of pull request `number` say `text`; None if it does; pure."""
    body = github.marked(name, text)
    existing = next(github.ours(list(found), name), None)
    if existing is None:
        return github.sending("POST", f"issues/{number}/comments", {"body": body})
    if existing["body"] == body:
        return None
    return github.sending("PATCH", f"issues/comments/{existing['id']}", {"body": body})


def put(runner: Runner, number: int, name: str, text: str) -> bool:
    """Have the comment say `text`; whether anything had to be done for it."""
    found = github.listed(runner, f"issues/{number}/comments?per_page=100", "id", "body")
    wanted = decide(number, found, name, text)
    if wanted:
        github.asked(runner, wanted)
    return wanted is not None
