"""What a Terraform plan would do, in few words and without values; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slipway.cost.resources import Resource, managed, resources
from slipway.errors import InfraError

# What holds something that no later apply brings back: data, images, logs, names in use elsewhere.
STATEFUL = (
    "aws_backup_vault",
    "aws_cloudwatch_log_group",
    "aws_db_",
    "aws_docdb_",
    "aws_dynamodb_table",
    "aws_ebs_",
    "aws_ecr_repository",
    "aws_efs_",
    "aws_elasticache_",
    "aws_kms_key",
    "aws_memorydb_",
    "aws_opensearch_",
    "aws_rds_",
    "aws_route53_zone",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_sqs_queue",
)
# Settings of the above, which hold nothing themselves.
NOT_STATEFUL = (
    "aws_db_parameter_group",
    "aws_db_subnet_group",
    "aws_db_option_group",
    "aws_ecr_repository_policy",
    "aws_efs_access_point",
    "aws_efs_mount_target",
    "aws_elasticache_parameter_group",
    "aws_elasticache_subnet_group",
    "aws_elasticache_user",
    "aws_rds_cluster_parameter_group",
    "aws_secretsmanager_secret_policy",
    "aws_secretsmanager_secret_rotation",
)
_BUCKET_SETTING = "aws_s3_bucket_"

SIGNS = {
    ("create",): "+",
    ("update",): "~",
    ("delete",): "-",
    ("delete", "create"): "-/+",
    ("create", "delete"): "+/-",
    ("forget",): "x",
}
MOVED = ">"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that a plan touches; `attributes` are the names of what changes in it."""

    sign: str
    address: str
    type: str
    attributes: tuple[str, ...] = ()
    unfinished: bool = False
    """An apply ended while it made this: it is tainted, and nothing that needs it was made."""

    @property
    def destroys(self) -> bool:
        """Whether what is there now goes away."""
        return self.sign in ("-", "-/+", "+/-")

    @property
    def creates(self) -> bool:
        """Whether a new one comes into being."""
        return self.sign in ("+", "-/+", "+/-")

    def __str__(self) -> str:
        why = "was never finished" if self.unfinished else ", ".join(self.attributes)
        return f"{self.sign} {self.address}" + (f" ({why})" if why else "")


@dataclass(frozen=True, kw_only=True)
class PlanSummary:
    """The changes of a plan, and the outputs that change, by name.

    `before` and `after` are all resources of the stack, with values that may be secret: they are
    never shown or written.
    """

    changes: tuple[Change, ...] = ()
    outputs: tuple[str, ...] = ()
    before: tuple[Resource, ...] = field(default=(), compare=False, repr=False)
    after: tuple[Resource, ...] = field(default=(), compare=False, repr=False)

    @property
    def empty(self) -> bool:
        return not self.changes and not self.outputs

    @property
    def adds(self) -> tuple[Change, ...]:
        return self._with("+")

    @property
    def updates(self) -> tuple[Change, ...]:
        return self._with("~")

    @property
    def replaces(self) -> tuple[Change, ...]:
        return self._with("-/+", "+/-")

    @property
    def destroys(self) -> tuple[Change, ...]:
        return self._with("-")

    @property
    def stateful_losses(self) -> tuple[Change, ...]:
        """Changes that would lose what no later apply brings back."""
        return tuple(
            each
            for each in self.changes
            if each.destroys and is_stateful(each.type) and not each.unfinished
        )

    def lines(self) -> list[str]:
        """A line per change, what destroys last, where eyes are."""
        ordered = sorted(self.changes, key=lambda each: (each.destroys, each.address))
        return [str(each) for each in ordered]

    def __str__(self) -> str:
        counts = (
            (len(self.adds), "to add"),
            (len(self.updates), "to change"),
            (len(self.replaces), "to replace"),
            (len(self.destroys), "to destroy"),
        )
        told = ", ".join(f"{number} {what}" for number, what in counts if number)
        return told or ("outputs only" if self.outputs else "no changes")

    def _with(self, *signs: str) -> tuple[Change, ...]:
        return tuple(each for each in self.changes if each.sign in signs)


def is_stateful(kind: str) -> bool:
    """Whether a resource of this type holds something that an apply can't bring back."""
    if kind.startswith(NOT_STATEFUL):
        return False
    if kind.startswith(_BUCKET_SETTING):
        return kind == "aws_s3_bucket_object"
    return kind.startswith(STATEFUL)


def summarise(plan: Mapping[str, Any], stack: str = "") -> PlanSummary:
    """The summary of what `terraform show -json PLAN` printed about the stack of that label."""
    used = _used(plan.get("prior_state", {}))
    changes = (_change(each, used) for each in plan.get("resource_changes", []))
    outputs = (
        name
        for name, each in plan.get("output_changes", {}).items()
        if each.get("actions") != ["no-op"]
    )
    return PlanSummary(
        changes=tuple(change for change in changes if change),
        outputs=tuple(sorted(outputs)),
        before=tuple(resources(plan.get("prior_state", {}), stack)),
        after=tuple(resources(plan, stack)),
    )


def guard(summary: PlanSummary, allowed: Sequence[str], *, label: str) -> None:
    """Raise `InfraError` where the plan would lose data and nobody said that it may.

    `allowed` holds addresses, or `all`.
    """
    lost = [
        each
        for each in summary.stateful_losses
        if "all" not in allowed and each.address not in allowed
    ]
    if not lost:
        return
    flags = " ".join(f"--allow-destroy='{each.address}'" for each in lost)
    listed = "\n".join(f"  {each.sign} {each.address}" for each in lost)
    raise InfraError(
        f"{label}: the plan destroys what holds data; nothing was applied\n{listed}",
        next_step=f"if that is meant, add {flags}",
    )


def _used(state: Mapping[str, Any]) -> set[str]:
    """What others in a state depend on, without indices.

    Terraform makes those only after it: what is in here was finished once, though tainted since.
    """
    return {needed for each in managed(state) for needed in each.get("depends_on", ())}


def _is_unfinished(each: Mapping[str, Any], used: Collection[str]) -> bool:
    tainted = each.get("action_reason") == "replace_because_tainted"
    return tainted and re.sub(r"\[[^]]*\]", "", each["address"]) not in used


def _change(each: Mapping[str, Any], used: Collection[str]) -> Change | None:
    change = each["change"]
    sign = SIGNS.get(tuple(change["actions"]), MOVED if "previous_address" in each else None)
    if sign is None or each.get("mode") == "data":
        return None
    return Change(
        sign=sign,
        address=each["address"],
        type=each["type"],
        attributes=_attributes(change, sign),
        unfinished=_is_unfinished(each, used),
    )


def _attributes(change: Mapping[str, Any], sign: str) -> tuple[str, ...]:
    """The names of what changes, or of what makes a replacement necessary.

    Never the values: they may be secret.
    """
    if sign in ("-/+", "+/-"):
        return tuple(sorted({str(path[0]) for path in change.get("replace_paths", []) if path}))
    if sign != "~":
        return ()
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = {name for name, mark in (change.get("after_unknown") or {}).items() if mark}
    differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return tuple(sorted(differ | unknown))
