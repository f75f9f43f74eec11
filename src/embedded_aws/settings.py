"""What one instance runs with, and the environment that MiniStack reads at import."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "000000000000"
"""The account of callers whose access key is not itself a 12 digit account id."""

SERVICES = (
    "acm",
    "apigateway",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "ecs-metadata",
    "elasticache",
    "elasticloadbalancing",
    "events",
    "iam",
    "imds",
    "kms",
    "logs",
    "monitoring",
    "rds",
    "s3",
    "scheduler",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "ssm",
    "sts",
    "tagging",
    "wafv2",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One instance: where it listens and where it keeps its state."""

    port: int
    folder: Path
    checkout: Path
    region: str
    contained: str = ""
    """The container that it runs in; empty for a process of this machine."""

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def blobs(self) -> Path:
        return self.folder / "images"

    @property
    def pid_file(self) -> Path:
        """Who runs: its process and port, as JSON."""
        return self.folder / "pid"

    @property
    def held(self) -> Path:
        """Locked for as long as an instance runs on this folder."""
        return self.folder / "held"

    @property
    def registry(self) -> str:
        """Host and port that images are pushed to and pulled from; engines trust loopback."""
        return f"127.0.0.1:{self.port}"


def instance_name(folder: Path) -> str:
    """A name of its own for each state folder, so that no instance touches another's containers.

    Its containers carry the label `ministack.instance` with `<name>:<port>`.
    """
    return "slipway-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]


def environment(settings: Settings) -> Mapping[str, str]:
    """Variables to set before the first import of MiniStack, which reads them then."""
    return {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings.port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_DOCKER_TIMEOUT": "120",
        "MINISTACK_HOSTNAME": instance_name(settings.folder),
        "MINISTACK_REGION": settings.region,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(settings.folder / "s3"),
        "S3_PERSIST": "1",
        "SERVICES": ",".join(SERVICES),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(settings.state),
    }
