"""The service's own endpoints, all of them below ROUTE_PATH."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel

from catalog import auth

Name = Annotated[str, Path(min_length=1, max_length=80, examples=["Ada"])]


class Greeting(BaseModel):
    """What a greeting looks like on the wire."""

    message: str


v1 = APIRouter(prefix="/v1", tags=["greetings"], dependencies=[Depends(auth.caller)])
"""What callers rely on; what they can't follow goes into a v2 beside it."""


async def index(request: Request) -> Greeting:
    """Greet the world."""
    return _greet(request, "world")


@v1.get("/hello/{name}")
async def hello(request: Request, name: Name) -> Greeting:
    """Greet somebody."""
    return _greet(request, name)


def _greet(request: Request, name: str) -> Greeting:
    return Greeting(message=f"{request.app.state.settings.greeting}, {name}!")
