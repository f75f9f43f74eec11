"""What the roles of GitHub Actions may do, read from the HCL of their policies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.hcl import INFRA

ROOT = Path(__file__).parents[1]

WITHOUT_RESOURCE = set((ROOT / "tests/cases/identity/without_resource.txt").read_text().split())
"""Actions that AWS decides on without a resource: they have to be allowed on all of them."""

HCL = "".join(file.read_text() for file in sorted((INFRA / "modules/identity").glob("*.tf")))
WHOLE = r"^  {} += (\{{.*\}}|\{{\n(?:    .*\n)*  \}})$"
"""A statement that several lists have, where it is written."""


@dataclass(frozen=True)
class Statement:
    """What one statement of a policy allows, as its HCL says it."""

    actions: tuple[str, ...]
    everywhere: bool


def statements(policy: str) -> Iterator[Statement]:
    """The statements of a list of the module's locals that allow something."""
    listed = re.search(rf"^  {policy} = (?:\[for .* in )?\[\n((?:    .*\n|\n)*)  \]", HCL, re.M)
    assert listed, policy
    shared = re.findall(r"^    local\.(\w+),?$", listed[1], re.M)
    written = [
        *re.findall(r"^    (?:merge\(local\.\w+, )?(\{.*\})\)?,?$", listed[1], re.M),
        *re.findall(r"^    (\{\n(?:      .*\n)*    \}),?$", listed[1], re.M),
        *(found for name in shared for found in re.findall(WHOLE.format(name), HCL, re.M)),
    ]
    for found in written:
        if "Deny" not in found:
            action = re.search(r"Action += (\[(?:.|\n)*?\]|\".*?\")", found)
            assert action, found
            resource = re.search(r'Resource += "\*"', found)
            actions = tuple(re.findall(r'"([^"]+)"', action[1]))
            yield Statement(actions=actions, everywhere=bool(resource))


def policies_of(role: str) -> list[str]:
    """The lists of statements that a role has."""
    hcl = (INFRA / "modules/identity/main.tf").read_text()
    roles = re.search(rf"^    {role} = \{{\n((?:      .*\n)*)    \}}", hcl, re.M)
    assert roles
    policies = re.search(r"policies += (.*)", roles[1])
    assert policies
    return [name.replace("-", "_") for name in re.findall(r'"([a-z-]+)"', policies[1])]


def missing(role: str, actions: Iterable[str]) -> list[str]:
    """The actions that the role may not do at all, or not as AWS decides on them."""
    held = [statement for policy in policies_of(role) for statement in statements(policy)]
    return sorted(
        action
        for action in actions
        if not any(
            fnmatchcase(action.lower(), allowed.lower())
            for statement in held
            for allowed in statement.actions
            if statement.everywhere or action not in WITHOUT_RESOURCE
        )
    )
