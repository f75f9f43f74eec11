"""The application under load: it runs in a task, by `python3 -c` with this file's text.

With GRACEFUL it answers what it has begun when it gets SIGTERM; without, it ends at once.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BODY = os.environ.get("VERSION", "").encode()
under_way = threading.Semaphore(1000)


class Handler(BaseHTTPRequestHandler):
    """Answers its version; below /slow after two seconds."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        with under_way:
            if self.path.startswith("/slow"):
                time.sleep(2)
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Whose connections wait rather than being tried again after a second."""

    daemon_threads = True
    request_queue_size = 128


def end(*_: Any) -> None:
    """Whatever is in flight, or once nothing is."""
    if "GRACEFUL" in os.environ:
        threading.Thread(target=end_gracefully).start()
    else:
        os._exit(0)


def end_gracefully() -> None:
    for _ in range(1000):
        under_way.acquire()
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    Server(("0.0.0.0", 8000), Handler).serve_forever()
