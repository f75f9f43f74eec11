"""Tasks that the cases of this folder call; each prints what it was given."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from functools import partial
from typing import Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway import signals
from slipway.cli.app import App
from slipway.cli.commandline import check_command_line
from slipway.cli.task import task
from slipway.command import command
from slipway.errors import ConfigError, Interrupted
from slipway.model import Verdict


@task(help={"env": "environment to deploy to", "service": "only these"})
def deploy(
    c: Context,
    *,
    env: str,
    service: tuple[str, ...] = (),
    size: Literal["small", "big"] = "small",
    count: int = 2,
    share: float = 0.5,
    to: str | None = None,
    wait: bool = True,
    dry_run: bool = False,
) -> Verdict:
    """Build, push and roll out.

    The second paragraph.
    """
    print("deploy", env, service, size, count, share, to, wait, dry_run)
    return Verdict.ROLLED_BACK if env == "broken" else Verdict.DEPLOYED


@task
def setup(c: Context) -> None:
    """Find or install what is missing."""
    print("setup")


@task(name="exec", remainder=True)
def exec_(c: Context, *, env: str) -> int:
    """Run a command; exits with 7."""
    print("exec", env, c.remainder)
    return 7


@task
def fail(c: Context, *, how: Literal["engine", "bug", "print", "run"]) -> None:
    """End badly."""
    if how == "engine":
        raise ConfigError("slipway.toml: off", next_step="edit it")
    if how == "run":
        c.run("exit 5", in_stream=False)
    if how == "print":
        for number in range(100_000):
            print(number)
    raise KeyError("nope")


@task
def wait(c: Context, *, on: Literal["child", "stubborn", "thread", "sleep", "swallow"]) -> None:
    """Wait for a signal."""
    ignoring = (
        "trap '' INT; " if on == "stubborn" else "trap 'sleep 0.2; echo tidied; exit 3' INT; "
    )
    loop = command("sh", "-c", f"{ignoring} echo ready $$; while :; do sleep 0.05; done")
    app = App()
    if on in ("sleep", "swallow"):
        with suppress(KeyboardInterrupt, Interrupted) if on == "swallow" else nullcontext():
            print("ready", flush=True)
            signals.sleep(60)
    elif on == "thread":
        from slipway.release.parallel import side_by_side

        side_by_side({"a": partial(app.runner.run, loop, on_line=_say)})
    else:
        app.runner.run(loop, on_line=_say)


def _say(line: str) -> None:
    print(line, flush=True)


ns = Collection(deploy, setup, exec_, fail, wait)
ns.add_collection(Collection("state", setup))
check_command_line(ns)
