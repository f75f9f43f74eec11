"""RDS: real servers behind the instances, and all that an instance's description leaves out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from embedded_aws.databases.postgres import Restore
from embedded_aws.errors import CannotRun
from embedded_aws.patches import Symbols, replace_action
from embedded_aws.patches.rds_backups import (
    final_snapshot,
    inherited,
    moment,
    patch_snapshots,
    snapshot_folder,
)
from embedded_aws.patches.rds_view import patch_description, patch_filters

if TYPE_CHECKING:
    from embedded_aws.databases.rds import Databases

Params = Mapping[str, Any]
Record = dict[str, Any]
Handler = Callable[[Params], Any]

SYMBOLS: Symbols = {
    **{
        f"services.rds.{name}": ("p",)
        for name in (
            *("_create_db_instance", "_delete_db_instance", "_modify_db_instance"),
            *("_start_db_instance", "_stop_db_instance", "_reboot_db_instance"),
            *("_create_db_snapshot", "_delete_db_snapshot", "_restore_from_snapshot"),
        )
    },
    "services.rds._ACTION_MAP": None,
    "services.rds._apply_instance_filters": ("instances", "filters"),
    "services.rds._create_snapshot_internal": ("snap_id", "instance"),
    "services.rds._ensure_pg_ca": (),
    "services.rds._error": ("code", "message", "status"),
    "services.rds._get_docker": (),
    "services.rds._instance_xml": ("i",),
    "services.rds._instances": None,
    "services.rds._p": ("params", "key", "default"),
    "services.rds._param_groups": None,
    "services.rds._parse_member_list": ("params", "prefix"),
    "services.rds._record_reboot_event": ("instance",),
    "services.rds._resolve_instance": ("db_id",),
    "services.rds._rotate_instance_password": ("instance", "old_pass", "new_pass"),
    "services.rds._single_instance_response": ("root_tag", "result_tag", "instance"),
    "services.rds._snapshot_xml": ("s",),
    "services.rds._snapshots": None,
    "services.rds._start_rds_container_for_instance": ("db_id", "instance"),
    "services.rds._xml": ("status", "root_tag", "inner"),
    "services.rds._generate_master_user_password": (),
    "services.secretsmanager._store_new_secret": (
        *("name", "secret_string", "secret_binary", "description", "tags", "kms_key_id"),
        *("rotation_lambda_arn", "rotation_rules"),
    ),
    "services.secretsmanager.delete_secret_in_process": ("secret_id",),
    "services.secretsmanager.put_secret_value_in_process": ("secret_id", "secret_string"),
    "core.x509_utils.generate_ca": ("org_name", "common_name", "days_valid"),
    "core.x509_utils.sign_leaf_certificate": (
        *("ca_cert_pem", "ca_key_pem", "common_name", "san_dns", "san_ips", "days_valid"),
        *("key_type", "subject_rdns"),
    ),
}

LOGS = "EnableCloudwatchLogsExports"
LOGS_CHANGE = "CloudwatchLogsExportConfiguration"


def apply(databases: Databases, authority: Callable[[], tuple[str, str]]) -> None:
    """Patch the service: MiniStack keeps the books and `databases` runs the servers."""
    from ministack.services import rds

    rds._get_docker = lambda: None
    rds._start_rds_container_for_instance = lambda _name, _record: None
    rds._ensure_pg_ca = authority
    rds._rotate_instance_password = lambda record, _old, _new: databases.set_password(record)
    _patch_instances(databases)
    _patch_states(databases)
    patch_snapshots(databases)
    _patch_restore(databases)
    patch_description()
    patch_filters()


def parameters_of(record: Record) -> dict[str, str]:
    """What the parameter group of an instance sets."""
    from ministack.services import rds

    name = record["DBParameterGroups"][0]["DBParameterGroupName"]
    group = rds._param_groups.get(name) or {}
    return {key: str(p["ParameterValue"]) for key, p in group.get("Parameters", {}).items()}


def all_records() -> list[tuple[tuple[str, str], Record]]:
    """Every instance with its account and region."""
    from ministack.services import rds

    return [((key[0], key[1]), record) for key, record in rds._instances.all_items()]


def _answer(action: str, record: Record) -> Any:
    from ministack.services import rds

    return rds._single_instance_response(f"{action}Response", f"{action}Result", record)


def _patch_instances(databases: Databases) -> None:
    from ministack.services import rds

    modify, delete = rds._modify_db_instance, rds._delete_db_instance

    def create_instance(p: Params) -> Any:
        return create(databases, p, "CreateDBInstance", None)

    def modify_instance(p: Params) -> Any:
        response = modify(p)
        if response[0] != 200:
            return response
        record = rds._resolve_instance(rds._p(p, "DBInstanceIdentifier"))
        _change(record, p)
        if _wants_secret(p) and not record.get("MasterUserSecret"):
            _manage_password(record, p)
            databases.set_password(record)
        return _answer("ModifyDBInstance", record)

    def delete_instance(p: Params) -> Any:
        record = rds._resolve_instance(rds._p(p, "DBInstanceIdentifier"))
        if record is None or record.get("DeletionProtection") or not databases.serves(record):
            return delete(p)
        refusal = final_snapshot(databases, record, p)
        if refusal:
            return refusal
        response = delete({**p, "SkipFinalSnapshot": ["true"]})
        databases.end(record)
        if secret := record.get("MasterUserSecret"):
            from ministack.services import secretsmanager

            secretsmanager.delete_secret_in_process(secret["SecretArn"])
        return response

    replace_action(rds, "CreateDBInstance", create_instance)
    replace_action(rds, "ModifyDBInstance", modify_instance)
    replace_action(rds, "DeleteDBInstance", delete_instance)


def create(databases: Databases, p: Params, action: str, restore: Restore | None) -> Any:
    """Enter an instance in the books and start its server."""
    from ministack.services import rds

    response = rds._create_db_instance(p)
    record = rds._instances.get(rds._p(p, "DBInstanceIdentifier"))
    if response[0] != 200 or record is None or not databases.serves(record):
        return response
    _complete(record, p)
    databases.begin(record, restore)
    return _answer(action, record)


def _complete(record: Record, p: Params) -> None:
    """What CreateDBInstance was asked and MiniStack drops."""
    from ministack.services import rds

    record["_port"] = int(rds._p(p, "Port") or 5432)
    record["Endpoint"]["Port"] = record["_port"]
    record["DBName"] = rds._p(p, "DBName")
    record["EnabledCloudwatchLogsExports"] = rds._parse_member_list(p, LOGS)
    for name in ("PreferredBackupWindow", "PerformanceInsightsKMSKeyId"):
        if value := rds._p(p, name):
            record[name] = value
    if _wants_secret(p):
        _manage_password(record, p)


def _change(record: Record, p: Params) -> None:
    """What ModifyDBInstance was asked and MiniStack drops."""
    from ministack.services import rds

    logs = record.get("EnabledCloudwatchLogsExports") or []
    gone = rds._parse_member_list(p, f"{LOGS_CHANGE}.DisableLogTypes")
    new = rds._parse_member_list(p, f"{LOGS_CHANGE}.EnableLogTypes")
    record["EnabledCloudwatchLogsExports"] = sorted({*logs, *new} - set(gone))
    for name, key in (
        ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"),
        ("EnablePerformanceInsights", "PerformanceInsightsEnabled"),
    ):
        if value := rds._p(p, name):
            record[key] = value == "true"
    if value := rds._p(p, "PerformanceInsightsKMSKeyId"):
        record["PerformanceInsightsKMSKeyId"] = value
    for group in record["DBParameterGroups"]:
        # Only a reboot brings a new group into force.
        if group["ParameterApplyStatus"] == "applying":
            group["ParameterApplyStatus"] = "pending-reboot"


def _wants_secret(p: Params) -> bool:
    from ministack.services import rds

    return bool(rds._p(p, "ManageMasterUserPassword") == "true")


def _manage_password(record: Record, p: Params) -> None:
    """A password of RDS's own making, in a secret that lives as long as the instance."""
    from ministack.services import rds, secretsmanager

    password = rds._generate_master_user_password()
    record["_MasterUserPassword"] = password
    key = key_arn(rds._p(p, "MasterUserSecretKmsKeyId"))
    value = {"username": record["MasterUsername"], "password": password}
    arn, _ = secretsmanager._store_new_secret(
        f"rds!db-{uuid4()}",
        secret_string=json.dumps(value),
        description=f"Secret associated with primary RDS DB instance: {record['DBInstanceArn']}",
        tags=[{"Key": "aws:rds:primaryDBInstanceArn", "Value": record["DBInstanceArn"]}],
        kms_key_id=key,
    )
    record["MasterUserSecret"] = {"SecretArn": arn, "SecretStatus": "active", "KmsKeyId": key}


