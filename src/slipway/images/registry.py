"""What the registry (ECR) knows about images, and its password."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.aws import calls
from slipway.errors import BuildError

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An image in the registry; `size` in bytes, compressed, as a task pulls it."""

    digest: str
    size: int | None


def uri(ecr: ECRClient, repository: str) -> str:
    """Host and path of the repository of that name; "" where the registry has none."""
    with calls(f"looking for the repository {repository}"):
        try:
            answer = ecr.describe_repositories(repositoryNames=[repository])
        except ecr.exceptions.RepositoryNotFoundException:
            return ""
    return answer["repositories"][0]["repositoryUri"]


def find(ecr: ECRClient, repository: str, tag: str) -> Stored | None:
    """The image of that tag; None where the registry has none. `repository` with its host."""
    name = repository.partition("/")[2]
    with calls(f"looking for {repository}:{tag}"):
        try:
            answer = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
        except ecr.exceptions.ImageNotFoundException:
            return None
        except ecr.exceptions.RepositoryNotFoundException as error:
            raise BuildError(
                f"the registry has no repository {name}",
                next_step="apply the registry stack: uv run invoke deploy --env=ENV",
            ) from error
    details = answer["imageDetails"]
    if not details:
        return None
    return Stored(digest=details[0]["imageDigest"], size=details[0].get("imageSizeInBytes"))


def password(ecr: ECRClient) -> str:
    """A password for `docker login`, good for 12 hours."""
    with calls("asking the registry for a password"):
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().partition(":")[2]
