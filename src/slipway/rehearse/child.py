"""`python -m slipway.rehearse.child ERRAND`: one deploy, for a drill that kills it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from slipway.cli.app import App
from slipway.errors import SlipwayError
from slipway.model import ImageRef
from slipway.paths import Checkout
from slipway.rehearse import play
from slipway.release.deploy import deploy
from slipway.release.world import Built


def main(text: str) -> int:
    """Deploy what the errand says; 0 where it ended well."""
    errand = json.loads(text)
    app, checkout = App(), Checkout(Path(errand["root"]))
    names = (errand["service"],)
    settings = play.settings_of(checkout, errand["environment"], names, errand["port"])
    world = play.world_of(app, settings, checkout, app.console, errand["clock"])
    world.image = play.fixed({errand["service"]: built(errand["built"])})
    return 0 if not deploy(world, play.OPTIONS).bad else 1


def built(data: dict[str, Any]) -> Built:
    """The image of an errand."""
    return Built(ref=ImageRef(**data["ref"]), commit=data["commit"], dirty=data["dirty"])


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1]))
    except SlipwayError as error:
        raise SystemExit(str(error)) from error
