"""Leases that go on to child processes, so that a `slipway` in a hook doesn't wait for its parent.

They travel in an environment variable, by key and id: an id that no longer holds gives no right.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

VARIABLE = "SLIPWAY_LEASES"


def taken() -> dict[str, str]:
    """The ids of the leases that the process which started us gave, by key."""
    try:
        found = json.loads(os.environ.get(VARIABLE, "{}"))
    except ValueError:
        return {}
    return {str(key): str(each) for key, each in found.items()} if isinstance(found, dict) else {}


@contextmanager
def given(leases: Mapping[str, str]) -> Iterator[None]:
    """Give `leases`, and those that we were given, to every process that starts meanwhile."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = json.dumps({**taken(), **leases})
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before
