"""Asks the service in this container for its health: exit code 0 or 1."""

from __future__ import annotations

import os
import sys
import urllib.request

TIMEOUT = 4.0
"""Seconds; below the 5 that a container health check gets."""


def healthy(port: str) -> bool:
    """Whether `/health` answers 200 on `port` of this host."""
    url = f"http://127.0.0.1:{port}/health"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(os.environ.get("PORT", "8000")) else 1)
