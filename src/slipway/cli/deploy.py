"""`invoke deploy`: from folders to verified services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task
from slipway.model import Verdict

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.release.plan_file import Saved
    from slipway.release.progress import Options, Progress
    from slipway.release.world import Site, World
    from slipway.rollout.model import Outcome


@task(
    help={
        "env": "environment to deploy to",
        "service": "services to deploy (default: all)",
        "refresh": "run Terraform even where its inputs have not changed",
        "allow_destroy": "addresses that may be destroyed although they hold data, or `all`",
        "plan": "file of `invoke plan --out`: refuse where anything has moved since",
        "only_changed": "leave services alone of which nothing has changed",
        "at_most": "services that are rolled out at the same time",
        "wait": "seconds to wait for somebody else's deploy",
        "way_back": "refuse where what serves now could not be gone back to",
        "on_interrupt": "what becomes of a rollout under way after Ctrl-C",
        "resume": "watch and verify a rollout that an earlier deploy left, and begin none",
        "dry_run": "show what would be done, and do nothing",
        "json": "print the outcome as JSON",
        "log_json": "file for a JSON line per step and verdict; `-` is stdout",
    }
)
def deploy(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    refresh: bool = False,
    allow_destroy: tuple[str, ...] = (),
    plan: Path | None = None,
    only_changed: bool = False,
    at_most: int = 10,
    wait: int = 0,
    way_back: bool = True,
    on_interrupt: Literal["rollback", "detach"] = "rollback",
    resume: bool = False,
    dry_run: bool = False,
    json: bool = False,
    log_json: str | None = None,
) -> int:
    """Build, push, apply, roll out and verify services."""
    from slipway.errors import UsageError
    from slipway.release.journal import STDOUT, demand_one_stdout, kept
    from slipway.release.progress import Options

    demand_sense(resume=resume, dry_run=dry_run, plan=plan)
    demand_one_stdout("deploy", as_json=json, log_json=log_json)
    if at_most < 1:
        raise UsageError(f"deploy: --at-most={at_most}: at least 1")
    app = App(dry_run=dry_run)
    options = Options(
        refresh=refresh,
        allow_destroy=allow_destroy,
        only_changed=only_changed,
        at_most=at_most,
        wait=wait,
        way_back=way_back,
        on_interrupt=on_interrupt,
    )
    with kept(app.console, log_json):
        done = (
            attach(app, env, service, options) if resume else run(app, env, service, plan, options)
        )
        if done is None:
            return 0
        return finish(app.console, *done, as_json=json, quiet=log_json == STDOUT)


def demand_sense(*, resume: bool, dry_run: bool, plan: Path | None) -> None:
    """Raise `UsageError` for flags that can't be meant together."""
    from slipway.errors import UsageError

    if resume and dry_run:
        raise UsageError("deploy: --resume begins nothing, so there is no --dry-run of it")
    if resume and plan:
        raise UsageError("deploy: --resume begins nothing, so there is no --plan for it")


def attach(
    app: App, env: str, services: tuple[str, ...], options: Options
) -> tuple[Site, Progress]:
    """Watch and verify what an earlier deploy left."""
    from slipway.release.resume import resume

    site = open_site(app, env, services)
    return site, resume(site, options)


def run(
    app: App, env: str, services: tuple[str, ...], plan: Path | None, options: Options
) -> tuple[Site, Progress] | None:
    """Deploy, held to a plan where there is one; nothing comes of a dry run."""
    from slipway.release import deploy as release
    from slipway.release.preview import preview
    from slipway.release.world import open_world

    saved = read_plan(plan, env, services) if plan else None
    world = open_world(app, env, saved.services if saved else services)
    if saved:
        options = hold_to(saved, world, options)
    if app.dry_run:
        preview(world, options)
        return None
    return world, release.deploy(world, options)


def read_plan(file: Path, env: str, services: tuple[str, ...]) -> Saved:
    """The plan in `file`, if it is one for this deploy."""
    from slipway.release import plan_file

    saved = plan_file.read(file)
    plan_file.demand_fit(saved, env, services, file)
    return saved


def hold_to(saved: Saved, world: World, options: Options) -> Options:
    """The options of a deploy that is held to a plan; refuses where anything has moved since."""
    from slipway.release import facts
    from slipway.release.world import looks_at_images

    now = facts.gather(world, looks_at_images(world))
    facts.demand_unmoved(saved.facts, now, saved.environment)
    return replace(options, expected=saved.facts)


def finish(
    console: Console, site: Site, progress: Progress, *, as_json: bool, quiet: bool = False
) -> int:
    """Report how it ended, but where stdout is for others; the exit code of the worst end."""
    from slipway.ci import summary as page

    outcomes = {name: progress.outcome(name) for name in site.settings.services}
    urls = {name: progress.url(name) for name in outcomes}
    title = f"{progress.options.kind} to {site.settings.environment.name}"
    page.add(page.verdicts(title.capitalize(), outcomes, urls))
    if not quiet:
        report(console, outcomes, urls, as_json=as_json)
    if len(outcomes) > 1:
        counts = Counter(each.verdict.label for each in outcomes.values())
        told = ", ".join(f"{count} {label}" for label, count in counts.items())
        console.line(f"{len(outcomes)} services: {told}, after {time() - progress.began:.0f} s")
    return Verdict.worst(each.verdict for each in outcomes.values()).exit_code


def report(
    console: Console, outcomes: Mapping[str, Outcome], urls: Mapping[str, str], *, as_json: bool
) -> None:
    """The verdicts on stdout, and why for those that are not good."""
    if as_json:
        console.json({name: summary(each, urls[name]) for name, each in outcomes.items()})
        return
    for name, outcome in outcomes.items():
        explain(console, name, outcome)
    rows = [(name, each.verdict.label, urls[name]) for name, each in outcomes.items()]
    console.table(("service", "verdict", "url"), rows)


def summary(outcome: Outcome, url: str) -> dict[str, object]:
    """One service's outcome as `--json` shows it."""
    return {
        "verdict": outcome.verdict.label,
        "reason": outcome.reason,
        "url": url,
        "task_definition": outcome.task_definition,
        "cause": outcome.cause.title if outcome.cause else "",
        "remedy": outcome.cause.remedy if outcome.cause else "",
    }


def explain(console: Console, name: str, outcome: Outcome) -> None:
    """Reason, cause and remedy of an outcome that is not good."""
    if outcome.verdict.good:
        return
    console.line(f"{name}: {outcome.verdict.label}: {outcome.reason}")
    if outcome.cause:
        for line in outcome.cause.lines:
            console.detail(line)
        console.line(f"cause: {outcome.cause.title}", indent=2)
        if outcome.cause.remedy:
            console.line(f"next: {outcome.cause.remedy}", indent=2)


ns = Collection(deploy)
