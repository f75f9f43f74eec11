"""`invoke sbom`: what the image that serves consists of."""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task


@task(
    help={
        "env": "environment in which the service serves",
        "service": "service whose image is meant",
        "json": "print the SBOM as it is, CycloneDX as JSON",
        "out": "file to write the SBOM to, CycloneDX as JSON",
    }
)
def sbom(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    json: bool = False,
    out: str | None = None,
) -> None:
    """List the packages in the image that serves."""
    from slipway.errors import UsageError
    from slipway.sbom.read import COLUMNS, fetched, rows

    if json and out:
        raise UsageError("sbom: --json and --out exclude each other", next_step="drop one of them")
    app = App()
    image, document = fetched(open_site(app, env, (service,)), service)
    if json:
        app.console.result(document.decode())
    elif out:
        write(Path(out), document)
        app.console.line(f"{out}: SBOM of {image}")
    else:
        app.console.table(COLUMNS, rows(document))


def write(path: Path, document: bytes) -> None:
    """Write a file whole; the error names it."""
    from slipway.errors import UsageError

    try:
        path.write_bytes(document)
    except OSError as error:
        raise UsageError(
            f"sbom: --out={path}: {error.strerror}",
            next_step="name a file in a folder that is there",
        ) from error


ns = Collection(sbom)
