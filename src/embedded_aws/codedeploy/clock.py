"""How long a minute of CodeDeploy's, of Auto Scaling's and of a rate's takes here.

`EMBEDDED_AWS_CLOCK_SCALE` is that many seconds, 60 where it is not set: with 2, a canary of five
minutes waits ten seconds. It is read once, at the start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLE = "EMBEDDED_AWS_CLOCK_SCALE"
LEAST = 0.05


def scale(environ: Mapping[str, str]) -> float:
    """Seconds of a minute; 60 for what is no positive number."""
    try:
        seconds = float(environ.get(VARIABLE, ""))
    except ValueError:
        return 60.0
    return max(LEAST, seconds) if 0 < seconds < float("inf") else 60.0


MINUTE = scale(os.environ)
