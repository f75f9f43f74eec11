"""GitHub's API through `gh`, as commands; `gh` itself knows the repository and the token.

On a laptop that is whoever has signed in by `gh auth login`; in a job it is GH_TOKEN.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from slipway.command import Command, command
from slipway.errors import CommandFailed, ToolError
from slipway.runner import Runner

REPOSITORY = "repos/{owner}/{repo}"
"""`gh` fills this in."""

ROOM = 60_000
"""Characters that a comment or an issue may have; GitHub refuses more than 65,536."""

CUT = "\n\n… cut here: the job's summary has all of it."


def listing(path: str, *fields: str) -> Command:
    """A JSON object a line for each thing at `path`, of all pages, with these fields."""
    shape = ", ".join(fields)
    query = f".[] | {{{shape}}} | tojson"
    return command("gh", "api", "--paginate", f"{REPOSITORY}/{path}", "--jq", query)


def sending(method: str, path: str, body: Mapping[str, object]) -> Command:
    """A request that changes something."""
    words = ("gh", "api", "--silent", "--method", method, f"{REPOSITORY}/{path}", "--input", "-")
    return command(*words, stdin=json.dumps(body), mutates=True)


def listed(runner: Runner, path: str, *fields: str) -> list[dict[str, Any]]:
    """What is at `path`. Raises `ToolError` without `gh`, or where GitHub refuses."""
    # Not `splitlines`: JSON leaves some of what that takes for line ends as it is.
    lines = asked(runner, listing(path, *fields)).split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def asked(runner: Runner, request: Command) -> str:
    """What GitHub answers."""
    try:
        return runner.run(request).stdout
    except CommandFailed as error:
        raise ToolError(
            f"GitHub refused {' '.join(request.argv[2:])}: {error.output.strip()}",
            next_step="gh auth status; in a job: GH_TOKEN, and `permissions` of the job",
        ) from error
    except ToolError as error:
        raise ToolError(
            f"gh, GitHub's command line, can't be used: {error.message}",
            next_step="install it (https://cli.github.com), then gh auth login",
        ) from error


def marked(name: str, text: str) -> str:
    """A text that is found again by its name; cut where GitHub would refuse it."""
    fits = text if len(text) <= ROOM else text[:ROOM].rpartition("\n")[0] + CUT
    return f"{_marker(name)}\n{fits}"


def ours(found: list[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    """Those of comments or issues that have that name."""
    marker = _marker(name)
    return (each for each in found if str(each["body"] or "").startswith(marker))


def _marker(name: str) -> str:
    return f"<!-- slipway: {name} -->"
