"""Products to develop with: `invoke dev` runs it after the migrations, as often as it likes."""

from __future__ import annotations

import asyncio

from catalog import database
from catalog.products import NewProduct, Products
from catalog.settings import Settings

PRODUCTS = (
    NewProduct(sku="BREAD-1", name="Bread", cents=350, currency="EUR"),
    NewProduct(sku="TEA-1", name="Tea", cents=475, currency="EUR"),
    NewProduct(sku="CUP-1", name="Cup", cents=1200, currency="EUR"),
)


async def main() -> None:
    """Take in what is not there yet."""
    engine = database.Database(Settings())
    async with engine.sessions.begin() as session:
        shop = Products(session)
        for product in PRODUCTS:
            await shop.add(product)
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main())
