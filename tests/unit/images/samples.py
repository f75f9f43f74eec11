"""A service and a plan to test with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slipway.config import Deploy, Health, Route, Scale, Service
from slipway.images.plan import ContextFile, ImagePlan, Source, plan_image

REPOSITORY = "localhost:4566/shop/greeter"


def make_service(**changed: Any) -> Service:
    values: dict[str, Any] = {
        "name": "greeter",
        "folder": Path("/checkout/services/greeter"),
        "port": 8000,
        "python": "3.13",
        "cpu": 256,
        "memory": 512,
        "architecture": "x86_64",
        "stop_timeout": 45,
        "health": Health(path="/health", interval=30, timeout=5, healthy=2, unhealthy=2, grace=30),
        "route": Route(path="/greeter", host="", priority=100),
        "scale": Scale(min=1, max=4, cpu=70, memory=80, requests=1000),
        "deploy": Deploy(
            strategy="rolling", timeout=900, minimum_healthy_percent=100, maximum_percent=200
        ),
        "env": {"GREETING": "Hello"},
    }
    return Service(**values | changed)


def make_plan(service: Service | None = None, folder: Path | None = None) -> ImagePlan:
    wanted = service or make_service()
    source = Source(
        folder=folder or wanted.folder,
        files=(ContextFile(path="Dockerfile", kind="file", digest="aa"),),
        dockerfile="FROM python:3.13-slim-trixie",
        revision="c0ffee",
        dirty=False,
    )
    bases = {"python:3.13-slim-trixie": "sha256:bb"}
    return plan_image(wanted, source, repository=REPOSITORY, bases=bases, environment="local")
