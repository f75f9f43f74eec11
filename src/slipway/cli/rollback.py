"""`invoke rollback`: back to a release that was verified."""

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
    from slipway.release.progress import Progress
    from slipway.release.rollback import Plan


@task(
    help={
        "env": "environment in which to go back",
        "service": "service to take back",
        "to": "release to go back to (default: the last verified one before what serves)",
        "wait": "seconds to wait for somebody else's deploy",
        "dry_run": "show what it would go back to and whether it could, and do nothing",
        "json": "print the outcome as JSON",
        "log_json": "file for a JSON line per step and verdict; `-` is stdout",
    }
)
def rollback(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    to: str | None = None,
    wait: int = 0,
    dry_run: bool = False,
    json: bool = False,
    log_json: str | None = None,
) -> Verdict:
    """Go back to the last verified release of a service."""
    from slipway.release import rollback as release
    from slipway.release.journal import STDOUT, demand_one_stdout, kept
    from slipway.release.progress import Options

    demand_one_stdout("rollback", as_json=json, log_json=log_json)
    app = App(dry_run=dry_run)
    with kept(app.console, log_json):
        site = open_site(app, env, (service,))
        if dry_run:
            show(app.console, release.proven(site, to or ""), as_json=json)
            return Verdict.UNCHANGED
        # A signal leaves the way back to ECS or CodeDeploy: nobody wants to return to what they
        # left.
        options = Options(wait=wait, on_interrupt="detach")
        plan, progress = release.rollback(site, options, to or "")
        report(app.console, plan, progress, as_json=json, quiet=log_json == STDOUT)
        return verdict(plan, progress)


def verdict(plan: Plan, progress: Progress) -> Verdict:
    """How it ended."""
    return progress.outcome(plan.service.name).verdict if plan.needed else Verdict.UNCHANGED


def show(console: Console, plan: Plan, *, as_json: bool) -> None:
    """What would be done."""
    if as_json:
        console.json(summary(plan))
    elif plan.needed:
        console.result(f"{plan.service.name} would go back to {told(plan)}; all it needs is there")
    else:
        console.result(f"{plan.service.name}: nothing to do: {told(plan)} serves")


def report(
    console: Console, plan: Plan, progress: Progress, *, as_json: bool, quiet: bool = False
) -> None:
    """The outcome on stdout unless that is for others, and why where it is not good."""
    from slipway.ci import summary as page
    from slipway.cli.deploy import explain
    from slipway.release.rollback import OBJECTIVE, seconds

    took, name = seconds(progress), plan.service.name
    ended = verdict(plan, progress)
    page.add(f"## Rollback of {name}\n\n{ended.label} after {took} s: {told(plan)}")
    if plan.needed:
        explain(console, name, progress.outcome(name))
    if quiet:
        return
    if as_json:
        console.json({**summary(plan), "verdict": ended.label, "seconds": took})
    elif ended is Verdict.UNCHANGED:
        console.result(f"{name}: nothing to do: {told(plan)} serves")
    elif ended.good:
        console.result(f"{name}: back to {told(plan)} in {took} s (objective: {OBJECTIVE} s)")
    else:
        console.result(f"{name}: {ended.label} after {took} s on the way back to {told(plan)}")


def summary(plan: Plan) -> dict[str, object]:
    """What `--json` shows of a plan."""
    return {
        "service": plan.service.name,
        "release": plan.to.id,
        "version": plan.to.version,
        "commit": plan.to.commit,
        "from": plan.here.task_definition,
        "to": plan.to.task_definition,
    }


def told(plan: Plan) -> str:
    """The release as a user knows it."""
    commit = f", commit {plan.to.commit[:8]}" if plan.to.commit else ""
    return f"release {plan.to.id} (version {plan.to.version}{commit})"


ns = Collection(rollback)
