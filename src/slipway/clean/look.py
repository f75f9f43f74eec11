"""Listing what could go: images, revisions, versions of states, workspaces."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from slipway import names
from slipway.aws import Aws, calls, error_code
from slipway.clean.plan import Item, Kind
from slipway.infra import applied, locks, statestore
from slipway.infra.locks import Place
from slipway.infra.statestore import Described
from slipway.release.parallel import side_by_side
from slipway.rollout.decide import short
from slipway.sbom.attached import PREFIX as SBOM

if TYPE_CHECKING:
    from slipway.config import Settings
    from slipway.release.world import Site

KINDS: tuple[Kind, ...] = ("image", "revision", "state version", "workspace")
_NO_REPOSITORY = "RepositoryNotFoundException"


def found(site: Site, kinds: Collection[Kind]) -> list[Item]:
    """Everything of these kinds, with no more said than that it is there."""
    looks: dict[Kind, Callable[[Site], list[Item]]] = {
        "image": images,
        "revision": revisions,
        "state version": state_versions,
        "workspace": workspaces,
    }
    jobs: dict[str, Callable[[], list[Item]]] = {
        kind: partial(_told, kind, looks[kind], site) for kind in KINDS if kind in kinds
    }
    return [item for items in side_by_side(jobs).values() for item in items]


def _told(kind: Kind, look: Callable[[Site], list[Item]], site: Site) -> list[Item]:
    with calls(f"listing {kind}s"):
        return look(site)


def images(site: Site) -> list[Item]:
    """The images of the services that there are folders of."""
    return [item for name in site.settings.services for item in _images(site, name)]


def _images(site: Site, service: str) -> Iterator[Item]:
    repository = names.repository(site.settings, service)
    pages = site.ecr.get_paginator("describe_images").paginate(repositoryName=repository)
    try:
        raw: list[Any] = [image for page in pages for image in page["imageDetails"]]
    except Exception as error:
        if error_code(error) == _NO_REPOSITORY:
            return
        raise
    for image in raw:
        tags = tuple(sorted(image.get("imageTags", ())))
        if any(tag.startswith(SBOM) for tag in tags):
            continue  # it goes with its image
        yield Item(
            kind="image",
            place=repository,
            id=image["imageDigest"],
            made=image["imagePushedAt"],
            size=image.get("imageSizeInBytes", 0),
            label=next((tag for tag in tags if not tag.startswith("release-")), "untagged"),
            tags=tags,
        )


def revisions(site: Site) -> list[Item]:
    """The active revisions of the services' families, migrations and jobs among them."""
    ecs = site.aws.ecs
    ours = {names.service(site.settings, name) for name in site.settings.services}
    prefix = f"{names.prefix(site.settings)}-"
    pages = ecs.get_paginator("list_task_definition_families").paginate(
        familyPrefix=prefix, status="ACTIVE"
    )
    others = _prefixes(site.settings) - {prefix}
    families = [
        family
        for page in pages
        for family in page["families"]
        if _of(family, ours) and not any(family.startswith(each) for each in others)
    ]
    arns = [
        arn
        for family in families
        for page in ecs.get_paginator("list_task_definitions").paginate(
            familyPrefix=family, status="ACTIVE"
        )
        for arn in page["taskDefinitionArns"]
        if short(arn).rpartition(":")[0] == family
    ]
    described = side_by_side({arn: partial(_registered, site.aws, arn) for arn in arns})
    return [
        Item(
            kind="revision",
            place=short(arn).rpartition(":")[0],
            id=arn,
            made=made,
            number=int(arn.rpartition(":")[2]),
            label=short(arn),
        )
        for arn, made in described.items()
    ]


def _prefixes(settings: Settings) -> set[str]:
    """What families of each environment begin with: `dev` must not take those of `dev-eu`."""
    found = settings.environments.values()
    mine = f"{names.prefix(settings)}-"
    every = {f"{names.prefix(replace(settings, environment=each))}-" for each in found}
    return {each for each in every if each.startswith(mine)}


def _of(family: str, services: Collection[str]) -> bool:
    """Whether a family is a service's, or of something that belongs to one."""
    return any(family == each or family.startswith(f"{each}-") for each in services)


def _registered(aws: Aws, arn: str) -> datetime:
    found = aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return found["registeredAt"]


def state_versions(site: Site) -> list[Item]:
    """Earlier versions of every state, and what must not go of them."""
    return [item for where in places(site) for item in _versions(where, site.aws)]


def _versions(where: Place, aws: Aws) -> Iterator[Item]:
    newest = statestore.described(where, aws)
    record = applied.read_at(where, aws)
    good = last_good(newest, record.serial if record else 0)
    known = {each.version.id: each for each in newest}
    for version in statestore.versions(where, aws):
        if version.deleted:
            continue
        described = known.get(version.id)
        yield Item(
            kind="state version",
            place=str(where),
            id=version.id,
            made=version.changed,
            size=version.size,
            label=f"serial {described.serial}" if described and described.serial else "",
            stays="current" if version.latest else good.get(version.id, ""),
        )


def last_good(newest: list[Described], serial: int) -> dict[str, str]:
    """Which versions one would go back to, by id; pure. `newest` are newest first.

    The last that knows of anything, and the last that was applied; all where none is known to be
    good: what is wrong with them is to be found out first.
    """
    knowing = [each for each in newest if each.resources]
    if not knowing:
        return {each.version.id: "no version that knows of anything was found" for each in newest}
    found = {knowing[0].version.id: "the last that knows of anything"}
    applied_last = next((each for each in knowing if each.serial == serial), None)
    if applied_last:
        found.setdefault(applied_last.version.id, "as it was last applied")
    return found


def workspaces(site: Site) -> list[Item]:
    """States without resources, here and of environments that slipway.toml no longer names."""
    return [
        item
        for where in [*places(site), *strangers(site)]
        if (item := _workspace(where, site.aws, site.settings))
    ]


def _workspace(where: Place, aws: Aws, settings: Settings) -> Item | None:
    state = statestore.current_if_sound(where, aws)
    mine = where.environment in settings.environments
    if state and not state.empty and mine:
        return None  # somebody lives there
    stays = "" if state and state.empty else "it can't be read"
    if state and not state.empty:
        stays = f"knows of {len(state.addresses)} resources, and slipway.toml not of it"
    made = statestore.versions(where, aws)[0].changed
    return Item(kind="workspace", place=str(where), id=where.path, made=made, stays=stays)


def places(site: Site) -> list[Place]:
    """The states of this environment."""
    bucket, table = names.state_bucket(site.settings), names.lock_table(site.settings)
    return locks.places(site.settings.environment.name, bucket, table, site.aws)


def strangers(site: Site) -> list[Place]:
    """The states of environments that slipway.toml does not name."""
    bucket, table = names.state_bucket(site.settings), names.lock_table(site.settings)
    pages = site.aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="env:/", Delimiter="/"
    )
    prefixes = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    environments = [each.split("/")[1] for each in prefixes]
    return [
        where
        for name in environments
        if name not in site.settings.environments
        for where in locks.places(name, bucket, table, site.aws)
    ]


def now() -> datetime:
    """The time by which age is told."""
    return datetime.now(UTC)
