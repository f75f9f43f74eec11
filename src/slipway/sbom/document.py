"""An image's packages as CycloneDX 1.6, by the standard's own library.

The same image gives the same bytes: the serial number comes from its digest, the time is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from slipway.sbom.contents import Contents, Package

if TYPE_CHECKING:
    from cyclonedx.model.component import Component
    from cyclonedx.model.license import License
    from cyclonedx.model.tool import ToolRepository
    from packageurl import PackageURL

    from slipway.model import ImageRef


def document(image: ImageRef, created: datetime, contents: Contents) -> bytes:
    """The SBOM of an image that was made at `created`, as JSON."""
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.output.json import JsonV1Dot6

    root, parts = _image(image), tuple(_components(contents))
    bom = Bom(
        components=parts,
        metadata=BomMetaData(component=root, timestamp=created, tools=_tools()),
        serial_number=uuid5(NAMESPACE_URL, f"oci:{image.digest}"),
    )
    bom.register_dependency(root, parts)
    return JsonV1Dot6(bom).output_as_string(indent=1).encode()


def purl(package: Package, system: tuple[str, str]) -> PackageURL:
    """The package URL, by which databases of vulnerabilities know a package; pure."""
    from packageurl import PackageURL

    if package.kind != "deb":
        return PackageURL(package.kind, None, package.name, package.version)
    distribution, release = system
    more = {
        "arch": package.architecture,
        "distro": f"{distribution}-{release}" if release else distribution,
        "upstream": package.upstream,
    }
    known = {name: value for name, value in more.items() if value}
    return PackageURL("deb", distribution or "debian", package.name, package.version, known)


def _components(contents: Contents) -> Iterator[Component]:
    from cyclonedx.model.component import Component, ComponentType

    name, version = contents.system
    if name:
        kind = ComponentType.OPERATING_SYSTEM
        yield Component(name=name, version=version, type=kind, bom_ref=f"os:{name}-{version}")
    for package in contents.packages:
        address = purl(package, contents.system)
        yield Component(
            name=package.name,
            version=package.version,
            type=ComponentType.LIBRARY,
            purl=address,
            bom_ref=str(address),
            licenses=_licences(package.licences),
        )


def _licences(names: tuple[str, ...]) -> Iterator[License]:
    """Each as an SPDX identifier where it is one; one alone may be an expression as well."""
    from cyclonedx.contrib.license.exceptions import InvalidSpdxLicenseException
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.license import LicenseAcknowledgement

    factory, declared = LicenseFactory(), LicenseAcknowledgement.DECLARED
    if len(names) == 1:
        yield factory.make_from_string(names[0], license_acknowledgement=declared)
        return
    for name in names:
        try:
            yield factory.make_with_id(name, acknowledgement=declared)
        except InvalidSpdxLicenseException:
            yield factory.make_with_name(name, acknowledgement=declared)


def _image(image: ImageRef) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    name = image.repository.rpartition("/")[2]
    address = PackageURL("oci", None, name, image.digest)
    content = image.digest.removeprefix("sha256:")
    return Component(
        name=image.repository.partition("/")[2],
        version=image.tag,
        type=ComponentType.CONTAINER,
        purl=address,
        bom_ref=str(address),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content)],
    )


def _tools() -> ToolRepository:
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    return ToolRepository(components=[Component(name="slipway", type=ComponentType.APPLICATION)])
