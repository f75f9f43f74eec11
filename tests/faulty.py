"""Invoke with faults between it and AWS: `python -m tests.faulty deploy --env=local`.

`SLIPWAY_TEST_FAULTS` says which, as JSON: seed, shares in percent, always, log.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from botocore import handlers
from invoke.main import program

from tests.faults import Faults, mostly, over_http


def main() -> None:
    asked = json.loads(os.environ["SLIPWAY_TEST_FAULTS"])
    choose = mostly(asked["seed"], asked["shares"], asked["always"])
    faults = Faults(choose=choose, send=over_http(), log=Path(asked["log"]))
    handlers.BUILTIN_HANDLERS.append(("before-send", faults))
    sys.argv[0] = "invoke"
    program.run()


if __name__ == "__main__":
    main()
