"""The cause of a rollout that did not end well, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What went wrong and what to do; `lines` are the evidence, the service's own words last.

    `kind` is the same for all causes of one rule: what one counts by.
    """

    title: str
    remedy: str
    lines: tuple[str, ...] = ()
    kind: str = ""
