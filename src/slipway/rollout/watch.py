"""Watching rollouts of any strategy to their ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from slipway import signals
from slipway.aws import Aws, calls
from slipway.errors import DeployError, SlipwayError
from slipway.rollout import strategy
from slipway.rollout.model import Rollout, snapshots_of
from slipway.rollout.view import View

POLL = (1.0, 10.0)
"""Seconds between looks: the first, and the longest after backing off by a quarter each time."""


def watch(
    aws: Aws,
    rollouts: Sequence[Rollout],
    view: View,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Look at all of them, ten services a call, until each has an outcome."""
    delay, longest = POLL
    while pending := [each for each in rollouts if each.outcome is None]:
        _leave_word(pending)
        with _told(pending):
            with calls("watching the rollout"):
                changed = look(aws, pending)
            view.show(snapshots_of(pending))
        delay = POLL[0] if changed else min(delay * 1.25, longest)
        if any(each.outcome is None for each in pending):
            pause(delay)


def _leave_word(rollouts: Sequence[Rollout]) -> None:
    """Have the second signal end with what goes on without us."""
    state = signals.current()
    if state:
        state.last_words = "\n".join(("stopped at once.", *_left(rollouts)))


def _left(rollouts: Sequence[Rollout]) -> list[str]:
    return [f"{each.target.name}: {strategy.left(each)}" for each in rollouts]


@contextmanager
def _told(rollouts: Sequence[Rollout]) -> Iterator[None]:
    """Say of an error, too, what goes on without us: nothing has been decided by it."""
    try:
        yield
    except SlipwayError as error:
        raise DeployError(error.message, next_step="\n  ".join(_left(rollouts))) from error


def look(aws: Aws, rollouts: Sequence[Rollout]) -> bool:
    """One look at each, those of one strategy together; whether anything changed."""
    changed = False
    for how in strategy.ALL:
        mine = [each for each in rollouts if strategy.of(each.target) is how]
        changed |= bool(mine) and how.look(aws, mine)
    return changed
