"""Cleaning for real, in memory: two environments that share a registry, states, revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from slipway import names
from slipway.clean import apply, look, needs
from slipway.clean.look import KINDS, last_good
from slipway.clean.plan import Item, Kind, Rules, going
from slipway.errors import AccessError, LockedError
from slipway.infra import locks, statestore
from slipway.infra.statestore import Described, Version
from slipway.release import lease, retention
from slipway.release.world import Site
from slipway.sbom.attached import tag_of
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, push, release, said, wrote

IMAGES: tuple[Kind, ...] = ("image",)
ALL = Rules(age=timedelta(0), keep=1)


class Ecs(FakeEcs):
    """An ECS that lists its revisions and takes them off."""

    def get_paginator(self, name: str) -> Any:
        families = [{"families": ["slipway-local-app", "slipway-local-strange"]}]
        arns = [{"taskDefinitionArns": sorted(self.definitions)}]
        return Pages(families if name == "list_task_definition_families" else arns)

    def describe_task_definition(self, *, taskDefinition: str, include: Any = ()) -> Any:  # noqa: N803
        return super().describe_task_definition(taskDefinition=taskDefinition, include=include)

    def deregister_task_definition(self, *, taskDefinition: str) -> None:  # noqa: N803
        del self.definitions[taskDefinition]


def revision(number: int) -> str:
    """A revision of the family that app has in local."""
    return f"{FAMILY}:{number}".replace("local-app", "slipway-local-app")


class Pages:
    def __init__(self, pages: list[Any]) -> None:
        self.pages = pages

    def paginate(self, **_: Any) -> list[Any]:
        return self.pages


@pytest.fixture
def ecs() -> Ecs:
    return Ecs([[deployment(2, 4, "COMPLETED")]])


@pytest.fixture
def site(ecs: Ecs) -> Iterator[Site]:
    """Images v1 to v6: local serves v6, its neighbour serves v2 and would go back to v1."""
    with make_site(ecs) as made:
        here = made.settings.environment
        near = replace(here, name="near", registry=here.name)
        both = {"local": here, "near": near}
        made.settings = replace(made.settings, environments=both)
        made.aws.s3.put_bucket_versioning(
            Bucket=names.state_bucket(made.settings), VersioningConfiguration={"Status": "Enabled"}
        )
        images = {number: push(made, f"v{number}") for number in range(1, 7)}
        for number, image in images.items():
            made_at = look.now() - timedelta(days=10 - number)
            known = {"taskDefinitionArn": revision(number), "registeredAt": made_at}
            ecs.definitions[revision(number)] = {**definition(number, image), **known}
        for number, environment in ((1, "near"), (2, "near"), (6, "local")):
            one = release(number, image=images[number], environment=environment)
            wrote(made, one)
        ecs.definitions[f"{FAMILY}:4"] = definition(4, images[4])
        yield made


def tags(site: Site) -> set[str]:
    listed = site.ecr.list_images(repositoryName="slipway/app")["imageIds"]
    return {image["imageTag"] for image in listed if "imageTag" in image}


def run(site: Site, *kinds: Kind, rules: Rules = ALL) -> list[Item]:
    chosen = kinds or KINDS
    return apply.clean(site, apply.planned(site, chosen, rules), chosen, rules)


def test_the_neighbours_way_back_stays(site: Site) -> None:
    """What near serves and would go back to, what local serves (v4) and released (v6)."""
    run(site, "image")
    assert tags(site) == {"v1", "v2", "v4", "v6"}


def test_a_neighbour_that_cant_be_asked_keeps_everything(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said of whom nobody can tell; revisions, which are ours alone, go all the same."""
    home = needs.home

    def refuse(site: Site, environment: str) -> needs.Home:
        if environment == "near":
            raise AccessError("no credentials for near")
        return home(site, environment)

    monkeypatch.setattr(needs, "home", refuse)
    gone = run(site, "image", "revision")
    assert {each.kind for each in gone} <= {"revision"}
    assert tags(site) == {f"v{number}" for number in range(1, 7)}
    assert "near can't be asked what it needs" in said(site)


def test_an_image_with_a_release_tag_stays(site: Site) -> None:
    """Whatever the ledger says: the tag is there for it."""
    listed = site.ecr.list_images(repositoryName="slipway/app")["imageIds"]
    (digest,) = (each["imageDigest"] for each in listed if each["imageTag"] == "v3")
    tag = retention.release_tag("gone", release(3).id)
    retention.keep(site.ecr, "slipway/app", digest, tag)
    run(site, "image")
    assert {"v3", tag} <= tags(site)


