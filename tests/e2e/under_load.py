"""Strategies of rollouts, each with a shop to try it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.embedded import Embedded
from tests.e2e.opening import open_shop
from tests.e2e.shop import Shop

APPLICATION = Path(__file__).with_name("load_app.py")
STRATEGIES = {
    "rolling": "",
    "blue_green": "ECSAllAtOnce",
    "canary": "ECSCanary10Percent5Minutes",
}
"""CodeDeploy's configuration for each; ECS itself has no name for what it does."""

MINUTE = "1"
"""Seconds of a minute of CodeDeploy's."""


def open_for(embedded: Embedded, strategy: str, name: str = "") -> Shop:
    """A shop with two tasks that is rolled out by this strategy, and named after it."""
    return open_shop(
        embedded,
        name=name or f"shop-{strategy.replace('_', '-')}",
        controller="CODE_DEPLOY" if STRATEGIES[strategy] else "ECS",
        command=["python3", "-c", APPLICATION.read_text()],
        cpu=512,
        grace=60,
    )


def variant(number: int) -> dict[str, Any]:
    """Variables of the application: every other version ends gracefully on SIGTERM."""
    return {"GRACEFUL": "1"} if number % 2 else {}
