"""The cache: faster where it answers, and never missed where it doesn't.

After a failure it is left alone for a while, so that a cache that is away costs one request its
time limit, and not all of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError

from catalog import logs
from catalog.settings import Settings

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 0.25
PAUSE_SECONDS = 5.0
"""How long a cache that failed is not asked again."""

log = logs.get(__name__)
T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


class Cache:
    """One application's cache; what it keeps is of the type that it is read as."""

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._redis = connect(settings)
        self._away_until = 0.0
        self._requests = Counter(
            "cache_requests", "Reads by their result", ("result",), registry=registry
        )

    async def read(
        self, key: str, kind: type[Model], make: Callable[[], Awaitable[Model | None]]
    ) -> Model | None:
        """What is kept under `key`, else what `make` gives, which is kept unless it is None."""
        found = await self._ask(lambda: self._redis.get(self._settings.cache_prefix + key))
        if found is not None:
            try:
                value = kind.model_validate_json(found)
            except ValidationError:  # of a version with other fields
                log.info("cached value is of another form", key=key)
            else:
                self._requests.labels("hit").inc()
                return value
        self._requests.labels("away" if self._away_until else "miss").inc()
        made = await make()
        if made is not None:
            await self.keep(key, made)
        return made

    async def keep(self, key: str, value: BaseModel) -> None:
        """Keep a value for as long as the settings say."""
        name, text = self._settings.cache_prefix + key, value.model_dump_json()
        await self._ask(lambda: self._redis.set(name, text, ex=self._settings.cache_seconds))

    async def forget(self, key: str) -> None:
        """Keep it no longer; where the cache is away it is gone when its time is over."""
        await self._ask(lambda: self._redis.delete(self._settings.cache_prefix + key))

    async def ping(self) -> None:
        """Raise when it does not answer."""
        await self._redis.ping()

    async def close(self) -> None:
        """Leave no connection behind."""
        await self._redis.aclose()

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            answer = await call()
        except (RedisError, OSError) as error:
            self._tell("the cache is away; working without it", error)
            self._away_until = time.monotonic() + PAUSE_SECONDS
            return None
        if self._away_until:
            log.info("the cache is back")
            self._away_until = 0.0
        return answer

    def _tell(self, event: str, error: Exception) -> None:
        if not self._away_until:
            log.warning(event, error=f"{type(error).__name__}: {error}")


def connect(settings: Settings) -> Redis:
    """A client that opens its connections when it first needs them."""
    options: dict[str, Any] = {}
    if settings.cache_username:
        provider = Signature(settings.cache_username, settings.cache_name)
        # The embedded AWS vouches for itself.
        trusted = "none" if settings.aws_endpoint_url else "required"
        options = {"ssl": True, "ssl_cert_reqs": trusted, "credential_provider": provider}
    return Redis(
        host=settings.cache_host,
        port=settings.cache_port,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        # Once more, for a connection that was closed while nobody used it.
        retry=Retry(NoBackoff(), 1),
        **options,
    )


class Signature(CredentialProvider):
    """Signs in by the task's role: the password is a signature, good for 15 minutes."""

    def __init__(self, username: str, cache: str) -> None:
        self._username = username
        self._cache = cache

    def get_credentials(self) -> tuple[str, str]:
        """User and password for a new connection."""
        import botocore.session
        from botocore.model import ServiceId
        from botocore.signers import RequestSigner

        session = botocore.session.get_session()
        region = session.get_config_variable("region")
        signer = RequestSigner(
            ServiceId("elasticache"),
            region,
            "elasticache",
            "v4",
            session.get_credentials(),
            session.get_component("event_emitter"),
        )
        request = {
            "method": "GET",
            "url": f"http://{self._cache}/?Action=connect&User={self._username}",
            "body": {},
            "headers": {},
            "context": {},
        }
        signed = signer.generate_presigned_url(
            request, operation_name="connect", expires_in=900, region_name=region
        )
        return self._username, str(signed).removeprefix("http://")

    async def get_credentials_async(self) -> tuple[str, str]:
        """The same off the event loop: the role's keys may have to be fetched."""
        return await asyncio.to_thread(self.get_credentials)


def of(request: Request) -> Cache:
    """The application's cache."""
    found: Cache = request.app.state.cache
    return found


Caching = Annotated[Cache, Depends(of)]
