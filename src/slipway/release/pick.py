"""Which two releases are compared, where a user names one or none."""

from __future__ import annotations

from collections.abc import Sequence

from slipway import names
from slipway.aws import calls
from slipway.config.nearest import did_you_mean, nearest
from slipway.errors import DeployError, UsageError
from slipway.release import ledger
from slipway.release.ledger import Release
from slipway.release.world import Site


def pair(site: Site, service: str, before: str, after: str) -> tuple[Release, Release]:
    """The two releases of `service` that are meant, by their ids or by what is near."""
    environment = site.settings.environment.name
    with calls(f"reading the releases of {service}"):
        bucket = names.state_bucket(site.settings)
        found = list(ledger.releases(site.aws.s3, bucket, environment, service))
    return chosen(found, before, after, listed=f"--env={environment} --service={service}")


def chosen(
    releases: Sequence[Release], before: str, after: str, *, listed: str = ""
) -> tuple[Release, Release]:
    """Of `releases`, newest first, the two to compare; pure. Raises where there are no two."""
    look = f"uv run invoke history {listed}"
    brought = (each for each in releases if each.kind != "restart")
    later = find(releases, after, look) if after else next(brought, None)
    if later is None:
        raise DeployError("there is no release yet, so there is nothing to compare", next_step=look)
    if before:
        return find(releases, before, look), later
    earlier = (each for each in releases if each.verified and each.id < later.id)
    found = next(earlier, None)
    if found is None:
        raise DeployError(
            f"there is no verified release before {later.id} to compare it with",
            next_step=f"name one with --from; {look} lists them",
        )
    return found, later


def find(releases: Sequence[Release], wanted: str, look: str) -> Release:
    """The release of that id. Raises `UsageError` with the nearest one."""
    for each in releases:
        if each.id == wanted:
            return each
    meant = nearest(wanted, [each.id for each in releases])
    raise UsageError(f"there is no release {wanted}{did_you_mean(meant)}", next_step=look)
