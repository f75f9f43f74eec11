"""EC2: subnets belong to a network ACL each; security group rules may name prefix lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from embedded_aws.patches import Symbols, replace_action

Params = Mapping[str, Any]
Record = dict[str, Any]

SYMBOLS: Symbols = {
    "services.ec2._ACTION_MAP": None,
    "services.ec2._create_subnet": ("p",),
    "services.ec2._delete_subnet": ("p",),
    "services.ec2._describe_network_acls": ("params",),
    "services.ec2._network_acls": None,
    "services.ec2._p": ("params", "key", "default"),
    "services.ec2._parse_filters": ("params",),
    "services.ec2._parse_ip_permissions": ("params", "prefix"),
    "services.ec2._replace_network_acl_association": ("params",),
    "services.ec2._sg_rule_xml": ("sg_id", "rule", "is_egress"),
    "services.ec2._subnets": None,
}

BY_ASSOCIATION: Mapping[str, str] = {
    "association.subnet-id": "SubnetId",
    "association.association-id": "NetworkAclAssociationId",
}
"""Filters of DescribeNetworkAcls that MiniStack overlooks -> the field that they look at."""

NONE = "acl-none"


def apply() -> None:
    """Patch the service."""
    from ministack.services import ec2

    describe = ec2._describe_network_acls
    replace = ec2._replace_network_acl_association

    def describe_acls(params: Params) -> Any:
        filters = ec2._parse_filters(params)
        wanted = {name: filters[name] for name in BY_ASSOCIATION if name in filters}
        if not wanted:
            return describe(params)
        found = [acl for acl in ec2._network_acls.values() if _has(acl, wanted)]
        chosen = {
            f"NetworkAclId.{number}": [acl["NetworkAclId"]] for number, acl in enumerate(found, 1)
        }
        return describe({**params, **(chosen or {"NetworkAclId.1": [NONE]})})

    def replace_association(params: Params) -> Any:
        subnet = _subnet_of(ec2._p(params, "AssociationId"))
        response = replace(params)
        for _, association in _associations():
            if not association["SubnetId"]:
                association["SubnetId"] = subnet
        return response

    replace_action(ec2, "DescribeNetworkAcls", describe_acls)
    replace_action(ec2, "ReplaceNetworkAclAssociation", replace_association)
    _patch_subnets()
    _patch_prefix_lists()


def _patch_prefix_lists() -> None:
    """Keep the prefix lists of a rule, and tell them."""
    from ministack.services import ec2

    parse, render = ec2._parse_ip_permissions, ec2._sg_rule_xml

    def parse_permissions(params: Params, prefix: str) -> Any:
        rules = parse(params, prefix)
        for number, rule in enumerate(rules, 1):
            entry = f"{prefix}.{number}.PrefixListIds"
            while name := ec2._p(params, f"{entry}.{len(rule['PrefixListIds']) + 1}.PrefixListId"):
                rule["PrefixListIds"].append({"PrefixListId": name})
        return rules

    def rule_xml(sg_id: str, rule: Record, is_egress: bool = False) -> str:
        xml = str(render(sg_id, rule, is_egress))
        lists = [entry["PrefixListId"] for entry in rule.get("PrefixListIds", [])]
        if len(lists) == 1 and xml.count("<item><securityGroupRuleId>") == 1:
            # The provider makes one rule for each; rules of several are left as they are.
            told = f"<prefixListId>{lists[0]}</prefixListId>"
            return xml.replace("<ipProtocol>", f"{told}<ipProtocol>", 1)
        return xml

    ec2._parse_ip_permissions, ec2._sg_rule_xml = parse_permissions, rule_xml


def _patch_subnets() -> None:
    from ministack.services import ec2

    create, delete = ec2._create_subnet, ec2._delete_subnet

    def create_subnet(params: Params) -> Any:
        response = create(params)
        found = re.search(r"<subnetId>(.+?)</subnetId>", _text(response))
        if found:
            _associate(ec2._subnets[found[1]])
        return response

    def delete_subnet(params: Params) -> Any:
        response = delete(params)
        for acl in ec2._network_acls.values():
            acl["Associations"] = [a for a in acl["Associations"] if a["SubnetId"] in ec2._subnets]
        return response

    replace_action(ec2, "CreateSubnet", create_subnet)
    replace_action(ec2, "DeleteSubnet", delete_subnet)


def _associate(subnet: Record) -> None:
    """Put a new subnet under the default ACL of its VPC."""
    from ministack.services import ec2

    for acl in ec2._network_acls.values():
        if acl["VpcId"] == subnet["VpcId"] and acl["IsDefault"]:
            name = f"aclassoc-{uuid4().hex[:17]}"
            entry = {"NetworkAclAssociationId": name, "SubnetId": subnet["SubnetId"]}
            acl["Associations"].append(entry)


def _associations() -> Iterator[tuple[Record, Record]]:
    from ministack.services import ec2

    for acl in ec2._network_acls.values():
        for association in acl["Associations"]:
            yield acl, association


def _subnet_of(name: str) -> str:
    found = (a["SubnetId"] for _, a in _associations() if a["NetworkAclAssociationId"] == name)
    return next(found, "")


def _has(acl: Record, wanted: Mapping[str, list[str]]) -> bool:
    return all(
        any(association[BY_ASSOCIATION[name]] in values for association in acl["Associations"])
        for name, values in wanted.items()
    )


def _text(response: Any) -> str:
    body = response[2]
    return body.decode() if isinstance(body, bytes) else str(body)
