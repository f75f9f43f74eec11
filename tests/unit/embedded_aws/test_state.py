"""State on disk: image layers, and files that are written when something changed."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import pytest

from embedded_aws.blobs import BlobStore
from embedded_aws.saver import Saver
from embedded_aws.version import source_version

CONTENT = b"a layer"
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


def test_a_layer_is_kept_on_disk(tmp_path: Path) -> None:
    """Another store on the same folder has it, for every repository."""
    BlobStore(tmp_path).setdefault("one", {})[DIGEST] = CONTENT
    layers = BlobStore(tmp_path).get("two", {})
    assert DIGEST in layers
    assert layers.get(DIGEST) == CONTENT


def test_a_digest_is_no_path(tmp_path: Path) -> None:
    """What is no digest is not looked up in the file system."""
    layers = BlobStore(tmp_path / "images").get("one")
    (tmp_path / "secret").write_text("secret")
    assert "../secret" not in layers
    assert layers.get("../secret") is None
    with pytest.raises(KeyError):
        layers["../secret"] = b"overwritten"


def test_layers_are_no_part_of_a_state_file(tmp_path: Path) -> None:
    """The registry's state stays small."""
    store = BlobStore(tmp_path)
    store.setdefault("one")[DIGEST] = CONTENT
    assert not copy.deepcopy(store)


def a_saver(folder: Path, states: dict[str, object]) -> Saver:
    def functions() -> dict[str, object]:
        return {name: lambda value=value: value() for name, value in states.items()}

    return Saver(folder, functions, lambda name, state: json.dumps(state))  # type: ignore[arg-type]


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    """A file that holds the state already is left alone."""
    state = {"a": 1}
    saver = a_saver(tmp_path, {"one": lambda: state, "none": lambda: None})
    saver.save()
    (tmp_path / "one.json").unlink()
    saver.save()
    assert not (tmp_path / "one.json").exists()
    state["a"] = 2
    saver.save()
    assert json.loads((tmp_path / "one.json").read_text()) == {"a": 2}
    assert not (tmp_path / "none.json").exists()


def test_a_state_that_can_not_be_read_now_holds_up_no_other(tmp_path: Path) -> None:
    """It is left for the next time."""

    def changing() -> object:
        raise RuntimeError("dictionary changed size during iteration")

    a_saver(tmp_path, {"bad": changing, "good": lambda: 1}).save()
    assert (tmp_path / "good.json").read_text() == "1"


def test_the_version_follows_the_source(tmp_path: Path) -> None:
    """Any changed file makes another version; what is no source does not."""
    (tmp_path / "a.py").write_text("one")
    before = source_version.__wrapped__(tmp_path)
    (tmp_path / "notes.txt").write_text("no source")
    assert source_version.__wrapped__(tmp_path) == before
    (tmp_path / "a.py").write_text("two")
    assert source_version.__wrapped__(tmp_path) != before
