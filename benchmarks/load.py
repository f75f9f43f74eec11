"""Rollouts in a row under load: every failed request is counted, and what the balancer costs.

Each strategy has a service of two tasks in an embedded AWS of this run's own. Clients that keep
their connection, clients that don't, requests that take two seconds, and wrk where it is installed
ask all the time; every other version ends at once on SIGTERM. Ends with 1 if a request failed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from tests.e2e import wrk
from tests.e2e.checker import KEPT, SHORT, SLOW, Client, Report, Sample, Span, checking
from tests.e2e.embedded import Embedded
from tests.e2e.shop import Shop
from tests.e2e.under_load import MINUTE, STRATEGIES, open_for, variant

CALM = 3.0
"""Seconds between two rollouts."""

COMPARED = 3000
"""Requests on each way, for the balancer's overhead."""

LINE = "{:<11} {:<15} {:>8} {:>8} {:>6} {:>7}   {:<17} {:<17}"
HEAD = LINE.format(
    *("strategy", "connections", "rollouts", "requests", "/s", "failed"),
    *("p50/p99 outside", "p50/p99 during"),
)


def main() -> int:
    asked = arguments()
    signal.signal(signal.SIGTERM, _interrupt)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print("wrk is not installed: the checker alone" if not wrk.found() else "with wrk")
    try:
        with instance(asked.forwarder) as embedded:
            shops = ((name, open_for(embedded, name)) for name in asked.strategies)
            failed = sum(measure(shop, name, asked.rollouts) for name, shop in shops)
            print(f"\n{failed} failed requests, {asked.forwarder}; times in milliseconds")
    except KeyboardInterrupt:
        print("interrupted; everything is cleaned up", file=sys.stderr)
        return 130
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rollouts", type=_positive, default=20, help="of each strategy, in a row")
    parser.add_argument("--forwarder", choices=["haproxy", "builtin"], default="haproxy")
    parser.add_argument("strategies", nargs="*", metavar="strategy", help=", ".join(STRATEGIES))
    asked = parser.parse_args()
    unknown = set(asked.strategies) - set(STRATEGIES)
    if unknown:
        parser.error(f"no such strategy: {', '.join(sorted(unknown))}")
    asked.strategies = asked.strategies or list(STRATEGIES)
    return asked


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def instance(forwarder: str) -> Iterator[Embedded]:
    """A scratch embedded AWS; nothing of it is left."""
    os.environ.update(EMBEDDED_AWS_CLOCK_SCALE=MINUTE, EMBEDDED_AWS_FORWARDER=forwarder)
    with tempfile.TemporaryDirectory() as folder:
        embedded = Embedded.make(Path(folder))
        try:
            embedded.up()
            yield embedded
        finally:
            embedded.reset()


def measure(shop: Shop, strategy: str, rollouts: int) -> int:
    """Roll out so many times and print what clients saw; how many requests failed."""
    compare(shop)
    with (
        wrk.running(shop.host, "keep-alive") as kept,
        wrk.running(shop.host, "close") as short,
        checking(shop.host) as check,
    ):
        spans = list(roll_out(shop, strategy, rollouts))
    print(f"\n{HEAD}")
    report = check.report
    for kind in (KEPT, SHORT, SLOW):
        show(strategy, kind, rollouts, report.of(kind), spans)
    for name, seen in (("wrk keep-alive", kept), ("wrk short", short)):
        if seen.requests:
            both = f"{seen.p50:.1f} / {seen.p99:.1f} in all"
            print(LINE.format(strategy, name, rollouts, seen.requests, "", seen.failed, both, ""))
    for problem, count in report.problems.items():
        print(f"  {count} times {problem}")
    return report.problems.total() + kept.failed + short.failed


def roll_out(shop: Shop, strategy: str, rollouts: int) -> Iterator[Span]:
    """One after the other, with a pause before and after each; when they were."""
    time.sleep(CALM)
    for number in range(1, rollouts + 1):
        begin, end = shop.roll_out(STRATEGIES[strategy], f"v{number}", **variant(number))
        print(f"{strategy} {number} of {rollouts}: {end - begin:.1f} s", file=sys.stderr)
        yield begin, end
        time.sleep(CALM)


def show(strategy: str, kind: str, rollouts: int, report: Report, spans: Sequence[Span]) -> None:
    """One line of the table."""
    outside, during = report.within(spans, inside=False), report.within(spans)
    print(
        LINE.format(
            *(strategy, kind, rollouts, len(report.samples), f"{report.rate:.0f}"),
            *(report.problems.total(), times(outside), times(during)),
        )
    )


def times(report: Report) -> str:
    return f"{report.percentile(50):.1f} / {report.percentile(99):.1f}"


def compare(shop: Shop) -> None:
    """The same requests to a task itself and through the balancer, in turns."""
    tasks = shop.ecs.list_tasks(cluster=shop.name)["taskArns"]
    task = shop.ecs.describe_tasks(cluster=shop.name, tasks=tasks)["tasks"][0]
    details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
    host, _, port = shop.host.partition(":")
    ways = ((details["privateIPv4Address"], 8000), (host, int(port or 80)))
    print(f"\n{'overhead':<11} {'direct':>17} {'balanced':>17} {'difference':>17}")
    for kind in (KEPT, SHORT):
        direct, balanced = asyncio.run(in_turns(ways, kind))
        less = [balanced.percentile(p) - direct.percentile(p) for p in (50, 99)]
        difference = f"{less[0]:.1f} / {less[1]:.1f}"
        print(f"{kind:<11} {times(direct):>17} {times(balanced):>17} {difference:>17}")


async def in_turns(ways: Iterable[tuple[str, int]], kind: str) -> list[Report]:
    """What a client sees of each way, one request at a time."""
    samples: list[list[Sample]] = [[] for _ in ways]
    clients = [
        Client(host, port, kind, 0.0, into)
        for (host, port), into in zip(ways, samples, strict=True)
    ]
    for _ in range(COMPARED):
        for client in clients:
            await client.sample()
    for client in clients:
        client.close()
    return [Report(one) for one in samples]


if __name__ == "__main__":
    sys.exit(main())
