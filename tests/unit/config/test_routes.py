"""Which routes contain which."""

from __future__ import annotations

import pytest

from slipway.config.routes import Place, wider_places


@pytest.mark.parametrize(
    ("host", "path", "wider"),
    [
        ("", "/", []),
        ("", "/a", [("", "/")]),
        ("", "/a/b", [("", "/"), ("", "/a")]),
        ("h.example.com", "/", [("", "/")]),
        ("h.example.com", "/a", [("h.example.com", "/"), ("", "/"), ("", "/a")]),
    ],
)
def test_wider_places(host: str, path: str, wider: list[Place]) -> None:
    """A route is contained in those of the paths above it, for its host and for any host."""
    assert wider_places({"host": host, "path": path}) == wider
