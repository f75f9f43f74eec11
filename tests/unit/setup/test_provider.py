from __future__ import annotations

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which

import pytest

from slipway import tools
from slipway.command import Command, command
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from slipway.setup import provider
from slipway.setup.step import Finding
from slipway.testing import FakeRunner, printed

UNREACHABLE = """Initializing provider plugins...

Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider hashicorp/aws:
could not connect to registry.terraform.io

To see which modules are currently depending on hashicorp/aws and what
versions are specified, run the following command:
    terraform providers
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout on a machine that has a Terraform and no provider."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/terraform").touch(0o755)
    stack = tmp_path / "infra/platform"
    stack.mkdir(parents=True)
    (stack / ".terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    )
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(tools, "SHARED_FOLDERS", (tmp_path / "opt",))
    for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    found = Checkout(tmp_path)
    found.work.mkdir()
    return found


def unpack(folder: Path) -> None:
    """What Terraform leaves of the provider in a folder."""
    place = folder / tools.PROVIDER / "5.100.0" / tools.machine()
    place.mkdir(parents=True)
    (place / "terraform-provider-aws_v5.100.0_x5").touch()


def runner(checkout: Checkout, init: object) -> FakeRunner:
    """A Terraform whose `init` does this."""
    binary = checkout.root / "bin/terraform"
    fake = FakeRunner().on(f"{binary} version", '{"terraform_version": "1.11.4"}')
    return fake.on(f"{binary} init", init)  # type: ignore[arg-type]


def test_it_is_downloaded_once_into_a_mirror(checkout: Checkout) -> None:
    """Terraform fetches it against the committed lock file; the folder becomes the mirror."""
    seen: list[str] = []

    def init(command: Command) -> None:
        assert command.cwd
        seen.extend(sorted(path.name for path in command.cwd.iterdir()))
        seen.append((command.cwd / "main.tf").read_text())
        unpack(Path(str(command.env["TF_DATA_DIR"])) / "providers")

    fake = runner(checkout, init)
    assert provider.look(checkout).would == "download 5.100.0 to .slipway/plugins"
    provider.mend(checkout, fake)
    assert seen[:2] == [".terraform.lock.hcl", "main.tf"]
    assert 'version = "5.100.0"' in seen[2]
    assert provider.look(checkout) == Finding(ok=True, found="5.100.0 in .slipway/plugins")
    assert sorted(path.name for path in checkout.work.iterdir()) == ["plugins", "terraform"]


def test_the_users_cache_does_not_make_it_a_link(checkout: Checkout) -> None:
    """With a plugin cache Terraform would only link, and the cache may be emptied."""
    fake = runner(checkout, lambda c: unpack(Path(str(c.env["TF_DATA_DIR"])) / "providers"))
    provider.mend(checkout, fake)
    assert fake.ran[-1].env["TF_PLUGIN_CACHE_DIR"] is None
    assert fake.ran[-1].mutates


def test_a_mirror_at_hand_is_only_named(checkout: Checkout) -> None:
    """No download of 700 MB where the provider is on the machine; Terraform is told of it."""
    unpack(checkout.root / "opt/mirror")
    before = provider.look(checkout)
    assert (before.ok, before.would[:4]) == (False, "name")
    provider.mend(checkout, FakeRunner())
    assert provider.look(checkout).ok
    assert str(checkout.root / "opt/mirror") in tools.cli_config_path(checkout).read_text()


def test_a_registry_out_of_reach_is_one_message(checkout: Checkout) -> None:
    """Terraform's own reason without its frame and its advice; nothing is left behind."""
    with pytest.raises(ToolError) as caught:
        provider.mend(checkout, runner(checkout, printed("", code=1, stderr=UNREACHABLE)))
    assert caught.value.message == (
        "AWS provider 5.100.0: Failed to query available provider packages: Could not retrieve the "
        "list of available versions for provider hashicorp/aws: could not connect to "
        "registry.terraform.io"
    )
    assert "mirror" in caught.value.next_step
    assert list(checkout.work.iterdir()) == []


def test_an_emptied_mirror_is_noticed(checkout: Checkout) -> None:
    """A configuration that names a folder which is gone counts as missing."""
    unpack(checkout.root / "opt/mirror")
    provider.mend(checkout, FakeRunner())
    (checkout.root / "opt/mirror").rename(checkout.root / "elsewhere")
    assert not provider.look(checkout).ok


@pytest.fixture
def real(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real Terraform, without a lock file; skips where there is none."""
    found = which("terraform", path=os.defpath + ":/usr/local/bin")
    if not found:
        pytest.skip("no terraform here")
    (checkout.root / "bin/terraform").unlink()
    (checkout.root / "bin/terraform").symlink_to(found)
    (checkout.infra / "platform/.terraform.lock.hcl").unlink()
    return checkout.root / "bin/terraform"


@pytest.mark.tools
def test_a_packed_mirror_is_unpacked_once(checkout: Checkout, real: Path) -> None:
    """`terraform providers mirror` makes packed mirrors; Terraform finds those by itself."""
    packed = checkout.root / "home/.terraform.d/plugins" / tools.PROVIDER
    packed.mkdir(parents=True)
    archive = packed / f"terraform-provider-aws_5.100.0_{tools.machine()}.zip"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("terraform-provider-aws_v5.100.0_x5", "a program")
    provider.mend(checkout, SubprocessRunner())
    assert provider.look(checkout).found == "5.100.0 in .slipway/plugins"


@pytest.mark.tools
def test_stacks_only_link_the_provider(checkout: Checkout, real: Path) -> None:
    """Several inits at once, each with its own data folder, make no copy of the mirror."""
    unpack(checkout.root / "opt/mirror")
    provider.mend(checkout, SubprocessRunner())

    def init(name: str) -> Path:
        folder = checkout.root / name
        folder.mkdir()
        (folder / "main.tf").write_text(provider.requirement("5.100.0"))
        env = {"TF_DATA_DIR": "data", "TF_CLI_CONFIG_FILE": str(tools.cli_config_path(checkout))}
        words = ("init", "-backend=false", "-input=false")
        SubprocessRunner().run(command(real, *words, cwd=folder, env=env))
        return folder / "data/providers" / tools.PROVIDER / "5.100.0" / tools.machine()

    with ThreadPoolExecutor() as pool:
        made = list(pool.map(init, ("one", "two", "three")))
    assert all(folder.is_symlink() for folder in made)
