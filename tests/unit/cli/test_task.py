"""`@task` on its own: what it accepts, what it refuses, what type it leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Optional

import pytest
from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit

from slipway.cli.task import task
from slipway.errors import UsageError
from slipway.model import Verdict


@task(help={"env": "environment"})
def deploy(c: Context, *, env: str, count: int = 1, service: tuple[str, ...] = ()) -> Verdict:
    """Deploy."""
    if env == "nowhere":
        raise UsageError("no such environment")
    return Verdict.FAILED if env == "broken" else Verdict.DEPLOYED


def test_called_with_values() -> None:
    """A task is called from Python with the types of its function, and returns what that does."""
    assert deploy(Context(), env="local", count=2, service=("a",)) is Verdict.DEPLOYED


def test_types_are_kept() -> None:
    """mypy sees a wrong argument: without the error these comments would be unused."""
    with pytest.raises(Exit):
        deploy(Context(), env="broken", count="one")  # type: ignore[arg-type]
    with pytest.raises(Exit):
        deploy(Context())  # type: ignore[call-arg]
    outcome: int = deploy(Context(), env="local")  # type: ignore[assignment]
    assert outcome


def test_error_ends_in_exit() -> None:
    """Called as a task, an engine error is Invoke's `Exit` with message, next step and code."""
    with pytest.raises(Exit) as ending:
        deploy(Context(), env="nowhere")
    told = "error: no such environment\nnext: uv run invoke deploy --help"
    assert (ending.value.code, ending.value.message) == (2, told)


def test_bad_verdict_ends_in_exit() -> None:
    """A verdict that is no success ends with its code and adds no message."""
    with pytest.raises(Exit) as ending:
        deploy(Context(), env="broken")
    assert (ending.value.code, ending.value.message) == (10, None)


def test_body_is_the_function() -> None:
    """`body` raises the engine's own error, for tests of what a task does."""
    with pytest.raises(UsageError):
        deploy.body(Context(), env="nowhere")


def test_dry_of_invoke_is_refused() -> None:
    """Invoke's --dry, which would hold nothing back, ends in a usage error."""
    config = Config(overrides={"run": {"dry": True}})
    with pytest.raises(Exit, match="--dry"):
        deploy(Context(config), env="local")


async def coroutine(c: Context) -> None:
    """Never awaited."""


def positional(c: Context, env: str) -> None: ...
def variadic(c: Context, *names: str) -> None: ...
def keywords(c: Context, **names: str) -> None: ...
def switch_without_default(c: Context, *, on: bool) -> None: ...
def mapping(c: Context, *, env: dict[str, str]) -> None: ...
def a_list(c: Context, *, env: list[str]) -> None: ...
def two_kinds(c: Context, *, env: int | str) -> None: ...
def untyped(c: Context, *, env) -> None: ...  # type: ignore[no-untyped-def]
def takes_help(c: Context, *, help: str = "") -> None: ...  # noqa: A002
def takes_dry(c: Context, *, dry: bool = False) -> None: ...
def number_choice(c: Context, *, size: Literal[1, 2] = 1) -> None: ...
def unknown_type(c: Context, *, env: Missing) -> None: ...  # type: ignore[name-defined] # noqa: F821


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (coroutine, "a coroutine function would never run"),
        (positional, "env: must be keyword-only"),
        (variadic, "names: must be keyword-only"),
        (keywords, "names: must be keyword-only"),
        (switch_without_default, "on: a bool needs a default"),
        (mapping, "env: no flag can be made of dict"),
        (a_list, "env: no flag can be made of list"),
        (two_kinds, "env: no flag can be made of int | str"),
        (untyped, "env: has no annotation"),
        (takes_help, "help: Invoke has a meaning"),
        (takes_dry, "dry: Invoke has a meaning"),
        (number_choice, "size: choices are text"),
        (unknown_type, "name 'Missing' is not defined"),
    ],
)
def test_refused_at_decoration(function: Callable[..., Any], reason: str) -> None:
    """What Invoke would misread or never run is refused when the module is imported."""
    with pytest.raises(TypeError) as refusal:
        task(function)
    assert f"task {function.__name__}: {reason}" in str(refusal.value)


def test_help_for_no_flag() -> None:
    """Help for a flag that the task does not have is a mistake."""
    with pytest.raises(TypeError, match="evn"):
        task(help={"evn": "environment"})(deploy.body)


def test_kinds() -> None:
    """Optional values, paths and lists of choices are read from their annotations."""

    @task
    def copy(
        c: Context,
        *,
        source: Path,
        to: Optional[Path] = None,  # noqa: UP045
        kinds: tuple[Literal["a", "b"], ...] = ("a",),
    ) -> None: ...

    values = copy.values({"source": "x/y", "kinds": ["a,b"]})
    assert values == {"source": Path("x/y"), "to": None, "kinds": ("a", "b")}
    with pytest.raises(UsageError, match=r"--kinds=c: not one of a, b"):
        copy.values({"source": "x", "kinds": ["a", "c"]})
