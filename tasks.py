"""The tasks of this checkout: `uv run invoke --list`.

Each is in the module of `slipway.cli` that bears its noun. Tasks of your own go between the two
lines below, written with `slipway.cli.task.task`, as `ns.add_task(mine)`.
"""

from slipway.cli.commandline import check_command_line
from slipway.cli.root import namespace

ns = namespace()
check_command_line(ns)
