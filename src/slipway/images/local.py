"""What a Docker engine tells of an image that it has; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LocalImage:
    """An image that the engine has; `size` in bytes, uncompressed.

    `digest` is that of its registry where it was pulled, else its id. `user` is who it runs as,
    `created` when it was built, to the second.
    """

    id: str
    digest: str
    size: int
    architecture: str
    user: str
    created: datetime

    @property
    def runs_as_root(self) -> bool:
        """Whether its process would be root."""
        return self.user.partition(":")[0] in {"", "0", "root"}


def local_image(reference: str, inspected: Mapping[str, Any]) -> LocalImage:
    """The image that was asked for as `reference`, from the engine's answer."""
    return LocalImage(
        id=inspected["Id"],
        digest=_registry_digest(reference, inspected.get("RepoDigests") or []) or inspected["Id"],
        size=inspected["Size"],
        architecture=inspected["Architecture"],
        user=inspected["Config"].get("User") or "",
        created=datetime.fromisoformat(inspected["Created"][:19] + "+00:00"),
    )


def _registry_digest(reference: str, digests: list[str]) -> str:
    """The digest under the same name as `reference`, however that abbreviates Docker Hub."""
    wanted = _repository(reference)
    pairs = (digest.split("@", 1) for digest in digests)
    return next((digest for name, digest in pairs if _repository(name) == wanted), "")


def _repository(reference: str) -> str:
    path, _, last = reference.partition("@")[0].rpartition("/")
    name = f"{path}/{last.partition(':')[0]}".lstrip("/")
    return name.removeprefix("docker.io/").removeprefix("library/")
