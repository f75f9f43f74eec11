"""What to build: the content hash that names an image, and all that a build needs; pure."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from slipway.config import Service

Kind = Literal["file", "executable", "link"]
Stage = Literal["test", "runtime"]

PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
DEBIAN = {"3.11": "bookworm"}
"""Python version -> Debian release whose own Python it is; the default is trixie."""

DEVELOPMENT = "development"
"""The `ENVIRONMENT` of a service that runs with the values of a developer's machine."""

TAG_LENGTH = 16
START_TIMEOUT = 60
"""Seconds that an image gets to answer for the first time; it needs about 1 on a quiet machine."""

CHECK = "--check"
"""The word by which a job only looks whether it could run; appended to its command."""

# Raise it whenever the same content has to give another image.
_SCHEME = 1


@dataclass(frozen=True, kw_only=True)
class ContextFile:
    """A file of the build context: `path` with slashes, SHA-256 of its bytes (or link target)."""

    path: str
    kind: Kind
    digest: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """A service's folder as it is now, uncommitted edits included.

    `revision` is the commit it is based on ("" before the first one); `dirty` says that it differs
    from that commit. `changed` is when it did so last, in seconds since the epoch.
    """

    folder: Path
    files: tuple[ContextFile, ...]
    dockerfile: str
    revision: str
    dirty: bool
    changed: int


@dataclass(frozen=True, kw_only=True)
class Ask:
    """How to find out whether an image starts: `memory` in MiB, `timeout` in s.

    It is asked for `path`; where there is a `command`, that is run and has to end with 0.
    """

    port: int
    path: str
    env: Mapping[str, str] = field(default_factory=dict)
    memory: int = 512
    timeout: int = START_TIMEOUT
    command: tuple[str, ...] = ()

    @property
    def what(self) -> tuple[object, ...]:
        """What an image that passes has shown."""
        return self.port, self.path, *self.command

    @property
    def told(self) -> str:
        """What is done to find out, after "would"."""
        return f"run {shlex.join(self.command)}" if self.command else f"ask it for {self.path}"


@dataclass(frozen=True, kw_only=True)
class ImagePlan:
    """One image: where it comes from, what it is called, how to build and how to ask it.

    `bases` maps each image named by a `FROM` to its digest; `build_args` leaves out `VERSION`,
    which is the tag and so can't take part in it.
    """

    service: str
    source: Source
    dockerfile: str
    repository: str
    tag: str
    build_args: Mapping[str, str]
    bases: Mapping[str, str]
    platform: str
    ask: Ask

    @property
    def reference(self) -> str:
        """What the image is pushed as."""
        return f"{self.repository}:{self.tag}"

    @property
    def dirty(self) -> bool:
        """Whether uncommitted changes are in it; protected environments refuse those."""
        return self.source.dirty


def plan_image(
    service: Service,
    source: Source,
    *,
    repository: str,
    bases: Mapping[str, str],
    environment: str,
    local: Mapping[str, str] | None = None,
) -> ImagePlan:
    """The plan for one service, from what its folder and its base images are now.

    `local` are its values for this machine, which its trial start gets.
    """
    arguments = build_args(service)
    platform = PLATFORMS[service.architecture]
    ask = _ask(service, environment, local or {})
    tag = content_tag(
        source.files, build_args=arguments, platform=platform, bases=bases, asked=ask.what
    )
    return ImagePlan(
        service=service.name,
        source=source,
        dockerfile="Dockerfile",
        repository=repository,
        tag=tag,
        build_args=arguments,
        bases=bases,
        platform=platform,
        ask=ask,
    )


def build_args(service: Service) -> dict[str, str]:
    """The build arguments that decide what is in the image."""
    return {"PYTHON_VERSION": service.python, "DEBIAN": DEBIAN.get(service.python, "trixie")}


def content_tag(
    files: Sequence[ContextFile],
    *,
    build_args: Mapping[str, str],
    platform: str,
    bases: Mapping[str, str],
    asked: Sequence[object],
) -> str:
    """The name of an image: the same wherever and whenever the same things go into it.

    `asked` is what it had to answer before it was pushed: an image that the registry has is not
    started again, and a service whose health path moves must not be found to lack it by ECS.
    """
    inputs = {
        "scheme": _SCHEME,
        "files": sorted([file.path, file.kind, file.digest] for file in files),
        "build_args": dict(build_args),
        "platform": platform,
        "bases": dict(bases),
        "asked": list(asked),
    }
    canonical = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:TAG_LENGTH]


def base_images(dockerfile: str, build_args: Mapping[str, str]) -> tuple[str, ...]:
    """The images that the `FROM` lines of a Dockerfile name, in order, without its own stages."""
    values: dict[str, str] = {}
    stages = {"scratch"}
    found: list[str] = []
    for words in _instructions(dockerfile):
        if words[0].upper() == "ARG" and not found:
            values |= _arguments(words[1:], values, build_args)
        if words[0].upper() == "FROM":
            image, name = _from(words[1:], values)
            if image.lower() not in stages and image not in found:
                found.append(image)
            stages.add(name.lower())
    return tuple(found)


def _ask(service: Service, environment: str, local: Mapping[str, str]) -> Ask:
    own = {
        "SERVICE_NAME": service.name,
        # A service may refuse the values of a developer's machine anywhere else.
        "ENVIRONMENT": DEVELOPMENT if local else environment,
    }
    if not service.serves:
        first = next(iter(service.jobs.values()))
        command = (*first.command, CHECK)
        memory = first.memory or service.memory
        return Ask(
            port=0, path="", env={**own, **service.env, **local}, memory=memory, command=command
        )
    own |= {"PORT": str(service.port), "ROUTE_PATH": service.route.path.rstrip("/")}
    return Ask(
        port=service.port,
        path=service.health.path,
        env={**own, **service.env, **local},
        memory=service.memory,
        timeout=max(START_TIMEOUT, service.health.grace),
    )


def _instructions(dockerfile: str) -> list[list[str]]:
    """The words of each ARG and FROM instruction, continued lines joined."""
    joined = re.sub(r"\\[ \t]*\n", " ", dockerfile)
    lines = (line.split() for line in joined.splitlines())
    return [words for words in lines if words and words[0].upper() in {"ARG", "FROM"}]


def _arguments(
    words: Sequence[str], values: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """What an ARG line defines; what the build passes is stronger than the default."""
    pairs = (word.partition("=") for word in words)
    return {
        name: given.get(name, _expand(default.strip("'\""), values)) for name, _, default in pairs
    }


def _from(words: Sequence[str], values: Mapping[str, str]) -> tuple[str, str]:
    """(image, name of the stage) of a FROM line's words."""
    plain = [word for word in words if not word.startswith("--")]
    name = plain[2] if len(plain) > 2 and plain[1].upper() == "AS" else ""
    return _expand(plain[0], values) if plain else "", name


def _expand(text: str, values: Mapping[str, str]) -> str:
    """`text` with $NAME, ${NAME} and ${NAME:-default} filled in."""

    def fill(match: re.Match[str]) -> str:
        return values.get(match["name"] or match["bare"]) or match["default"] or ""

    pattern = r"\$(?:\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}|(?P<bare>\w+))"
    return re.sub(pattern, fill, text)
