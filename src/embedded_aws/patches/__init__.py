"""Every change to MiniStack, in this one folder.

Each module names the symbols it replaces or leans on in `SYMBOLS`, with the parameters that they
must have. `check` compares them with the MiniStack that is installed before anything is patched:
another version can't be half patched.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from embedded_aws.errors import CannotRun

Symbols = Mapping[str, tuple[str, ...] | None]
"""`module.symbol` under `ministack` with its parameters' names; None for what is no function."""


def check(symbols: Symbols) -> None:
    """Raise `CannotRun` with all the symbols that are not as the patches need them."""
    wrong = [problem for name, wanted in symbols.items() if (problem := _problem(name, wanted))]
    if wrong:
        raise CannotRun(
            "this MiniStack is not the version that the patches are for "
            "(run `uv run invoke setup`): " + "; ".join(wrong)
        )


def _problem(name: str, wanted: tuple[str, ...] | None) -> str:
    module, _, symbol = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(f"ministack.{module}"), symbol)
    except (ImportError, AttributeError):
        return f"{name} is gone"
    if wanted is None:
        return ""
    has = tuple(inspect.signature(found).parameters)
    return "" if has == wanted else f"{name} takes {', '.join(has)}"


def replace_action(service: ModuleType, name: str, handler: Any) -> Any:
    """Answer an API action by `handler`; the handler that did so until now."""
    previous = service._ACTION_MAP[name]
    service._ACTION_MAP[name] = handler
    return previous


def merge(parts: Iterable[Symbols]) -> Symbols:
    """The symbols of several modules as one table."""
    return {name: wanted for part in parts for name, wanted in part.items()}
