"""GitHub's workflows, read and run step by step on this machine.

Of GitHub's expressions only what our workflows use is understood; anything else fails the test.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yml"))

Contexts = Mapping[str, Any]

TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([\w.\[\]'-]+)|(==|!=|&&|\|\||[(),]))")

ACTIONS = {
    "actions/checkout": {"fetch-depth", "persist-credentials", "ref"},
    "astral-sh/setup-uv": {"enable-cache", "version"},
    "aws-actions/configure-aws-credentials": {
        *("aws-profile", "aws-region", "role-duration-seconds", "role-to-assume"),
    },
}
"""The actions that may be used, and what we know to give them."""


def load(name: str) -> dict[str, Any]:
    """A workflow. YAML 1.1 takes its `on` for a truth."""
    found = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    found["on"] = found.pop(True)
    assert isinstance(found, dict)
    return found


def value(text: Any, contexts: Contexts) -> Any:
    """What a value of a workflow comes to: `${{ … }}` alone keeps its type, as in GitHub."""
    if not isinstance(text, str):
        return text
    if whole := re.fullmatch(r"\$\{\{((?:(?!\}\}).)*)\}\}", text.strip(), re.DOTALL):
        return evaluate(whole[1], contexts)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda m: _text(evaluate(m[1], contexts)), text)


def condition(text: str, contexts: Contexts) -> bool:
    """Whether an `if` holds."""
    return bool(evaluate(re.sub(r"^\$\{\{|\}\}$", "", text.strip()), contexts))


def evaluate(text: str, contexts: Contexts) -> Any:
    """The value of an expression."""
    return Expression(list(_tokens(text)), contexts).whole()


def _tokens(text: str) -> Iterator[str]:
    place, text = 0, text.strip()
    while place < len(text):
        found = TOKEN.match(text, place)
        assert found, f"not understood: {text[place:]}"
        place = found.end()
        yield found[0].strip()


def _text(found: Any) -> str:
    if isinstance(found, bool):
        return str(found).lower()
    return "" if found is None else str(found)


@dataclass
class Expression:
    """A parser that computes as it goes; `a && b || c` as in GitHub."""

    tokens: list[str]
    contexts: Contexts

    def whole(self) -> Any:
        found = self.either()
        assert not self.tokens, f"not understood: {self.tokens}"
        return found

    def either(self) -> Any:
        found = self.both()
        while self.take("||"):
            other = self.both()
            found = found or other
        return found

    def both(self) -> Any:
        found = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            found = found and other
        return found

    def comparison(self) -> Any:
        left = self.single()
        if self.take("=="):
            return left == self.single()
        if self.take("!="):
            return left != self.single()
        return left

    def single(self) -> Any:
        token = self.tokens.pop(0)
        if token == "(":
            found = self.either()
            assert self.take(")")
            return found
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self.take("("):
            return self.call(token)
        return self.look_up(token)

    def call(self, name: str) -> Any:
        given = []
        while not self.take(")"):
            given.append(self.either())
            self.take(",")
        return FUNCTIONS[name](*given)

    def look_up(self, name: str) -> Any:
        context, *path = name.split(".")
        found = self.contexts[context]
        # What nobody has set is empty, and so is what another event would tell.
        lenient = context in ("inputs", "vars") or name.startswith("github.event.")
        for key in path:
            found = (found or {}).get(key, "") if lenient else found[key]
        return found

    def take(self, token: str) -> bool:
        there = bool(self.tokens) and self.tokens[0] == token
        if there:
            self.tokens.pop(0)
        return there


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "always": lambda: True,
    "contains": lambda all_of_them, one: one in all_of_them,
    "fromJSON": json.loads,
    "toJSON": json.dumps,
}


@dataclass
class Job:
    """A job whose `run` steps are run in order, in a folder, by bash as GitHub does it.

    `names` are environments of ours that stand for those of the workflow.
    """

    workflow: str
    name: str
    contexts: Contexts
    folder: Path
    scratch: Path
    env: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    said: list[subprocess.CompletedProcess[str]] = field(default_factory=list)

    @property
    def text(self) -> dict[str, Any]:
        """The job as it is written."""
        found = load(self.workflow)["jobs"][self.name]
        assert isinstance(found, dict)
        return found

    @property
    def summary(self) -> str:
        """What the job's page says."""
        return (self.scratch / "summary").read_text()

    def run(self) -> int:
        """Run the steps up to the first that fails; its code, or 0."""
        for name in ("env", "summary"):
            (self.scratch / name).write_text("")
        for step in self.text["steps"]:
            if "if" in step and not condition(step["if"], self.contexts):
                continue
            code = self.use(step) if "uses" in step else self.shell(step)
            if code:
                return code
        return 0

    def use(self, step: Mapping[str, Any]) -> int:
        """Look at an action's inputs; what it would do, the test has done."""
        name = step["uses"].partition("@")[0]
        inputs = step.get("with", {})
        assert inputs.keys() <= ACTIONS[name], f"{name}: {inputs}"
        for key, text in inputs.items():
            assert value(text, self.contexts) != "", f"{name}: {key} is empty"
        return 0

    def shell(self, step: Mapping[str, Any]) -> int:
        given = {
            key: _text(value(text, self.contexts)) for key, text in step.get("env", {}).items()
        }
        given = {key: self.names.get(text, text) for key, text in given.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env={**os.environ, **self.env, **self.kept(), **given, **self.files()},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )
        self.said.append(done)
        return done.returncode

    def files(self) -> dict[str, str]:
        return {
            "GITHUB_ENV": str(self.scratch / "env"),
            "GITHUB_STEP_SUMMARY": str(self.scratch / "summary"),
        }

    def kept(self) -> dict[str, str]:
        """What earlier steps have put into the environment of later ones."""
        lines = (self.scratch / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


VARIABLES = {
    "AWS_REGION": "us-west-1",
    **{
        f"AWS_ROLE_{job}": f"arn:aws:iam::222222222222:role/{job}"
        for job in ("APPLY", "BUILD", "DEPLOY", "PLAN", "PROMOTE")
    },
    "SLIPWAY_ENVIRONMENTS": '["staging", "prod"]',
}


def github(name: str, ref: str, **payload: Any) -> dict[str, Any]:
    """The context `github` of an event."""
    return {
        "event_name": name,
        "event": payload,
        "ref": ref,
        "ref_name": ref.rpartition("/")[2],
        "repository": "acme/shop",
        "token": "a token",
    }


def pull_request(repository: str = "acme/shop", user: str = "ada") -> dict[str, Any]:
    """The context of a pull request."""
    asked = {"number": 7, "head": {"repo": {"full_name": repository}}, "user": {"login": user}}
    return github("pull_request", "refs/pull/7/merge", pull_request=asked)


def contexts(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    """All contexts of a job."""
    return {"github": event, "inputs": {}, "vars": VARIABLES, **more}


MAIN, DEVELOP = (github("push", f"refs/heads/{name}") for name in ("main", "develop"))
BY_HAND = github("workflow_dispatch", "refs/heads/some-feature")
NIGHTLY = github("schedule", "refs/heads/main")
