"""What a task builds its world from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from slipway.console import Console
from slipway.paths import Checkout, find_checkout
from slipway.runner import DryRunner, Runner, SubprocessRunner


@dataclass(kw_only=True)
class App:
    """The checkout, the console and the runner of one task, each made when first asked for.

    With `dry_run` the runner shows what would change something instead of running it.
    """

    dry_run: bool = False

    @cached_property
    def checkout(self) -> Checkout:
        return find_checkout()

    @cached_property
    def console(self) -> Console:
        return Console()

    @cached_property
    def runner(self) -> Runner:
        """Runs commands; the first signal interrupts its children, the second kills them."""
        runner = SubprocessRunner()
        return DryRunner(runner, show=self.console.line) if self.dry_run else runner
