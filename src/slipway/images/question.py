"""Runs inside a container on trial: asks its service for a path until it answers 200.

Its text is handed to the container's own Python, so it imports the standard library alone. It asks
at the container's own address. That needs no published port, so it works with an engine on another
machine, and it shows that the service listens for more than itself.
"""

from __future__ import annotations

import http.client
import socket
import sys
import time

FINE = "ok"
SILENT = "no answer"


def ask(host: str, port: int, path: str, seconds: float) -> str:
    """`FINE`, or what is wrong with the answer."""
    try:
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        return f"{SILENT} on port {port} ({error})"
    return FINE if status == 200 else f"{path} answers {status}"


def insist(host: str, port: int, path: str, seconds: float) -> str:
    """Ask `host` until it is fine or `seconds` have passed; what it said last."""
    end = time.monotonic() + seconds
    while (said := ask(host, port, path, seconds)) != FINE and time.monotonic() < end:
        time.sleep(0.05)
    if said.startswith(SILENT) and not ask("127.0.0.1", port, path, seconds).startswith(SILENT):
        return f"it listens on 127.0.0.1:{port} only, and has to on 0.0.0.0:{port}"
    return said


if __name__ == "__main__":
    own = socket.gethostbyname(socket.gethostname())
    print(insist(own, int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
