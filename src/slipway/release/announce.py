"""Saying what becomes of a deploy, to people elsewhere and to `--log-json`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from slipway.model import Verdict
from slipway.release.notify import Notifier, notifier
from slipway.release.progress import Progress
from slipway.release.world import Site


@dataclass(kw_only=True)
class Announcer:
    """Tells each end once, as soon as it is known."""

    site: Site
    progress: Progress
    notifier: Notifier
    told: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Tell what has ended since the last look."""
        for name in self.progress.chosen:
            outcome = self.progress.known(name)
            if outcome is None or name in self.told:
                continue
            self.told.add(name)
            self.site.console.journal(
                "verdict",
                environment=self.site.settings.environment.name,
                service=name,
                verdict=outcome.verdict.label,
                reason=outcome.reason,
                cause=outcome.cause.title if outcome.cause else "",
                task_definition=outcome.task_definition,
                url=self.progress.url(name),
            )
            if outcome.verdict is Verdict.ROLLED_BACK:
                self.notifier.went_back(name, outcome.reason)


@contextmanager
def announced(site: Site, progress: Progress) -> Iterator[Announcer]:
    """Tell that a deploy begins, and how it ended or broke off."""
    environment, began = site.settings.environment.name, time.monotonic()
    announcer = Announcer(site=site, progress=progress, notifier=notifier(site))
    kind, services = progress.options.kind, list(progress.chosen)
    site.console.journal(kind, environment=environment, services=services, state="began")
    announcer.notifier.began(services, DOING.get(kind, kind))
    try:
        yield announcer
    except BaseException as error:
        reason = str(error).partition("\n")[0] or "a signal came"
        announcer.look()
        site.console.journal(kind, environment=environment, state="broke off", reason=reason)
        announcer.notifier.broke_off(reason)
        raise
    announcer.look()
    seconds = time.monotonic() - began
    outcomes = {name: progress.outcome(name) for name in progress.chosen}
    code = Verdict.worst(each.verdict for each in outcomes.values()).exit_code
    site.console.journal(
        kind, environment=environment, state="ended", seconds=round(seconds, 3), exit_code=code
    )
    announcer.notifier.ended(outcomes, seconds)


DOING = {
    "deploy": "deploying",
    "promote": "promoting",
    "rollback": "rolling back",
    "restart": "restarting",
}
"""What is being done, by the kind of release."""
