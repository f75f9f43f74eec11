"""The service's own endpoints, all of them below ROUTE_PATH."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, {% if cookiecutter.auth == 'jwt' %}Depends, {% endif %}Path, Request
from pydantic import BaseModel
{%- if cookiecutter.auth == "jwt" %}

from {{ cookiecutter.__module }} import auth
{%- endif %}
{%- if cookiecutter.cache == "redis" and cookiecutter.database == "none" %}
{%- if cookiecutter.auth != "jwt" %}
{% endif %}
from {{ cookiecutter.__module }}.cache import Caching
{%- endif %}

Name = Annotated[str, Path(min_length=1, max_length=80, examples=["Ada"])]


class Greeting(BaseModel):
    """What a greeting looks like on the wire."""

    message: str


v1 = APIRouter(prefix="/v1", tags=["greetings"]{% if cookiecutter.auth == "jwt" %}, dependencies=[Depends(auth.caller)]{% endif %})
"""What callers rely on; what they can't follow goes into a v2 beside it."""


async def index(request: Request) -> Greeting:
    """Greet the world."""
    return _greet(request, "world")


@v1.get("/hello/{name}")
{%- if cookiecutter.cache == "redis" and cookiecutter.database == "none" %}
async def hello(request: Request, name: Name, cache: Caching) -> Greeting:
    """Greet somebody; the same greeting is made once and then kept."""

    async def made() -> Greeting:
        return _greet(request, name)

    return await cache.read(f"hello:{name}", Greeting, made) or await made()
{%- else %}
async def hello(request: Request, name: Name) -> Greeting:
    """Greet somebody."""
    return _greet(request, name)
{%- endif %}


def _greet(request: Request, name: str) -> Greeting:
    return Greeting(message=f"{request.app.state.settings.greeting}, {name}!")
