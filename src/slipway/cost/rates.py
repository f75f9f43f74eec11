"""What AWS charges for each type of resource; pure. Quantities here, figures in prices.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from slipway.cost.estimate import Bill, Line, Rule, Span, UnpricedError
from slipway.cost.resources import Resource

VCPU = Decimal(1024)
"""CPU units of one vCPU; MB of one GB as well."""

KEPT_FOR_EVER = 365
"""Days counted for logs that are never deleted: what lies there after a year."""


def load_balancer(bill: Bill) -> Iterator[Line]:
    """Hours, capacity, and a public address in each zone where it faces the internet."""
    balancer = bill.resource
    if balancer.values.get("load_balancer_type") not in (None, "application"):
        raise UnpricedError(f"no price for a {balancer.values['load_balancer_type']} load balancer")
    zones = _zones(balancer, "subnets")
    yield bill.line("application load balancer", "load_balancer", 1)
    yield bill.line("capacity", "load_balancer_capacity", 1, "lcu")
    if not balancer.values.get("internal"):
        yield bill.line("public addresses", "public_address", zones)


def nat_gateway(bill: Bill) -> Iterator[Line]:
    """Hours and data; its address is a resource of its own."""
    yield bill.line("NAT gateway", "nat_gateway", 1)
    yield bill.line("data", "nat_data", 1, "nat_gb")


def address(bill: Bill) -> Iterator[Line]:
    """Charged whether it is in use or not."""
    yield bill.line("public address", "public_address", 1)


def endpoint(bill: Bill) -> Iterator[Line]:
    """Hours in each zone; gateways to S3 and DynamoDB are free."""
    if bill.resource.values.get("vpc_endpoint_type") != "Interface":
        return
    zones = _zones(bill.resource, "subnet_ids")
    yield bill.line("interface endpoint", "interface_endpoint", zones)
    yield bill.line("data", "interface_endpoint_data", 1, "endpoint_gb")


def cluster(bill: Bill) -> Iterator[Line]:
    """Nothing but the metrics of Container Insights."""
    if _insights(bill.resource):
        yield bill.line("Container Insights", "metric", 1, "cluster_metrics")


def service(bill: Bill) -> Iterator[Line]:
    """Its tasks on Fargate, between the least and the most that scaling allows."""
    task, tasks = _task_definition(bill), _tasks(bill)
    arm = "arm_" if _architecture(task) == "ARM64" else ""
    cpu, memory = (Decimal(task.number(name)) / VCPU for name in ("cpu", "memory"))
    yield bill.line("Fargate vCPU", f"fargate_{arm}vcpu", tasks.times(cpu))
    yield bill.line("Fargate memory", f"fargate_{arm}memory", tasks.times(memory))
    network = bill.resource.many("network_configuration")
    if network and network[0].get("assign_public_ip"):
        yield bill.line("public addresses of tasks", "public_address", tasks)
    if any(_insights(each) for each in bill.others):
        yield bill.line("Container Insights", "metric", 1, "service_metrics")


def database(bill: Bill) -> Iterator[Line]:
    """Instance and storage, both twice where a standby runs; the master secret that RDS makes."""
    values = bill.resource.values
    if values.get("engine") != "postgres" or str(values.get("storage_type")).startswith("io"):
        raise UnpricedError(f"no price for {values.get('engine')} on {values.get('storage_type')}")
    zones = 2 if values.get("multi_az") else 1
    where = "two zones" if zones > 1 else "one zone"
    kind = str(values.get("instance_class"))
    yield bill.line(f"PostgreSQL {kind}, {where}", kind, zones)
    storage = bill.resource.number("allocated_storage") * zones
    yield bill.line(f"storage, {where}", "database_storage", storage)
    if values.get("manage_master_user_password"):
        yield bill.line("master secret", "secret", 1)


def cache(bill: Bill) -> Iterator[Line]:
    """Its nodes: those given, or shards with their replicas."""
    group = bill.resource
    kind = str(group.values.get("node_type"))
    shards, replicas = group.number("num_node_groups"), group.number("replicas_per_node_group")
    nodes = group.number("num_cache_clusters") or shards * (1 + replicas) or 1
    yield bill.line(f"Redis {kind}", kind, nodes)


def alarm(bill: Bill) -> Iterator[Line]:
    """By the metrics that it looks at, not by alarm."""
    queries = bill.resource.many("metric_query")
    metrics = sum(1 for query in queries if query.get("metric"))
    yield bill.line("alarm", "alarm_metric", metrics or 1)


def log_group(bill: Bill) -> Iterator[Line]:
    """What is written each month, and what lies there once the first of it is deleted."""
    days = bill.resource.number("retention_in_days") or KEPT_FOR_EVER
    yield bill.line("logs written", "logs_in", 1, "log_gb")
    yield bill.line("logs kept", "logs_kept", Decimal(days) / 30, "log_gb")


def firewall(bill: Bill) -> Iterator[Line]:
    """The list, each of its rules or rule groups, and the requests that it looks at."""
    yield bill.line("web ACL", "firewall", 1)
    yield bill.line("rules", "firewall_rule", len(bill.resource.many("rule")))
    yield bill.line("requests", "firewall_requests", 1, "requests")


def api(bill: Bill) -> Iterator[Line]:
    """Requests alone."""
    if bill.resource.values.get("protocol_type") != "HTTP":
        raise UnpricedError(f"no price for a {bill.resource.values.get('protocol_type')} API")
    yield bill.line("requests", "api_requests", 1, "requests")


def _simple(what: str, price: str, assumption: str = "") -> Rule:
    """A rule for resources that are one of something each."""

    def rule(bill: Bill) -> Iterator[Line]:
        yield bill.line(what, price, 1, assumption)

    return rule


RULES: Mapping[str, Rule] = {
    "aws_apigatewayv2_api": api,
    "aws_cloudwatch_dashboard": _simple("dashboard", "dashboard"),
    "aws_cloudwatch_log_group": log_group,
    "aws_cloudwatch_metric_alarm": alarm,
    "aws_db_instance": database,
    "aws_ecr_repository": _simple("images", "images", "image_gb"),
    "aws_ecs_cluster": cluster,
    "aws_ecs_service": service,
    "aws_eip": address,
    "aws_elasticache_replication_group": cache,
    "aws_kms_key": _simple("key", "key"),
    "aws_kms_replica_key": _simple("key", "key"),
    "aws_lb": load_balancer,
    "aws_nat_gateway": nat_gateway,
    "aws_s3_bucket": _simple("storage", "bucket_storage", "bucket_gb"),
    "aws_secretsmanager_secret": _simple("secret", "secret"),
    "aws_service_discovery_private_dns_namespace": _simple("zone of names", "hosted_zone"),
    "aws_vpc_endpoint": endpoint,
    "aws_wafv2_web_acl": firewall,
}
"""By type; what is neither here nor `free` in prices.toml is shown as not priced."""


def _zones(resource: Resource, subnets: str) -> int:
    """Each subnet is in a zone of its own; a plan may not know them yet."""
    zones = len(resource.many(subnets))
    if zones == 0:
        raise UnpricedError(f"{subnets}: known only after apply")
    return zones


def _insights(resource: Resource) -> bool:
    return resource.type == "aws_ecs_cluster" and any(
        each.get("name") == "containerInsights" and each.get("value") != "disabled"
        for each in resource.many("setting")
    )


def _task_definition(bill: Bill) -> Resource:
    """The definition of the service's tasks: called as it is, in the same stack."""
    name = bill.resource.values.get("name")
    for each in bill.others:
        if each.type == "aws_ecs_task_definition" and each.values.get("family") == name:
            return each
    raise UnpricedError(f"no task definition is called {name}")


def _tasks(bill: Bill) -> Span:
    name = bill.resource.values.get("name")
    for each in bill.others:
        target = str(each.values.get("resource_id", ""))
        if each.type == "aws_appautoscaling_target" and target.endswith(f"/{name}"):
            return Span.of(each.number("min_capacity"), each.number("max_capacity"))
    return Span.of(bill.resource.number("desired_count"))


def _architecture(task: Resource) -> str:
    platform = task.many("runtime_platform")
    return str(platform[0].get("cpu_architecture")) if platform else "X86_64"
