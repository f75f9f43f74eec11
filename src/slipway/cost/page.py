"""The tables of docs/cost.md: prices with their sources, assumptions, what is in no line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slipway.cost.estimate import plain
from slipway.cost.prices import PriceTable, read
from slipway.paths import Checkout, find_checkout

BEGIN = "<!-- made by python -m slipway.cost.page: begin -->"
END = "<!-- made by python -m slipway.cost.page: end -->"
PAGE = "docs/cost.md"


def filled(page: str, table: PriceTable) -> str:
    """The page with its generated part made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables(table)}\n{END}{after}"


def tables(table: PriceTable) -> str:
    """The generated part."""
    prices = [
        (f"`{name}`", plain(each.usd), each.unit, _source(each.source))
        for name, each in table.prices.items()
    ]
    assumptions = [
        (f"`{name}`", plain(each.value), each.meaning) for name, each in table.assumptions.items()
    ]
    parts = [
        "## Prices\n\n",
        f"List prices of {table.region}, {table.date}, {table.hours} hours a month.\n\n",
        _markdown(("price", "USD", "per", "source"), prices),
        "\n## Assumptions\n\n",
        _markdown(("name", "default", "meaning"), assumptions),
        "\n## In no line\n\n",
        *(f"- {each}\n" for each in table.left_out),
        *(f"- `{kind}`: {reason}\n" for kind, reason in table.unpriced.items()),
    ]
    return "".join(parts)


def publish(checkout: Checkout) -> bool:
    """Write the page; whether it was out of date."""
    file = checkout.root / PAGE
    page = file.read_text(encoding="utf-8")
    new = filled(page, read())
    if new != page:
        file.write_text(new, encoding="utf-8")
    return new != page


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _source(source: str) -> str:
    """A link called by its host where it is one."""
    if not source.startswith("https://"):
        return source
    host = source.split("/")[2].removeprefix("www.")
    return f"[{host}]({source})"


if __name__ == "__main__":
    if publish(find_checkout()):
        print(f"wrote {PAGE}")
