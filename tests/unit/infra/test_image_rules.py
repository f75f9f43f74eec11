"""Which images the registry's lifecycle policy expires, by ECR's own evaluation rules.

Source of the rules: "Lifecycle policy evaluation rules" in the ECR user guide. All rules look at
all images; an image that matches the tags of a rule is never expired by a rule of lower priority.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

POLICY = Path(__file__).parents[3] / "infra/modules/registry/lifecycle.json"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image in the registry; `age` in days since it was pushed."""

    age: int
    tags: tuple[str, ...] = ()


def matches(selection: dict[str, Any], image: Image) -> bool:
    """Whether the rule looks at the image at all: each prefix must be that of some tag."""
    status = selection["tagStatus"]
    if status == "tagged":
        prefixes = selection["tagPrefixList"]
        return all(any(tag.startswith(prefix) for tag in image.tags) for prefix in prefixes)
    return status == "any" or not image.tags


def beyond(selection: dict[str, Any], images: list[Image]) -> list[Image]:
    """Those of `images` that are too many, or too old."""
    number = selection["countNumber"]
    if selection["countType"] == "sinceImagePushed":
        return [image for image in images if image.age > number]
    return sorted(images, key=lambda image: image.age)[number:]


def expired(images: list[Image]) -> list[Image]:
    """What the policy takes away."""
    gone: list[Image] = []
    claimed: set[Image] = set()
    for rule in sorted(json.loads(POLICY.read_text())["rules"], key=lambda r: r["rulePriority"]):
        matched = [image for image in images if matches(rule["selection"], image)]
        gone += [image for image in beyond(rule["selection"], matched) if image not in claimed]
        claimed |= set(matched)
    return gone


def pushed(count: int, *, since: int = 0) -> list[Image]:
    """`count` images, one a day, each with the tag of its content."""
    return [Image(age=since + day, tags=(f"c{since + day:063d}",)) for day in range(count)]


def told(images: list[Image]) -> list[Image]:
    """`images`, each with its SBOM, which was pushed right after it."""
    return [
        each
        for image in images
        for each in (replace(image, tags=(f"sbom-{image.age:064d}",)), image)
    ]


def test_the_last_ten_are_kept() -> None:
    """An eleventh image that no release needs goes."""
    images = pushed(11)
    assert expired(told(images)) == images[10:]
    assert expired(told(images[:10])) == []


def test_an_sbom_goes_by_no_rule() -> None:
    """It has no release's tag, and may be the only one that tells of what production runs."""
    sbom = Image(age=1000, tags=("sbom-" + "a" * 64,))
    assert sbom not in expired([*told(pushed(100)), sbom])


def test_images_without_sboms_are_kept_all_the_more() -> None:
    """As older versions pushed them: twenty."""
    images = pushed(21)
    assert expired(images) == images[20:]


def test_an_image_of_a_release_is_kept_however_old() -> None:
    """Production may run an image that was pushed a hundred images ago."""
    needed = Image(age=1000, tags=("c1", "release-prod-20261120T105500Z-3fa9c1"))
    assert needed not in expired([*pushed(100), needed])


def test_each_environment_keeps_its_own() -> None:
    """Ten old releases of every environment stay side by side, and twenty of one as well."""
    names = [("prod", 20), ("staging", 10), ("an-env-of-12", 10)]
    needed = [
        Image(age=500 + count, tags=(f"c{name}{count}", f"release-{name}-{count}"))
        for name, most in names
        for count in range(most)
    ]
    assert not set(needed) & set(expired([*pushed(30), *needed]))


def test_one_image_of_many_releases_counts_once_and_stays() -> None:
    """Rollbacks and promotions put further tags on an image; it stays until the last one goes."""
    shared = Image(age=90, tags=("c1", "release-prod-2", "release-prod-7", "release-staging-1"))
    fewer = Image(age=90, tags=("c1", "release-staging-1"))
    assert shared not in expired([*pushed(50), shared])
    assert fewer not in expired([*pushed(50), fewer])


def test_an_image_without_its_release_tags_goes_like_any_other() -> None:
    """Once its last release tag is off, the image is one among the last ten or gone."""
    old = Image(age=400, tags=("c400",))
    assert old in expired([*told(pushed(10)), old])
    assert old not in expired([*told(pushed(9)), old])


def test_images_of_releases_are_among_the_last_ten() -> None:
    """They are not on top of the ten newest."""
    newest = Image(age=0, tags=("c0", "release-dev-1"))
    others = pushed(10, since=1)
    assert expired([*told([newest]), *told(others)]) == [others[-1]]


def test_what_a_broken_push_left_goes_after_a_day() -> None:
    """Images without any tag."""
    assert expired([Image(age=2)]) == [Image(age=2)]
    assert expired([Image(age=1)]) == []


def test_content_tags_are_not_taken_for_releases() -> None:
    """The tag of an image's content never begins like a release's."""
    policy = json.loads(POLICY.read_text())
    assert policy["rules"][0]["selection"]["tagPrefixList"] == ["release-"]
    assert not any("release-".startswith(digit) for digit in "0123456789abcdef")
