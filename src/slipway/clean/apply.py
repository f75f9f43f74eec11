"""Removing what a plan lets go: looked at once more under the leases of all who might need it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from slipway import names
from slipway.aws import calls
from slipway.clean import look, needs
from slipway.clean.plan import Item, Kind, Rules, decided, going
from slipway.errors import AccessError, SlipwayError
from slipway.infra import applied, holding, statestore
from slipway.release import lease
from slipway.rollout.observe import batched
from slipway.sbom.attached import tag_of

if TYPE_CHECKING:
    from slipway.release.world import Site

_BATCH = 100
"""Images per BatchDeleteImage: the API's limit."""


def planned(site: Site, kinds: Collection[Kind], rules: Rules) -> list[Item]:
    """Everything of these kinds, and why what stays does."""
    wanted = needs.needed(site)
    return decided(look.found(site, kinds), wanted, rules, look.now())


def clean(site: Site, shown: Sequence[Item], kinds: Collection[Kind], rules: Rules) -> list[Item]:
    """Remove what was shown and still goes, under all leases; returns what was removed."""
    agreed = {(item.kind, item.place, item.id) for item in going(shown)}
    with _quiet(site, kinds):
        still = going(planned(site, kinds, rules))
        chosen = [item for item in still if (item.kind, item.place, item.id) in agreed]
        return [gone for kind in kinds for gone in remove(site, kind, chosen)]


def remove(site: Site, kind: Kind, items: Sequence[Item]) -> list[Item]:
    """Remove those of one kind; what AWS refuses is told and stays."""
    ways: dict[Kind, Callable[[Site, Sequence[Item]], list[Item]]] = {
        "image": _images,
        "revision": partial(_each, _revision),
        "state version": partial(_each, _version),
        "workspace": partial(_each, _workspace),
    }
    mine = [item for item in items if item.kind == kind]
    return ways[kind](site, mine) if mine else []


@contextmanager
def _quiet(site: Site, kinds: Collection[Kind]) -> Iterator[None]:
    """Keep deploys of every environment that has to do with it out meanwhile.

    One that can't be reached is asked for its needs in vain too, and then no image goes.
    """
    services, mine = tuple(site.settings.services), site.settings.environment.name
    with ExitStack() as held:
        for name in needs.sharing(site) if "image" in kinds else [mine]:
            try:
                there = needs.home(site, name)
            except AccessError:
                continue
            table = names.lock_table(there.settings)
            if _has_table(there.aws.dynamodb, table):
                leases = held.enter_context(
                    lease.hold(there.aws.dynamodb, table, name, services, say=site.console.detail)
                )
                for each in leases:
                    each.enter("clean")
        yield


def _has_table(client: object, table: str) -> bool:
    """Whether anything was ever deployed there."""
    try:
        with calls("looking for the lock table"):
            client.describe_table(TableName=table)  # type: ignore[attr-defined]
    except SlipwayError as error:
        if "ResourceNotFound" in error.message:
            return False
        raise
    return True


def _images(site: Site, items: Sequence[Item]) -> list[Item]:
    gone = []
    for repository in sorted({item.place for item in items}):
        mine = {item.id: item for item in items if item.place == repository}
        for some in batched(mine, _BATCH):
            with calls(f"removing images of {repository}"):
                answer = site.ecr.batch_delete_image(
                    repositoryName=repository, imageIds=[{"imageDigest": each} for each in some]
                )
            failed = {
                each.get("imageId", {}).get("imageDigest", ""): each.get("failureReason", "")
                for each in answer.get("failures", [])
            }
            for digest, why in failed.items():
                site.console.warn(f"{repository}: {digest} stays: {why}")
            done = [mine[each] for each in some if each not in failed]
            _sboms(site, done)
            gone += done
    return gone


def _sboms(site: Site, images: Sequence[Item]) -> None:
    """Remove the SBOMs of images that are gone; fine where there is none."""
    if images:
        with calls(f"removing SBOMs of {images[0].place}"):
            site.ecr.batch_delete_image(
                repositoryName=images[0].place,
                imageIds=[{"imageTag": tag_of(each.id)} for each in images],
            )


def _each(one: Callable[[Site, Item], None], site: Site, items: Sequence[Item]) -> list[Item]:
    gone = []
    for item in items:
        try:
            with calls(f"removing {item.kind} {item.label or item.id}"):
                one(site, item)
        except SlipwayError as error:
            site.console.warn(f"{error.message}; it stays")
        else:
            gone.append(item)
    return gone


def _revision(site: Site, item: Item) -> None:
    site.aws.ecs.deregister_task_definition(taskDefinition=item.id)


def _version(site: Site, item: Item) -> None:
    (where,) = (each for each in look.places(site) if str(each) == item.place)
    site.aws.s3.delete_object(Bucket=where.bucket, Key=where.path, VersionId=item.id)


def _workspace(site: Site, item: Item) -> None:
    """Under its lock, and only if it is empty still."""
    every = [*look.places(site), *look.strangers(site)]
    (where,) = (each for each in every if each.path == item.id)
    with holding.hold([where], "clean", site.aws):
        statestore.remove(where, site.aws)
        applied.forget(where, site.aws)
