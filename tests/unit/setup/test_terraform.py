from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from slipway import tools
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.setup import terraform
from slipway.testing import FakeRunner

NAME = f"terraform/{terraform.VERSION}/terraform_{terraform.VERSION}_linux_amd64.zip"


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder laid out like the place of releases, whose zip is the one that is pinned."""
    archive = tmp_path / "releases" / NAME
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("LICENSE.txt", "BUSL")
        packed.writestr("terraform", "#!/bin/sh\necho hello\n")
    pin(archive, monkeypatch)
    return tmp_path / "releases"


def pin(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this archive the expected one."""
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setitem(terraform.SUMS, "linux_amd64", found)


@pytest.fixture
def server(releases: Path) -> Iterator[str]:
    """Those releases by HTTP on loopback; `/short` ends before its announced length."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = releases / self.path.removeprefix("/short").lstrip("/")
            if not file.is_file():
                self.send_error(404)
                return
            content = file.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:10] if self.path.startswith("/short") else content)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def left_behind(checkout: Checkout) -> list[Path]:
    """What a download left in its folder."""
    return list((checkout.work / "bin").iterdir())


def test_the_pinned_release_is_unpacked_and_executable(releases: Path, tmp_path: Path) -> None:
    """A zip with the right checksum becomes `.slipway/bin/terraform`, alone in its folder."""
    checkout = Checkout(tmp_path)
    terraform.download(checkout, releases=releases.as_uri(), machine="linux_amd64")
    own = tools.own_terraform(checkout)
    assert own.read_text().startswith("#!/bin/sh")
    assert own.stat().st_mode & 0o777 == 0o755
    assert left_behind(checkout) == [own]


def test_a_wrong_checksum_is_refused(releases: Path, tmp_path: Path) -> None:
    """Nothing of it stays, and the Terraform that was there before does."""
    checkout = Checkout(tmp_path)
    own = tools.own_terraform(checkout)
    own.parent.mkdir(parents=True)
    own.write_text("the old one")
    with zipfile.ZipFile(releases / NAME, "a") as packed:
        packed.writestr("extra", "not HashiCorp's")
    with pytest.raises(ToolError, match="is not what HashiCorp published"):
        terraform.download(checkout, releases=releases.as_uri(), machine="linux_amd64")
    assert left_behind(checkout) == [own]
    assert own.read_text() == "the old one"


def test_an_unknown_machine_is_told_so(tmp_path: Path) -> None:
    """There is a pinned checksum or there is no download."""
    with pytest.raises(ToolError, match=r"no Terraform 1\.11\.4 is known for plan9_mips"):
        terraform.download(Checkout(tmp_path), releases="http://unused", machine="plan9_mips")


def test_every_supported_machine_has_a_checksum() -> None:
    """Linux and macOS, on both kinds of processors."""
    machines = {f"{system}_{kind}" for system in ("linux", "darwin") for kind in ("amd64", "arm64")}
    assert set(terraform.SUMS) == machines
    assert all(len(bytes.fromhex(found)) == 32 for found in terraform.SUMS.values())


@pytest.mark.tools
def test_download_over_http(server: str, tmp_path: Path) -> None:
    """The same by HTTP."""
    terraform.download(Checkout(tmp_path), releases=server, machine="linux_amd64")
    assert tools.own_terraform(Checkout(tmp_path)).is_file()


@pytest.mark.tools
@pytest.mark.parametrize(
    ("path", "reason"), [("/short", "ended early"), ("/nothing", "Not Found"), (None, "refused")]
)
def test_a_failed_download_leaves_nothing(
    server: str, tmp_path: Path, path: str | None, reason: str
) -> None:
    """A broken line, a missing file or nobody there: one message, and the way by hand."""
    releases = "http://127.0.0.1:1" if path is None else server + path
    with pytest.raises(ToolError, match=reason) as caught:
        terraform.download(Checkout(tmp_path), releases=releases, machine="linux_amd64")
    assert "https://developer.hashicorp.com/terraform/install" in caught.value.next_step
    assert left_behind(Checkout(tmp_path)) == []


def test_looking_says_which_one_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version and path of the one that is there; else what `setup` would do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    absent = terraform.look(Checkout(tmp_path), FakeRunner())
    assert absent.would == "download 1.11.4 to .slipway/bin/terraform"
    (tmp_path / "terraform").touch(0o755)
    runner = FakeRunner().on(f"{tmp_path}/terraform", '{"terraform_version": "1.12.2"}')
    assert terraform.look(Checkout(tmp_path), runner).found == "1.12.2 at terraform"
