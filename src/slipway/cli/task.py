"""`@task`: Invoke's decorator with types, strict flags, honest help and one-message errors.

    @task(help={"env": "environment to deploy to"})
    def deploy(c: Context, *, env: str, service: tuple[str, ...] = ()) -> Verdict:
        \"\"\"Build, push and roll out services.\"\"\"

What Invoke 3.0 does otherwise, measured, is in docs/decisions/0050-typed-tasks.md.
"""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints, overload

from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task as InvokeTask

from slipway.cli.flags import BadValue, Flag, read, usage
from slipway.cli.guard import guarded
from slipway.errors import UsageError
from slipway.model import Verdict

P = ParamSpec("P")
R = TypeVar("R", bound="int | Verdict | None")


class Task(InvokeTask[Any], Generic[P, R]):
    """A function that users call as `invoke NAME --flag=value`.

    Calling it does what the command line does: an error ends in Invoke's `Exit`. Tests that want
    the error itself call `.body`. The function returns nothing, an exit code or a `Verdict`.

    `typed` is the word that calls it, its group included: `local.up`.
    """

    body: Callable[Concatenate[Context, P], R]

    def __init__(
        self,
        body: Callable[Concatenate[Context, P], R],
        *,
        help: Mapping[str, str] | None = None,  # noqa: A002
        remainder: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(body, **options)
        self.flags = _flags(body, help or {})
        self.remainder = remainder
        self.typed: str = self.name

    def __call__(self, c: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        def work() -> R:
            if c.config.run.dry:
                problem = "--dry is Invoke's own and holds no task back; use --dry-run"
                raise misused(self.typed, self.flags, [problem])
            return self.body(c, *args, **self.values(kwargs))

        return guarded(work, self.typed)

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: ARG002
        """What Invoke's parser has to know: nothing is positional, and casting is ours.

        Invoke fills what is positional from the next word, even from `--help`.
        """
        return [_argument(flag) for flag in self.flags]

    def values(self, raw: Mapping[str, Any], name: str = "") -> dict[str, Any]:
        """The arguments for the body, or a `UsageError` that names everything that is wrong."""
        values, problems = {}, []
        for flag in self.flags:
            try:
                values[flag.name] = flag.convert(raw.get(flag.name))
            except BadValue as problem:
                problems.append(str(problem))
        if problems:
            raise misused(name or self.typed, self.flags, problems)
        return values


def misused(name: str, flags: tuple[Flag, ...], problems: list[str]) -> UsageError:
    """The error for a command line that a task can't be called with."""
    message = "\n".join([*(f"{name}: {problem}" for problem in problems), usage(name, flags)])
    return UsageError(message, next_step=f"uv run invoke {name} --help")


@overload
def task(body: Callable[Concatenate[Context, P], R], /) -> Task[P, R]: ...
@overload
def task(
    *,
    help: Mapping[str, str] | None = None,
    name: str | None = None,
    default: bool = False,
    remainder: bool = False,
) -> Callable[[Callable[Concatenate[Context, P], R]], Task[P, R]]: ...
def task(
    body: Callable[Concatenate[Context, P], R] | None = None, /, **options: Any
) -> Task[P, R] | Callable[[Callable[Concatenate[Context, P], R]], Task[P, R]]:
    """Make a task of a function whose arguments, all but the context, are keyword-only.

    `help` says what each flag is for; `remainder` allows words behind `--` (as `c.remainder`);
    `default` makes it what its collection's name alone calls. Raises `TypeError` for a coroutine
    function, which Invoke would never run, and for an argument that no flag can be made of.
    """
    return Task(body) if body else lambda function: Task(function, **options)


def behind(c: Context) -> tuple[str, ...]:
    """The words behind `--`. Invoke joins them by blanks, so they are taken as the shell gave them.

    A context that was made otherwise has them as one text.
    """
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    return tuple(words if " ".join(words) == c.remainder else shlex.split(c.remainder))


def _flags(body: Callable[..., Any], help: Mapping[str, str]) -> tuple[Flag, ...]:  # noqa: A002
    name = getattr(body, "__name__", body)
    if inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body):
        raise TypeError(f"task {name}: a coroutine function would never run; use a plain one")
    parameters = list(inspect.signature(body).parameters.values())[1:]
    unknown = help.keys() - {parameter.name for parameter in parameters}
    if unknown:
        raise TypeError(f"task {name}: help for flags that it does not have: {sorted(unknown)}")
    try:
        hints = get_type_hints(body)
        return tuple(read(p, hints.get(p.name), help.get(p.name, "")) for p in parameters)
    except (NameError, TypeError) as problem:
        raise TypeError(f"task {name}: {problem}") from problem


def _argument(flag: Flag) -> Argument:
    """Text for everything but switches, so that a wrong value is ours to explain."""
    kind = bool if flag.kind is bool else list if flag.many else str
    default = None if flag.required else flag.default
    dashed = str(flag).removeprefix("--")
    # An alias of a name to itself sends Invoke's lexicon into a recursion without end.
    attribute = flag.name if flag.name != dashed else None
    return Argument(
        names=(dashed,), attr_name=attribute, kind=kind, default=default, help=flag.explained
    )
