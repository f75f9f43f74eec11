"""`invoke ci.*`: what workflows do besides deploying; each runs on a laptop, too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.ci.gate import Job


@task(
    help={
        "pull_request": "number of the pull request",
        "name": "by what the comment is found again",
        "file": "Markdown that it says",
        "dry_run": "show what would be sent, and send nothing",
    }
)
def comment(
    c: Context,  # noqa: ARG001
    *,
    pull_request: int,
    name: str,
    file: Path,
    dry_run: bool = False,
) -> None:
    """Keep a pull request's comment up to date."""
    from slipway.ci.comment import put

    app = App(dry_run=dry_run)
    text = read(file)
    done = put(app.runner, pull_request, name, text)
    if not dry_run:
        told = "says so now" if done else "says so already"
        app.console.result(f"pull request {pull_request}: the comment {name} {told}")


@task(
    help={
        "env": "environment to look at",
        "dry_run": "look, and show what would be sent to GitHub",
        "json": "print it as JSON, as drift does",
    }
)
def drift(c: Context, *, env: str, dry_run: bool = False, json: bool = False) -> int:  # noqa: ARG001
    """Look for drift; keep an issue about it.

    There is one for each environment, which is closed and opened again. Ends as `invoke drift`
    does: 0 nothing, 1 a difference, 2 not all could be looked at.
    """
    from slipway.ci.issue import Issue, put
    from slipway.cli.drift import look, show
    from slipway.drift.show import markdown
    from slipway.release.holder import ci_link

    # Looking changes nothing; what is sent to GitHub is up to `dry_run`.
    report = look(App(dry_run=True), env)
    app = App(dry_run=dry_run)
    show(app.console, report, as_json=json, as_markdown=False)
    text, link = markdown(report), ci_link()
    issue = Issue(
        name=f"drift of {env}",
        label="drift",
        title=f"Drift of {env}",
        text=f"{text}\nLooked at in {link}\n" if link else text,
        open=report.exit_code != 0,
    )
    done = put(app.runner, issue)
    if not dry_run:
        told = "brought up to date" if done else "as it should be"
        app.console.line(f"the issue about it: {told}")
    return report.exit_code


@task(
    help={
        "needs": "the results of the jobs, as GitHub's toJSON(needs) gives them",
        "may_skip": "jobs that need not have run",
        "json": "print the jobs as JSON",
    }
)
def gate(
    c: Context,  # noqa: ARG001
    *,
    needs: str,
    may_skip: tuple[str, ...] = (),
    json: bool = False,
) -> int:
    """Judge the results of a workflow's jobs.

    Ends with 1 unless each was a success, or was skipped and may be.
    """
    from dataclasses import asdict

    from slipway.ci.gate import judge

    app = App()
    jobs = judge(needs, may_skip)
    if json:
        app.console.json([asdict(job) for job in jobs])
    else:
        app.console.table(
            ("job", "result", ""), [(job.name, job.result, told(job)) for job in jobs]
        )
    return 0 if all(job.good for job in jobs) else 1


def told(job: Job) -> str:
    """What a job's result means to the gate."""
    if not job.good:
        return "stands in the way"
    return "" if job.result == "success" else "may be: docs/workflows.md says when"


def read(file: Path) -> str:
    """What a file says. Raises `UsageError` where there is none."""
    from slipway.errors import UsageError

    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"ci.comment: --file={file}: {error.strerror}",
            next_step="write it first: uv run invoke plan --env=staging --markdown > plan.md",
        ) from error


ns = Collection(comment, drift, gate)
