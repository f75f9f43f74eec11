"""`invoke scale`: how many tasks a service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task
from slipway.model import Verdict

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.release.scale import Plan
    from slipway.rollout.model import Outcome
    from slipway.rollout.scaling import Bounds


@task(
    help={
        "env": "environment in which to scale",
        "service": "service to scale",
        "to": "tasks that are to run",
        "min": "fewest tasks that scaling may leave (default: as it is, or lower for --to)",
        "max": "most tasks that scaling may start (default: as it is, or higher for --to)",
        "wait": "seconds to wait for somebody else's deploy",
        "dry_run": "show what would change, and do nothing",
        "json": "print the outcome as JSON",
    }
)
def scale(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    to: int,
    min: int | None = None,  # noqa: A002
    max: int | None = None,  # noqa: A002
    wait: int = 0,
    dry_run: bool = False,
    json: bool = False,
) -> Verdict:
    """Change how many tasks a service runs, and see that they do."""
    from slipway.release import scale as release
    from slipway.release.progress import Options

    app = App(dry_run=dry_run)
    asked = release.Asked(to=to, least=min, most=max)
    site = open_site(app, env, (service,))
    if dry_run:
        plan = release.planned(site, asked)
        for line in plan.warnings:
            app.console.warn(line)
        show(app.console, plan, None, as_json=json)
        return Verdict.UNCHANGED
    plan, outcome = release.scale(site, asked, Options(wait=wait, on_interrupt="detach"))
    show(app.console, plan, outcome, as_json=json)
    return outcome.verdict


def show(console: Console, plan: Plan, outcome: Outcome | None, *, as_json: bool) -> None:
    """What came of it, or would."""
    from slipway.cli.deploy import explain

    name, verdict = plan.service.name, outcome.verdict if outcome else None
    if as_json:
        console.json(summary(plan, outcome))
    elif outcome is None:
        console.result(f"{name}: would go {told(plan)}")
    elif verdict is Verdict.UNCHANGED:
        console.result(f"{name}: nothing to do: {told(plan)}")
    elif verdict is Verdict.DEPLOYED:
        console.result(f"{name}: {told(plan)}")
    if outcome and not outcome.verdict.good:
        explain(console, name, outcome)
        flags = f"--env={plan.target.environment} --service={name}"
        console.line(f"as it was: uv run invoke scale {flags} --to={plan.now.desired}", indent=2)


def told(plan: Plan) -> str:
    """From what to what."""
    tasks = f"{plan.now.desired} -> {plan.to} tasks"
    if plan.bounds is None:
        return f"{tasks}; scaling is off"
    changed = "" if plan.bounds == plan.bounds_now else f" (before: {plan.bounds_now})"
    return f"{tasks}; scaling between {plan.bounds}{changed}"


def summary(plan: Plan, outcome: Outcome | None) -> dict[str, object]:
    """What `--json` shows."""
    return {
        "service": plan.service.name,
        "before": plan.now.desired,
        "to": plan.to,
        "bounds_before": _pair(plan.bounds_now),
        "bounds": _pair(plan.bounds),
        "verdict": outcome.verdict.label if outcome else "",
        "reason": outcome.reason if outcome else "",
    }


def _pair(bounds: Bounds | None) -> list[int] | None:
    return [bounds.least, bounds.most] if bounds else None


ns = Collection(scale)
