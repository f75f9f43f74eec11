"""Taking what serves in one environment to another: the same images, nothing built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.errors import DeployError
from slipway.git import git
from slipway.images import copy
from slipway.images.transport import Place
from slipway.model import ImageRef
from slipway.paths import Checkout
from slipway.release import lease, ledger
from slipway.release.ledger import Release
from slipway.release.parallel import side_by_side
from slipway.release.serving import serving
from slipway.release.world import Built, ImageSource, Site
from slipway.runner import Runner


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The newest release of a service, what really serves there, and who is at work on it.

    `smoke` says that the manifest declares requests; `protected` that the target takes nothing with
    uncommitted changes; `foreign` that its commit is not one of those that are wanted.
    """

    release: Release | None
    image: str = ""
    holder: str = ""
    smoke: bool = False
    protected: bool = False
    foreign: bool = False


Wanted = Callable[[str], bool]
"""Whether releases of a commit are taken."""


def anything(commit: str) -> bool:  # noqa: ARG001
    """Whatever it was built from."""
    return True


def chosen(source: Site, target: Site, wanted: Wanted = anything) -> dict[str, Release]:
    """The release of each service to take from `source` to `target`.

    Raises `DeployError` with every service that can't be promoted, and why.
    """
    services = source.settings.services
    jobs = {name: partial(look, source, target, services[name], wanted) for name in services}
    with calls(f"looking at the releases of {source.settings.environment.name}"):
        found = side_by_side(jobs)
    refusals = {name: refusal(each) for name, each in found.items()}
    lines = [f"{name}: {text}" for name, text in refusals.items() if text]
    if lines:
        here = source.settings.environment.name
        raise DeployError(
            "\n".join([f"not promoted from {here}; nothing was changed:", *lines]),
            next_step=f"have them verified in {here} first, or choose others with --service; "
            f"uv run invoke history --env={here} tells what happened",
        )
    return {name: each.release for name, each in found.items() if each.release}


def look(source: Site, target: Site, service: Service, wanted: Wanted) -> Candidate:
    """What there is of one service."""
    settings, aws = source.settings, source.aws
    environment, bucket = settings.environment.name, names.state_bucket(settings)
    found = ledger.releases(aws.s3, bucket, environment, service.name)
    newest = next((each for each in found if each.kind != "restart"), None)
    here = serving(aws, names.cluster(settings), names.service(settings, service.name))
    # Whoever deploys to the target may not read the leases of the source; most need not.
    at_work = newest is not None and newest.open
    table = names.lock_table(settings)
    holder = lease.alive(aws.dynamodb, table, environment, service.name) if at_work else None
    return Candidate(
        release=newest,
        image=here.image if here else "",
        holder=str(holder or ""),
        smoke=bool(service.smoke),
        protected=target.settings.environment.protected,
        foreign=newest is not None and not wanted(newest.commit),
    )


def refusal(candidate: Candidate) -> str:
    """Why a service is not promoted, or ""; pure."""
    release = candidate.release
    if release is None:
        return "it was never released there"
    if candidate.holder:
        return f"it is being deployed there by {candidate.holder}"
    if release.open:
        return f"its last release {release.id} was left open by a deploy that was killed"
    if not release.verified:
        reason = f": {release.reason}" if release.reason else ""
        return f"its last release {release.id} ended {release.verdict}{reason}"
    if candidate.smoke and release.smoke != "passed":
        return f"its last release {release.id} has not passed the smoke tests of its service.toml"
    if candidate.image != release.image:
        return f"{candidate.image or 'nothing'} serves there, and not release {release.id}"
    if release.dirty and candidate.protected:
        return f"its last release {release.id} was built with uncommitted changes"
    if candidate.foreign:
        return f"its last release {release.id} is of commit {release.commit[:8]}, not merged here"
    return ""


def merged(checkout: Checkout, runner: Runner, commit: str) -> bool:
    """Whether a commit is part of what is checked out: it, or one before it."""
    words = ("merge-base", "--is-ancestor", "--end-of-options", commit, "HEAD")
    return bool(commit) and runner.run(git(checkout.root, *words), check=False).code == 0


def origins(source: Site, releases: dict[str, Release]) -> dict[str, str]:
    """What the ledger says of where these come from."""
    here = source.settings.environment.name
    return {name: f"{here}/{each.id}" for name, each in releases.items()}


def images(source: Site, target: Site, releases: dict[str, Release], *, dry: bool) -> ImageSource:
    """Gives each service the image of its release, copied where the registry is another one."""
    return partial(image, source, target, releases, dry)


def image(
    source: Site,
    target: Site,
    releases: dict[str, Release],
    dry: bool,
    service: Service,
    repository: str,
) -> Built:
    """The image of a release in `repository`; a dry run copies nothing."""
    release = releases[service.name]
    wanted = ImageRef(repository=repository, tag=release.version, digest=release.digest)
    if not dry:
        name = names.repository(target.settings, service.name)
        there = Place(ecr=target.ecr, repository=name)
        here = Place(ecr=source.ecr, repository=names.repository(source.settings, service.name))
        with calls(f"copying the image of {service.name}"):
            copied = copy.copy(here, there, release.digest, release.version)
        told = "copied" if copied else "the registry has"
        target.console.detail(f"{service.name}: {told} {release.version} of release {release.id}")
    return Built(ref=wanted, commit=release.commit, dirty=release.dirty)
