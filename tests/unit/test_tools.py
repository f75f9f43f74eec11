from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway import tools
from slipway.command import Command
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.testing import FakeRunner, printed

AddProgram = Callable[[str], Path]

NO_BUILDX = printed("", code=1, stderr="docker: 'buildx' is not a docker command.")


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AddProgram:
    """Puts programs on a PATH that is empty otherwise: `add("first/docker")`."""
    folders = [tmp_path / "first", tmp_path / "second"]
    monkeypatch.setenv("PATH", ":".join(map(str, folders)))
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    for name in tools.FILE_VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def program(name: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch(0o755)
        return path

    return program


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any Terraform mirror; its home is `home`, its shared folder `opt`."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tools, "SHARED_FOLDERS", (tmp_path / "opt",))
    return tmp_path


def mirror(folder: Path, version: str = "5.100.0", machine: str = "") -> Path:
    """A mirror with the provider unpacked."""
    place = folder / tools.PROVIDER / version / (machine or tools.machine())
    place.mkdir(parents=True)
    (place / f"terraform-provider-aws_v{version}_x5").touch()
    return folder


def lock(root: Path, version: str) -> None:
    """A checkout whose lock file pins the provider."""
    stack = root / "infra" / "service"
    stack.mkdir(parents=True)
    (stack / ".terraform.lock.hcl").write_text(
        f'provider "registry.terraform.io/hashicorp/aws" {{\n  version     = "{version}"\n}}\n'
    )


class TestDockerCli:
    def test_a_later_one_with_buildx_is_taken(self, add: AddProgram) -> None:
        """The first on PATH can't build, so the next that has the plugin is used."""
        first, second = add("first/docker"), add("second/docker")
        runner = (
            FakeRunner()
            .on(f"{first} buildx", NO_BUILDX)
            .on(f"{second} buildx", "github.com/docker/buildx v0.14.0\n")
        )
        assert tools.docker_cli(runner) == tools.DockerCli(second, buildx=True)

    @pytest.mark.parametrize("version", ["18.09.0", "20.10.24+dfsg1", "22.06.0-beta"])
    def test_older_ones_have_buildkit_built_in(self, add: AddProgram, version: str) -> None:
        """Before 23 the plain `docker build` can do it."""
        path = add("first/docker")
        runner = (
            FakeRunner()
            .on(f"{path} buildx", NO_BUILDX)
            .on(f"{path} --version", f"Docker version {version}, build 297e128\n")
        )
        cli = tools.docker_cli(runner)
        assert cli == tools.DockerCli(path, buildx=False)
        assert cli.env["DOCKER_BUILDKIT"] == "1"

    @pytest.mark.parametrize(
        "said",
        ["Docker version 28.2.2, build e6534b4", "Docker version 17.05", "podman version 4.9.3"],
    )
    def test_one_that_cannot_build_is_refused(self, add: AddProgram, said: str) -> None:
        """Without the plugin the message names it; podman's `docker` is none."""
        path = add("first/docker")
        buildah = printed("buildah 1.33.7\n") if "podman" in said else NO_BUILDX
        runner = FakeRunner().on(f"{path} buildx", buildah).on(f"{path} --version", said)
        with pytest.raises(ToolError, match="buildx plugin is missing") as caught:
            tools.docker_cli(runner)
        assert "docker-buildx" in caught.value.next_step

    def test_none_at_all_sends_to_setup(self, add: AddProgram) -> None:
        """The one thing to do is `setup`."""
        with pytest.raises(ToolError, match="not found") as caught:
            tools.docker_cli(FakeRunner())
        assert caught.value.next_step == "uv run invoke setup"

    def test_a_program_that_does_not_start_is_passed_over(self, add: AddProgram) -> None:
        """A docker for another kind of machine on PATH hides no good one."""
        first, second = add("first/docker"), add("second/docker")

        def broken(_: Command) -> str:
            raise ToolError(f"{first}: Exec format error")

        runner = FakeRunner().on(f"{first}", broken).on(f"{second} buildx", "…/docker/buildx 0.13")
        assert tools.docker_cli(runner).path == second


class TestTerraform:
    def test_the_one_on_path_comes_first(self, add: AddProgram, tmp_path: Path) -> None:
        """A Terraform of the user's own is used as it is, if it is new enough."""
        path = add("first/terraform")
        own = tools.own_terraform(Checkout(tmp_path))
        own.parent.mkdir(parents=True)
        own.touch(0o755)
        runner = FakeRunner().on(f"{path} version -json", '{"terraform_version": "1.10.0"}')
        assert tools.terraform(Checkout(tmp_path), runner) == path

    def test_too_old_gives_way_to_the_downloaded_one(self, add: AddProgram, tmp_path: Path) -> None:
        """`.slipway/bin` is the second choice."""
        old = add("first/terraform")
        own = tools.own_terraform(Checkout(tmp_path))
        own.parent.mkdir(parents=True)
        own.touch(0o755)
        runner = (
            FakeRunner()
            .on(f"{old} version", '{"terraform_version": "1.9.8"}')
            .on(f"{own} version", '{"terraform_version": "1.11.4"}')
        )
        assert tools.terraform(Checkout(tmp_path), runner) == own

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ('{"terraform_version": "1.9.8"}', "first/terraform: 1.9.8"),
            ('{"terraform_version": "2.0.0-beta1"}', "first/terraform: 2.0.0"),
            ("no version set; run tfenv use", "first/terraform: does not say its version"),
            ("[]", "first/terraform: does not say its version"),
        ],
    )
    def test_none_that_fits(self, add: AddProgram, tmp_path: Path, said: str, reason: str) -> None:
        """The message says what was tried and what is needed."""
        path = add("first/terraform")
        with pytest.raises(ToolError, match=r"1\.10 or newer, below 2") as caught:
            tools.terraform(Checkout(tmp_path), FakeRunner().on(f"{path} version", said))
        assert reason in caught.value.message
        assert caught.value.next_step == "uv run invoke setup"

    def test_asking_its_version_calls_nobody(self, add: AddProgram) -> None:
        """Terraform's own look for updates would need the network."""
        path = add("first/terraform")
        runner = FakeRunner().on(f"{path}", '{"terraform_version": "1.11.4"}')
        assert tools.terraform_version(path, runner) == (1, 11, 4)
        assert runner.ran[0].env["CHECKPOINT_DISABLE"] == "1"


