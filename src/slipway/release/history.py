"""The releases of an environment as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.release import deploy, lease, ledger, reconcile
from slipway.release.ledger import Release
from slipway.release.parallel import side_by_side
from slipway.release.serving import serving
from slipway.release.world import Site

COLUMNS = ("", "release", "service", "verdict", "kind", "version", "commit", "seconds", "by")
OPTIONAL = ("version", "by", "commit", "seconds", "kind")
"""What a narrow terminal goes without."""

UNWRITTEN = "as it stands now; the next deploy or rollback writes it down"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A release; `serves` marks the one whose revision is at work, `note` explains the verdict."""

    release: Release
    serves: bool
    note: str

    @property
    def row(self) -> tuple[object, ...]:
        """The release as a line of the table."""
        each = self.release
        kind = f"{each.kind} of {each.origin}" if each.origin else each.kind
        return (
            "*" if self.serves else "",
            each.id,
            each.service,
            each.verdict,
            kind,
            each.version + ("+" if each.dirty else ""),
            each.commit[:8] or "-",
            seconds(each),
            each.actor.partition(" ")[0],
        )

    @property
    def document(self) -> dict[str, object]:
        """The release as `--json` shows it."""
        return {**asdict(self.release), "serves": self.serves, "note": self.note}


def history(site: Site, lines: int) -> list[Entry]:
    """The newest releases of the site's services, `lines` at most, newest first."""
    services = site.settings.services
    with calls(f"reading the releases of {site.settings.environment.name}"):
        jobs = {name: partial(of, site, services[name], lines) for name in services}
        found = [entry for entries in side_by_side(jobs).values() for entry in entries]
    return sorted(found, key=lambda entry: entry.release.id, reverse=True)[:lines]


def of(site: Site, service: Service, lines: int) -> list[Entry]:
    """The newest releases of one service; one that was left open is shown as it stands."""
    bucket, environment = names.state_bucket(site.settings), site.settings.environment.name
    found = ledger.releases(site.aws.s3, bucket, environment, service.name)
    newest = [explained(site, service, each) for each in islice(found, lines)]
    return marked(newest, at_work(site, service))


def at_work(site: Site, service: Service) -> str:
    """The revision that serves now, or ""."""
    cluster = names.cluster(site.settings)
    here = serving(site.aws, cluster, names.service(site.settings, service.name))
    return here.task_definition if here else ""


def explained(site: Site, service: Service, release: Release) -> tuple[Release, str]:
    """A release and what there is to say of it."""
    if not release.open:
        return release, release.reason
    table, environment = names.lock_table(site.settings), site.settings.environment.name
    holder = lease.alive(site.aws.dynamodb, table, environment, service.name)
    if holder:
        return release, f"under way: {holder}"
    settled = reconcile.settled_now(site, partial(deploy.target, site), service, release)
    return settled, f"{settled.reason} ({UNWRITTEN})"


def marked(found: Sequence[tuple[Release, str]], task_definition: str) -> list[Entry]:
    """The entries, the newest release of the revision at work marked; pure."""
    ours = (each.id for each, _ in found if task_definition == each.task_definition != "")
    at_work = next(ours, "")
    return [Entry(release=each, serves=each.id == at_work, note=note) for each, note in found]


def seconds(release: Release) -> str:
    """How long a release took, in whole seconds."""
    if not release.ended:
        return "-"
    took = datetime.fromisoformat(release.ended) - datetime.fromisoformat(release.began)
    return f"{took.total_seconds():.0f}"
