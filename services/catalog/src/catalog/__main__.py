"""Runs the service: `python -m catalog`."""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__":
    # The first process of a container ignores TERM until it has a handler, and the imports are
    # most of the start: a task that is stopped meanwhile would wait to be killed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    from catalog.server import main

    sys.exit(main())
