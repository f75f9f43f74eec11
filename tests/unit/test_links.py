"""Where AWS's console shows things."""

from __future__ import annotations

import pytest

from slipway import links


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-west-1", "us-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_each_partition_has_its_console(region: str, host: str) -> None:
    """By its regions."""
    assert links.service(region, "c", "c-app") == (
        f"https://{host}/ecs/v2/clusters/c/services/c-app/health?region={region}"
    )


def test_a_log_group_is_encoded_as_the_console_wants_it() -> None:
    """Its slashes twice, with another sign for the outer one."""
    assert links.log_group("us-west-1", "/ecs/c-app").endswith("/log-group/$252Fecs$252Fc-app")
    assert links.dashboard("us-west-1", "c").endswith("#dashboards/dashboard/c")
