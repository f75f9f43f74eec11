"""The rollout as a person watches it: a table that lives on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from slipway.console import Console
from slipway.rollout.decide import Deployment, Snapshot, short

COLUMNS = ("service", "revision", "rollout", "desired", "running", "pending", "failed")
EVENTS = 3
"""Events shown below the live table."""

Row = tuple[str, ...]


class View(Protocol):
    """Shows what is going on with the watched services."""

    def show(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Show the newest state of every service."""
        ...

    def close(self) -> None:
        """Leave the last state standing."""
        ...


def rows(snapshot: Snapshot) -> list[Row]:
    """A row per deployment, the primary one first."""
    return [
        (
            snapshot.service,
            short(each.task_definition).rsplit(":", 1)[-1],
            _state(each),
            *(str(count) for count in (each.desired, each.running, each.pending, each.failed)),
        )
        for each in _ordered(snapshot)
    ]


def _ordered(snapshot: Snapshot) -> list[Deployment]:
    return sorted(snapshot.deployments, key=lambda each: not each.primary)


@dataclass
class Lines:
    """Prints a line when a row changes, and every event once; right for CI logs."""

    console: Console
    _rows: dict[str, Row] = field(default_factory=dict)
    _events: set[str] = field(default_factory=set)
    _phases: dict[str, str] = field(default_factory=dict)

    def show(self, snapshots: Mapping[str, Snapshot]) -> None:
        for snapshot in snapshots.values():
            self._show_phase(snapshot)
            self._show_rows(snapshot)
            self._show_events(snapshot)

    def close(self) -> None:
        return

    def _show_phase(self, snapshot: Snapshot) -> None:
        if snapshot.phase and self._phases.get(snapshot.service) != snapshot.phase:
            self._phases[snapshot.service] = snapshot.phase
            self.console.detail(f"{snapshot.service}: {snapshot.phase}")

    def _show_rows(self, snapshot: Snapshot) -> None:
        # By deployment: two of one revision are the rule on the way back.
        for each, row in zip(_ordered(snapshot), rows(snapshot), strict=True):
            if self._rows.get(each.id) != row:
                self._rows[each.id] = row
                self.console.detail(_sentence(row))

    def _show_events(self, snapshot: Snapshot) -> None:
        first_look = not self._events
        for event_id, message in reversed(snapshot.events):
            if event_id not in self._events and not first_look:
                self.console.detail(message)
            self._events.add(event_id)
        self._events.add("looked")


class Live:
    """Redraws one table in place, with the newest events below it."""

    def __init__(self) -> None:
        from rich.console import Console as RichConsole
        from rich.live import Live as RichLive

        self._live = RichLive(console=RichConsole(stderr=True), auto_refresh=False)
        self._live.start()

    def show(self, snapshots: Mapping[str, Snapshot]) -> None:
        from rich.console import Group
        from rich.table import Table

        table = Table(*COLUMNS, box=None, header_style="dim")
        for snapshot in snapshots.values():
            for row in rows(snapshot):
                table.add_row(*row)
        phases = [f"  {s.service}: {s.phase}" for s in snapshots.values() if s.phase]
        events = [e for s in snapshots.values() for e in _newest(s)]
        self._live.update(Group(table, *phases, *events), refresh=True)

    def close(self) -> None:
        self._live.stop()


@dataclass
class Noting:
    """Another view, with something to be done at every look."""

    inner: View
    note: Callable[[], None]

    def show(self, snapshots: Mapping[str, Snapshot]) -> None:
        self.inner.show(snapshots)
        self.note()

    def close(self) -> None:
        self.inner.close()


def make_view(console: Console) -> View:
    """The live table on a terminal, else lines."""
    return Live() if console.interactive else Lines(console)


def _state(deployment: Deployment) -> str:
    state = deployment.state or ("PRIMARY" if deployment.primary else "ACTIVE")
    return state if deployment.share is None else f"{state} {deployment.share} %"


def _sentence(row: Row) -> str:
    service, revision, state, desired, running, pending, failed = row
    counts = f"{running}/{desired} running, {pending} pending, {failed} failed"
    return f"{service} revision {revision}: {state}, {counts}"


def _newest(snapshot: Snapshot) -> list[str]:
    return [f"  {message}" for _, message in snapshot.events[:EVENTS]]
