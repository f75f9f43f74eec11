"""Refuses what `invoke new` would refuse, where cookiecutter is called by itself."""

import json
import sys
from pathlib import Path

# pprint writes text as Python does, whatever is in it.
ANSWERS = json.loads({{ cookiecutter | jsonify | pprint }})
INSTEAD = "from the repository's top folder: uv run invoke new"

try:
    from slipway.errors import SlipwayError
    from slipway.scaffold.hook import check
except ImportError:
    sys.exit(f"error: this Python lacks slipway, which knows what is allowed\nnext: {INSTEAD}")

try:
    check(ANSWERS, Path.cwd())
except SlipwayError as error:
    sys.exit(f"error: {error.message}\nnext: {INSTEAD}")
