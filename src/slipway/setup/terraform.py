"""Terraform: the one on PATH if it is new enough, else the pinned release, verified."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import urllib.request
import zipfile
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO
from urllib.error import HTTPError, URLError

from slipway import tools
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup.step import Finding, Step

VERSION = "1.11.4"
RELEASES = "https://releases.hashicorp.com"
SUMS = {
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
}
"""SHA256 of each zip, as in terraform_1.11.4_SHA256SUMS; see decision 0061 for their source."""

TIMEOUT = 15.0
"""Seconds without a byte after which a download is given up."""

BY_HAND = (
    "install Terraform 1.10 or newer, below 2, on PATH: "
    "https://developer.hashicorp.com/terraform/install"
)


def step(checkout: Checkout, runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="Terraform",
        look=lambda: look(checkout, runner),
        mend=lambda: download(checkout),
    )


def look(checkout: Checkout, runner: Runner) -> Finding:
    """The Terraform that deploys will use."""
    try:
        path = tools.terraform(checkout, runner)
    except ToolError as error:
        would = f"download {VERSION} to {checkout.shown(tools.own_terraform(checkout))}"
        found = error.message.removeprefix("terraform: ")
        return Finding(ok=False, found=found, remedy=BY_HAND, would=would)
    version = tools.terraform_version(path, runner) or ()
    return Finding(ok=True, found=f"{'.'.join(map(str, version))} at {checkout.shown(path)}")


def download(checkout: Checkout, *, releases: str = RELEASES, machine: str = "") -> None:
    """Put the pinned Terraform into `.slipway/bin`; nothing is left there if it is not that one."""
    machine = machine or tools.machine()
    if machine not in SUMS:
        raise ToolError(f"no Terraform {VERSION} is known for {machine}", next_step=BY_HAND)
    target = tools.own_terraform(checkout)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as folder:
        archive = Path(folder) / "terraform.zip"
        url = f"{releases}/terraform/{VERSION}/terraform_{VERSION}_{machine}.zip"
        found = _fetch(url, archive)
        if found != SUMS[machine]:
            raise ToolError(
                f"{url} is not what HashiCorp published: SHA256 {found}, expected {SUMS[machine]}",
                next_step=f"find out what answers for that address, or {BY_HAND}",
            )
        _unpack(archive, Path(folder) / "terraform").replace(target)


def _fetch(url: str, target: Path) -> str:
    """Download to `target`; the SHA256 of what came."""
    try:
        with (
            urllib.request.urlopen(url, timeout=TIMEOUT, context=_trust()) as source,  # noqa: S310
            target.open("wb") as sink,
        ):
            found = _copy(source, sink)
            if sink.tell() != int(source.headers.get("Content-Length", sink.tell())):
                raise OSError("the download ended early")
            return found
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()
        reason = error.reason if isinstance(error, URLError) else error
        raise ToolError(f"{url}: {reason}", next_step=BY_HAND) from error


def _copy(source: BinaryIO, sink: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := source.read(1 << 20):
        digest.update(block)
        sink.write(block)
    return digest.hexdigest()


def _unpack(archive: Path, target: Path) -> Path:
    with (
        zipfile.ZipFile(archive) as packed,
        packed.open("terraform") as source,
        target.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink)
    target.chmod(0o755)
    return target


def _trust() -> ssl.SSLContext:
    """The system's certificates, even where SSL_CERT_FILE names a missing file."""
    context = ssl.create_default_context()
    compiled_in = ssl.get_default_verify_paths().openssl_cafile
    if "SSL_CERT_FILE" in tools.broken_variables() and Path(compiled_in).is_file():
        context.load_verify_locations(compiled_in)
    return context
