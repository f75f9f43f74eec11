"""The tasks of this checkout: `uv run invoke --list`.

Each is in the module of `slipway.cli` that bears its noun. Tasks of your own go between the last
two lines, written with `slipway.cli.task.task`, as `ns.add_task(mine)`.
"""

import os
import sys

# Invoke turns bytecode files off, and then compiles everything again in each run.
sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))

from slipway.cli.commandline import check_command_line  # noqa: E402
from slipway.cli.root import namespace  # noqa: E402

ns = namespace()
check_command_line(ns)
