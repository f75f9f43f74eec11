"""ElastiCache: a real server behind a replication group, and users who really come in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from embedded_aws.databases import redis
from embedded_aws.databases.redis import User
from embedded_aws.patches import Symbols

if TYPE_CHECKING:
    from embedded_aws.databases.caches import Caches, Wishes

Params = Mapping[str, Any]
Record = dict[str, Any]

HANDLERS = (
    *("_create_replication_group", "_modify_replication_group", "_delete_replication_group"),
    *("_create_user", "_modify_user", "_modify_user_group", "_modify_cache_parameter_group"),
    "_describe_cache_parameters",
)

SYMBOLS: Symbols = {
    **{f"services.elasticache.{name}": ("p",) for name in HANDLERS},
    "services.elasticache._cluster_xml_inner": ("c",),
    "services.elasticache._clusters": None,
    "services.elasticache._ensure_live_containers": (),
    "services.elasticache._ensure_serverless_ca": (),
    "services.elasticache._extract_configs": ("p", "container", "item_names"),
    "services.elasticache._get_docker": (),
    "services.elasticache._p": ("params", "key", "default"),
    "services.elasticache._param_group_params": None,
    "services.elasticache._replication_groups": None,
    "services.elasticache._rg_xml": ("rg",),
    "services.elasticache._user_groups": None,
    "services.elasticache._user_xml": ("u",),
    "services.elasticache._users": None,
    "services.elasticache._xml": ("status", "root_tag", "inner"),
}


def apply(caches: Caches, authority: Callable[[], tuple[str, str]]) -> None:
    """Patch the service: MiniStack keeps the books and `caches` runs the servers."""
    from ministack.services import elasticache

    elasticache._get_docker = lambda: None
    elasticache._ensure_live_containers = lambda: None
    elasticache._ensure_serverless_ca = authority
    _patch_groups(caches)
    _patch_users(caches)
    _patch_parameters()
    _patch_description()


def all_records() -> list[tuple[tuple[str, str], Record]]:
    """Every replication group with its account and region."""
    from ministack.services import elasticache

    found = elasticache._replication_groups.all_items()
    return [((key[0], key[1]), record) for key, record in found]


def wishes_of(record: Record) -> Wishes:
    """The users and parameters of a replication group; call it in its account and region."""
    from ministack.services import elasticache

    from embedded_aws.databases.caches import Wishes

    parameters = elasticache._param_group_params.get(record["CacheParameterGroupName"]) or {}
    own = {k: str(v["Value"]) for k, v in parameters.items() if v.get("Source") == "user"}
    return Wishes(users=tuple(_users_of(record)), parameters=own)


def _users_of(record: Record) -> Iterator[User]:
    from ministack.services import elasticache

    groups = record.get("UserGroupIds") or []
    if not groups:
        tokens = record.get("_auth_tokens") or []
        yield redis.default_user(tokens[-1] if tokens else "")
    for group in groups:
        for name in (elasticache._user_groups.get(group) or {}).get("UserIds", []):
            user = elasticache._users.get(name)
            if user:
                yield User(
                    name=user["UserName"],
                    access=user["AccessString"],
                    passwords=tuple(user.get("_passwords") or ()),
                )


def publish(record: Record, address: str) -> None:
    """Write the address of the server into all endpoints of a replication group."""
    from ministack.services import elasticache

    endpoint = {"Address": address, "Port": record["_port"]}
    for group in record["NodeGroups"]:
        group["PrimaryEndpoint"] = group["ReaderEndpoint"] = endpoint
        for member in group["NodeGroupMembers"]:
            member["ReadEndpoint"] = endpoint
    if record.get("ConfigurationEndpoint"):
        record["ConfigurationEndpoint"] = endpoint
    for name in record["MemberClusters"]:
        for node in (elasticache._clusters.get(name) or {}).get("CacheNodes", []):
            node["Endpoint"] = endpoint


def _answer(action: str, record: Record) -> Any:
    from ministack.services import elasticache

    inner = f"<ReplicationGroup>{elasticache._rg_xml(record)}</ReplicationGroup>"
    return elasticache._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")


def _patch_groups(caches: Caches) -> None:
    from ministack.services import elasticache

    make = elasticache._create_replication_group
    modify = elasticache._modify_replication_group
    delete = elasticache._delete_replication_group

    def find(p: Params) -> Record | None:
        name = elasticache._p(p, "ReplicationGroupId")
        found: Record | None = elasticache._replication_groups.get(name)
        return found

    def create_group(p: Params) -> Any:
        response = make(p)
        record = find(p)
        if response[0] != 200 or record is None or not caches.serves(record):
            return response
        record["_port"] = int(elasticache._p(p, "Port") or 6379)
        record["KmsKeyId"] = elasticache._p(p, "KmsKeyId")
        publish(record, caches.address(record))
        caches.begin(record)
        return _answer("CreateReplicationGroup", record)

    def modify_group(p: Params) -> Any:
        response = modify(p)
        record = find(p)
        if response[0] != 200 or record is None or "_port" not in record:
            return response
        _change(record, p)
        caches.change(record)
        return _answer("ModifyReplicationGroup", record)

    def delete_group(p: Params) -> Any:
        record = find(p)
        response = delete(p)
        if record is not None and "_port" in record:
            caches.end(record)
        return response

    elasticache._create_replication_group = create_group
    elasticache._modify_replication_group = modify_group
    elasticache._delete_replication_group = delete_group


def _change(record: Record, p: Params) -> None:
    """What ModifyReplicationGroup was asked and MiniStack drops, and what its nodes copy."""
    from ministack.services import elasticache

    if value := elasticache._p(p, "AutoMinorVersionUpgrade"):
        record["AutoMinorVersionUpgrade"] = value.lower() == "true"
    if value := elasticache._p(p, "PreferredMaintenanceWindow"):
        record["PreferredMaintenanceWindow"] = value
    groups = elasticache._extract_configs(p, "SecurityGroupIds", ("SecurityGroupId", "member"))
    if groups:
        record["SecurityGroups"] = [{"SecurityGroupId": g, "Status": "active"} for g in groups]
    copied = ("EngineVersion", "CacheNodeType", "SecurityGroups", "AutoMinorVersionUpgrade")
    for name in record["MemberClusters"]:
        cluster = elasticache._clusters.get(name) or {}
        cluster.update({key: record[key] for key in copied})
        for key in ("SnapshotRetentionLimit", "SnapshotWindow", "PreferredMaintenanceWindow"):
            cluster[key] = record[key]
        group = cluster.setdefault("CacheParameterGroup", {})
        group["CacheParameterGroupName"] = record["CacheParameterGroupName"]


def _patch_users(caches: Caches) -> None:
    """Keep what users prove themselves by, and tell the servers when it changes."""
    from ministack.services import elasticache

    def remembering(theirs: Callable[[Params], Any]) -> Callable[[Params], Any]:
        def handler(p: Params) -> Any:
            response = theirs(p)
            user = elasticache._users.get(elasticache._p(p, "UserId"))
            if response[0] == 200 and user is not None:
                _remember(user, p)
                _tell(caches)
            return response

        return handler

    def telling(theirs: Callable[[Params], Any]) -> Callable[[Params], Any]:
        def handler(p: Params) -> Any:
            response = theirs(p)
            _tell(caches)
            return response

        return handler

    described = elasticache._user_xml
    elasticache._user_xml = lambda u: described(
        {**u, "AccessString": escape(u.get("AccessString", ""))}
    )
    elasticache._create_user = remembering(elasticache._create_user)
    elasticache._modify_user = remembering(elasticache._modify_user)
    for name in ("_modify_user_group", "_modify_cache_parameter_group"):
        setattr(elasticache, name, telling(getattr(elasticache, name)))


def _remember(user: Record, p: Params) -> None:
    from ministack.services import elasticache

    kind = elasticache._p(p, "AuthenticationMode.Type")
    passwords = elasticache._extract_configs(p, "Passwords", ("member",))
    passwords += elasticache._extract_configs(p, "AuthenticationMode.Passwords", ("member",))
    if passwords:
        user["_passwords"] = passwords
    elif kind or elasticache._p(p, "NoPasswordRequired").lower() == "true":
        user["_passwords"] = []
    count = len(user.get("_passwords") or [])
    # What the provider was given is what it wants to read; the API's own word is "no-password".
    named = kind or ("password" if count else "no-password")
    user["Authentication"] = {"Type": named, "PasswordCount": count}


def _tell(caches: Caches) -> None:
    from ministack.services import elasticache

    for record in elasticache._replication_groups.values():
        if "_port" in record and record["Status"] == "available":
            caches.change(record)


def _patch_parameters() -> None:
    """Describe what a group sets, without the defaults that nobody changed, where asked so."""
    from ministack.services import elasticache

    theirs = elasticache._describe_cache_parameters

    def describe(p: Params) -> Any:
        status, headers, body = theirs(p)
        source = elasticache._p(p, "Source")
        if status != 200 or not source:
            return status, headers, body
        text = body.decode() if isinstance(body, bytes) else body
        kept = f"<Source>{source}</Source>"
        chosen = re.sub(
            r"<Parameter>.*?</Parameter>",
            lambda found: found[0] if kept in found[0] else "",
            text,
            flags=re.DOTALL,
        )
        return status, headers, chosen.encode()

    elasticache._describe_cache_parameters = describe


def _patch_description() -> None:
    from ministack.services import elasticache

    theirs, user = elasticache._rg_xml, elasticache._user_xml
    cluster = elasticache._cluster_xml_inner

    def rg_xml(record: Record) -> str:
        xml = str(theirs(record))
        key = record.get("KmsKeyId")
        return xml + (f"<KmsKeyId>{key}</KmsKeyId>" if key else "")

    def user_xml(record: Record) -> str:
        return str(user(record)) + "<MinimumEngineVersion>6.0</MinimumEngineVersion>"

    def cluster_xml(record: Record) -> str:
        upgrade = str(record.get("AutoMinorVersionUpgrade", True)).lower()
        return f"{cluster(record)}<AutoMinorVersionUpgrade>{upgrade}</AutoMinorVersionUpgrade>"

    elasticache._rg_xml, elasticache._user_xml = rg_xml, user_xml
    elasticache._cluster_xml_inner = cluster_xml
