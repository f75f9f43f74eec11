"""What of the engine's door can be told without an engine."""

from __future__ import annotations

import gc

import pytest

from slipway.engine import DockerEngine
from slipway.errors import ToolError
from slipway.images.local import _registry_digest


@pytest.mark.parametrize(
    "reference",
    ["python:3.13-slim", "docker.io/library/python:3.13-slim", "library/python", "python@sha256:x"],
)
def test_a_pulled_image_is_known_by_its_registry_s_digest(reference: str) -> None:
    """Docker Hub's names are abbreviated in many ways and mean the same image."""
    digests = ["localhost:5000/python@sha256:other", "python@sha256:hub"]
    assert _registry_digest(reference, digests) == "sha256:hub"


def test_a_registry_with_a_port_is_no_tag() -> None:
    """The colon of a port does not end the name."""
    digests = ["python@sha256:hub", "localhost:5000/python@sha256:other"]
    assert _registry_digest("localhost:5000/python:3.13", digests) == "sha256:other"


def test_an_image_of_this_machine_has_no_registry_digest() -> None:
    """Its id stands in for it."""
    assert _registry_digest("python:3.13", []) == ""


@pytest.mark.tools
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_engine_that_is_not_there_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason in the system's own words, and the command that mends it."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(ToolError) as caught:
        DockerEngine().ping()
    assert str(caught.value) == (
        "the Docker engine does not answer: No such file or directory\nnext: uv run invoke setup"
    )
    # The SDK leaves the socket of a failed connection open; it hangs on the traceback.
    del caught
    gc.collect()


def test_the_engine_is_the_one_that_docker_would_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_HOST wins; command lines with a configuration of our own are told of it."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://build:2376")
    assert DockerEngine().host == "tcp://build:2376"
