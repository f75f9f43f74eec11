"""Notes over HTTP: with a stand-in in memory, and with PostgreSQL where DATABASE_HOST is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from {{ cookiecutter.__module }} import database, migrate, notes
from {{ cookiecutter.__module }}.app import create_app
from {{ cookiecutter.__module }}.notes import Notes, StoredNote
from {{ cookiecutter.__module }}.settings import Settings


class InMemory(Notes):
    """Does what the queries do; the same tests hold both to it."""

    def __init__(self) -> None:
        self._notes: dict[int, StoredNote] = {}
        self._last = 0

    async def add(self, text: str) -> StoredNote:
        self._last += 1
        note = StoredNote(id=self._last, text=text, created_at=datetime.now(UTC))
        self._notes[note.id] = note
        return note

    async def get(self, key: int) -> StoredNote | None:
        return self._notes.get(key)

    async def after(self, cursor: int, limit: int) -> list[StoredNote]:
        return [note for key, note in sorted(self._notes.items()) if key > cursor][:limit]

    async def remove(self, key: int) -> bool:
        return self._notes.pop(key, None) is not None


async def emptied(settings: Settings) -> None:
    """Bring the database up to date, without any note."""
    await migrate.migrate(settings, {})
    engine = database.engine(settings)
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE notes"))
    await engine.dispose()


@pytest.fixture(params=["in memory", "PostgreSQL"])
{% if cookiecutter.auth == "jwt" -%}
def shop(
    request: pytest.FixtureRequest, server: Callable[[str], Settings], headers: dict[str, str]
) -> Iterator[TestClient]:
{% else -%}
def shop(request: pytest.FixtureRequest, server: Callable[[str], Settings]) -> Iterator[TestClient]:
{% endif %}    """An application without notes."""
    if request.param == "PostgreSQL":
        settings = server("DATABASE_HOST")
        asyncio.run(emptied(settings))
        app = create_app(settings)
    else:
        app, kept = create_app(Settings()), InMemory()
        app.dependency_overrides[notes.stored] = lambda: kept
    with TestClient(app{% if cookiecutter.auth == "jwt" %}, headers=headers{% endif %}) as client:
        yield client


def test_a_note_is_kept(shop: TestClient) -> None:
    """What was written can be read, until it is removed."""
    made = shop.post("/v1/notes", json={"text": "buy bread"})
    assert made.status_code == 201
    note = made.json()
    assert note["text"] == "buy bread"
    place = f"/v1/notes/{note['id']}"
    assert shop.get(place).json() == note
    assert shop.delete(place).status_code == 204
    assert shop.get(place).status_code == 404
    assert shop.delete(place).json()["detail"] == "there is no such note"


def test_pages_have_every_note_once(shop: TestClient) -> None:
    """Following the cursors shows all, in order, also when notes are removed meanwhile."""
    for number in range(5):
        shop.post("/v1/notes", json={"text": str(number)})
    first = shop.get("/v1/notes", params={"limit": 2}).json()
    shop.delete(f"/v1/notes/{first['items'][1]['id']}")
    second = shop.get("/v1/notes", params={"limit": 2, "after": first["next"]}).json()
    last = shop.get("/v1/notes", params={"limit": 2, "after": second["next"]}).json()
    seen = [note["text"] for page in (first, second, last) for note in page["items"]]
    assert seen == ["0", "1", "2", "3", "4"]
    assert last["next"] is None


def test_a_page_that_is_just_full_is_the_last(shop: TestClient) -> None:
    """Nobody is sent to an empty page."""
    for number in range(2):
        shop.post("/v1/notes", json={"text": str(number)})
    assert shop.get("/v1/notes", params={"limit": 2}).json()["next"] is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/notes", {"text": ""}),
        ("POST", "/v1/notes", {"text": "a\x00b"}),
        ("POST", "/v1/notes", {}),
        ("GET", "/v1/notes?limit=0", None),
        ("GET", "/v1/notes?limit=101", None),
        ("GET", "/v1/notes/none", None),
        ("GET", f"/v1/notes/{2**63}", None),
    ],
)
def test_refuses(shop: TestClient, method: str, path: str, body: dict[str, str] | None) -> None:
    """Wrong input never reaches the database."""
    assert shop.request(method, path, json=body).status_code == 422


def test_a_database_that_is_away_is_told({% if cookiecutter.auth == "jwt" %}headers: dict[str, str]{% endif %}) -> None:
    """503 and no crash: it is over soon, and not the caller's fault."""
    app = create_app(Settings(database_port=1))
    with TestClient(app{% if cookiecutter.auth == "jwt" %}, headers=headers{% endif %}) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").json()["checks"]["database"] != "ok"
        answer = client.get("/v1/notes")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the database does not answer"
