"""Is it alive (`/health`), and can it do its work (`/ready`)?

Liveness asks nothing of others: a database that is away must not get every task restarted.
Readiness runs the checks that are registered with `Readiness.add`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response, status

from catalog import logs

Check = Callable[[], Awaitable[object]]

CHECK_TIMEOUT = 2.0
"""Seconds for one check; below any load balancer's own timeout."""

log = logs.get(__name__)
router = APIRouter(tags=["health"])


@dataclass
class Readiness:
    """The dependencies that must answer before this service can, by name."""

    checks: dict[str, Check] = field(default_factory=dict)
    draining: bool = False

    def add(self, name: str, check: Check) -> None:
        """Ask `check` at each `/ready`; it fails by raising or by taking too long."""
        self.checks[name] = check

    async def ask(self) -> dict[str, str]:
        """Run every check at once; "ok" or the kind of failure for each."""
        answers = await asyncio.gather(*(_ask(*item) for item in self.checks.items()))
        return dict(zip(self.checks, answers, strict=True))


async def _ask(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            await check()
    except Exception as error:
        # The answer is public, so the details go to the log alone.
        log.warning("readiness check failed", check=name, error=repr(error))
        return type(error).__name__
    return "ok"


@router.get("/health")
async def health(request: Request) -> dict[str, str]:
    """Whether the process serves requests."""
    settings = request.app.state.settings
    return {
        "status": "ok",
        "service": settings.service_name,
        "version": settings.service_version,
    }


@router.get("/ready", responses={503: {"description": "Draining, or a dependency is away"}})
async def ready(request: Request, response: Response) -> dict[str, object]:
    """Whether this task should be sent traffic, with the state of each dependency."""
    readiness: Readiness = request.app.state.readiness
    checks = await readiness.ask()
    good = not readiness.draining and all(answer == "ok" for answer in checks.values())
    if not good:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    state = "draining" if readiness.draining else "ready" if good else "not ready"
    return {"status": state, "checks": checks}
