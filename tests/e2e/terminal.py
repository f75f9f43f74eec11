"""A person's end of a command: a pseudo-terminal of a size, keys, and what is on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

CTRL_C, CTRL_D = b"\x03", b"\x04"


class Terminal:
    """A command in a terminal of its own; `screen` is all that it ever wrote there."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        self.screen = ""
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            os.chdir(cwd)
            os.execvpe(argv[0], list(argv), dict(env))
        self.resize(columns, rows)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, size)

    def type(self, keys: bytes) -> None:
        os.write(self._file, keys)

    def until(self, text: str, seconds: float = 90) -> None:
        """Read until a text is on the screen, and forget what was before its end."""
        deadline = time.monotonic() + seconds
        while text not in self.screen:
            assert time.monotonic() < deadline, f"{text!r} is not in {self.screen!r}"
            if not self._read():
                raise AssertionError(f"ended without {text!r}: {self.screen!r}")
        self.screen = self.screen.partition(text)[2]

    def ended(self, seconds: float = 90) -> int:
        """Its exit code."""
        deadline = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < deadline, f"does not end: {self.screen!r}"
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _read(self) -> bool:
        """Read what there is by now; whether there may be more."""
        if not select.select([self._file], [], [], 0.5)[0]:
            return True
        try:
            data = os.read(self._file, 65536)
        except OSError:  # as Linux says that the other end is closed
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)
