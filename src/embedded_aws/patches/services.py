"""Services of our own beside MiniStack's: routed, saved and reset as its own are."""

from __future__ import annotations

from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "app.SERVICE_HANDLERS": None,
    "app.SERVICE_REGISTRY": None,
    "app._lazy_handler": ("module_name",),
    "app._loaded_modules": None,
    "app._registry_state_map": (),
    "app._state_map": None,
    "core.responses.AccountRegionScopedDict": (),
    "core.responses.get_account_id": (),
    "core.responses.get_region": (),
    "core.responses.request_scope": ("account_id", "region"),
    "core.router.SERVICE_PATTERNS": None,
}


def register(name: str, prefix: str, service: Any) -> None:
    """Answer requests whose `X-Amz-Target` begins with `prefix` by `service`.

    It has what MiniStack asks of a service's module: `handle_request`, `get_state`,
    `load_persisted_state` and `reset`. `name` is also that of its state file.
    """
    from ministack import app
    from ministack.core import router

    app._loaded_modules[name] = service
    app.SERVICE_REGISTRY[name] = {"module": name}
    app.SERVICE_HANDLERS[name] = app._lazy_handler(name)
    app._state_map[name] = name
    router.SERVICE_PATTERNS[name] = {"target_prefixes": [prefix], "credential_scope": name}


def enable_lambda() -> None:
    """Answer Lambda's API too, for the hooks of deployments.

    Functions run as processes of this machine with the rights of this one, so nobody gets them
    who did not ask.
    """
    from ministack import app

    app.SERVICE_HANDLERS["lambda"] = app._lazy_handler(app.SERVICE_REGISTRY["lambda"]["module"])


def ecs_service(cluster: str, name: str) -> dict[str, Any] | None:
    """The active ECS service of that name, of the account and region that are set."""
    from ministack.services import ecs

    found = ecs._services.get(f"{ecs._resolve_cluster_name(cluster)}/{name}")
    return found if found and found["status"] == "ACTIVE" else None


def codedeploy_problem(cluster: str, name: str) -> str:
    """Why CodeDeploy can't deploy to a service, or nothing."""
    service = ecs_service(cluster, name)
    if service is None:
        return f"The ECS service {name} in the cluster {cluster} could not be found."
    controller = (service.get("deploymentController") or {}).get("type", "ECS")
    if controller != "CODE_DEPLOY":
        return (
            "Deployment group's ECS service must be configured for a CODE_DEPLOY "
            "deployment controller."
        )
    return ""


def scaling_problem(key: tuple[str, str, str]) -> str:
    """Why Application Auto Scaling can't scale a target, or nothing."""
    if key[0] != "ecs":
        return f"Only targets of the service namespace ecs can be scaled here, not of {key[0]}"
    kind, _, path = key[1].partition("/")
    cluster, _, name = path.partition("/")
    if kind != "service" or ecs_service(cluster, name) is None:
        return f"ECS service doesn't exist: {key[1]}"
    return ""
