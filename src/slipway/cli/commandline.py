"""Looks at the whole command line before Invoke runs the first task of it.

Invoke exits with 1 for a word that it does not know, and names nothing near it; it would also run
`setup` of `setup deploy` before `deploy` finds that its `--env` is missing. The `invoke` program
can't be replaced, but it may be stopped: what a `tasks.py` raises as `Exit` while it is loaded ends
the program with that message and code. So the last line of `tasks.py` parses the same words with
Invoke's own parser, some milliseconds ahead of it.
"""

from __future__ import annotations

import inspect
import re
import signal
import sys
from ast import literal_eval
from collections.abc import Sequence
from itertools import pairwise

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.parser.context import ParserContext
from invoke.parser.parser import Parser
from invoke.program import Program

from slipway.cli.flags import Flag, did_you_mean, usage
from slipway.cli.guard import told
from slipway.cli.task import Task, misused
from slipway.errors import UsageError


def check_command_line(tasks: Collection) -> None:
    """End the program with help or a `UsageError` where the command line asks for it.

    Does nothing unless the `invoke` program is at work: this module may be imported by anything.
    """
    program: Program | None = getattr(sys.modules.get("invoke.main"), "program", None)
    if program is None or not hasattr(program, "core"):
        return
    wanted = program.core[0].args.help.value
    words = program.core.unparsed
    if not words and not wanted:
        # Invoke lists the tasks now, and would show a traceback where `head` has read enough.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        return
    try:
        check(tasks, words, program.initial_context, program.core.remainder, help_for=wanted)
    except UsageError as error:
        raise Exit(told(error), error.exit_code) from error


def check(
    tasks: Collection,
    words: Sequence[str],
    initial: ParserContext,
    remainder: str = "",
    help_for: str | None = None,
) -> None:
    """Check `words`, the command line without Invoke's own options in front and without `-- …`.

    Raises `UsageError`, or `Exit` with code 0 after printing help.
    """
    parser = Parser(initial=initial, contexts=tasks.to_contexts())
    try:
        core, *calls = parser.parse_argv(list(words))
    except ParseError as error:
        raise explained(error, tasks, initial, words) from None
    if name := help_for or core.args.help.value:
        if name not in parser.contexts:
            raise _unknown_task(name, None, tasks)
        _print_help(tasks, name)
        raise Exit(code=0)
    if core.args.list.value:
        return
    for call in calls:
        _check_call(tasks, call, words)
    if remainder and not any(getattr(tasks[call.name], "remainder", False) for call in calls):
        name = calls[-1].name or ""
        raise misused(name, _flags(tasks, name), [f"nothing may follow `--`: {remainder}"])


def _check_call(tasks: Collection, call: ParserContext, words: Sequence[str]) -> None:
    task = tasks[call.name]
    if not isinstance(task, Task):
        return
    for flag in task.flags:
        raw = call.args[flag.name].value
        for text in raw if isinstance(raw, list) else [raw]:
            # `--env --dry-run`: the next word was taken for the value.
            if isinstance(text, str) and text.startswith("-") and f"{flag}={text}" not in words:
                problem = f"{flag} needs a value, and {text} looks like a flag"
                raise misused(call.name or "", task.flags, [problem])
    task.values(call.as_kwargs, call.name or "")


def explained(
    error: ParseError, tasks: Collection, initial: ParserContext, words: Sequence[str]
) -> UsageError:
    """What Invoke's parser stumbled over, in our words, with what is nearest to it."""
    name = error.context.name if error.context else None
    flags = _flags(tasks, name)
    unknown = re.search(r"No idea what (.+) is!", str(error))
    without = re.search(r"Flag <Argument: ([\w-]+)", str(error))
    if without:
        return misused(name or "", flags, [f"--{without[1].replace('_', '-')} needs a value"])
    if not unknown:
        return UsageError(str(error), next_step="uv run invoke --list")
    word = literal_eval(unknown[1])
    if not word.startswith("-") and not (problem := _repeated(word, flags, words)):
        return _unknown_task(word, name, tasks)
    if name is None:
        near = did_you_mean(word, initial.flags)
        problem = f"{word}: no option of Invoke{near}; the flags of a task come after its name"
        return UsageError(problem, next_step="uv run invoke --help")
    if word.startswith("-"):
        known = [*map(str, flags), "--help"]
        problem = f"{word}: no such flag{did_you_mean(word, known)}"
    return misused(name, flags, [problem])


def _repeated(word: str, flags: Sequence[Flag], words: Sequence[str]) -> str:
    """What is wrong where the word is the value of a flag that could not take it."""
    pairs = {*words, *(f"{a}={b}" for a, b in pairwise(words))}
    for flag in flags:
        if f"{flag}={word}" in pairs:
            return f"{flag} takes no value" if flag.kind is bool else f"{flag} is given twice"
    return ""


def _unknown_task(word: str, after: str | None, tasks: Collection) -> UsageError:
    if word in tasks.collections:
        problem = f"{word} is a group of tasks, and needs one of them: {word}.…"
        return UsageError(problem, next_step=f"uv run invoke --list {word}")
    near = did_you_mean(word, tasks.task_names)
    if after and not near:
        # Who writes `diff RELEASE RELEASE` means values, and not tasks.
        return misused(
            after, _flags(tasks, after), [f"{word} is neither the value of a flag nor a task"]
        )
    return UsageError(f"no task is named {word}{near}", next_step="uv run invoke --list")


def _flags(tasks: Collection, name: str | None) -> tuple[Flag, ...]:
    task = tasks[name] if name else None
    return task.flags if isinstance(task, Task) else ()


def _print_help(tasks: Collection, name: str) -> None:
    """The usage line, the docstring, and each flag with what holds without it."""
    flags = _flags(tasks, name)
    width = max((len(flag.spec) for flag in flags), default=0)
    lines = [f"  {flag.spec.ljust(width)}  {flag.explained}" for flag in flags]
    print(
        "\n".join([usage(name, flags), "", inspect.getdoc(tasks[name]) or "", "", *lines]).strip()
    )
