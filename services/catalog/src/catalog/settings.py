"""What the environment decides, checked once at start."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog import keys

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

LOCAL = ("development", "local")
"""Environments of one's own machine."""


def _prefix(path: str) -> str:
    """A route prefix without its closing slash, so that "/" becomes ""."""
    if path and not path.startswith("/"):
        raise ValueError("must be empty or start with a slash")
    return path.rstrip("/")


class Settings(BaseSettings):
    """Each field is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True)

    service_name: str = "catalog"
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

    greeter_url: str = "http://127.0.0.1:8001"
    """Where the service greeter answers; the platform hands it over, as `needs` names it."""

    database_host: str = "127.0.0.1"
    database_port: int = Field(default=5432, ge=1, le=65535)
    database_name: str = "catalog"
    database_username: str = "catalog"
    database_password: SecretStr = SecretStr("")
    database_pool: int = Field(default=10, ge=1)
    """Connections of one task; times the most tasks it must be less than the server has."""

    cache_host: str = "127.0.0.1"
    cache_port: int = Field(default=6379, ge=1, le=65535)
    cache_prefix: str = "catalog:"
    cache_username: str = ""
    """Empty: the cache asks nobody and speaks plain text."""
    cache_name: str = ""
    cache_seconds: int = Field(default=60, ge=1)
    """How long a value is kept."""

    jwt_keys: SecretStr = SecretStr("")
    """A JSON Web Key Set (RFC 7517): several keys while one takes over from another."""
    jwt_audience: str = "catalog"
    jwt_issuer: str = ""
    """Whose tokens are taken; empty: whoever has a key."""

    @field_validator("jwt_keys")
    @classmethod
    def _keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        """Refuse what is no key set, and outside of one's own machine the key that is no secret."""
        known = keys.parse(value.get_secret_value())
        here = info.data.get("environment") in LOCAL or info.data.get("aws_endpoint_url")
        if keys.DEVELOPMENT in known and not here:
            raise ValueError(f"the key {keys.DEVELOPMENT!r} is in git, and no secret")
        return value

    @property
    def is_local(self) -> bool:
        """Whether this is one's own machine."""
        return self.environment in LOCAL


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
