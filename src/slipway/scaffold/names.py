"""Which names a service may have; pure."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterable

from slipway.config.rules import WORDS

SHORTEST, LONGEST = 2, 24

IN_USE = frozenset({"dotenv", "src", "test", "tests"})
"""Import names that a service's environment has besides its packages'."""


def name_problem(name: str, packages: Iterable[str]) -> str:
    """Why no service can have this name; empty when one can.

    `packages` are those of the template's lock file, which a project of the same name would hide.
    """
    module = module_name(name)
    if not re.fullmatch(WORDS, name) or not SHORTEST <= len(name) <= LONGEST:
        return (
            f"must be {SHORTEST} to {LONGEST} lowercase letters, digits and single hyphens, "
            "beginning with a letter"
        )
    if keyword.iskeyword(module) or keyword.issoftkeyword(module):
        return "is a word of Python's own"
    if module in sys.stdlib_module_names:
        return f"would hide Python's own module {module}"
    if module in IN_USE | {module_name(package) for package in packages}:
        return "would hide a package that the service needs"
    return ""


def module_name(name: str) -> str:
    """The Python package of a service or of a dependency: `order-items` is `order_items`."""
    return name.replace("-", "_")
