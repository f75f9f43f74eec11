"""What a task builds its world from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.paths import Checkout
    from slipway.runner import Runner


@dataclass(kw_only=True)
class App:
    """The checkout, the console and the runner of one task, each made when first asked for.

    Their modules are imported then, too: `invoke --list` needs none of them.
    With `dry_run` the runner shows what would change something instead of running it.
    """

    dry_run: bool = False

    @cached_property
    def checkout(self) -> Checkout:
        from slipway.paths import find_checkout

        return find_checkout()

    @cached_property
    def console(self) -> Console:
        from slipway.console import Console

        return Console()

    @cached_property
    def runner(self) -> Runner:
        """Runs commands; the first signal interrupts its children, the second kills them."""
        from slipway.runner import DryRunner, SubprocessRunner

        runner = SubprocessRunner()
        return DryRunner(runner, show=self.console.line) if self.dry_run else runner
