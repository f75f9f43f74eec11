"""Where a service answers, and where AWS's console shows it. Pure."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

What = Literal["url", "dashboard", "logs", "service"]

CONSOLES = {
    "cn-": "https://{region}.console.amazonaws.cn",
    "us-gov-": "https://{region}.console.amazonaws-us-gov.com",
    "": "https://{region}.console.aws.amazon.com",
}
"""The console of each partition, by what its regions begin with."""


def console(region: str) -> str:
    """The address of the console for a region."""
    partition = next(start for start in CONSOLES if region.startswith(start))
    return CONSOLES[partition].format(region=region)


def dashboard(region: str, name: str) -> str:
    """A dashboard of CloudWatch."""
    return f"{_cloudwatch(region)}#dashboards/dashboard/{quote(name, safe='')}"


def log_group(region: str, name: str) -> str:
    """A log group; the console wants its slashes encoded twice, with $ for the outer %."""
    twice = quote(quote(name, safe=""), safe="").replace("%", "$")
    return f"{_cloudwatch(region)}#logsV2:log-groups/log-group/{twice}"


def service(region: str, cluster: str, name: str) -> str:
    """A service of ECS."""
    place = f"clusters/{quote(cluster, safe='')}/services/{quote(name, safe='')}"
    return f"{console(region)}/ecs/v2/{place}/health?region={region}"


def cluster(region: str, name: str) -> str:
    """The services of a cluster of ECS."""
    return f"{console(region)}/ecs/v2/clusters/{quote(name, safe='')}/services?region={region}"


def log_groups(region: str, prefix: str) -> str:
    """The log groups whose names begin so."""
    twice = quote(quote(prefix, safe=""), safe="").replace("%", "$")
    return f"{_cloudwatch(region)}#logsV2:log-groups$3FlogGroupNameFilter$3D{twice}"


def _cloudwatch(region: str) -> str:
    return f"{console(region)}/cloudwatch/home?region={region}"
