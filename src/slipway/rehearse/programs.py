"""What the containers of image drills run instead of the service; each a Python program, pure.

Every image of ours has a `python`, and nothing but its standard library is used.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

LAST_WORDS = "rehearsal: this container ends on purpose"

SLOW = 3
"""Seconds of a request in the drill about slow ones; less than anybody's patience."""

CRASH = f"import sys; print({LAST_WORDS!r}, flush=True); sys.exit(1)"

SERVER = """
import itertools, json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
ROUTED, DIRECT, SECONDS, EVERY = {routed}, {direct}, {seconds}, {every}
numbers = itertools.count()
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        # Only the load balancer's clients have this header: no health check has.
        client = "X-Forwarded-For" in self.headers
        if client and next(numbers) % EVERY == 0:
            time.sleep(SECONDS)
        status = ROUTED if client else DIRECT
        body = json.dumps({{"status": "ok" if status == 200 else "rehearsal: wrong on purpose",
            "service": os.environ.get("SERVICE_NAME", ""),
            "version": os.environ.get("SERVICE_VERSION", "")}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        if {log}:
            print(self.command, self.path, *words[1:], flush=True)
class Server(ThreadingHTTPServer):
    daemon_threads, block_on_close, request_queue_size = False, True, 128
server = Server(("", int(os.environ["PORT"])), Handler)
def end(*_):
    # As a service should: serve until the load balancer knows, then finish what is under way.
    threading.Timer({drain}, server.shutdown).start()
signal.signal(signal.SIGTERM, end)
server.serve_forever(0.2)
time.sleep(SECONDS)
sys.stdout.flush()
os._exit(0)
"""

HOG = """
import time
print("rehearsal: taking all the memory there is", flush=True)
held = []
# An end of its own, for where nothing limits it.
for _ in range({megabytes}):
    held.append(bytearray(b"x") * 1048576)
print("rehearsal: nothing limits the memory", flush=True)
time.sleep(3600)
"""


def server(
    *, routed: int = 200, direct: int = 200, seconds: float = 0, every: int = 30, drain: float = 8
) -> str:
    """A server with a status for clients of the load balancer and one for everybody else.

    One in `every` clients waits for `seconds`: not so many that an alarm about the latency of 95 %
    would be raised. After SIGTERM it serves for `drain` s, then finishes what it has.
    """
    return SERVER.format(
        routed=routed,
        direct=direct,
        seconds=seconds,
        every=every,
        drain=drain,
        log=routed != 200,
    ).strip()


def hog(limit: int) -> str:
    """Takes memory beyond the `limit` of the task, in MiB, until it is ended."""
    return HOG.format(megabytes=limit + 256).strip()


def late(command: Sequence[str], seconds: float) -> str:
    """Waits, and then is what the image would have been at once."""
    words = json.dumps(list(command))
    return f"import os, time; time.sleep({seconds}); argv = {words}; os.execvp(argv[0], argv)"


def dockerfile(base: str, version: str, program: str = "") -> str:
    """An image like `base` with another version, and with `program` where there is one.

    The program travels in the command itself, so that the build needs no files.
    """
    lines = [f"FROM {base}", f"ENV SERVICE_VERSION={version}"]
    if program:
        lines += ["ENTRYPOINT []", f"CMD {json.dumps(['python', '-c', program])}"]
    return "\n".join(lines) + "\n"
