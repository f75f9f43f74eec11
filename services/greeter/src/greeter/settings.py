"""What the environment decides, checked once at start."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def _prefix(path: str) -> str:
    """A route prefix without its closing slash, so that "/" becomes ""."""
    if path and not path.startswith("/"):
        raise ValueError("must be empty or start with a slash")
    return path.rstrip("/")


class Settings(BaseSettings):
    """Each field is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True)

    service_name: str = "greeter"
    service_version: str = "dev"
    environment: str = "development"
    aws_endpoint_url: str = ""
    """Where AWS is, unless it is Amazon's own: on the embedded AWS, in rehearsals as well."""
    port: int = Field(default=8000, ge=1, le=65535)
    route_path: Annotated[str, AfterValidator(_prefix)] = ""
    log_level: Level = "INFO"

    drain_seconds: float = Field(default=5, ge=0, le=60)
    """Time to keep serving after TERM, until no load balancer sends requests here any more."""
    graceful_seconds: int = Field(default=30, ge=1, le=100)
    """Time that requests in flight get after that."""
    keep_alive_seconds: int = Field(default=75, ge=1)
    """Longer than the load balancer's idle timeout (60 s), or it meets closed connections."""

    request_seconds: float = Field(default=25, gt=0)
    """Time in which an answer has to begin; less than `graceful_seconds`, or the end cuts it."""
    body_bytes: int = Field(default=1_048_576, ge=0)
    """The largest body of a request."""

    greeting: str = "Hello"


def load() -> Settings:
    """The settings; the program ends with code 2 where some are wrong."""
    try:
        return Settings()
    except ValidationError as error:
        print(problems(error), file=sys.stderr)
        raise SystemExit(2) from None


def problems(error: ValidationError) -> str:
    """Each wrong environment variable on a line, without the value, which may be a secret."""
    wrong = (f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
    return "\n".join(wrong)
