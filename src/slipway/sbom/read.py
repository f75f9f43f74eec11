"""The SBOM of what serves, fetched from the registry."""

from __future__ import annotations

import json
from typing import Any

from slipway import names
from slipway.aws import calls
from slipway.errors import DeployError
from slipway.images.transport import Place
from slipway.release.serving import serving
from slipway.release.world import Site
from slipway.sbom.attached import fetch

COLUMNS = ("package", "version", "licence", "type")


def fetched(site: Site, service: str) -> tuple[str, bytes]:
    """The image that serves, and its SBOM. Raises `DeployError` where there is none."""
    environment = site.settings.environment.name
    with calls(f"looking for the SBOM of {service}"):
        found = serving(
            site.aws, names.cluster(site.settings), names.service(site.settings, service)
        )
        if found is None:
            raise DeployError(
                f"{service} does not serve in {environment}, so there is no image to tell of",
                next_step=f"uv run invoke deploy --env={environment} --service={service}",
            )
        place = Place(ecr=site.ecr, repository=names.repository(site.settings, service))
        document = fetch(place, found.image.rpartition("@")[2])
    if document is None:
        raise DeployError(
            f"{service}: no SBOM is attached to {found.image}",
            next_step=f"uv run invoke deploy --env={environment} --service={service}  "
            "(it attaches one to an image that has none)",
        )
    return found.image, document


def rows(document: bytes) -> list[tuple[str, str, str, str]]:
    """Name, version, licence and type of each component, by type and name; pure."""
    components = json.loads(document).get("components", [])
    found = (
        (each["name"], each.get("version", ""), licence(each), kind(each)) for each in components
    )
    return sorted(found, key=lambda row: (row[3], row[0].lower(), row[1]))


def licence(component: dict[str, Any]) -> str:
    """The licences of a component as one cell; `-` where none is known."""
    named = [
        each.get("expression") or each["license"].get("id") or each["license"]["name"]
        for each in component.get("licenses", [])
    ]
    return ", ".join(named) or "-"


def kind(component: dict[str, Any]) -> str:
    """The type of package (deb, pypi), else what the component is (operating-system)."""
    purl = component.get("purl", "")
    return purl.removeprefix("pkg:").partition("/")[0] if purl else str(component["type"])
