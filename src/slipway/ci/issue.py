"""One issue that is opened, brought up to date, closed, and opened again: never a second one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slipway.ci import github
from slipway.command import Command
from slipway.runner import Runner


@dataclass(frozen=True, kw_only=True)
class Issue:
    """What an issue should be. It is found again by `name`, among those with `label`."""

    name: str
    label: str
    title: str
    text: str
    open: bool


def decide(issue: Issue, found: Sequence[dict[str, Any]]) -> Command | None:
    """What makes GitHub's issue this one; None where there is none and none is needed; pure."""
    body = github.marked(issue.name, issue.text)
    existing = sorted(github.ours(list(found), issue.name), key=_open_and_new)
    if not existing:
        fields = {"title": issue.title, "body": body, "labels": [issue.label]}
        return github.sending("POST", "issues", fields) if issue.open else None
    newest = existing[-1]
    wanted = {"state": "open" if issue.open else "closed", "body": body}
    if not issue.open and newest["state"] == "closed":
        return None
    same = all(newest[key] == value for key, value in wanted.items())
    return None if same else github.sending("PATCH", f"issues/{newest['number']}", wanted)


def put(runner: Runner, issue: Issue) -> bool:
    """Have GitHub's issue be this one; whether anything had to be done for it."""
    path = f"issues?labels={issue.label}&state=all&per_page=100"
    wanted = decide(issue, github.listed(runner, path, "number", "state", "body"))
    if wanted:
        github.asked(runner, wanted)
    return wanted is not None


def _open_and_new(found: dict[str, Any]) -> tuple[bool, int]:
    return found["state"] == "open", int(found["number"])
