"""Reading what another tool wrote: YAML, JSON and Jsonnet, each as it is meant there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from slipway.errors import ConfigError
from slipway.importing.ecspresso import Functions
from slipway.importing.template import CLOSE, OPEN, Call, Program, expand, mark

MOST = 20_000
"""Values that a source may have: aliases of YAML can make billions of a few lines."""

AGAIN = "mend it so that its own tool reads it, then import again"
RENDER = "render it first: `ecspresso render taskdef > taskdef.json`, then --from=taskdef.json"
YAML = (".yml", ".yaml")
JSONNET = (".jsonnet", ".libsonnet")


def document(file: Path, functions: Functions | None = None) -> Any:
    """What a file holds, with the calls in it answered; `ConfigError` with the place else."""
    text = content(file)
    if file.suffix in JSONNET:
        text = jsonnet(file, functions or Functions())
    if functions:
        text = expanded(file, text, functions)
    found = yaml(file, text) if file.suffix in YAML else parsed(file, text)
    if not isinstance(found, dict):
        raise ConfigError(f"{file}: holds no table of keys", next_step=AGAIN)
    limited(file, found)
    return found


def content(file: Path) -> str:
    """The text of a file, without the characters that mark calls."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{file}: {(error.strerror or 'not to be read').lower()}",
            next_step="name a manifest, a configuration or its folder: --from=PATH",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 (byte {error.start})", next_step=AGAIN) from error
    return text.replace(OPEN, "").replace(CLOSE, "")


def expanded(file: Path, text: str, functions: Functions) -> str:
    """The text with the calls in double braces answered."""
    try:
        return expand(text, functions.answer, quote=file.suffix not in YAML)
    except Program as error:
        raise ConfigError(
            f"{file}: {error}: a template that decides is not run here", next_step=RENDER
        ) from error


def yaml(file: Path, text: str) -> Any:
    """YAML whose plain values stay texts, as `on`, `0123` and `yes` are meant; keys are unique."""
    import yaml as library

    from slipway.importing.yamltext import Loader

    try:
        return library.load(text, Loader)  # noqa: S506 - a loader of plain values
    except library.MarkedYAMLError as error:
        where = error.problem_mark or error.context_mark
        line = f"line {where.line + 1}: " if where else ""
        raise ConfigError(f"{file}: {line}{error.problem or error}", next_step=AGAIN) from error
    except (library.YAMLError, RecursionError) as error:
        raise ConfigError(f"{file}: no YAML: {error}", next_step=AGAIN) from error


def parsed(file: Path, text: str) -> Any:
    """JSON whose keys are unique."""
    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ConfigError(f"{file}: {where}: no JSON: {error.msg}", next_step=AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: no JSON: {error}", next_step=AGAIN) from error


def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A table of its pairs. Raises `ValueError` for a key that is there twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key} is there twice")
        found[key] = value
    return found


def jsonnet(file: Path, functions: Functions) -> str:
    """The JSON that Jsonnet makes, with ecspresso's functions and variables from outside."""
    import rjsonnet

    def native(name: str) -> Any:
        def call(*arguments: str) -> str:
            wanted = Call(name, arguments)
            found = functions.answer(wanted)
            return mark(wanted) if found is None else found

        return call

    callbacks = {name: (given, native(name)) for name, given in functions.native().items()}
    try:
        made: str = rjsonnet.evaluate_file(
            str(file), ext_vars=dict(functions.env), native_callbacks=callbacks
        )
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).strip().splitlines()]
        raise ConfigError(
            f"{file}: no Jsonnet: {'; '.join(lines[:2])}",
            next_step="external variables (std.extVar) come from a file: --env-file=FILE",
        ) from error
    return made


def limited(file: Path, found: Mapping[str, Any]) -> None:
    """Raise `ConfigError` for a file with more values than anyone writes."""
    ahead: list[Any] = [found]
    for _ in range(MOST + 1):
        if not ahead:
            return
        value = ahead.pop()
        if isinstance(value, Mapping):
            ahead += value.values()
        elif isinstance(value, list):
            ahead += value
    raise ConfigError(
        f"{file}: more than {MOST} values, or values that hold themselves", next_step=AGAIN
    )
