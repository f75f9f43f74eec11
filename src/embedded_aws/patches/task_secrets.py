"""ECS: AWS's words for a secret that a container can't have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "services.ecs._SecretResolutionError": None,
    "services.ecs._resolve_container_secrets": ("cdef",),
}
"""`services.secretsmanager._resolve` is among those of `secrets`."""


def apply() -> None:
    """Patch how the secrets of a container are found."""
    from ministack.services import ecs

    from embedded_aws.ecs import words

    resolve = ecs._resolve_container_secrets

    def resolve_container_secrets(cdef: Mapping[str, Any]) -> Any:
        try:
            return resolve(cdef)
        except ecs._SecretResolutionError as error:
            wanted = words.wanted_secret(str(error))
            raise ecs._SecretResolutionError(words.secret_failure(wanted, _gone(wanted))) from error

    ecs._resolve_container_secrets = resolve_container_secrets


def _gone(wanted: Any) -> str:
    """What Secrets Manager says of the secret itself."""
    from ministack.services import secretsmanager

    from embedded_aws.ecs import words

    _, secret = secretsmanager._resolve(wanted.arn, use_arn_scope=True)
    if not secret:
        return words.GONE
    return words.DELETED if secret.get("DeletedDate") else words.EMPTY