def key_arn(key: str) -> str:
    """The ARN of a KMS key by its id; of the service's own key where none is named."""
    from ministack.core.responses import get_account_id, get_region

    if key.startswith("arn:"):
        return key
    name = f"key/{key}" if key and not key.startswith("alias/") else key
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:{name or 'alias/aws/secretsmanager'}"


def _patch_states(databases: Databases) -> None:
    from ministack.services import rds

    def patched(action: str, wanted: str, act: Callable[[Record], None]) -> None:
        theirs: Handler = rds._ACTION_MAP[action]

        def handler(p: Params) -> Any:
            record = rds._resolve_instance(rds._p(p, "DBInstanceIdentifier"))
            if record is None or not databases.serves(record):
                return theirs(p)
            if record["DBInstanceStatus"] != wanted:
                message = f"Instance {record['DBInstanceIdentifier']} is not {wanted}."
                return rds._error("InvalidDBInstanceState", message, 400)
            act(record)
            return _answer(action, record)

        replace_action(rds, action, handler)

    def reboot(record: Record) -> None:
        for group in record["DBParameterGroups"]:
            group["ParameterApplyStatus"] = "in-sync"
        rds._record_reboot_event(record)
        databases.reboot(record)

    patched("RebootDBInstance", "available", reboot)
    patched("StopDBInstance", "available", databases.halt)
    patched("StartDBInstance", "stopped", databases.begin)


