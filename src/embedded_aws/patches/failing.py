"""ECS: tasks that get no secret, where a rehearsal wants it so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.patches import Symbols

if TYPE_CHECKING:
    from embedded_aws.faults import Faults

SYMBOLS: Symbols = {
    "services.ecs._SecretResolutionError": None,
    "services.ecs._resolve_container_secrets": ("cdef",),
}


def apply(faults: Faults) -> None:
    """Patch what reads the secrets of a task that starts."""
    from ministack.services import ecs

    theirs = ecs._resolve_container_secrets

    def resolve(cdef: Any) -> Any:
        problem = faults.secret_problem() if cdef.get("secrets") else ""
        if problem:
            raise ecs._SecretResolutionError(problem)
        return theirs(cdef)

    ecs._resolve_container_secrets = resolve
