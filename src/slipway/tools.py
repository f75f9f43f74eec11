"""The programs and files of this machine that Slipway uses: looks for them, changes nothing."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.command import command
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Runner

Version = tuple[int, ...]

TERRAFORM_FROM: Version = (1, 10)
TERRAFORM_BELOW: Version = (2,)
BUILDKIT_BUILT_IN: tuple[Version, Version] = ((18, 9), (23,))
"""Docker CLIs from the first to below the second build with BuildKit without a plugin."""

SYSTEM_FOLDERS = tuple(map(Path, ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")))
SHARED_FOLDERS = (Path("/opt"), Path("/srv"))
"""Where administrators put things for everybody; a mirror may be a folder in them."""

PROVIDER = Path("registry.terraform.io/hashicorp/aws")
SETUP = "uv run invoke setup"

FILE_VARIABLES = (
    "TF_CLI_CONFIG_FILE",
    "TF_PLUGIN_CACHE_DIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
)
"""Variables that name a file or folder, and break a child process where it is missing.

AWS's own files (AWS_CONFIG_FILE and the like) are not among them: without one that is named, the
tools would act as somebody else.
"""


@dataclass(frozen=True)
class DockerCli:
    """A docker command line that can build with BuildKit; by the buildx plugin, or by itself."""

    path: Path
    buildx: bool

    @property
    def env(self) -> dict[str, str | None]:
        """What its commands need in their environment."""
        return {**child_env(), "DOCKER_BUILDKIT": "1"}


def docker_cli(runner: Runner) -> DockerCli:
    """The first docker command line that can build with BuildKit; `ToolError` if there is none."""
    found = executables("docker")
    for path in found:
        if _has_buildx(path, runner):
            return DockerCli(path, buildx=True)
    for path in found:
        if _is_between(_docker_version(path, runner), *BUILDKIT_BUILT_IN):
            return DockerCli(path, buildx=False)
    if not found:
        raise ToolError("docker: not found", next_step=SETUP)
    raise ToolError(
        f"{found[0]}: can't build with BuildKit: the buildx plugin is missing",
        next_step=f"{SETUP} (Debian, Ubuntu), or install the plugin: docker-buildx-plugin from "
        "Docker's own packages, or brew install docker-buildx",
    )


def terraform(checkout: Checkout, runner: Runner) -> Path:
    """Terraform 1.10 or newer, below 2: from PATH, else the one that `setup` downloaded."""
    tried: list[str] = []
    for path in terraform_candidates(checkout):
        version = terraform_version(path, runner)
        if _is_between(version, TERRAFORM_FROM, TERRAFORM_BELOW):
            return path
        said = ".".join(map(str, version)) if version else "does not say its version"
        tried.append(f"{checkout.shown(path)}: {said}")
    reason = f"no usable one ({'; '.join(tried)})" if tried else "not found"
    raise ToolError(f"terraform: {reason}; needed: 1.10 or newer, below 2", next_step=SETUP)


def terraform_candidates(checkout: Checkout) -> list[Path]:
    """Every Terraform, the one on PATH first, the downloaded one last."""
    own = own_terraform(checkout)
    return [*executables("terraform"), *([own] if _is_executable(own) else [])]


def own_terraform(checkout: Checkout) -> Path:
    """Where `setup` puts the Terraform that it downloads."""
    return checkout.work / "bin" / "terraform"


def terraform_version(path: Path, runner: Runner) -> Version | None:
    """What this Terraform says it is; None where it says nothing usable."""
    said = _ask(runner, path, "version", "-json")
    try:
        return parse_version(json.loads(said)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return None


def uv() -> Path:
    """The uv that runs us, else the one on PATH."""
    running = os.environ.get("UV", "")
    if running and _is_executable(Path(running)):
        return Path(running)
    for path in executables("uv"):
        return path
    raise ToolError("uv: not found", next_step="pip install uv")


def provider_version(checkout: Checkout) -> str | None:
    """The version of the AWS provider in the committed lock files; None where there is none."""
    for lock in sorted(checkout.infra.glob("*/.terraform.lock.hcl")):
        block = re.search(rf'provider "{PROVIDER}" {{\s*version\s*=\s*"([^"]+)"', lock.read_text())
        if block:
            return block[1]
    return None


def provider_mirror(checkout: Checkout | None = None) -> Path | None:
    """A folder with the AWS provider unpacked, usable as Terraform's `filesystem_mirror`.

    With a checkout, the one that `setup` filled counts too, and the version is that of its lock
    files. Packed mirrors don't count: Terraform would unpack 700 MB of them for every stack.
    """
    version = provider_version(checkout) if checkout else None
    own = [plugins(checkout)] if checkout else []
    for folder in (*own, *mirror_places()):
        if holds_provider(folder, version):
            return folder
    return None


def plugins(checkout: Checkout) -> Path:
    """Where `setup` puts the provider that it downloads, as a mirror for all stacks."""
    return checkout.work / "plugins"


def holds_provider(folder: Path, version: str | None) -> bool:
    """Whether `folder` is a mirror with the AWS provider, unpacked, for this kind of machine."""
    pattern = f"{version or '*'}/{machine()}/terraform-provider-aws*"
    try:
        return any((folder / PROVIDER).glob(pattern))
    except OSError:
        # A folder that we may not read holds nothing for us.
        return False


def mirror_places() -> Iterator[Path]:
    """Where mirrors usually are: as Terraform is told, where it looks by itself, shared folders."""
    own = home()
    yield from _configured_places(cli_configuration())
    cache = os.environ.get("TF_PLUGIN_CACHE_DIR")
    if cache:
        yield Path(cache)
    yield own / ".terraform.d" / "plugins"
    yield own / "Library" / "Application Support" / "io.terraform" / "plugins"
    yield Path(os.environ.get("XDG_DATA_HOME") or own / ".local/share") / "terraform/plugins"
    for folder in (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":"):
        yield Path(folder) / "terraform" / "plugins"
    for shared in SHARED_FOLDERS:
        yield from sorted(shared.glob("*/"))


def cli_configuration() -> Path | None:
    """The user's own Terraform CLI configuration, if it exists."""
    named = os.environ.get("TF_CLI_CONFIG_FILE")
    path = Path(named) if named else home() / ".terraformrc"
    return path if path.is_file() else None