def _patch_restore(databases: Databases) -> None:
    from ministack.services import rds

    theirs = rds._restore_from_snapshot

    def from_snapshot(p: Params) -> Any:
        name = rds._p(p, "DBSnapshotIdentifier").rpartition(":")[2]
        snapshot = rds._snapshots.get(name)
        if snapshot is None or "_MasterUserPassword" not in snapshot:
            return theirs(p)
        restore = Restore(backup=snapshot_folder(name))
        action = "RestoreDBInstanceFromDBSnapshot"
        return create(databases, inherited(snapshot, p), action, restore)

    def to_point_in_time(p: Params) -> Any:
        source = rds._resolve_instance(rds._p(p, "SourceDBInstanceIdentifier"))
        if source is None:
            return rds._error("DBInstanceNotFound", "The source DB instance was not found.", 404)
        try:
            restore = databases.point_in_time(source, moment(rds._p(p, "RestoreTime")))
        except CannotRun as problem:
            return rds._error("PointInTimeRestoreNotEnabled", str(problem), 400)
        target = {**p, "DBInstanceIdentifier": [rds._p(p, "TargetDBInstanceIdentifier")]}
        action = "RestoreDBInstanceToPointInTime"
        return create(databases, inherited(source, target), action, restore)

    replace_action(rds, "RestoreDBInstanceFromDBSnapshot", from_snapshot)
    rds._ACTION_MAP["RestoreDBInstanceToPointInTime"] = to_point_in_time
