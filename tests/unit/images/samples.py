"""A service and a plan to test with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slipway.config import Service
from slipway.images.plan import ContextFile, ImagePlan, Source, plan_image
from tests import samples

REPOSITORY = "localhost:4566/shop/greeter"


def make_service(**changes: Any) -> Service:
    return samples.make_service(**{"folder": Path("/checkout/services/greeter")} | changes)


def make_plan(
    service: Service | None = None, folder: Path | None = None, **changes: Any
) -> ImagePlan:
    wanted = service or make_service()
    source = Source(
        folder=folder or wanted.folder,
        files=(ContextFile(path="Dockerfile", kind="file", digest="aa"),),
        dockerfile="FROM python:3.13-slim-trixie",
        revision="c0ffee",
        dirty=False,
        changed=1700000000,
    )
    bases = {"python:3.13-slim-trixie": "sha256:bb"}
    more = {"environment": "local", **changes}
    return plan_image(wanted, source, repository=REPOSITORY, bases=bases, **more)
