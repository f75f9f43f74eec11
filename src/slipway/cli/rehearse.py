"""`invoke rehearse`: an environment's rollout, tried on an embedded AWS of its own."""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task


@task(
    help={
        "env": "environment whose configuration is rehearsed; it is only looked at",
        "service": "services to rehearse (default: all)",
        "drill": "what is to go wrong after the candidate came out; `all`, `none`, or names",
        "rate": "requests a second to each service",
        "clock": "seconds that a minute of shifts, standby, bake time and alarms takes",
        "report": "file of the report (default: .slipway/rehearsals/ID.html)",
        "keep": "leave the stage with its embedded AWS behind, to look into",
        "json": "print the outcome as JSON",
    }
)
def rehearse(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    drill: tuple[str, ...] = (),
    rate: float = 50,
    clock: float = 2,
    report: Path | None = None,
    keep: bool = False,
    json: bool = False,
) -> int:
    """Roll out under traffic, and drill, on a throw-away AWS."""
    from slipway.rehearse import report as reports
    from slipway.rehearse import result
    from slipway.rehearse.run import Wish, rehearse

    app = App()
    wish = Wish(environment=env, services=service, drills=drill, rate=rate, clock=clock, keep=keep)
    done = rehearse(app, wish)
    file = report or app.checkout.work / "rehearsals" / f"{done.id}.html"
    reports.write(file, done)
    if json:
        app.console.json({**result.as_data(done), "report": str(file)})
    else:
        app.console.table(result.COLUMNS, result.rows(done))
        app.console.line(f"report: {app.checkout.shown(file.absolute())}")
    return done.exit_code


ns = Collection(rehearse)
