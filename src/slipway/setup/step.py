"""A step of `setup` as a value, and the two ways to go through them: look, or look and mend."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import indent
from typing import TextIO

from slipway.console import Console
from slipway.errors import Interrupted, SlipwayError, ToolError
from slipway.paths import Checkout
from slipway.tools import SETUP


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a look found; `remedy` is for the user, `would` is what `setup` can do about it."""

    ok: bool
    found: str
    remedy: str = ""
    would: str = ""

    @property
    def way_out(self) -> str:
        """How to mend it: by `setup` where that can, else by hand."""
        return f"{SETUP} ({self.would})" if self.would else self.remedy


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that a deploy needs. `look` changes nothing; `mend` is called only after it."""

    name: str
    look: Callable[[], Finding]
    mend: Callable[[], None] | None = None
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A step with what was found in the end."""

    step: Step
    finding: Finding

    @property
    def missing(self) -> bool:
        """Whether a deploy can't do without it."""
        return self.step.required and not self.finding.ok

    @property
    def line(self) -> str:
        """As a user sees it, with the way out on a line of its own."""
        mark = "✓" if self.finding.ok else "✗" if self.step.required else "!"
        line = f"{mark} {self.step.name}: {self.finding.found}"
        way_out = "" if self.finding.ok else self.finding.way_out
        return f"{line}\n    {way_out}" if way_out else line

    @property
    def data(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "name": self.step.name,
            "ok": self.finding.ok,
            "required": self.step.required,
            "found": self.finding.found,
            "remedy": "" if self.finding.ok else self.finding.way_out,
        }


def look(steps: Sequence[Step]) -> Iterator[Checked]:
    """Look at everything, one after the other; nothing is changed."""
    for step in steps:
        yield Checked(step=step, finding=_looked(step))


def mend(steps: Sequence[Step], console: Console, *, dry_run: bool = False) -> list[Checked]:
    """Look, mend what is missing, look again; goes on after a step that could not be mended."""
    return [_mended(checked, console, dry_run=dry_run) for checked in look(steps)]


def demand(checked: Sequence[Checked], what: str) -> None:
    """Raise a `ToolError` that names everything needed that is still missing."""
    missing = [one for one in checked if one.missing]
    if missing:
        names = ", ".join(one.step.name for one in missing)
        raise ToolError(f"{what}: {names}", next_step=missing[0].finding.way_out)


@contextmanager
def only_one(checkout: Checkout, console: Console) -> Iterator[None]:
    """Hold the checkout's set-up lock; waits, and says so, while another `setup` has it."""
    with _lock_file(checkout) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.line("another setup is at work in this checkout; waiting for it to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_file(checkout: Checkout) -> TextIO:
    try:
        checkout.work.mkdir(exist_ok=True)
        return (checkout.work / "setup.lock").open("w")
    except OSError as error:
        raise ToolError(
            f"{checkout.shown(checkout.work)} can't be written to: {error.strerror}",
            next_step=f"make it yours: sudo chown -R $USER {checkout.root}",
        ) from error


def _looked(step: Step) -> Finding:
    try:
        return step.look()
    except Interrupted:
        raise
    except SlipwayError as error:
        return Finding(ok=False, found=error.message, remedy=error.next_step)


def _mended(checked: Checked, console: Console, *, dry_run: bool) -> Checked:
    step, finding = checked.step, checked.finding
    if finding.ok or not finding.would or step.mend is None:
        console.line(checked.line)
        return checked
    if dry_run:
        console.line(f"· {step.name}: {finding.found}; would {finding.would}")
        return checked
    try:
        with console.step(step.name) as shown:
            console.detail(f"{finding.found}: {finding.would}")
            step.mend()
            after = _after(step)
            shown.outcome = after.found
    except Interrupted:
        raise
    except (SlipwayError, OSError) as error:
        # An OSError is a full disk, a folder of somebody else's: it names the file itself.
        after = Finding(ok=False, found=str(error), remedy=getattr(error, "next_step", ""))
        console.line(indent(str(error), "    "))
    return Checked(step=step, finding=after)


def _after(step: Step) -> Finding:
    """What a second look finds; still missing is an error now, as mending did not help."""
    finding = _looked(step)
    if not finding.ok:
        raise ToolError(finding.found, next_step=finding.remedy)
    return finding
