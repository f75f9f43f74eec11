"""Every error that a user may see, and the exit code of each.

    SlipwayError              1   something we did not foresee
    ├── UsageError            2   the command line is off
    ├── ConfigError           3   slipway.toml or a service.toml is off
    ├── ToolError             4   a tool is missing, too old, or failed
    │   └── CommandFailed     4   a command ended with an error
    ├── AccessError           5   no credentials, wrong account, an expired session
    │   ├── Refused           5   no permission for a call; others may do
    │   └── Expired           5   the credentials are not good, or not any more
    ├── LockedError           6   somebody else is at work here
    ├── BuildError            7   an image did not build, start or push
    ├── InfraError            8   Terraform refused or failed
    ├── DeployError           9   a deploy can't go on
    │   └── Unanswered        9   AWS does not say whether a rollout began
    └── Interrupted         130   INT or TERM (143), after tidying up

A rollout that ends is no error but a verdict, with its own code: `slipway.model.Verdict`.
"""

from __future__ import annotations

from typing import ClassVar


class SlipwayError(Exception):
    """One message for the user: what, where and why, then the next step to take.

    An error that names none has the usual one of its class, so that none is without.
    """

    exit_code: ClassVar[int] = 1
    usual_next: ClassVar[str] = "run the command again; if it stays: uv run invoke doctor"

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step or self.usual_next

    def __str__(self) -> str:
        return f"{self.message}\nnext: {self.next_step}" if self.next_step else self.message


class UsageError(SlipwayError):
    """The command line is off; the help of the task is the usual next step."""

    exit_code = 2
    usual_next = ""


class ConfigError(SlipwayError):
    """Configuration is off; the message lists every problem, a line each."""

    exit_code = 3
    usual_next = "correct this; docs/configuration.md explains every key"


class ToolError(SlipwayError):
    """A tool is missing, too old, or can't be used here."""

    exit_code = 4


class CommandFailed(ToolError):
    """A command ended with a code other than 0."""

    usual_next = "mend what it says, then run the command again"

    def __init__(self, message: str, *, code: int, output: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.code = code
        self.output = output


class AccessError(SlipwayError):
    """No credentials, the wrong account, an expired session, or no permission."""

    exit_code = 5


class Refused(AccessError):
    """No permission for a call: the credentials are good, and other calls may do."""


class Expired(AccessError):
    """AWS takes the credentials for no call: their session is over, or they were never good."""


class LockedError(SlipwayError):
    """Somebody else holds the lock; the message says who and since when."""

    exit_code = 6


class BuildError(SlipwayError):
    """An image did not build, did not start, or could not be pushed."""

    exit_code = 7


class InfraError(SlipwayError):
    """Terraform refused or failed."""

    exit_code = 8


class DeployError(SlipwayError):
    """A deploy can't go on; nothing of it is serving."""

    exit_code = 9


class Unanswered(DeployError):
    """AWS does not say whether a rollout began: its release stays open until somebody looks."""

    def __init__(self, service: str, error: BaseException) -> None:
        super().__init__(
            f"{service}: AWS did not say whether the rollout began: {error}",
            next_step="deploy again: that looks first, and watches it if it did",
        )
        self.service = service


class Interrupted(SlipwayError):
    """A signal ended the work; the message says what is still going on."""

    exit_code = 130
    usual_next = "the same command again, whenever you like: it begins with what is there"

    def __init__(self, message: str, *, next_step: str = "", signal: int = 2) -> None:
        super().__init__(message, next_step=next_step)
        self.signal = signal
