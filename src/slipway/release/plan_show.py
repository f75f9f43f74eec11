"""A plan as people and programs read it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from slipway.ci.summary import table
from slipway.release import costing
from slipway.release.plan_model import Plan, ServicePlan, StackPlan

DONE = {"create": "to be made", "roll out": "to be rolled out", "unchanged": "unchanged"}


def lines(plan: Plan) -> Iterator[str]:
    """The plan, from what all services share to each of them, and what it comes to."""
    if plan.wanting:
        # Nothing can be planned, and nothing is deployed, where there is no state.
        yield "state: would be made: " + "; ".join(plan.wanting)
        yield "everything else would be made after that"
        return
    for stack in plan.stacks:
        yield from _stack(stack)
    for service in plan.services:
        yield from _service(service)
    if len(plan.waves) > 1:
        yield "order: " + ", then ".join(" and ".join(wave) for wave in plan.waves)
    yield f"cost: {costing.told(plan.monthly)}"
    counts = Counter(each.action for each in plan.services)
    yield "services: " + ", ".join(f"{counts[each]} {DONE[each]}" for each in DONE if counts[each])


def markdown(plan: Plan) -> str:
    """The plan for a pull request: what becomes of each part, and behind it all that is planned."""
    rows = [(each.label, each.told, costing.told(each.monthly)) for each in plan.stacks]
    rows += [(each.name, each.action, costing.told(each.stack.monthly)) for each in plan.services]
    page = [f"## Plan for {plan.environment}", ""]
    if rows:
        page += [*table(("of", "what", "cost"), rows), ""]
    # What is planned may have backquotes in it, but never as many as this at a line's beginning.
    fence = "`" * 4
    page += [
        "<details><summary>All of it</summary>",
        "",
        fence,
        *lines(plan),
        fence,
        "",
        "</details>",
    ]
    return "\n".join(page)


def _stack(stack: StackPlan, indent: str = "") -> Iterator[str]:
    cost = f" ({costing.told(stack.monthly)})" if stack.changed else ""
    yield f"{indent}{stack.label}: {stack.told}{cost}"
    for line in stack.changes:
        yield f"{indent}  {line}"


def _service(service: ServicePlan) -> Iterator[str]:
    yield f"{service.name}: {service.action}"
    for note in service.notes:
        yield f"  {note}"
    if service.action == "unchanged":
        return
    yield f"  image: {service.image}"
    yield from _stack(service.stack, "  ")
    if service.revision:
        yield f"  task definition, against {service.serving}:"
        yield from (f"    {line}" for line in service.revision)
    yield f"  rollout: {service.strategy}"
    yield f"  tasks: {service.tasks} now, {service.peak} at most on the way"


def as_data(plan: Plan) -> dict[str, Any]:
    """The same for programs; amounts are USD a month."""
    return {
        "environment": plan.environment,
        "state": list(plan.wanting),
        "stacks": [_stack_data(each) for each in plan.stacks],
        "services": {each.name: _service_data(each) for each in plan.services},
        "order": [list(wave) for wave in plan.waves],
        "monthly": _monthly(plan),
    }


def _stack_data(stack: StackPlan) -> dict[str, Any]:
    return {
        "stack": stack.label,
        "told": stack.told,
        "changes": list(stack.changes),
        "monthly": _monthly(stack),
    }


def _service_data(service: ServicePlan) -> dict[str, Any]:
    data = {name: value for name, value in asdict(service).items() if name != "name"}
    return {**data, "stack": _stack_data(service.stack)}


def _monthly(part: Plan | StackPlan) -> dict[str, float] | None:
    span = part.monthly
    return None if span is None else {"low": float(span.low), "high": float(span.high)}