def test_an_sbom_goes_with_its_image_and_never_by_itself(site: Site) -> None:
    """It is nobody's image, so no release needs it, and it counts for none of the newest."""
    listed = site.ecr.list_images(repositoryName="slipway/app")["imageIds"]
    images = {each["imageTag"]: each["imageDigest"] for each in listed}
    for tag in images:
        push(site, tag_of(images[tag]))
    gone = run(site, "image")
    assert {each.label for each in gone} == {"v3", "v5"}
    assert tags(site) == {
        each for tag in ("v1", "v2", "v4", "v6") for each in (tag, tag_of(images[tag]))
    }


def test_what_became_needed_after_it_was_shown_stays(site: Site) -> None:
    """Between the question and the answer a release may have come."""
    shown = apply.planned(site, IMAGES, ALL)
    assert [each.label for each in going(shown)] == ["v3", "v5"]
    image = next(each for each in shown if each.label == "v3")
    wrote(site, release(9, image=f"repo@{image.id}"))
    gone = apply.clean(site, shown, IMAGES, ALL)
    assert [each.label for each in gone] == ["v5"]
    assert "v3" in tags(site)


def test_a_neighbours_deploy_is_not_disturbed(site: Site) -> None:
    """Who is at it is said, and nothing goes."""
    shown = apply.planned(site, IMAGES, ALL)
    lease.acquire(site.aws.dynamodb, names.lock_table(site.settings), "lease/near/app")
    with pytest.raises(LockedError, match="app in near"):
        apply.clean(site, shown, IMAGES, ALL)
    assert len(tags(site)) == 6


def test_revisions_go_by_family(site: Site, ecs: Ecs) -> None:
    """That of a release and the newest stay; strangers are not looked at."""
    wrote(site, release(5, task_definition=revision(3)))
    gone = run(site, "revision")
    assert {each.place for each in gone} == {"slipway-local-app"}
    assert {each.id for each in gone} == {revision(number) for number in (1, 2, 4, 5)}
    assert not any(each.id in ecs.definitions for each in gone)


STATE: dict[str, Any] = {"version": 4, "lineage": "l", "outputs": {}}
RESOURCE = {"mode": "managed", "type": "a", "name": "b", "instances": [{}]}


def put(site: Site, where: locks.Place, serial: int, *resources: Any) -> None:
    text = json.dumps({**STATE, "serial": serial, "resources": list(resources)})
    body = text.encode()
    site.aws.s3.put_object(Bucket=where.bucket, Key=where.path, Body=body)
    item: Any = {"LockID": {"S": f"{where.bucket}/{where.path}-md5"}}
    site.aws.dynamodb.put_item(TableName=where.table, Item=item)


def place(site: Site, environment: str, stack: str, service: str = "") -> locks.Place:
    bucket, table = names.state_bucket(site.settings), names.lock_table(site.settings)
    return locks.Place(bucket, table, environment, stack, service)


def test_old_versions_of_a_state_go(site: Site) -> None:
    """Five stay, the current one, and the one as it was last applied (serial 3)."""
    where = place(site, "local", "service", "app")
    for serial in range(1, 10):
        put(site, where, serial, RESOURCE)
    run(site, "state version")
    left = statestore.described(where, site.aws)
    assert [each.serial for each in left] == [9, 8, 7, 6, 5, 3]


def test_the_last_good_version_is_never_among_them() -> None:
    """However many broken or empty ones came after it."""

    def one(number: int, resources: int) -> Described:
        version = Version(
            id=str(number), changed=look.now(), size=1, latest=number == 9, deleted=False
        )
        return Described(version=version, lineage="l", serial=number, resources=resources)

    emptied = [one(number, 0) for number in (9, 8, 7)]
    assert last_good([*emptied, one(3, 5), one(2, 5)], 2).keys() == {"3", "2"}
    assert last_good(emptied, 2).keys() == {"9", "8", "7"}


def test_empty_states_go_with_all_that_is_theirs(site: Site) -> None:
    """Here and of a forgotten environment; what knows of something stays, and is told."""
    empty = place(site, "local", "service", "gone")
    strange = place(site, "old", "platform")
    lived_in = place(site, "older", "platform")
    put(site, empty, 2)
    put(site, strange, 2)
    put(site, lived_in, 2, RESOURCE)
    put(site, place(site, "local", "platform"), 2, RESOURCE)
    shown = look.workspaces(site)
    assert {each.place: bool(each.stays) for each in shown} == {
        "service gone in local": False,
        "platform in old": False,
        "platform in older": True,
    }
    run(site, "workspace")
    listed = site.aws.s3.list_objects_v2(Bucket=empty.bucket, Prefix="env:/")["Contents"]
    assert {each["Key"] for each in listed} == {
        "env:/local/platform.tfstate",
        "env:/older/platform.tfstate",
    }
    table = site.aws.dynamodb.scan(TableName=empty.table)["Items"]
    digests = {str(each["LockID"].get("S")) for each in table}
    assert digests == {
        f"{empty.bucket}/{each}-md5"
        for each in ("env:/local/platform.tfstate", "env:/older/platform.tfstate")
    }
