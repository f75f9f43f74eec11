"""Whether a service could go back to a release: asked before anything moves away from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from slipway import names
from slipway.aws import calls, error_code
from slipway.config import Service
from slipway.errors import DeployError
from slipway.release import ledger
from slipway.release.ledger import Release
from slipway.release.parallel import side_by_side
from slipway.release.progress import Options
from slipway.release.serving import serving
from slipway.release.world import Site
from slipway.rollout import observe, taskdef
from slipway.rollout.decide import short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.aws import Aws

_ABSENT = frozenset({"ResourceNotFoundException", "ParameterNotFound", "InvalidRequestException"})


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is of a release: its revision's status ("" for none), image, and secrets."""

    status: str
    image: str = ""
    image_there: bool = False
    secrets: Mapping[str, bool] = field(default_factory=dict)


def demand(site: Site, options: Options) -> None:
    """Raise `DeployError` where what serves now could not be gone back to after a deploy."""
    if not options.way_back:
        return
    services = site.settings.services
    found = side_by_side({name: partial(missing, site, services[name]) for name in services})
    lines = [f"{name}: {line}" for name, each in found.items() for line in each]
    if lines:
        raise DeployError(
            "\n".join(["there would be no way back; nothing was changed:", *lines]),
            next_step="mend this, or deploy without it: --no-way-back",
        )


def missing(site: Site, service: Service) -> list[str]:
    """What the release that serves now lacks to be gone back to; nothing where none serves."""
    bucket, environment = names.state_bucket(site.settings), site.settings.environment.name
    with calls(f"looking for the way back of {service.name}"):
        cluster = names.cluster(site.settings)
        here = serving(site.aws, cluster, names.service(site.settings, service.name))
        if here is None:
            return []
        found = ledger.releases(site.aws.s3, bucket, environment, service.name)
        release = serving_release(found, here.task_definition)
        return obstacles(site, release) if release else []


def serving_release(releases: Iterable[Release], task_definition: str) -> Release | None:
    """The newest verified release of the revision that serves; pure.

    Looks no further than the newest verified one of another revision: what lies behind it was left
    for it.
    """
    verified = (each for each in releases if each.verified)
    newest = next(verified, None)
    return newest if newest and newest.task_definition == task_definition else None


def obstacles(site: Site, release: Release) -> list[str]:
    """What keeps the service from going back to `release`; empty where nothing does."""
    with calls(f"looking at release {release.id} of {release.service}"):
        return judge(release, look(site, release))


def judge(release: Release, found: Found) -> list[str]:
    """What keeps a service from going back to `release`, a line each; pure."""
    return list(_judged(release, found))


def _judged(release: Release, found: Found) -> Iterator[str]:
    revision = short(release.task_definition) or "its revision"
    if found.status != "ACTIVE":
        yield f"release {release.id}: {revision} is {found.status or 'not there any more'}"
        return
    if not found.image_there:
        yield f"release {release.id}: the registry has {found.image} no more"
    for name, there in found.secrets.items():
        if not there:
            yield f"release {release.id}: the secret {name} can't be read any more"


def look(site: Site, release: Release) -> Found:
    """What there is of a release."""
    try:
        definition, _ = observe.task_definition(site.aws.ecs, release.task_definition)
    except Exception as error:
        if error_code(error) == "ClientException":
            return Found(status="")
        raise
    image = taskdef.image_of(definition)
    return Found(
        status=definition["status"],
        image=image,
        image_there=image_there(site, release.service, image),
        secrets=_secrets(site.aws, definition),
    )


def image_there(site: Site, service: str, image: str) -> bool:
    """Whether the registry has an image by its digest."""
    try:
        found = site.ecr.describe_images(
            repositoryName=names.repository(site.settings, service),
            imageIds=[{"imageDigest": image.rpartition("@")[2]}],
        )
    except Exception as error:
        if error_code(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return False
        raise
    return bool(found["imageDetails"])


def _secrets(aws: Aws, definition: taskdef.TaskDefinition) -> dict[str, bool]:
    """Each secret that the containers name, by its variable, and whether it is there."""
    wanted = {
        each["name"]: each["valueFrom"]
        for container in definition["containerDefinitions"]
        for each in container.get("secrets", [])
    }
    return side_by_side({name: partial(_there, aws, place) for name, place in wanted.items()})


def _there(aws: Aws, place: str) -> bool:
    """Whether the secret or parameter that a task definition names is there; no value is read."""
    try:
        if ":secretsmanager:" in place:
            # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, then :KEY:STAGE:VERSION or nothing.
            found: Any = aws.secretsmanager.describe_secret(SecretId=":".join(place.split(":")[:7]))
            return "DeletedDate" not in found
        aws.ssm.get_parameter(Name=place)
    except Exception as error:
        if error_code(error) in _ABSENT:
            return False
        raise
    return True
