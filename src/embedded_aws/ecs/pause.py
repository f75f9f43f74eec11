"""A program that does nothing, in an image of its own: it holds the network of a task.

Containers that share a network lose it when the one ends that brought it along; so that none of
the task's own has to outlive the others, one more does, as Fargate does it too. The image can't be
pulled everywhere and needs no more than one system call: it is written here, byte by byte.
"""

from __future__ import annotations

import io
import struct
import tarfile
from typing import Any

IMAGE = "slipway/embedded-aws-pause"
TAG = "1"
PROGRAM = "/pause"

LOADED_AT = 0x400000
HEADERS = 64 + 56
"""Bytes of an ELF header and of one program header."""

X86_64, AARCH64 = 62, 183
CODE = {
    # again: mov eax, 34 (pause); syscall; jmp again
    "amd64": (X86_64, bytes.fromhex("b822000000 0f05 ebf7")),
    # again: mov x0..x4, #0; mov x8, #73 (ppoll, for nothing and for ever); svc #0; b again
    "arm64": (
        AARCH64,
        struct.pack(
            "<8I",
            *(0xD2800000 | register for register in range(5)),
            0xD2800928,
            0xD4000001,
            0x17FFFFF9,
        ),
    ),
}
"""Machine and code by the engine's name of the architecture."""


def program(architecture: str) -> bytes:
    """A static executable for Linux that waits for ever; `KeyError` for an unknown machine."""
    machine, code = CODE[architecture]
    size = HEADERS + len(code)
    identity = b"\x7fELF" + bytes((2, 1, 1)).ljust(12, b"\0")
    elf = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(identity, 2, machine, 1, LOADED_AT + HEADERS, 64, 0),
        *(0, 64, 56, 1, 0, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, LOADED_AT, LOADED_AT, size, size, 0x1000)
    return elf + segment + code


def ensure_image(client: Any) -> str:
    """The image's name, made on the engine unless it is there."""
    from docker.errors import ImageNotFound

    name = f"{IMAGE}:{TAG}"
    try:
        client.images.get(name)
    except ImageNotFound:
        content = _archive(program(client.version()["Arch"]))
        client.api.import_image_from_data(content, repository=IMAGE, tag=TAG)
    return name


def _archive(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo(PROGRAM.lstrip("/"))
        info.size, info.mode = len(content), 0o755
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