def cli_config(checkout: Checkout) -> str:
    """The CLI configuration that tells Terraform where the AWS provider is.

    From a mirror Terraform only links the provider, so that all stacks share one copy and any
    number of inits may run at once; its plugin cache can't do that, and is not used.
    """
    mirror = provider_mirror(checkout)
    if mirror is None:
        return "provider_installation {\n  direct {}\n}\n"
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path    = {json.dumps(str(mirror.resolve()))}\n"
        f'    include = ["{PROVIDER}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{PROVIDER}"]\n'
        "  }\n"
        "}\n"
    )


def cli_config_path(checkout: Checkout) -> Path:
    """Where that configuration is kept; for TF_CLI_CONFIG_FILE."""
    return checkout.work / "terraform" / "cli.tfrc"


def broken_variables() -> Mapping[str, str]:
    """Environment variables that name a missing file or folder, with what they name."""
    named = {name: os.environ.get(name, "") for name in FILE_VARIABLES}
    return {name: path for name, path in named.items() if path and not Path(path).exists()}


def child_env() -> dict[str, str | None]:
    """An overlay for children's environments that keeps broken variables from them."""
    return dict.fromkeys(broken_variables())


def ca_bundle() -> Path | None:
    """The CA bundle that SSL_CERT_FILE names, if it exists."""
    named = os.environ.get("SSL_CERT_FILE", "")
    return Path(named) if named and Path(named).is_file() else None


def executables(name: str, *, also: Sequence[Path] = ()) -> list[Path]:
    """Every program of that name, on PATH, in the system's folders and in `also`, each once."""
    on_path = (Path(folder) for folder in os.get_exec_path() if folder)
    paths = [folder / name for folder in (*on_path, *SYSTEM_FOLDERS, *also)]
    by_target = {path.resolve(): path for path in reversed(paths) if _is_executable(path)}
    return sorted(by_target.values(), key=paths.index)


def home() -> Path:
    """The user's home folder; the root folder where there is none."""
    # Not Path.home(): it raises where HOME is unset and the user has no entry.
    return Path(os.environ.get("HOME") or "/")


def parse_version(text: str) -> Version | None:
    """The first dotted number in `text`: "Docker version 20.10.24+dfsg1" is (20, 10, 24)."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(map(int, found[0].split("."))) if found else None


def machine() -> str:
    """This kind of machine as HashiCorp names it, like linux_amd64."""
    kinds = {"x86_64": "amd64", "aarch64": "arm64"}
    kind = platform.machine().lower()
    return f"{sys.platform}_{kinds.get(kind, kind)}"


def _configured_places(configuration: Path | None) -> Iterator[Path]:
    """The folders that a CLI configuration names as mirror or plugin cache."""
    text = configuration.read_text(errors="replace") if configuration else ""
    for mirror in re.finditer(r"filesystem_mirror\s*{([^}]*)}", text):
        yield from map(Path, re.findall(r'^\s*path\s*=\s*"([^"]+)"', mirror[1], re.MULTILINE))
    yield from map(Path, re.findall(r'^\s*plugin_cache_dir\s*=\s*"([^"]+)"', text, re.MULTILINE))


def _has_buildx(path: Path, runner: Runner) -> bool:
    # podman's docker answers too, with the version of buildah.
    return "buildx" in _ask(runner, path, "buildx", "version")


def _docker_version(path: Path, runner: Runner) -> Version | None:
    return parse_version(_ask(runner, path, "--version"))


def _ask(runner: Runner, *argv: str | Path) -> str:
    """What a program prints; nothing where it fails or can't even be started."""
    env = {**child_env(), "CHECKPOINT_DISABLE": "1"}
    try:
        result = runner.run(command(*argv, env=env), check=False)
    except ToolError:
        return ""
    return result.stdout if result.code == 0 else ""


def _is_between(version: Version | None, first: Version, below: Version) -> bool:
    return version is not None and first <= version < below


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
