"""`invoke cost`: what an environment costs a month."""

from __future__ import annotations

from collections.abc import Sequence

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task


@task(
    help={
        "env": "environment to estimate; nothing of it has to exist",
        "service": "only these services, without what all of them share",
        "assume": "figures of use, such as nat_gb=100 or lcu=2",
        "json": "print JSON instead of a table",
    }
)
def cost(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    assume: tuple[str, ...] = (),
    json: bool = False,
) -> None:
    """Estimate what an environment costs a month."""
    show(App(), env, service, assume, as_json=json)


def show(
    app: App, environment: str, services: Sequence[str], assume: Sequence[str], *, as_json: bool
) -> None:
    """Print the estimate as a table and what to know of it, or as JSON."""
    from slipway.config import load
    from slipway.cost.estimate import estimate
    from slipway.cost.inventory import Inventory
    from slipway.cost.prices import read
    from slipway.cost.show import as_data, notes, rows, totals

    table = read().assuming(assume)
    settings = load(app.checkout, environment, services)
    with app.console.step(f"resources of {environment}, from the configuration") as step:
        inventory = Inventory(checkout=app.checkout, settings=settings, runner=app.runner)
        found = inventory.resources()
        step.outcome = f"{len(found)} resources"
    whole = estimate(found, table)
    result = whole.of_services() if services else whole
    if as_json:
        app.console.json(as_data(result, settings, services))
        return
    app.console.table(
        ("RESOURCE", "WHAT", "QUANTITY", "UNIT", "USD EACH", "USD/MONTH"), rows(result)
    )
    for line in ("", *totals(result), "", *notes(result, settings, services)):
        app.console.result(line)


ns = Collection(cost)
