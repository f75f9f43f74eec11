"""Settling releases that nobody completed: their process was killed, or lost its way.

Done under the service's lease, so whoever began them is gone. What became of them is told by ECS
and CodeDeploy, not by what the release hoped for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import takewhile

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.model import Verdict
from slipway.release import ledger, records, standing
from slipway.release.ledger import Release
from slipway.release.progress import Options, Progress
from slipway.release.serving import Serving, serving
from slipway.release.standing import MakeTarget
from slipway.release.world import Site
from slipway.rollout import strategy
from slipway.rollout.decide import short
from slipway.rollout.model import Outcome

GONE = "its process ended without a word"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is there now: how the noted rollout ended, if it did, and what serves."""

    serving: Serving | None
    under_way: bool = False
    outcome: Outcome | None = None


def settle(site: Site, make: MakeTarget, token: int, service: Service) -> list[Release]:
    """Settle what was left open of `service`, say so, and return it; its lease is held."""
    with calls(f"looking at the releases of {service.name}"):
        found = list(left_open(site, service))
        settled = [settled_now(site, make, service, release) for release in found]
        for release in settled:
            records.write(site, replace(release, token=token))
            site.console.warn(
                f"{service.name}: release {release.id} was left open and is now "
                f"{release.verdict}: {release.reason}"
            )
    return settled


def left_open(site: Site, service: Service) -> list[Release]:
    """The newest releases as far as they are open: each deploy settles what it finds."""
    bucket, environment = names.state_bucket(site.settings), site.settings.environment.name
    found = ledger.releases(site.aws.s3, bucket, environment, service.name)
    return list(takewhile(lambda release: release.open, found))


def settled_now(site: Site, make: MakeTarget, service: Service, release: Release) -> Release:
    """What became of one, as things stand now; nothing is written."""
    return settled(*look(site, make, service, release))


def look(site: Site, make: MakeTarget, service: Service, release: Release) -> tuple[Release, Seen]:
    """The release, with its rollout if it had no time to note that, and what is there of it."""
    here = serving(
        site.aws, names.cluster(site.settings), names.service(site.settings, service.name)
    )
    progress = Progress(options=Options())
    if not standing.known(site, progress, service, release):
        return release, Seen(serving=here)
    target = make(progress, service)
    release = standing.noted(site.aws, target, release, here)
    if not release.deployment:
        return release, Seen(serving=here)
    rollout = standing.rollout_of(target, release)
    strategy.of(target).look(site.aws, [rollout])
    seen = Seen(serving=here, under_way=rollout.outcome is None, outcome=rollout.outcome)
    return release, seen


def settled(release: Release, seen: Seen) -> Release:
    """How a release ended that nobody completed; pure.

    Complete is not verified: a rollout that came to its end unseen is `interrupted` as well.
    """
    outcome, serves = seen.outcome, _told(seen.serving)
    ended = records.iso(time.time())
    if outcome and not outcome.verdict.good:
        return replace(records.with_outcome(release, outcome), ended=ended)
    if outcome:
        reason = f"{GONE} before the verification; {serves}"
    elif seen.under_way:
        reason = f"{GONE}; the rollout goes on by itself"
    else:
        reason = f"{GONE} before anything was rolled out; {serves}"
    verdict = Verdict.INTERRUPTED.label
    found = records.with_outcome(release, outcome) if outcome else release
    return replace(found, verdict=verdict, reason=reason, ended=ended)


def _told(here: Serving | None) -> str:
    return f"{short(here.task_definition)} serves" if here else "nothing serves"
