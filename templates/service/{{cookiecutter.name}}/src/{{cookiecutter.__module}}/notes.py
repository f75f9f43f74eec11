"""Notes: the resource to replace by your own.

What comes over the wire, the queries, and the endpoints; the table is in `models`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query{% if cookiecutter.auth == "jwt" %}, Security{% endif %}
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

{%- if cookiecutter.auth == "jwt" %}

from {{ cookiecutter.__module }} import auth
{%- endif %}
{%- if cookiecutter.cache == "redis" %}
{%- if cookiecutter.auth != "jwt" %}
{% endif %}
from {{ cookiecutter.__module }}.cache import Caching
{%- endif %}
{%- if cookiecutter.auth != "jwt" and cookiecutter.cache != "redis" %}
{% endif %}
from {{ cookiecutter.__module }}.database import Session
from {{ cookiecutter.__module }}.models import Note

Key = Annotated[int, Path(ge=1, le=2**63 - 1)]
Cursor = Annotated[int, Query(ge=0, le=2**63 - 1, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=100, description="notes a page")]
# PostgreSQL's text holds every character but this one.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", min_length=1, max_length=10_000)]


class NewNote(BaseModel):
    """A note as it is sent."""

    text: Text


class StoredNote(BaseModel):
    """A note as it is answered."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str
    created_at: datetime


class Page(BaseModel):
    """Some notes in their order; `next` is the cursor of those that follow, if any."""

    items: list[StoredNote]
    next: int | None


class Notes:
    """The notes in the database, within a transaction of the caller's."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, text: str) -> StoredNote:
        """Write a note down."""
        note = Note(text=text)
        self._session.add(note)
        await self._session.flush()
        return StoredNote.model_validate(note)

    async def get(self, key: int) -> StoredNote | None:
        """One note; None when there is none."""
        note = await self._session.get(Note, key)
        return StoredNote.model_validate(note) if note else None

    async def after(self, cursor: int, limit: int) -> list[StoredNote]:
        """The first notes behind a cursor: by key, so that each page costs the same."""
        wanted = select(Note).where(Note.id > cursor).order_by(Note.id).limit(limit)
        return [StoredNote.model_validate(note) for note in await self._session.scalars(wanted)]

    async def remove(self, key: int) -> bool:
        """Forget a note; whether there was one."""
        gone = delete(Note).where(Note.id == key).returning(Note.id)
        return await self._session.scalar(gone) is not None


def stored(session: Session) -> Notes:
    """The notes of one request."""
    return Notes(session)


Stored = Annotated[Notes, Depends(stored)]

{% if cookiecutter.auth == "jwt" -%}
READ = [Security(auth.caller, scopes=["notes:read"])]
WRITE = [Security(auth.caller, scopes=["notes:write"])]

{% endif -%}
v1 = APIRouter(prefix="/v1/notes", tags=["notes"])


@v1.post("", status_code=201{% if cookiecutter.auth == "jwt" %}, dependencies=WRITE{% endif %})
async def create(note: NewNote, notes: Stored) -> StoredNote:
    """Write a note down."""
    return await notes.add(note.text)


@v1.get(""{% if cookiecutter.auth == "jwt" %}, dependencies=READ{% endif %})
async def page(notes: Stored, after: Cursor = 0, limit: Limit = 50) -> Page:
    """All notes, a page at a time."""
    found = await notes.after(after, limit + 1)
    items = found[:limit]
    return Page(items=items, next=items[-1].id if len(found) > limit else None)


@v1.get("/{key}"{% if cookiecutter.auth == "jwt" %}, dependencies=READ{% endif %})
{%- if cookiecutter.cache == "redis" %}
async def read(key: Key, notes: Stored, cache: Caching) -> StoredNote:
    """One note; others' changes are seen when what is cached has expired."""

    async def made() -> StoredNote | None:
        return await notes.get(key)

    note = await cache.read(f"note:{key}", StoredNote, made)
{%- else %}
async def read(key: Key, notes: Stored) -> StoredNote:
    """One note."""
    note = await notes.get(key)
{%- endif %}
    if not note:
        raise HTTPException(404, "there is no such note")
    return note


@v1.delete("/{key}", status_code=204{% if cookiecutter.auth == "jwt" %}, dependencies=WRITE{% endif %})
async def remove(key: Key, notes: Stored{% if cookiecutter.cache == "redis" %}, cache: Caching{% endif %}) -> None:
    """Forget a note."""
    if not await notes.remove(key):
        raise HTTPException(404, "there is no such note")
{%- if cookiecutter.cache == "redis" %}
    await cache.forget(f"note:{key}")
{%- endif %}
