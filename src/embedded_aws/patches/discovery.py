"""Cloud Map: what is registered, as the tasks' resolver and ECS need it; and who asks whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from embedded_aws.discovery.answers import Entry, Zones
from embedded_aws.patches import Symbols

if TYPE_CHECKING:
    from embedded_aws.discovery.registry import Instance

SYMBOLS: Symbols = {
    **{
        f"services.servicediscovery.{name}": None
        for name in ("_namespaces", "_services", "_instances", "_instance_health_status")
    },
    "services.servicediscovery._create_service": ("data",),
    "services.servicediscovery._delete_service": ("data",),
    "services.servicediscovery._touch_instances_revision": ("service_id",),
}
"""`services.ecs._build_run_kwargs` is among those of `ecs`."""


def apply(resolver: Callable[[], str]) -> None:
    """Patch the API, and how containers are started: before `patches.task_network`."""
    _patch_services()
    _patch_start(resolver)


def registries() -> list[dict[str, Any]]:
    """Cloud Map's services, of the scope that is set."""
    from ministack.services import servicediscovery

    return list(servicediscovery._services.values())


def hold(identifier: str, key: Mapping[str, str], wanted: Mapping[str, Instance]) -> None:
    """Have just `wanted` of the instances with the attributes `key` in a registry."""
    from ministack.services import servicediscovery as cloud_map

    known = cloud_map._instances.setdefault(identifier, {})
    health = cloud_map._instance_health_status.setdefault(identifier, {})
    ours = [name for name, each in known.items() if key.items() <= each["Attributes"].items()]
    gone = set(ours) - wanted.keys()
    for name in gone:
        del known[name]
        health.pop(name, None)
    changed = bool(gone)
    for name, each in wanted.items():
        record = {"Id": name, "Attributes": dict(each.attributes)}
        changed |= known.get(name) != record or health.get(name) != each.health
        known[name], health[name] = record, each.health
    if changed:
        cloud_map._touch_instances_revision(identifier)


def zones() -> Zones:
    """All private names of all accounts and regions: one network has them all."""
    from ministack.services import servicediscovery as cloud_map

    found: dict[str, dict[str, Entry]] = {}
    spaces = {
        (account, region, identifier): space["Name"].rstrip(".").lower()
        for (account, region, identifier), space in cloud_map._namespaces.all_items()
        if space["Type"] == "DNS_PRIVATE"
    }
    for name in spaces.values():
        found[name] = {}
    for (account, region, identifier), service in cloud_map._services.all_items():
        zone = spaces.get((account, region, service["NamespaceId"]))
        there = cloud_map._instances.get_scoped(account, region, identifier)
        if zone and there and (ttl := _ttl(service)) is not None:
            health = cloud_map._instance_health_status.get_scoped(account, region, identifier)
            found[zone][service["Name"].lower()] = Entry(addresses=_healthy(there, health), ttl=ttl)
    return found


def _ttl(service: Mapping[str, Any]) -> int | None:
    """Of its A records, in seconds; None for a service without."""
    records = (service.get("DnsConfig") or {}).get("DnsRecords") or []
    return next((int(each["TTL"]) for each in records if each["Type"] == "A"), None)


def _healthy(there: Mapping[str, Any], health: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        each["Attributes"]["AWS_INSTANCE_IPV4"]
        for name, each in list(there.items())
        if health.get(name) == "HEALTHY" and "AWS_INSTANCE_IPV4" in each["Attributes"]
    )


def _patch_services() -> None:
    """As clients and AWS have them: the namespace may be named in the DNS part, as Terraform's
    provider does; two services of it have two names; one with instances is not deleted.
    """
    from ministack.core.responses import error_response_json
    from ministack.services import servicediscovery as cloud_map

    create, delete = cloud_map._create_service, cloud_map._delete_service

    def create_service(data: Any) -> Any:
        space = data.get("NamespaceId") or (data.get("DnsConfig") or {}).get("NamespaceId")
        data = {**data, "NamespaceId": space}
        names = [s["Name"] for s in registries() if s["NamespaceId"] == space]
        if data.get("Name") in names:
            message = "Service already exists."
            return error_response_json("ServiceAlreadyExists", message, 400)
        return create(data)

    def delete_service(data: Any) -> Any:
        if cloud_map._instances.get(data.get("Id")):
            message = "Service contains registered instances; delete the instances first."
            return error_response_json("ResourceInUse", message, 400)
        return delete(data)

    cloud_map._create_service, cloud_map._delete_service = create_service, delete_service


def _patch_start(resolver: Callable[[], str]) -> None:
    from ministack.services import ecs

    build = ecs._build_run_kwargs

    def build_run_kwargs(*args: Any, **more: Any) -> Any:
        address = resolver()
        built = build(*args, **more)
        return {**built, "dns": [address]} if address else built

    ecs._build_run_kwargs = build_run_kwargs
