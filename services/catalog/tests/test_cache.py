"""The cache: with a stand-in in memory, and with Redis where CACHE_HOST is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from redis.exceptions import RedisError

from catalog import cache
from catalog.cache import Cache, Signature
from catalog.settings import Settings

Lines = Callable[[str], list[dict[str, Any]]]


class Weather(BaseModel):
    degrees: int


class Other(BaseModel):
    name: str


class InMemory:
    """As much of Redis as is used; `down` makes it fail."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.asked = 0
        self.down = False

    def _ask(self) -> None:
        self.asked += 1
        if self.down:
            raise RedisError("away")

    async def get(self, key: str) -> str | None:
        self._ask()
        return self.values.get(key)

    async def set(self, key: str, value: str, **_: int) -> None:
        self._ask()
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self._ask()
        self.values.pop(key, None)

    async def aclose(self) -> None: ...


def made(settings: Settings) -> Cache:
    return Cache(settings, CollectorRegistry())


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> InMemory:
    """What a cache that is made in this test talks to."""
    found = InMemory()
    monkeypatch.setattr(cache, "connect", lambda _: found)
    return found


@pytest.fixture(params=["in memory", "Redis"])
def settings(request: pytest.FixtureRequest, server: Callable[[str], Settings]) -> Settings:
    """Those of a cache to which `made` leads."""
    if request.param == "Redis":
        return server("CACHE_HOST")
    request.getfixturevalue("redis")
    return Settings()


class Source:
    """Counts how often it is asked."""

    def __init__(self, answer: Weather | None) -> None:
        self.answer = answer
        self.asked = 0

    async def __call__(self) -> Weather | None:
        self.asked += 1
        return self.answer


def run(settings: Settings, story: Callable[[Cache], Awaitable[Any]]) -> None:
    """Play a story with a cache that knows nothing of Paris."""

    async def play() -> None:
        found = made(settings)
        await found.forget("paris")
        await story(found)
        await found.close()

    asyncio.run(play())


def test_a_value_is_made_once(settings: Settings) -> None:
    """Until it is forgotten."""
    source = Source(Weather(degrees=21))

    async def story(found: Cache) -> None:
        for _ in range(3):
            assert await found.read("paris", Weather, source) == Weather(degrees=21)
        assert source.asked == 1
        await found.forget("paris")
        await found.read("paris", Weather, source)
        assert source.asked == 2

    run(settings, story)


def test_what_is_not_there_is_not_kept(settings: Settings) -> None:
    """It may be there a moment later."""
    source = Source(None)

    async def story(found: Cache) -> None:
        for _ in range(2):
            assert await found.read("paris", Weather, source) is None
        assert source.asked == 2

    run(settings, story)


def test_a_value_of_another_version_is_made_anew(settings: Settings) -> None:
    """A deploy may change the fields, and go back."""
    source = Source(Weather(degrees=21))

    async def story(found: Cache) -> None:
        await found.keep("paris", Other(name="old"))
        assert await found.read("paris", Weather, source) == Weather(degrees=21)

    run(settings, story)


def test_a_cache_that_is_away_is_not_missed(
    lines: Lines, redis: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once, left alone for a while, then asked again."""
    source = Source(Weather(degrees=21))

    async def story(found: Cache) -> None:
        redis.down, redis.asked = True, 0
        for _ in range(3):
            assert await found.read("paris", Weather, source) == Weather(degrees=21)
        assert redis.asked == 1
        monkeypatch.setattr(found, "_away_until", 0.001)
        await found.read("paris", Weather, source)
        assert redis.asked == 2
        redis.down = False
        monkeypatch.setattr(found, "_away_until", 0.001)
        await found.read("paris", Weather, source)

    run(Settings(), story)
    assert len(lines("the cache is away; working without it")) == 1
    assert len(lines("the cache is back")) == 1


def test_nobody_there_costs_little(lines: Lines) -> None:
    """The real client, and a port where nothing listens."""
    source = Source(Weather(degrees=21))

    async def story(found: Cache) -> None:
        assert await found.read("paris", Weather, source) == Weather(degrees=21)

    run(Settings(cache_port=1), story)
    assert len(lines("the cache is away; working without it")) == 1


def test_the_password_is_a_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """A presigned request to connect as this user to this cache, good for 15 minutes."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-1")
    username, password = asyncio.run(Signature("pay", "shop-prod").get_credentials_async())
    assert username == "pay"
    parts = urlsplit(f"http://{password}")
    query = parse_qs(parts.query)
    assert (parts.netloc, parts.path) == ("shop-prod", "/")
    assert (query["Action"], query["User"]) == (["connect"], ["pay"])
    assert query["X-Amz-Expires"] == ["900"]
    assert "us-west-1/elasticache/aws4_request" in query["X-Amz-Credential"][0]


@pytest.mark.parametrize(("endpoint", "trusted"), [("", "required"), ("http://a:4566", "none")])
def test_whom_the_connection_trusts(endpoint: str, trusted: str) -> None:
    """Amazon's certificates are checked; the embedded AWS makes its own."""
    settings = Settings(cache_username="pay", cache_name="shop", aws_endpoint_url=endpoint)
    options = cache.connect(settings).connection_pool.connection_kwargs
    assert options["ssl_cert_reqs"] == trusted
