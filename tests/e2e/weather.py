"""Bad weather between the engine and AWS, for end-to-end tests."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from tests.e2e.checkout import Clone

SHARES = {"throttled": 30, "broken": 2, "broken after": 2, "lost": 2, "slow": 5}
"""Percent of all calls."""

UNHEARD = {
    "ecs.UpdateService": ["throttled", "lost"],
    "codedeploy.CreateDeployment": ["throttled", "lost"],
    "dynamodb.PutItem": ["lost"],
    "s3.PutObject": ["broken after", "lost"],
}
"""Fates of the first calls that change something: done in the end, and nobody was told."""


@dataclass(frozen=True)
class Weather:
    """A checkout whose `invoke` meets faults, and what came of its calls."""

    clone: Clone
    log: Path

    @property
    def done(self) -> Counter[str]:
        """Calls that AWS did, by operation."""
        lines = self.log.read_text().splitlines()
        return Counter(json.loads(lines[-1])["done"])

    @property
    def fates(self) -> Counter[str]:
        """How many calls met which fate."""
        return Counter(json.loads(line)["fate"] for line in self.log.read_text().splitlines())


def bad_weather(clone: Clone, log: Path, seed: int) -> Weather:
    """`clone` in bad weather; one command of it, for the log is one process's."""
    asked = {"seed": seed, "shares": SHARES, "always": UNHEARD, "log": str(log)}
    extra = {**clone.extra, "SLIPWAY_TEST_FAULTS": json.dumps(asked)}
    return Weather(replace(clone, module="tests.faulty", extra=extra), log)