class TestProviderMirror:
    @pytest.mark.parametrize(
        "place",
        [
            "home/.terraform.d/plugins",
            "home/.local/share/terraform/plugins",
            "home/Library/Application Support/io.terraform/plugins",
            "share/terraform/plugins",
            "opt/anything",
        ],
    )
    def test_usual_places(self, places: Path, place: str) -> None:
        """Where Terraform looks by itself, and where administrators put things."""
        folder = mirror(places / place)
        assert tools.provider_mirror() == folder

    @pytest.mark.parametrize("name", ["named", ".terraformrc"])
    def test_what_the_users_configuration_names(
        self, places: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        """Mirrors and the plugin cache of the CLI configuration come first."""
        mirror(places / "opt/other")
        folder = mirror(places / "theirs")
        path = places / "home" / name
        path.parent.mkdir()
        path.write_text(
            "provider_installation {\n  filesystem_mirror {\n"
            f'    path = "{folder}"\n    include = ["*/*/*"]\n  }}\n  direct {{}}\n}}\n'
        )
        if name == "named":
            monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(path))
        assert tools.provider_mirror() == folder
        path.write_text(f'plugin_cache_dir = "{folder}"\n')
        assert tools.provider_mirror() == folder

    def test_the_shared_cache_variable(self, places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A plugin cache has the layout of a mirror."""
        monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(mirror(places / "cache")))
        assert tools.provider_mirror() == places / "cache"

    def test_the_lock_file_decides_the_version(self, places: Path) -> None:
        """A mirror with another version than the committed one is of no use."""
        lock(places, "5.100.0")
        mirror(places / "opt/newer", "6.1.0")
        assert tools.provider_mirror(Checkout(places)) is None
        folder = mirror(places / "opt/pinned", "5.100.0")
        assert tools.provider_mirror(Checkout(places)) == folder

    def test_our_own_comes_first(self, places: Path) -> None:
        """What `setup` downloaded was verified against the lock file."""
        mirror(places / "opt/other")
        own = mirror(tools.plugins(Checkout(places)))
        assert tools.provider_mirror(Checkout(places)) == own

    def test_packed_and_foreign_ones_do_not_count(self, places: Path) -> None:
        """A zip would be unpacked for every stack; another system's program does not run."""
        packed = places / "opt/packed" / tools.PROVIDER
        packed.mkdir(parents=True)
        (packed / f"terraform-provider-aws_5.100.0_{tools.machine()}.zip").touch()
        mirror(places / "opt/foreign", machine="plan9_mips")
        assert tools.provider_mirror() is None

    def test_the_configuration_for_terraform(self, places: Path) -> None:
        """From the mirror only the provider that it has; everything else as ever."""
        folder = mirror(places / "opt/shared")
        text = tools.cli_config(Checkout(places))
        assert f"path    = {json.dumps(str(folder))}" in text
        assert 'include = ["registry.terraform.io/hashicorp/aws"]' in text
        assert 'exclude = ["registry.terraform.io/hashicorp/aws"]' in text

    def test_without_a_mirror_terraform_asks_the_registry(self, places: Path) -> None:
        """The configuration is valid in any case."""
        assert tools.cli_config(Checkout(places)) == "provider_installation {\n  direct {}\n}\n"


class TestBrokenVariables:
    def test_missing_files_are_named_and_kept_from_children(
        self, add: AddProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """One that names something that exists is left alone, and so is an empty one."""
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nowhere/terraformrc")
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        monkeypatch.setenv("AWS_CA_BUNDLE", "")
        assert tools.broken_variables() == {"TF_CLI_CONFIG_FILE": "/nowhere/terraformrc"}
        assert tools.child_env() == {"TF_CLI_CONFIG_FILE": None}

    def test_ca_bundle(
        self, add: AddProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Only a file that is there goes into builds."""
        assert tools.ca_bundle() is None
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert tools.ca_bundle() is None
        (tmp_path / "ca.pem").touch()
        assert tools.ca_bundle() == tmp_path / "ca.pem"


class TestUv:
    def test_the_one_that_runs_us(self, add: AddProgram, monkeypatch: pytest.MonkeyPatch) -> None:
        """`uv run` says where it is; PATH is the second choice, and none an error."""
        monkeypatch.setenv("UV", str(add("elsewhere")))
        with_variable = tools.uv()
        monkeypatch.delenv("UV")
        with pytest.raises(ToolError, match="uv: not found"):
            tools.uv()
        on_path = add("second/uv")
        assert (with_variable.name, tools.uv()) == ("elsewhere", on_path)


def test_a_program_is_listed_once(add: AddProgram, tmp_path: Path) -> None:
    """Two names of one file are one program; what can't be executed is none."""
    path = add("first/tool")
    (tmp_path / "second").mkdir()
    (tmp_path / "second/tool").symlink_to(path)
    (tmp_path / "second/data").touch(0o644)
    assert tools.executables("tool") == [path]
    assert tools.executables("data") == []


@pytest.mark.parametrize(
    ("system", "kind", "name"),
    [
        ("linux", "x86_64", "linux_amd64"),
        ("linux", "aarch64", "linux_arm64"),
        ("darwin", "arm64", "darwin_arm64"),
    ],
)
def test_machine(monkeypatch: pytest.MonkeyPatch, system: str, kind: str, name: str) -> None:
    """Machines are called as in HashiCorp's file names."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: kind)
    assert tools.machine() == name
