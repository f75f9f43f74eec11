"""A status that is looked at again and again: redrawn at a terminal, changes only elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Protocol

from slipway import signals
from slipway.console import Console
from slipway.errors import Expired, SlipwayError
from slipway.status import show
from slipway.status.model import Standing, Status

PAUSE = 5.0
"""Seconds between two looks; longer where there are many services, `PER_SERVICE` each."""

PER_SERVICE = 0.1


class View(Protocol):
    """Shows one look after the other."""

    def show(self, status: Status) -> None:
        """Show what there is now."""
        ...

    def trouble(self, error: SlipwayError) -> None:
        """Say that there was no look this time."""
        ...

    def close(self) -> None:
        """Leave the last look standing."""
        ...


def watch(
    look: Callable[[], Status],
    view: View,
    *,
    alive: Callable[[], None] = lambda: None,
    pause: Callable[[float], None] = signals.sleep,
) -> None:
    """Look until a signal comes; a look that fails is told, and the next one may do.

    `alive` raises where nobody reads any more. Raises what no later look would mend: an expired
    session.
    """
    try:
        while True:
            alive()
            seconds = PAUSE
            try:
                status = look()
            except Expired:
                raise
            except SlipwayError as error:
                view.trouble(error)
            else:
                view.show(status)
                seconds = max(PAUSE, PER_SERVICE * len(status.services))
            pause(seconds)
    finally:
        view.close()


@dataclass
class Changes:
    """A line for a service when something of it has changed; JSON if asked for."""

    console: Console
    as_json: bool = False
    _last: dict[str, Standing] = field(default_factory=dict)
    _told: frozenset[str] = frozenset()

    def show(self, status: Status) -> None:
        for each in status.services:
            if self._last.get(each.service) != each:
                self._last[each.service] = each
                self.console.result(self._text(status, each))
        told = frozenset([*(f"alarm {name}" for name in status.alarms), *show.gaps(status)])
        for text in sorted(told - self._told):
            self.console.warn(f"{status.environment}: {text}")
        self._told = told

    def trouble(self, error: SlipwayError) -> None:
        self._told = frozenset()
        self.console.warn(f"{error.message}; trying again")

    def close(self) -> None:
        return

    def _text(self, status: Status, each: Standing) -> str:
        now = datetime.now().astimezone()
        if self.as_json:
            at = now.isoformat(timespec="seconds")
            return json.dumps({"at": at, "environment": status.environment, **asdict(each)})
        return f"{now:%H:%M:%S} {show.sentence(each)}"


class Live:
    """Redraws the table in place, what there is to say below it."""

    def __init__(self, console: Console) -> None:
        from rich.console import Console as RichConsole
        from rich.live import Live as RichLive

        self._console = console
        self._text = ""
        self._live = RichLive(
            console=RichConsole(file=console.out), auto_refresh=False, vertical_overflow="crop"
        )
        self._live.start()

    def show(self, status: Status) -> None:
        table = self._console.rendered(
            show.COLUMNS, show.rows(status), optional=show.OPTIONAL, colours=show.COLOURS
        )
        at = f"{status.environment}, {datetime.now():%H:%M:%S}; Ctrl-C ends"
        self._text = "\n".join([table, "", *show.notes(status)])
        self._draw(at)

    def trouble(self, error: SlipwayError) -> None:
        self._draw(f"{datetime.now():%H:%M:%S} {error.message}; trying again")

    def close(self) -> None:
        self._live.stop()

    def _draw(self, last: str) -> None:
        from rich.text import Text

        self._live.update(Text.from_ansi(f"{self._text}\n{last}"), refresh=True)
