"""The tables of docs/cost.md."""

from __future__ import annotations

from pathlib import Path

from slipway.cost.page import BEGIN, END, PAGE, filled, publish
from slipway.cost.prices import read
from slipway.paths import Checkout, find_checkout


def test_the_page_is_up_to_date() -> None:
    """docs/cost.md shows prices.toml as it is; `python -m slipway.cost.page` writes it."""
    page = (find_checkout().root / PAGE).read_text()
    assert filled(page, read()) == page


def test_publishing_replaces_only_what_is_generated(tmp_path: Path) -> None:
    """What is written around the tables stays; a second time there is nothing to do."""
    page = tmp_path / PAGE
    page.parent.mkdir()
    page.write_text(f"before\n{BEGIN}\nstale figures\n{END}\nafter\n")
    assert publish(Checkout(tmp_path))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "stale figures" not in text
    assert not publish(Checkout(tmp_path))


def test_prices_are_shown_with_their_sources() -> None:
    """A row for each price, its source a link."""
    page = (find_checkout().root / PAGE).read_text()
    row = "| `load_balancer` | 0.0225 | hour | [github.com](https://github.com/infracost/"
    assert row in page
