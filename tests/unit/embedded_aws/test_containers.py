"""Task definitions as options of the engine."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.ecs.containers import options, stop_timeout

TASK = {"cpu": "256", "memory": "512"}


def test_limits_of_the_task_hold_where_the_container_names_none() -> None:
    """256 CPU units are a quarter of a core, and memory has no swap beside it."""
    found = options({}, TASK)
    assert found["nano_cpus"] == 250_000_000
    assert found["mem_limit"] == found["memswap_limit"] == 512 * 1024 * 1024


def test_limits_of_the_container_are_stronger() -> None:
    """A container's own cpu and memory hold."""
    found = options({"cpu": 128, "memory": 256}, TASK)
    assert (found["nano_cpus"], found["mem_limit"]) == (125_000_000, 256 * 1024 * 1024)


def test_a_task_never_gets_the_host() -> None:
    """Neither privileged containers nor folders of the host, whatever the definition says."""
    asked = {"privileged": True, "mountPoints": [{"sourceVolume": "v", "containerPath": "/data"}]}
    found = options(asked, {**TASK, "volumes": [{"name": "v", "host": {"sourcePath": "/etc"}}]})
    assert found["privileged"] is False
    assert found["pid_mode"] is None
    assert found["volumes"] == ["/data"]


def test_health_check_in_the_engines_units() -> None:
    """Seconds become nanoseconds, and ECS's defaults apply."""
    check = {"command": ["CMD", "true"], "interval": 5}
    assert options({"healthCheck": check}, TASK)["healthcheck"] == {
        "test": ["CMD", "true"],
        "interval": 5_000_000_000,
        "timeout": 5_000_000_000,
        "retries": 3,
        "start_period": 0,
    }


def test_the_images_own_health_check_is_off() -> None:
    """ECS ignores HEALTHCHECK of a Dockerfile."""
    assert options({}, TASK)["healthcheck"] == {"test": ["NONE"]}


def test_hardening_is_handed_on() -> None:
    """Read-only root, user, init, dropped capabilities, tmpfs."""
    found = options(
        {
            "readonlyRootFilesystem": True,
            "user": "10001",
            "entryPoint": ["/init"],
            "linuxParameters": {
                "initProcessEnabled": True,
                "capabilities": {"drop": ["ALL"]},
                "tmpfs": [{"containerPath": "/run", "size": 16, "mountOptions": ["noexec"]}],
            },
        },
        TASK,
    )
    assert found["read_only"]
    assert found["init"]
    assert (found["user"], found["entrypoint"]) == ("10001", ["/init"])
    assert found["cap_drop"] == ["ALL"]
    assert found["tmpfs"] == {"/run": "noexec,size=16m,mode=1777"}


@pytest.mark.parametrize(
    ("definition", "seconds"),
    [({}, 30), ({"stopTimeout": 45}, 45), ({"stopTimeout": 500}, 120)],
)
def test_stop_timeout(definition: dict[str, Any], seconds: int) -> None:
    """30 s unless said otherwise, and never more than 120."""
    assert stop_timeout(definition) == seconds
