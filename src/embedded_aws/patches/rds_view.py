"""RDS: what an instance's description leaves out."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]


def patch_description() -> None:
    """Patch how an instance is described."""
    from ministack.services import rds

    theirs = rds._instance_xml

    def instance_xml(record: Record) -> str:
        return described(theirs(record), record) if "_port" in record else str(theirs(record))

    rds._instance_xml = instance_xml


def patch_filters() -> None:
    """Patch the search for instances by resource id, which is how Terraform knows them."""
    from ministack.services import rds

    theirs = rds._apply_instance_filters

    def filtered(instances: list[Record], filters: Mapping[str, Sequence[str]]) -> list[Record]:
        ids = filters.get("dbi-resource-id")
        found = theirs(instances, filters)
        return [each for each in found if ids is None or each["DbiResourceId"] in ids]

    rds._apply_instance_filters = filtered


def described(xml: str, record: Record) -> str:
    """An instance's description with what MiniStack's leaves out."""
    logs = "".join(f"<member>{n}</member>" for n in record["EnabledCloudwatchLogsExports"])
    xml = xml.replace(
        "<EnabledCloudwatchLogsExports/>",
        f"<EnabledCloudwatchLogsExports>{logs}</EnabledCloudwatchLogsExports>",
    )
    if record["DBInstanceStatus"] == "creating":
        # As on AWS: an address is told when there is something behind it.
        xml = re.sub(r"<Endpoint>.*?</Endpoint>", "", xml, flags=re.DOTALL)
    if int(record.get("BackupRetentionPeriod") or 0):
        now = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        restorable = f"<LatestRestorableTime>{now}</LatestRestorableTime>"
        xml = re.sub(r"<LatestRestorableTime>.*?</LatestRestorableTime>", restorable, xml)
    secret = record.get("MasterUserSecret")
    if secret:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in secret.items())
        xml += f"<MasterUserSecret>{inner}</MasterUserSecret>"
    if key := record.get("PerformanceInsightsKMSKeyId"):
        xml += f"<PerformanceInsightsKMSKeyId>{key}</PerformanceInsightsKMSKeyId>"
    return xml
