"""Products without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from catalog.products import NewProduct, Price, Products, StoredProduct

BREAD = {"sku": "BREAD-1", "name": "Bread", "cents": 350, "currency": "EUR"}


class InMemory(Products):
    """Does what the queries do; the same tests hold both to it."""

    def __init__(self) -> None:
        self._products: dict[int, StoredProduct] = {}
        self._last = 0

    async def add(self, product: NewProduct) -> StoredProduct | None:
        if product.sku in {each.sku for each in self._products.values()}:
            return None
        self._last += 1
        made = StoredProduct(id=self._last, created_at=datetime.now(UTC), **product.model_dump())
        self._products[made.id] = made
        return made

    async def get(self, key: int) -> StoredProduct | None:
        return self._products.get(key)

    async def after(self, cursor: int, limit: int) -> list[StoredProduct]:
        return [each for key, each in sorted(self._products.items()) if key > cursor][:limit]

    async def newest(self, limit: int) -> list[StoredProduct]:
        return sorted(self._products.values(), key=lambda each: -each.id)[:limit]

    async def price(self, key: int, price: Price) -> StoredProduct | None:
        if key not in self._products:
            return None
        self._products[key] = self._products[key].model_copy(update=price.model_dump())
        return self._products[key]

    async def remove(self, key: int) -> bool:
        return self._products.pop(key, None) is not None
