"""Makes the SBOM of an image from the image itself, and puts it beside it in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.aws import calls
from slipway.errors import BuildError, Interrupted, SlipwayError
from slipway.images.transport import Place
from slipway.sbom.attached import attach, attached
from slipway.sbom.contents import contents, wanted
from slipway.sbom.document import document

if TYPE_CHECKING:
    from slipway.images.apply import Workbench
    from slipway.model import ImageRef


def ensure(image: ImageRef, bench: Workbench, *, service: str) -> None:
    """Have an SBOM beside an image of the registry.

    What goes wrong is a warning: an SBOM tells of what serves and takes no part in it, and the next
    deploy tries again.
    """
    try:
        with calls(f"attaching the SBOM of {service}"):
            _ensure(image, bench, service)
    except Interrupted:
        raise
    except SlipwayError as error:
        bench.console.warn(f"{service}: its image is without an SBOM: {error.message}")


def _ensure(image: ImageRef, bench: Workbench, service: str) -> None:
    place = Place(ecr=bench.ecr, repository=image.repository.partition("/")[2])
    if attached(place, image.digest):
        return
    made, count = made_of(image, bench, service)
    attach(place, image.digest, made)
    bench.console.detail(f"{service}: SBOM of {count} packages attached")


def made_of(image: ImageRef, bench: Workbench, service: str) -> tuple[bytes, int]:
    """The SBOM of an image, and of how many packages it tells; pulls what the engine lacks."""
    local = bench.engine.image(str(image))
    if local is None:
        bench.pull(image)
        local = bench.engine.image(str(image))
    if local is None:
        raise BuildError(f"{image}: pulled, but gone from the engine")
    found = contents(bench.engine.files(local.id, wanted, service=service))
    if not found.knows_debian:
        bench.console.warn(
            f"{service}: the base image has no database of its Debian packages, so the SBOM lacks "
            "them (newer ones have it: docker rmi the base image, then: uv run invoke setup)"
        )
    return document(image, local.created, found), len(found.packages)
