"""Artifacts and tags of the embedded registry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded_aws.patches.ecr_artifacts import REFERRERS, descriptor, referrers, subject_of, untag

IMAGE = "sha256:" + "a" * 64


def stored(digest: str, *tags: str, **manifest: Any) -> dict[str, Any]:
    """A manifest as the registry keeps it."""
    return {
        "imageDigest": digest,
        "imageId": {"imageDigest": digest},
        "imageTags": list(tags),
        "imageManifest": json.dumps(manifest),
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
    }


SBOM = stored("sha256:s", artifactType="sbom", subject={"digest": IMAGE}, annotations={"by": "us"})
SIGNATURE = stored("sha256:g", config={"mediaType": "signature"}, subject={"digest": IMAGE})
OTHER = stored("sha256:o", artifactType="sbom", subject={"digest": "sha256:" + "b" * 64})


def test_what_refers_to_an_image_is_listed() -> None:
    """All of it, or that of one type; other images' artifacts and images are none of it."""
    images = [stored(IMAGE), SBOM, SIGNATURE, OTHER]
    assert [each["digest"] for each in referrers(images, IMAGE, [])] == ["sha256:s", "sha256:g"]
    assert [each["digest"] for each in referrers(images, IMAGE, ["sbom"])] == ["sha256:s"]
    assert referrers(images, "sha256:" + "c" * 64, []) == []


def test_an_artifact_is_described_as_oci_says() -> None:
    """Its type is that of the configuration where it names none; annotations where it has some."""
    found = descriptor(SBOM)
    assert (found["artifactType"], found["annotations"]) == ("sbom", {"by": "us"})
    assert found["size"] == len(SBOM["imageManifest"])
    assert descriptor(SIGNATURE)["artifactType"] == "signature"
    assert "annotations" not in descriptor(SIGNATURE)


@pytest.mark.parametrize("manifest", ["no JSON", "[]", "{}", '{"subject": null}', b"\xff"])
def test_what_has_no_subject_refers_to_nothing(manifest: str | bytes) -> None:
    """Whatever somebody pushes."""
    assert subject_of(manifest) == ""


def test_a_tag_is_taken_off_and_the_image_stays() -> None:
    """Unless it was the last one, or the digest is named: then the image goes, as in ECR."""
    image = stored(IMAGE, "one", "two")
    assert not untag(image, {"imageDigest": IMAGE})
    assert untag(image, {"imageTag": "two"})
    assert (image["imageTags"], image["imageId"]["imageTag"]) == (["one"], "one")
    assert not untag(image, {"imageTag": "one"})


def test_repositories_have_paths() -> None:
    """The name of a repository contains slashes."""
    found = REFERRERS.fullmatch(f"/v2/shop/team/app/referrers/{IMAGE}")
    assert found
    assert (found["name"], found["digest"]) == ("shop/team/app", IMAGE)
    assert not REFERRERS.fullmatch("/v2/shop/app/manifests/latest")
