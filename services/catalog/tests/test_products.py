"""Products over HTTP: with a stand-in in memory, and with PostgreSQL where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shop import BREAD, InMemory
from sqlalchemy import text

from catalog import database, migrate, products
from catalog.app import create_app
from catalog.settings import Settings


async def emptied(settings: Settings) -> None:
    """Bring the database up to date, without any product."""
    await migrate.migrate(settings, {})
    engine = database.engine(settings)
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE products"))
    await engine.dispose()


@pytest.fixture(params=["in memory", "PostgreSQL"])
def shop(
    request: pytest.FixtureRequest, server: Callable[[str], Settings], headers: dict[str, str]
) -> Iterator[TestClient]:
    """An application without products."""
    if request.param == "PostgreSQL":
        settings = server("DATABASE_HOST")
        asyncio.run(emptied(settings))
        app = create_app(settings)
    else:
        app, kept = create_app(Settings()), InMemory()
        app.dependency_overrides[products.stored] = lambda: kept
    with TestClient(app, headers=headers) as client:
        yield client


def filled(shop: TestClient, number: int) -> list[int]:
    """The keys of so many products, taken in one after the other."""
    bodies = ({**BREAD, "sku": f"BREAD-{each}"} for each in range(number))
    return [shop.post("/v1/products", json=body).json()["id"] for body in bodies]


def test_a_product_is_kept(shop: TestClient) -> None:
    """What was taken in can be read, until it is taken out."""
    made = shop.post("/v1/products", json=BREAD)
    assert made.status_code == 201
    product = made.json()
    assert {key: product[key] for key in BREAD} == BREAD
    place = f"/v1/products/{product['id']}"
    assert shop.get(place).json() == product
    assert shop.delete(place).status_code == 204
    assert shop.get(place).status_code == 404
    assert shop.delete(place).json()["detail"] == "there is no such product"


def test_a_number_is_taken_once(shop: TestClient) -> None:
    """The second product of that number is refused, and the first stays as it is."""
    filled(shop, 1)
    again = shop.post("/v1/products", json={**BREAD, "sku": "BREAD-0", "cents": 1})
    assert again.status_code == 409
    assert again.json()["detail"] == "there is a product BREAD-0 already"
    assert [each["cents"] for each in shop.get("/v1/products").json()["items"]] == [350]


def test_another_price_is_seen_at_once(shop: TestClient) -> None:
    """Also where the old one was cached a moment ago."""
    (key,) = filled(shop, 1)
    assert shop.get(f"/v1/products/{key}").json()["cents"] == 350
    new = {"cents": 399, "currency": "CHF"}
    changed = shop.put(f"/v1/products/{key}/price", json=new)
    assert changed.json().items() >= new.items()
    assert shop.get(f"/v1/products/{key}").json().items() >= new.items()
    assert shop.put(f"/v1/products/{key + 1}/price", json=new).status_code == 404


def test_pages_have_every_product_once(shop: TestClient) -> None:
    """Following the cursors shows all, in order, also when products are removed meanwhile."""
    keys = filled(shop, 5)
    first = shop.get("/v1/products", params={"limit": 2}).json()
    shop.delete(f"/v1/products/{first['items'][1]['id']}")
    second = shop.get("/v1/products", params={"limit": 2, "after": first["next"]}).json()
    last = shop.get("/v1/products", params={"limit": 2, "after": second["next"]}).json()
    seen = [each["id"] for page in (first, second, last) for each in page["items"]]
    assert seen == keys
    assert last["next"] is None


def test_a_page_that_is_just_full_is_the_last(shop: TestClient) -> None:
    """Nobody is sent to an empty page."""
    filled(shop, 2)
    assert shop.get("/v1/products", params={"limit": 2}).json()["next"] is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/products", {**BREAD, "sku": "bread 1"}),
        ("POST", "/v1/products", {**BREAD, "name": ""}),
        ("POST", "/v1/products", {**BREAD, "name": "a\x00b"}),
        ("POST", "/v1/products", {**BREAD, "cents": -1}),
        ("POST", "/v1/products", {**BREAD, "cents": 2**31}),
        ("POST", "/v1/products", {**BREAD, "currency": "euro"}),
        ("POST", "/v1/products", {}),
        ("PUT", "/v1/products/1/price", {"cents": 1}),
        ("GET", "/v1/products?limit=0", None),
        ("GET", "/v1/products?limit=101", None),
        ("GET", "/v1/products/none", None),
        ("GET", f"/v1/products/{2**63}", None),
    ],
)
def test_refuses(shop: TestClient, method: str, path: str, body: dict[str, Any] | None) -> None:
    """Wrong input never reaches the database."""
    assert shop.request(method, path, json=body).status_code == 422


def test_who_may_only_read_changes_nothing(shop: TestClient, reader: dict[str, str]) -> None:
    """Each way to change something asks for the right to."""
    (key,) = filled(shop, 1)
    assert shop.get(f"/v1/products/{key}", headers=reader).status_code == 200
    price = {"cents": 1, "currency": "EUR"}
    place = f"/v1/products/{key}"
    assert shop.post("/v1/products", json=BREAD, headers=reader).status_code == 403
    assert shop.put(f"{place}/price", json=price, headers=reader).status_code == 403
    assert shop.delete(place, headers=reader).status_code == 403


def test_a_database_that_is_away_is_told(headers: dict[str, str]) -> None:
    """503 and no crash: it is over soon, and not the caller's fault."""
    app = create_app(Settings(database_port=1))
    with TestClient(app, headers=headers) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").json()["checks"]["database"] != "ok"
        answer = client.get("/v1/products")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the database does not answer"
