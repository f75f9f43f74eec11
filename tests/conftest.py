"""What holds for every test: unit tests can't reach real tools or the network."""

from __future__ import annotations

import signal
import socket
import subprocess
from typing import Any, NoReturn

import pytest

REAL = {"e2e", "tools"}


def pytest_configure() -> None:
    """Hear INT, also as a shell's background job: it begins deaf to it, and so would children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_real_world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a unit test that starts a process or opens a connection.

    Tests that are about real parts say so with the marker `e2e` or `tools`.
    """
    if any(request.node.get_closest_marker(name) for name in REAL):
        return

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        pytest.fail(f"a unit test reached for the real world: {args[1:2] or args}", pytrace=True)

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "TF_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
