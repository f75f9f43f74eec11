"""What of a service is not as Terraform, the ledger and its manifest say. Pure.

These are changes that a Terraform plan does not show, as deploys make such changes themselves: the
revision that runs, how many tasks there are, where the load balancer sends requests.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.drift.model import Facts, Finding
from slipway.release.diff import changes
from slipway.rollout import taskdef
from slipway.rollout.decide import Deployment, short

MOST = 8
"""Keys of a task definition that are named; the rest is counted."""


def judge(facts: Facts, environment: str) -> list[Finding]:
    """The differences of one service."""
    if facts.seen is None:
        return []
    flags = f"--env={environment} --service={facts.service}"
    primary = facts.seen.primary
    if facts.seen.status != "ACTIVE" or primary is None:
        return [
            Finding(
                of=facts.service,
                kind="deployed",
                text=f"ECS has no active service of it ({facts.seen.status})",
                next_step=f"uv run invoke deploy {flags}",
            )
        ]
    return [
        *_revision(facts, primary, flags),
        *_count(facts, flags),
        *_suspended(facts),
        *_rules(facts, primary),
    ]


def _revision(facts: Facts, primary: Deployment, flags: str) -> Iterator[Finding]:
    runs, deploy = short(primary.task_definition), f"uv run invoke deploy {flags}"
    if runs.rpartition(":")[0] != facts.family:
        yield Finding(
            of=facts.service,
            kind="task_definition",
            text=f"{runs} runs, which is not of its family {facts.family}",
            next_step=deploy,
        )
        return
    if facts.released is not None and facts.released != primary.task_definition:
        last = short(facts.released) if facts.released else "nothing"
        yield Finding(
            of=facts.service,
            kind="release",
            text=f"{runs} runs, and the last verified release brought {last}",
            next_step=f"uv run invoke history {flags}",
        )
    if facts.running is None or facts.template is None:
        return
    if not taskdef.same(facts.running, facts.template):
        yield Finding(
            of=facts.service,
            kind="task_definition",
            text=f"{runs} differs from Terraform's template: {_keys(facts)}",
            next_step=deploy,
        )


def _keys(facts: Facts) -> str:
    """Where they differ; never the values, which may be secret."""
    assert facts.running is not None
    assert facts.template is not None
    found = [
        each.key
        for each in changes(taskdef.content(facts.template), taskdef.content(facts.running))
    ]
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return ", ".join(found[:MOST]) + more


def _count(facts: Facts, flags: str) -> Iterator[Finding]:
    assert facts.seen
    least, most = facts.declared
    if least <= facts.seen.desired <= most:
        return
    to = min(max(facts.seen.desired, least), most)
    yield Finding(
        of=facts.service,
        kind="scaling",
        text=f"{facts.seen.desired} tasks are wanted, its manifest says {least} to {most}",
        next_step=f"uv run invoke scale {flags} --to={to} --min={least} --max={most}",
    )


def _suspended(facts: Facts) -> Iterator[Finding]:
    if facts.bounds and facts.bounds.suspended:
        parts = ", ".join(facts.bounds.suspended)
        yield Finding(
            of=facts.service,
            kind="scaling",
            text=f"its scaling is suspended ({parts})",
            next_step="resume it where it was suspended, in the console or by "
            "aws application-autoscaling register-scalable-target --suspended-state",
        )


def _rules(facts: Facts, primary: Deployment) -> Iterator[Finding]:
    for rule in facts.rules or ():
        if rule.arn not in facts.rules_known:
            yield Finding(
                of=facts.service,
                kind="listener",
                text=f"a rule that Terraform did not make leads to it: {rule.arn}",
                next_step=f"aws elbv2 delete-rule --rule-arn {rule.arn}, or bring it into infra/",
            )
    if facts.shifting:
        return
    group = primary.target_group or facts.group
    for rule in facts.rules or ():
        share = rule.shares.get(group, 0)
        if rule.arn in facts.rules_known and not rule.test and share != 100:
            yield Finding(
                of=facts.service,
                kind="listener",
                text=f"{share} % of its requests go to the tasks that serve: {rule.arn}",
                next_step="no rollout is under way that would have to do with it: set the rule's "
                "weights right in the console, or deploy",
            )
