"""RDS: snapshots with real data in them, and what a restored instance inherits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from embedded_aws.databases import postgres
from embedded_aws.errors import CannotRun
from embedded_aws.patches import replace_action

if TYPE_CHECKING:
    from embedded_aws.databases.rds import Databases

Params = Mapping[str, Any]
Record = dict[str, Any]


def patch_snapshots(databases: Databases) -> None:
    """Patch making, copying and deleting snapshots."""
    from ministack.services import rds

    make, delete = rds._create_db_snapshot, rds._delete_db_snapshot

    def create_snapshot(p: Params) -> Any:
        record = rds._resolve_instance(rds._p(p, "DBInstanceIdentifier"))
        if record and databases.serves(record) and record["DBInstanceStatus"] != "available":
            message = f"Instance {record['DBInstanceIdentifier']} is not available."
            return rds._error("InvalidDBInstanceState", message, 400)
        response = make(p)
        name = rds._p(p, "DBSnapshotIdentifier")
        if response[0] == 200 and databases.serves(record):
            note(rds._snapshots[name], record)
            databases.snapshot(record, rds._snapshots[name], snapshot_folder(name))
        return response

    def delete_snapshot(p: Params) -> Any:
        response = delete(p)
        if response[0] == 200:
            databases.forget(snapshot_folder(rds._p(p, "DBSnapshotIdentifier")))
        return response

    def attributes(p: Params) -> Any:
        name = rds._p(p, "DBSnapshotIdentifier")
        inner = (
            f"<DBSnapshotAttributesResult><DBSnapshotIdentifier>{name}</DBSnapshotIdentifier>"
            "<DBSnapshotAttributes/></DBSnapshotAttributesResult>"
        )
        action = "DescribeDBSnapshotAttributes"
        return rds._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")

    def copy_snapshot(p: Params) -> Any:
        name = rds._p(p, "SourceDBSnapshotIdentifier").rpartition(":")[2]
        target, source = rds._p(p, "TargetDBSnapshotIdentifier"), rds._snapshots.get(name)
        if source is None:
            return rds._error("DBSnapshotNotFound", f"DBSnapshot {name} not found.", 404)
        if target in rds._snapshots:
            message = f"Cannot create the snapshot because {target} exists already."
            return rds._error("DBSnapshotAlreadyExists", message, 400)
        if source["Status"] != "available":
            message = f"Snapshot {name} is {source['Status']}."
            return rds._error("InvalidDBSnapshotState", message, 400)
        rds._snapshots[target] = copied(source, target, rds._p(p, "KmsKeyId"))
        if "_MasterUserPassword" in source:  # there are data
            folders = snapshot_folder(name), snapshot_folder(target)
            databases.copy_snapshot(rds._snapshots[target], *folders)
        inner = f"<DBSnapshot>{rds._snapshot_xml(rds._snapshots[target])}</DBSnapshot>"
        result = f"<CopyDBSnapshotResult>{inner}</CopyDBSnapshotResult>"
        return rds._xml(200, "CopyDBSnapshotResponse", result)

    replace_action(rds, "CreateDBSnapshot", create_snapshot)
    replace_action(rds, "DeleteDBSnapshot", delete_snapshot)
    rds._ACTION_MAP.setdefault("CopyDBSnapshot", copy_snapshot)
    rds._ACTION_MAP.setdefault("DescribeDBSnapshotAttributes", attributes)


def final_snapshot(databases: Databases, record: Record, p: Params) -> Any:
    """Make the snapshot that deleting asks for; AWS's refusal where that can't be, else None."""
    from ministack.services import rds

    if rds._p(p, "SkipFinalSnapshot") == "true":
        return None
    name = rds._p(p, "FinalDBSnapshotIdentifier")
    if not name:
        message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        return rds._error("InvalidParameterCombination", message, 400)
    if name in rds._snapshots:
        message = f"Cannot create the snapshot because a snapshot with the identifier {name} exists"
        return rds._error("DBSnapshotAlreadyExists", f"{message} already.", 400)
    try:
        databases.back_up(record, snapshot_folder(name))
    except CannotRun as problem:
        state = record["DBInstanceStatus"]
        message = f"Instance {record['DBInstanceIdentifier']} is {state}: {problem}"
        return rds._error("InvalidDBInstanceState", message, 400)
    note(rds._create_snapshot_internal(name, record), record)
    return None


def snapshot_folder(name: str) -> str:
    """Where a snapshot of the caller's account and region is kept."""
    from ministack.core.responses import get_account_id, get_region

    return postgres.snapshot_folder(get_account_id(), get_region(), name)


def copied(source: Record, name: str, key: str) -> Record:
    """The record of a snapshot's copy, under a key of its own where one is named; pure."""
    own = source["DBSnapshotArn"]
    return {
        **source,
        "DBSnapshotIdentifier": name,
        "DBSnapshotArn": f"{own.rpartition(':')[0]}:{name}",
        "SourceDBSnapshotIdentifier": own,
        **({"KmsKeyId": key} if key else {}),
    }


def note(snapshot: Record, record: Record) -> None:
    """What a restore needs beyond what a snapshot's description tells."""
    snapshot["Port"] = record["_port"]
    snapshot["_MasterUserPassword"] = record["_MasterUserPassword"]
    snapshot["VpcId"] = (record.get("DBSubnetGroup") or {}).get("VpcId", snapshot["VpcId"])


def inherited(source: Mapping[str, Any], p: Params) -> dict[str, Any]:
    """The request to make an instance like the source, with what `p` says instead."""
    names = ("Engine", "EngineVersion", "DBInstanceClass", "AllocatedStorage", "StorageType")
    values = {name: source[name] for name in (*names, "MasterUsername", "DBName")}
    values["MasterUserPassword"] = source["_MasterUserPassword"]
    values["Port"] = source.get("_port") or source.get("Port")
    # Of another instance, but not of a snapshot, which has none of these.
    for name in ("BackupRetentionPeriod", "PreferredBackupWindow", "PreferredMaintenanceWindow"):
        values[name] = source.get(name)
    values["StorageEncrypted"] = str(bool(source.get("StorageEncrypted"))).lower()
    values["KmsKeyId"] = source.get("KmsKeyId") or ""
    kept = {name: [str(value)] for name, value in values.items() if value not in (None, "")}
    return {**kept, **p}


def moment(text: str) -> float | None:
    """Seconds since the epoch of an ISO time; None for no time, which means the latest."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None
