"""Where a service came from: a small file in its folder, committed with it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.errors import ConfigError

NAME = ".template.toml"
HEAD = "# What this service was rendered from; `invoke template.update` reads it and moves it on.\n"


@dataclass(frozen=True, kw_only=True)
class Record:
    """The template's version, as git's id of its folder ("": made without git), and the answers."""

    tree: str
    answers: Mapping[str, str]

    @property
    def text(self) -> str:
        """The file's content."""
        answers = "".join(f"{key} = {_quoted(value)}\n" for key, value in self.answers.items())
        return f"{HEAD}tree = {_quoted(self.tree)}\n\n[answers]\n{answers}"


def read(folder: Path) -> Record | None:
    """The record of a service; None where it has none. Raises `ConfigError` where it is off."""
    file = folder / NAME
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _off(file, str(error)) from error
    tree, answers = found.get("tree"), found.get("answers")
    if not isinstance(tree, str) or not re.fullmatch("([0-9a-f]{40,64})?", tree):
        raise _off(file, "tree: must be git's id of a tree, or empty")
    if not isinstance(answers, dict) or not all(isinstance(v, str) for v in answers.values()):
        raise _off(file, "answers: must be a table of texts")
    if answers.get("name") != folder.name:
        raise _off(file, f'answers.name: must be "{folder.name}", as its folder')
    return Record(tree=tree, answers=answers)


def _off(file: Path, reason: str) -> ConfigError:
    place = "/".join(file.parts[-3:])
    return ConfigError(f"{place}: {reason}", next_step=f"git checkout -- {place}")


def _quoted(text: str) -> str:
    # JSON's strings are TOML's where nothing outside ASCII is escaped.
    return json.dumps(text, ensure_ascii=False)
