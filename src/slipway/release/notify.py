"""Telling others of a deploy: a webhook that takes Slack's messages, and an SNS topic.

What can't be told is said on the console and stops nothing.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

from slipway.release.holder import ci_link, whoami

if TYPE_CHECKING:
    from slipway.release.world import Site
    from slipway.rollout.model import Outcome

TIMEOUT = 5.0
"""Seconds that a webhook gets to answer."""

SUBJECT = 100
"""Longest subject of an SNS message."""

Send = Callable[[str], None]
"""Delivers a message, or raises."""


@dataclass(kw_only=True)
class Notifier:
    """Tells everybody in `ways`, by their names; a way that failed once is not tried again."""

    environment: str
    say: Callable[[str], None]
    ways: dict[str, Send] = field(default_factory=dict)

    def tell(self, text: str) -> None:
        """Send `text` all ways."""
        for name, send in list(self.ways.items()):
            try:
                send(text)
            except Exception as error:
                # Neither the reason nor the address of a webhook may hold up or fail a deploy.
                del self.ways[name]
                self.say(f"{name} was not told: {_reason(error)}; the deploy goes on")

    def began(self, services: Sequence[str], doing: str = "deploying") -> None:
        """Something begins."""
        self.tell(f"{self.environment}: {doing} {', '.join(services)} ({origin()})")

    def went_back(self, service: str, reason: str) -> None:
        """A service was taken back to what served before."""
        self.tell(f"{self.environment}: {service} was rolled back: {reason}")

    def ended(self, outcomes: Mapping[str, Outcome], seconds: float) -> None:
        """It has ended, with a verdict for each service."""
        self.tell("\n".join(verdicts(self.environment, outcomes, seconds)))

    def broke_off(self, reason: str) -> None:
        """It ended in an error or by a signal."""
        self.tell(f"{self.environment}: broke off: {reason}")


def verdicts(environment: str, outcomes: Mapping[str, Outcome], seconds: float) -> list[str]:
    """The summary of all, and a line for each service that did not end well; pure."""
    counts = Counter(each.verdict.label for each in outcomes.values())
    told = ", ".join(f"{count} {label}" for label, count in counts.items())
    bad = [
        f"{name}: {each.verdict.label}: {each.reason}"
        for name, each in outcomes.items()
        if not each.verdict.good
    ]
    return [f"{environment}: {told}, after {seconds:.0f} s", *bad]


def origin() -> str:
    """Who deploys, and where it can be watched."""
    return ", ".join(filter(None, (whoami(), ci_link())))


def notifier(site: Site) -> Notifier:
    """Whom slipway.toml names for the environment of `site`."""
    wanted, name = site.settings.notify, site.settings.environment.name
    found = Notifier(environment=name, say=site.console.warn)
    address = os.environ.get(wanted.webhook, "") if wanted.webhook else ""
    if address:
        found.ways["the webhook"] = lambda text: post(address, text)
    elif wanted.webhook:
        site.console.detail(f"the webhook is not told: {wanted.webhook} is not set")
    if wanted.sns:
        found.ways["the topic"] = lambda text: publish(site, wanted.sns, text)
    return found


def post(address: str, text: str) -> None:
    """Send a message as Slack's incoming webhooks take it. Raises `OSError` or `ValueError`."""
    if not address.startswith(("https://", "http://")):
        raise ValueError("its address begins with neither https:// nor http://")
    body = json.dumps({"text": text}).encode()
    request = Request(address, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        response.read()


def publish(site: Site, topic: str, text: str) -> None:
    """Send a message to an SNS topic, which may be in another region."""
    subject = text.partition("\n")[0].encode("ascii", "replace").decode()[:SUBJECT]
    site.aws.sns(topic.split(":")[3]).publish(TopicArn=topic, Subject=subject, Message=text)


def _reason(error: Exception) -> str:
    """What went wrong, without the address, which is a secret."""
    if isinstance(error, URLError | HTTPException | OSError):
        return str(getattr(error, "reason", "") or type(error).__name__)
    return str(error)
