"""A welcome: a greeting by the service greeter, and what is new here."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import httpx2
from fastapi import APIRouter, Depends, Request, Security
from pydantic import BaseModel, ValidationError

from catalog import auth, correlation, logs
from catalog.api import Greeting, Name
from catalog.products import Stored, StoredProduct
from catalog.settings import Settings

SECONDS = 2.0
"""For greeter's whole answer: a welcome without a greeting is better than none."""

NEWEST = 3

log = logs.get(__name__)


class Greeter:
    """The other service, at the address that the platform hands over."""

    def __init__(self, settings: Settings) -> None:
        # Once more, for a task that has just gone while its address was still known.
        transport = httpx2.AsyncHTTPTransport(retries=1)
        self._client = httpx2.AsyncClient(
            base_url=settings.greeter_url, timeout=SECONDS, transport=transport
        )

    async def greeting(self, name: str) -> str | None:
        """Its words for somebody; None where it does not answer, which is only told."""
        path = f"/v1/hello/{quote(name, safe='')}"
        try:
            answer = await self._client.get(path, headers=correlation.outgoing())
            return Greeting.model_validate_json(answer.raise_for_status().content).message
        except (httpx2.HTTPError, httpx2.InvalidURL, ValidationError) as error:
            log.warning("no greeting", error=f"{type(error).__name__}: {error}")
            return None

    async def close(self) -> None:
        """Leave no connection behind."""
        await self._client.aclose()


def of(request: Request) -> Greeter:
    """The application's greeter."""
    found: Greeter = request.app.state.greeter
    return found


class Welcome(BaseModel):
    """What somebody sees first."""

    greeting: str | None
    newest: list[StoredProduct]


v1 = APIRouter(prefix="/v1/welcome", tags=["welcome"])


@v1.get("/{name}", dependencies=[Security(auth.caller, scopes=["catalog:read"])])
async def welcome(
    name: Name, products: Stored, greeter: Annotated[Greeter, Depends(of)]
) -> Welcome:
    """Greet somebody and show what is new."""
    newest = await products.newest(NEWEST)
    return Welcome(greeting=await greeter.greeting(name), newest=newest)
