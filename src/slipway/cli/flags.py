"""The flags of a task, read from its annotations. Pure: text in, values or problems out."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

REQUIRED = inspect.Parameter.empty

SHOWN = {str: "text", int: "number", float: "number", Path: "path"}
"""The kinds of value that a flag may have, and what stands for one in a usage line."""

TAKEN = frozenset({"help", "h", "list", "complete", "dry"})
"""Names that Invoke itself gives a meaning to, also behind a task's name."""


class BadValue(ValueError):
    """What is wrong with the value of a flag, starting with the flag's name."""


@dataclass(frozen=True, kw_only=True)
class Flag:
    """One flag of a task. `many` takes a comma list, and may be given more than once."""

    name: str
    kind: type
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    many: bool = False
    help: str = ""

    def __str__(self) -> str:
        # `--from` can't be a name in Python, `from_` can.
        return "--" + self.name.rstrip("_").replace("_", "-")

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def spec(self) -> str:
        """The flag with what stands for its value: `--env=<text>`."""
        if self.kind is bool:
            return str(self).replace("--", "--[no-]", 1) if self.default is True else str(self)
        value = "|".join(self.choices) or f"<{SHOWN[self.kind]}>"
        return f"{self}={value}{',…' if self.many else ''}"

    @property
    def usage(self) -> str:
        return self.spec if self.required else f"[{self.spec}]"

    @property
    def explained(self) -> str:
        """The help text with what may be left out, and what holds then."""
        return " ".join(part for part in (self.help, f"({self._presence})") if part)

    @property
    def _presence(self) -> str:
        if self.required:
            return "required"
        if self.kind is bool:
            return f"default: {'on' if self.default else 'off'}"
        shown = ",".join(map(str, self.default)) if self.many else self.default
        return "optional" if shown in (None, "") else f"default: {shown}"

    def convert(self, raw: Any) -> Any:
        """The value for `raw`: text as typed, or a value that a Python caller gave.

        Raises `BadValue`.
        """
        if raw is None or (self.many and raw == []):
            if self.required:
                raise BadValue(f"{self} is missing")
            return self.default
        if isinstance(raw, list):
            words = [word.strip() for text in raw for word in text.split(",")]
            return tuple(dict.fromkeys(self._cast(word) for word in words))
        return self._cast(raw) if isinstance(raw, str) else raw

    def _cast(self, text: str) -> Any:
        if not text:
            raise BadValue(f"{self} is empty")
        if self.choices and text not in self.choices:
            allowed = ", ".join(self.choices)
            raise BadValue(f"{self}={text}: not one of {allowed}{did_you_mean(text, self.choices)}")
        try:
            return self.kind(text)
        except ValueError:
            wanted = "a whole number" if self.kind is int else f"a {SHOWN[self.kind]}"
            raise BadValue(f"{self}={text}: not {wanted}") from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for the nearest of `known`, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def usage(task: str, flags: Iterable[Flag]) -> str:
    """The usage line of a task, what is required first."""
    ordered = sorted(flags, key=lambda flag: not flag.required)
    return " ".join(["usage: invoke", task, *(flag.usage for flag in ordered)])


def read(parameter: inspect.Parameter, annotation: Any, help: str = "") -> Flag:  # noqa: A002
    """The flag for one parameter of a task.

    Raises `TypeError` where no flag can be made of it; that is a bug in the task.
    """
    if problem := _problem(parameter, annotation):
        raise TypeError(f"{parameter.name}: {problem}")
    flag = Flag(name=parameter.name, default=parameter.default, help=help, **_kind(annotation))
    if flag.kind is bool and (flag.many or flag.required):
        raise TypeError(f"{flag.name}: a bool needs a default, and is no list")
    if flag.kind is not bool and flag.kind not in SHOWN:
        raise TypeError(f"{flag.name}: no flag can be made of {annotation}")
    if not all(isinstance(choice, str) for choice in flag.choices):
        raise TypeError(f"{flag.name}: choices are text")
    return flag


def _problem(parameter: inspect.Parameter, annotation: Any) -> str:
    if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
        return "must be keyword-only (put it behind a `*`)"
    if parameter.name in TAKEN or parameter.name.startswith("_"):
        return "Invoke has a meaning of its own for this name"
    return "has no annotation" if annotation is None else ""


def _kind(annotation: Any) -> Mapping[str, Any]:
    """`kind`, `choices` and `many` for an annotation such as `tuple[Literal["a", "b"], ...]`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not types.NoneType]
        return _kind(inner[0]) if len(inner) == 1 else {"kind": annotation}
    if origin is Literal:
        return {"kind": str, "choices": arguments}
    if origin is tuple and arguments[1:] == (...,):
        return {**_kind(arguments[0]), "many": True}
    return {"kind": annotation}
