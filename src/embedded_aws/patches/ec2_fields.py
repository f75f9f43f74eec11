"""EC2: fields of ACL entries, flow logs and endpoints that MiniStack takes and forgets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from embedded_aws.patches import Symbols, replace_action

Params = Mapping[str, Any]
Record = dict[str, Any]

SYMBOLS: Symbols = {
    "services.ec2._create_flow_logs": ("params",),
    "services.ec2._create_network_acl_entry": ("params",),
    "services.ec2._create_vpc_endpoint": ("p",),
    "services.ec2._describe_flow_logs": ("params",),
    "services.ec2._flow_logs": None,
    "services.ec2._modify_vpc_endpoint": ("p",),
    "services.ec2._network_acl_entry_xml": ("entry",),
    "services.ec2._parse_member_list": ("params", "prefix"),
    "services.ec2._parse_tag_specs": ("p", "resource_type", "resource_id"),
    "services.ec2._replace_network_acl_entry": ("params",),
    "services.ec2._vpc_endpoints": None,
    "services.ec2._vpce_fields_xml": ("ep", "tag"),
}

ENTRY: Mapping[str, Mapping[str, str]] = {
    "portRange": {"PortRange.From": "from", "PortRange.To": "to"},
    "icmpTypeCode": {"Icmp.Code": "code", "Icmp.Type": "type"},
}
"""Parts of an ACL entry, and the parameters that they come from."""
FLOW_LOG: Mapping[str, str] = {
    "DeliverLogsPermissionArn": "deliverLogsPermissionArn",
    "LogFormat": "logFormat",
    "MaxAggregationInterval": "maxAggregationInterval",
}
FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} "
    "${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)
"""A flow log's format where none was given."""


def apply() -> None:
    """Patch the service."""
    _patch_entries()
    _patch_flow_logs()
    _patch_endpoints()


def _patch_entries() -> None:
    from ministack.services import ec2

    render = ec2._network_acl_entry_xml

    def keeping(theirs: Any) -> Any:
        def handler(params: Params) -> Any:
            response = theirs(params)
            acl = ec2._network_acls.get(ec2._p(params, "NetworkAclId"))
            if acl is not None:
                acl["Entries"][-1]["_parts"] = {
                    part: {name: ec2._p(params, key) for key, name in keys.items()}
                    for part, keys in ENTRY.items()
                    if all(ec2._p(params, key) for key in keys)
                }
            return response

        return handler

    def entry_xml(entry: Record) -> str:
        told = ""
        for part, values in (entry.get("_parts") or {}).items():
            inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
            told += f"<{part}>{inner}</{part}>"
        return str(render(entry)).replace("</item>", f"{told}</item>")

    ec2._network_acl_entry_xml = entry_xml
    replace_action(ec2, "CreateNetworkAclEntry", keeping(ec2._create_network_acl_entry))
    replace_action(ec2, "ReplaceNetworkAclEntry", keeping(ec2._replace_network_acl_entry))


def _patch_flow_logs() -> None:
    from ministack.services import ec2

    create, describe = ec2._create_flow_logs, ec2._describe_flow_logs

    def create_logs(params: Params) -> Any:
        known = set(ec2._flow_logs)
        response = create(params)
        for name in set(ec2._flow_logs) - known:
            record = ec2._flow_logs[name]
            record.update({key: ec2._p(params, key) for key in FLOW_LOG})
            record["LogFormat"] = record["LogFormat"] or FORMAT
            record["MaxAggregationInterval"] = record["MaxAggregationInterval"] or "600"
            ec2._parse_tag_specs(params, "vpc-flow-log", name)
        return response

    def describe_logs(params: Params) -> Any:
        status, headers, body = describe(params)
        text = body.decode() if isinstance(body, bytes) else str(body)
        for name, record in ec2._flow_logs.items():
            told = f"<flowLogId>{name}</flowLogId>"
            text = text.replace(told, told + _flow_log_xml(record))
        return status, headers, text.encode()

    replace_action(ec2, "CreateFlowLogs", create_logs)
    replace_action(ec2, "DescribeFlowLogs", describe_logs)


def _flow_log_xml(record: Record) -> str:
    fields = {FLOW_LOG[key]: record[key] for key in FLOW_LOG if record.get(key)}
    if record["LogDestinationType"] == "cloud-watch-logs":
        fields["logGroupName"] = re.sub(r":\*$", "", record["LogDestination"]).split(":")[-1]
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())


def _patch_endpoints() -> None:
    from ministack.services import ec2

    create, modify, render = (
        ec2._create_vpc_endpoint,
        ec2._modify_vpc_endpoint,
        ec2._vpce_fields_xml,
    )

    def create_endpoint(p: Params) -> Any:
        known = set(ec2._vpc_endpoints)
        response = create(p)
        for name in set(ec2._vpc_endpoints) - known:
            record = ec2._vpc_endpoints[name]
            record["_groups"] = ec2._parse_member_list(p, "SecurityGroupId")
            record["_private_dns"] = ec2._p(p, "PrivateDnsEnabled") == "true"
            record["PolicyDocument"] = ec2._p(p, "PolicyDocument")
        return response

    def modify_endpoint(p: Params) -> Any:
        response = modify(p)
        record = ec2._vpc_endpoints.get(ec2._p(p, "VpcEndpointId"))
        if record is not None:
            gone = set(ec2._parse_member_list(p, "RemoveSecurityGroupId"))
            new = ec2._parse_member_list(p, "AddSecurityGroupId")
            record["_groups"] = [g for g in (*record.get("_groups", ()), *new) if g not in gone]
            if value := ec2._p(p, "PrivateDnsEnabled"):
                record["_private_dns"] = value == "true"
        return response

    def fields_xml(ep: Record, tag: str = "item") -> str:
        xml = str(render(ep, tag=tag))
        return re.sub(rf"</{tag}>\s*$", f"{_endpoint_xml(ep)}</{tag}>", xml)

    ec2._vpce_fields_xml = fields_xml
    replace_action(ec2, "CreateVpcEndpoint", create_endpoint)
    replace_action(ec2, "ModifyVpcEndpoint", modify_endpoint)


def _endpoint_xml(record: Record) -> str:
    groups = "".join(f"<item><groupId>{g}</groupId></item>" for g in record.get("_groups", ()))
    private = str(record.get("_private_dns", False)).lower()
    policy = escape(record.get("PolicyDocument") or "")
    return f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>" + (
        f"<policyDocument>{policy}</policyDocument>" if policy else ""
    )
