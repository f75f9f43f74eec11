"""`invoke logs`: the log lines of services, as they are or as they come."""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import reach
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Settings
    from slipway.console import Console
    from slipway.logs.query import Query
    from slipway.logs.source import Event, Source


@task(
    help={
        "env": "environment of the services",
        "service": "services whose lines are meant, as one stream (default: all)",
        "follow": "go on as lines come, until Ctrl-C",
        "since": "how far back: 30s, 15m, 2h, 1d, or a time (UTC unless it names its zone)",
        "filter_": 'a text, or a pattern of CloudWatch such as { $.status = 500 } or "a" -"b"',
        "kind": "all lines (app), requests (access), or level error and above (errors)",
        "task": "only of this task, by its id or the beginning of it",
        "release": "only of this release's version, since it began",
        "raw": "print lines as they were written",
        "json": "print a JSON document a line",
    }
)
def logs(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    follow: bool = False,
    since: str | None = None,
    filter_: str | None = None,
    kind: Literal["app", "access", "errors"] = "app",
    task: str | None = None,
    release: str | None = None,
    raw: bool = False,
    json: bool = False,
) -> int:
    """Show what services write, several in one stream."""
    from datetime import UTC, datetime

    from slipway.errors import UsageError
    from slipway.logs.query import Query, moment

    if raw and json:
        raise UsageError("logs: --raw and --json are two forms", next_step="leave one out")
    for flag, value in (("--task", task), ("--release", release)):
        if value and len(service) != 1:
            raise UsageError(f"logs: {flag} is of one service", next_step="name it by --service")
    # What is wrong with it is told before anybody is asked.
    query = Query(since=moment(since or "15m", datetime.now(UTC)), kind=kind, text=filter_ or "")
    app = App()
    settings, aws = reach(app, env, service)
    if release:
        query = of_release(aws, settings, service[0], release, query, narrowed=bool(since))
    sources = [source(aws, settings, name, query, task or "") for name in settings.services]
    form = written(app.console, sources, raw, json)
    return stream(app.console, sources, form, follow=follow, named=bool(service))


def of_release(
    aws: Aws, settings: Settings, service: str, release: str, query: Query, *, narrowed: bool
) -> Query:
    """The query for the lines of a release; since it began, unless that is `narrowed`."""
    from dataclasses import replace
    from datetime import datetime

    from slipway import names
    from slipway.aws import calls
    from slipway.release import ledger

    bucket, environment = names.state_bucket(settings), settings.environment.name
    with calls(f"reading the releases of {environment}"):
        found = ledger.find(aws.s3, bucket, environment, service, release)
    began = int(datetime.fromisoformat(found.began).timestamp() * 1000)
    return replace(query, version=found.version, since=query.since if narrowed else began)


def source(aws: Aws, settings: Settings, service: str, query: Query, task_id: str) -> Source:
    """Where a service's lines come from: the group of their kind if somebody fills it."""
    from dataclasses import replace

    from slipway.logs.source import Source, group_of, routed, streams_of

    apart = not task_id and routed(aws, settings, service, query.kind)
    return Source(
        aws=aws,
        service=service,
        group=group_of(settings, service, query.kind if apart else "app"),
        query=replace(query, sifts=not apart),
        environment=settings.environment.name,
        streams=streams_of(aws, settings, service, task_id) if task_id else (),
    )


def written(
    console: Console, sources: Sequence[Source], raw: bool, json: bool
) -> Callable[[Event], str]:
    """How a line is written."""
    from slipway.logs import show

    if raw:
        return lambda event: event.message
    if json:
        return lambda event: json_format.dumps(show.document(event), ensure_ascii=False)
    services = [each.service for each in sources]
    return show.Style(coloured=console.coloured, services=services).line


def stream(
    console: Console,
    sources: Sequence[Source],
    form: Callable[[Event], str],
    *,
    follow: bool,
    named: bool,
) -> int:
    """Print all lines, or on and on; the exit code tells of a service that could not be read.

    One that is not deployed is no trouble unless it was `named`.
    """
    from slipway.errors import Interrupted
    from slipway.logs.follow import Reading
    from slipway.logs.source import NoLogs

    reading = Reading(sources, console.warn)
    events: Iterator[Event] = (
        reading.on_and_on(alive=console.demand_reader) if follow else reading.once()
    )
    try:
        for event in events:
            console.result(form(event))
    except (KeyboardInterrupt, Interrupted):
        # Whoever follows ends it so; the exit code says by what.
        return 0
    reading.demand_some()
    met = [e for e in reading.trouble.values() if named or not isinstance(e, NoLogs)]
    return max((error.exit_code for error in met), default=0)


ns = Collection(logs)
