"""`new`: scaffold a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.ask import Question, ask, listening
from slipway.cli.task import misused, task

if TYPE_CHECKING:
    from slipway.scaffold.answers import Around, Options

QUESTIONS: Mapping[str, str] = {
    "name": "Name of the service (lowercase letters, digits, hyphens)",
    "description": "What it is, in one line",
    "kind": "Web service, or job that runs and ends",
    "database": "Database",
    "cache": "Cache",
    "auth": "Who may ask (none: everybody)",
    "python": "Python",
    "route": "Path at the load balancer",
    "schedule": "When it runs (rate(1 hour), cron(0 3 * * ? *), or none: by hand)",
}
NOT_ASKED = {"job": ("auth", "route"), "web": ("schedule",)}


@task(
    help={
        "name": "lowercase letters, digits and hyphens; becomes the folder (required in a pipe)",
        "description": "one line for people",
        "kind": "a web service, if not given, or a job that runs and ends",
        "database": "none if not given",
        "cache": "none if not given",
        "auth": "who may ask: none is everybody, and what holds if not given",
        "python": "the image's Python, 3.13 if not given",
        "route": "path at the load balancer, /NAME if not given",
        "schedule": "of a job: rate(1 hour) if not given, cron(0 3 * * ? *), or none: by hand",
        "ask": "at a terminal, ask for what is not given",
        "dry_run": "say what would be made, and make nothing",
        "json": "print what was made as JSON, and ask nothing",
    }
)
def new(
    c: Context,  # noqa: ARG001
    *,
    name: str | None = None,
    description: str | None = None,
    kind: Literal["web", "job"] | None = None,
    database: Literal["none", "postgres"] | None = None,
    cache: Literal["none", "redis"] | None = None,
    auth: Literal["none", "jwt"] | None = None,
    python: Literal["3.13", "3.11"] | None = None,
    route: str | None = None,
    schedule: str | None = None,
    ask: bool = True,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Scaffold a service that tests green and deploys at once.

    At a terminal it asks for what is not given; elsewhere that has its default.
    """
    from slipway.scaffold import service
    from slipway.scaffold.answers import Options

    app = App(dry_run=dry_run)
    options = Options(
        name=name or "",
        description=description or "",
        kind=kind or "",
        database=database or "",
        cache=cache or "",
        auth=auth or "",
        python=python or "",
        route=route or "",
        schedule=schedule or "",
    )
    # A question would stand on stdout, where the document is to be all that there is.
    if ask and not json and listening():
        options = asked(options, service.look(app.checkout))
    if not options.name:
        raise misused("new", new.flags, ["--name is missing"])
    make(app, options, as_json=json)


def make(app: App, options: Options, *, as_json: bool) -> None:
    """Make the service, or say what would be made, and what comes next."""
    from slipway.scaffold import service, versions

    with service.alone(app.checkout):
        chosen = service.plan(options, service.look(app.checkout))
        version = versions.current(app.checkout, app.runner)
        if not app.dry_run:
            service.apply(chosen, app.checkout, version)
    if version and not versions.committed(app.checkout, version, app.runner):
        versions.keep(app.checkout, version, app.runner)
        app.console.warn(
            "the template has uncommitted changes: commit them as well, or others can't update "
            f"services/{chosen.name}"
        )
    if as_json:
        app.console.json({**service.document(chosen), "dry_run": app.dry_run})
    else:
        app.console.result("\n".join(service.story(chosen, made=not app.dry_run)))


def asked(options: Options, around: Around) -> Options:
    """The options with a person's answers to all that they leave open."""
    from slipway.scaffold.answers import complete, problems, refuse_given

    refuse_given(options, around)
    for name, text in QUESTIONS.items():
        if getattr(options, name) or name in NOT_ASKED.get(options.kind, ()):
            continue
        choices = around.asked.get(name)
        question = Question(
            text=text,
            default=getattr(complete(options, around), name),
            choices=choices if isinstance(choices, list) else (),
        )

        def problem(answer: str, name: str = name, options: Options = options) -> str:
            whole = complete(replace(options, **{name: answer}), around)
            return problems(whole, around).get(name, "")

        options = replace(options, **{name: ask(question, problem)})
    return options


ns = Collection(new)
