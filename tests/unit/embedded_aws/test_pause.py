"""The program that holds a task's network, byte by byte."""

from __future__ import annotations

import struct

import pytest

from embedded_aws.ecs import pause
from embedded_aws.patches.task_network import shares


@pytest.mark.parametrize(("architecture", "machine"), [("amd64", 62), ("arm64", 183)])
def test_it_is_an_executable_of_the_engines_machine(architecture: str, machine: int) -> None:
    """ELF, 64 bits, of that machine; it begins right behind its headers and is loaded whole."""
    program = pause.program(architecture)
    assert program[:6] == b"\x7fELF\x02\x01"
    assert struct.unpack_from("<HHIQ", program, 16) == (2, machine, 1, 0x400000 + pause.HEADERS)
    assert struct.unpack_from("<QQ", program, 64 + 32) == (len(program), len(program))


def test_another_machine_is_refused() -> None:
    """Better than an image that can't run."""
    with pytest.raises(KeyError):
        pause.program("mips")


@pytest.mark.parametrize(
    ("mode", "containers", "expected"),
    [("awsvpc", 2, True), ("awsvpc", 1, False), ("bridge", 2, False), (None, 2, False)],
)
def test_only_several_containers_of_an_awsvpc_task_share(
    mode: str | None, containers: int, expected: bool
) -> None:
    """As on AWS: in the other modes each has a network of its own."""
    definition: dict[str, object] = {"networkMode": mode, "containerDefinitions": [{}] * containers}
    assert shares(definition) is expected
