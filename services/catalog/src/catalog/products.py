"""Products: what comes over the wire, the queries, and the endpoints; the table is in `models`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Security
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from catalog import auth
from catalog.cache import Caching
from catalog.database import Session
from catalog.models import Product

Key = Annotated[int, Path(ge=1, le=2**63 - 1)]
Cursor = Annotated[int, Query(ge=0, le=2**63 - 1, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=100, description="products a page")]
Sku = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=40)]
# PostgreSQL's text holds every character but this one.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", min_length=1, max_length=200)]
Cents = Annotated[int, Field(ge=0, le=2**31 - 1, examples=[1999])]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["EUR"])]


class Price(BaseModel):
    """An amount in the currency's hundredths, by its code in ISO 4217."""

    cents: Cents
    currency: Currency


class NewProduct(Price):
    """A product as it is sent."""

    sku: Sku
    name: Text


class StoredProduct(NewProduct):
    """A product as it is answered."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: datetime


class Page(BaseModel):
    """Some products in their order; `next` is the cursor of those that follow, if any."""

    items: list[StoredProduct]
    next: int | None


class Products:
    """The products in the database, within a transaction of the caller's."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, product: NewProduct) -> StoredProduct | None:
        """Take a product in; None when its number is taken."""
        new = insert(Product).values(**product.model_dump()).on_conflict_do_nothing()
        return _stored(await self._session.scalar(new.returning(Product)))

    async def get(self, key: int) -> StoredProduct | None:
        """One product; None when there is none."""
        return _stored(await self._session.get(Product, key))

    async def after(self, cursor: int, limit: int) -> list[StoredProduct]:
        """The first products behind a cursor: by key, so that each page costs the same."""
        wanted = select(Product).where(Product.id > cursor).order_by(Product.id).limit(limit)
        return [StoredProduct.model_validate(row) for row in await self._session.scalars(wanted)]

    async def newest(self, limit: int) -> list[StoredProduct]:
        """The last ones that were taken in, the newest first."""
        wanted = select(Product).order_by(Product.id.desc()).limit(limit)
        return [StoredProduct.model_validate(row) for row in await self._session.scalars(wanted)]

    async def price(self, key: int, price: Price) -> StoredProduct | None:
        """Give a product another price; None when there is no such product."""
        new = update(Product).where(Product.id == key).values(**price.model_dump())
        return _stored(await self._session.scalar(new.returning(Product)))

    async def remove(self, key: int) -> bool:
        """Take a product out; whether there was one."""
        gone = delete(Product).where(Product.id == key).returning(Product.id)
        return await self._session.scalar(gone) is not None


def _stored(row: Product | None) -> StoredProduct | None:
    return StoredProduct.model_validate(row) if row else None


def stored(session: Session) -> Products:
    """The products of one request."""
    return Products(session)


Stored = Annotated[Products, Depends(stored)]

READ = [Security(auth.caller, scopes=["catalog:read"])]
WRITE = [Security(auth.caller, scopes=["catalog:write"])]

v1 = APIRouter(prefix="/v1/products", tags=["products"])


@v1.post("", status_code=201, dependencies=WRITE, responses={409: {"description": "Taken"}})
async def create(product: NewProduct, products: Stored) -> StoredProduct:
    """Take a product in; its number (SKU) is its own."""
    made = await products.add(product)
    if not made:
        raise HTTPException(409, f"there is a product {product.sku} already")
    return made


@v1.get("", dependencies=READ)
async def page(products: Stored, after: Cursor = 0, limit: Limit = 50) -> Page:
    """All products, a page at a time."""
    found = await products.after(after, limit + 1)
    items = found[:limit]
    return Page(items=items, next=items[-1].id if len(found) > limit else None)


@v1.get("/{key}", dependencies=READ)
async def read(key: Key, products: Stored, cache: Caching) -> StoredProduct:
    """One product; others' changes are seen when what is cached has expired."""

    async def made() -> StoredProduct | None:
        return await products.get(key)

    return _found(await cache.read(f"product:{key}", StoredProduct, made))


@v1.put("/{key}/price", dependencies=WRITE)
async def reprice(key: Key, price: Price, products: Stored, cache: Caching) -> StoredProduct:
    """Give a product another price."""
    changed = _found(await products.price(key, price))
    await cache.forget(f"product:{key}")
    return changed


@v1.delete("/{key}", status_code=204, dependencies=WRITE)
async def remove(key: Key, products: Stored, cache: Caching) -> None:
    """Take a product out."""
    if not await products.remove(key):
        raise HTTPException(404, "there is no such product")
    await cache.forget(f"product:{key}")


def _found(product: StoredProduct | None) -> StoredProduct:
    if not product:
        raise HTTPException(404, "there is no such product")
    return product
