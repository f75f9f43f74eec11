"""What is live in an environment now, as a commit: what a rehearsal begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway import local, names
from slipway.aws import Aws, calls, connect
from slipway.config import Settings
from slipway.errors import Interrupted, SlipwayError, ToolError
from slipway.git import git
from slipway.paths import Checkout
from slipway.rehearse.stage import PARTS
from slipway.release import ledger
from slipway.release.ledger import Release
from slipway.runner import Runner

if TYPE_CHECKING:
    from slipway.cli.app import App


@dataclass(frozen=True, kw_only=True)
class Version:
    """A commit that is rehearsed with; `source` says how it was chosen."""

    commit: str
    source: str
    dirty: bool = False

    @property
    def short(self) -> str:
        return f"{self.commit[:10]}{' with uncommitted changes' if self.dirty else ''}"


def live(app: App, settings: Settings) -> Version:
    """The commit of the newest verified release, or the last one where none is known."""
    try:
        release = released(app, settings)
        why = "no verified release is recorded" if release is None else ""
    except Interrupted:
        raise
    except SlipwayError as error:
        release, why = None, error.message.partition("\n")[0]
    if release and known(app.runner, app.checkout, release.commit):
        return Version(commit=release.commit, source=f"release {release.id} of {release.service}")
    if release:
        why = f"git does not know the commit of release {release.id}"
    return Version(commit=head(app.runner, app.checkout), source=f"the last commit ({why})")


def candidate(app: App) -> Version:
    """The working tree."""
    status = git(app.checkout.root, "status", "--porcelain", "--", *PARTS)
    dirty = bool(app.runner.run(status).stdout.strip())
    commit = head(app.runner, app.checkout)
    return Version(commit=commit, source="the working tree", dirty=dirty)


def released(app: App, settings: Settings) -> Release | None:
    """The newest verified release of any of the services; only looks. Raises `SlipwayError`."""
    aws = reached(app, settings)
    bucket, environment = names.state_bucket(settings), settings.environment.name
    with calls(f"looking for what is live in {environment}"):
        found = [
            release
            for service in settings.services
            for release in ledger.verified(aws.s3, bucket, environment, service, most=1)
        ]
    return newest(found)


def newest(releases: list[Release]) -> Release | None:
    """The last one to begin; ids begin with their time. Pure."""
    return max(releases, key=lambda each: each.id, default=None)


def reached(app: App, settings: Settings) -> Aws:
    """The environment itself, to look at; starts nothing. Raises `SlipwayError`."""
    environment = settings.environment
    if environment.target == "aws":
        aws = connect(environment, endpoint=None)
        aws.verify()
        return aws
    endpoint = local.endpoint(app.checkout, settings.local)
    if endpoint is None:
        raise ToolError("the embedded AWS does not run")
    return connect(environment, endpoint=endpoint)


def known(runner: Runner, checkout: Checkout, commit: str) -> bool:
    """Whether git has the commit."""
    asked = git(checkout.root, "cat-file", "-e", f"{commit}^{{commit}}")
    return bool(commit) and runner.run(asked, check=False).code == 0


def head(runner: Runner, checkout: Checkout) -> str:
    """The last commit. Raises `ToolError` where there is none."""
    found = runner.run(git(checkout.root, "rev-parse", "--verify", "--quiet", "HEAD"), check=False)
    if found.code != 0:
        raise ToolError(
            "there is no commit to begin the rehearsal with",
            next_step="git add --all, and git commit",
        )
    return found.stdout.strip()
