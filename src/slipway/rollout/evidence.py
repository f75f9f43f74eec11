"""What is known about a rollout that did not end well, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StoppedTask:
    """Why one task ended. `exit_code` is the app container's, None if it never ran."""

    id: str
    reason: str
    code: str
    exit_code: int | None
    container_reason: str
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TargetHealth:
    """What the load balancer's check of one target says."""

    state: str
    reason: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that is known about a rollout that did not end well.

    `code` and `message` are CodeDeploy's, `event` is its lifecycle event that failed. `service` and
    `environment` are as the user calls them.
    """

    stopped: tuple[StoppedTask, ...] = ()
    targets: tuple[TargetHealth, ...] = ()
    events: tuple[str, ...] = ()
    rollout_reason: str = ""
    log: tuple[str, ...] = ()
    health_path: str = ""
    port: int = 0
    memory: str = ""
    image: str = ""
    secrets: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    event: str = ""
    service: str = ""
    environment: str = ""

    @property
    def folder(self) -> str:
        """The service's folder with a slash, "" where it isn't known."""
        return f"services/{self.service}/" if self.service else ""

    @property
    def manifest(self) -> str:
        return f"{self.folder}service.toml"

    @property
    def place(self) -> str:
        return self.environment or "ENV"

    @property
    def flags(self) -> str:
        return f"--env={self.place} --service={self.service or 'SERVICE'}"

    def deploy(self, *more: str) -> str:
        """The command that deploys this service."""
        return " ".join(("uv run invoke deploy", self.flags, *more))
