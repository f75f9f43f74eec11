"""Variables and secrets of a container: which table of service.toml each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from slipway.config.rules import ParameterName, SecretName, VariableName
from slipway.config.variables import OURS
from slipway.importing.bounds import fits
from slipway.importing.draft import Node
from slipway.importing.template import alone, shown, unresolved

CONFIDENTIAL = re.compile(
    r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY|CREDENTIALS)$"
)
"""What a variable is called whose value should be in no file."""

PARAMETER = re.compile(r"arn:aws[a-z-]*:ssm:[^:]*:[^:]*:parameter(/.+)")
REFERENCE = re.compile(r"\$\{(\w+)\}")
ENVIRONMENT = "COPILOT_ENVIRONMENT_NAME"

ANEW = "Slipway keeps it in a secret of its own: give it its value with `invoke secrets.set`"
LOWER = "names of secrets are capitals, digits and underscores here: rename it in the code"
WRITE = "write it into [env], or name a file with its variables by --env-file"
OUR_OWN = "Slipway sets it by itself"


def variable(node: Node, name: str, value: Node) -> None:
    """A variable of the container, whose text is at `value`; `node` is all that is said of it."""
    call = alone(value.value)
    if name in OURS:
        node.given(OUR_OWN)
    elif call and call.name == "ssm" and call.arguments:
        parameter(node, name, call.arguments[0])
    elif CONFIDENTIAL.search(name.upper()):
        secret(node, name, "its name says that its value should be in no file. " + ANEW)
    elif not fits(VariableName, name):
        node.leave(f"{name} has more than letters, digits and underscores")
    elif isinstance(value.value, str) and unresolved(value.value):
        node.leave(f"{name}: {shown(value.value)} has no value here; {WRITE}")
    else:
        for each, text in texts(node, value):
            each.carry(("env", name), text)


def confidential(node: Node, name: str, source: str | None) -> None:
    """A variable that is read from Parameter Store or Secrets Manager; `source` says from where."""
    found = PARAMETER.fullmatch(source or "")
    where = found[1] if found else source or ""
    if where.startswith("/"):
        parameter(node, name, where, "of the environment's own account and region" if found else "")
    elif source is None or source.startswith("arn:"):
        secret(node, name, ANEW)
    else:
        secret(node, name, f"{source} is no full name of a parameter (/…). {ANEW}")


def parameter(node: Node, name: str, where: str, why: str = "") -> None:
    """A variable that is read from a parameter of this full name."""
    if not fits(SecretName, name):
        node.leave(f"{name}: {LOWER}")
        return
    for each, text in texts(node, node.other(value=where)):
        if fits(ParameterName, text):
            each.carry(("parameters", name), text, why)


def secret(node: Node, name: str, why: str) -> None:
    """A variable that becomes a secret of the service."""
    if name in OURS:
        node.given(OUR_OWN)
    elif fits(SecretName, name):
        node.carry(("secrets", name), name, why)
    else:
        node.leave(f"{name}: {LOWER}")


def texts(node: Node, value: Node) -> Iterator[tuple[Node, str]]:
    """The text of a value, for each environment where it depends on that; none without a value."""
    text = value.text()
    if text is None:
        return
    here = node.above[1:2]
    every = ENVIRONMENT in REFERENCE.findall(text) and not here
    for name in node.draft.around.environments if every else here or ("",):
        known = {**node.draft.variables, **({ENVIRONMENT: name} if name else {})}
        found = filled(text, known)
        if missing := REFERENCE.search(found):
            node.leave(f"{missing[0]} has no value here; name a file with one by --env-file")
            return
        yield (node.other(above=("environments", name)) if every else node), found


def filled(text: str, known: Mapping[str, str]) -> str:
    """A text with `${NAME}` filled in where the name is known."""
    return REFERENCE.sub(lambda one: known.get(one[1], one[0]), text)
