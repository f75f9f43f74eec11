"""The base image from Debian's archive, built and used by the real tools."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway import tools
from slipway.command import command
from slipway.runner import SubprocessRunner
from slipway.setup.apt_sources import archive_lines, host_sources
from slipway.setup.base_image import OWN_PYTHON, base_image_name, import_image, steps

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not shutil.which("mmdebstrap"), reason="mmdebstrap is not installed"),
]

OFFERED = """
set -eu
test "$(python --version)" = "$(python3 --version)"
pip --version
test "$(ls /var/lib/dpkg)" = status -a ! -e /etc/apt -a -z "$(ls /tmp)"
python3 -c '
import bz2, ctypes, lzma, pwd, sqlite3, ssl, zoneinfo
assert ssl.create_default_context().cert_store_stats()["x509_ca"] > 100
assert pwd.getpwuid(65534).pw_name == "nobody"
zoneinfo.ZoneInfo("Europe/Berlin")
'
"""


@pytest.fixture(scope="module", params=sorted(OWN_PYTHON.values()))
def image(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An image under a name of this test, so that nobody's base image is replaced."""
    runner, folder = SubprocessRunner(), tmp_path_factory.mktemp("base")
    name = base_image_name(request.param)
    release = name.rpartition("-")[2]
    bootstrap, refine, _ = steps(name, folder, archive_lines(release, host_sources()))
    runner.run(bootstrap)
    runner.run(refine)
    scratch = f"slipway-test-base:{request.param}"
    runner.run(import_image(scratch, Path(refine.argv[-1])))
    yield scratch
    runner.run(command(docker(), "rmi", scratch, mutates=True))


def docker() -> Path:
    return tools.executables("docker")[0]


def test_offers_what_dockerfiles_use(image: str) -> None:
    """Python by both names, pip, certificates, time zones, users; and no package manager."""
    SubprocessRunner().run(command(docker(), "run", "--rm", image, "sh", "-c", OFFERED))


def test_is_small(image: str) -> None:
    """The budget of the base is 80 MB."""
    asked = command(docker(), "image", "inspect", "--format", "{{.Size}}", image)
    assert int(SubprocessRunner().run(asked).stdout) < 80_000_000
