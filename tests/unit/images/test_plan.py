"""Content tags, base images and what a plan holds."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from slipway.config import Route
from slipway.images.plan import ContextFile, Kind, base_images, content_tag
from tests.cases_files import cases
from tests.unit.images.samples import make_plan, make_service


def a_file(path: str = "src/app.py", kind: Kind = "file", digest: str = "aa") -> ContextFile:
    return ContextFile(path=path, kind=kind, digest=digest)


INPUTS: dict[str, Any] = {
    "files": (a_file("Dockerfile"), a_file()),
    "build_args": {"PYTHON_VERSION": "3.13", "DEBIAN": "trixie"},
    "platform": "linux/amd64",
    "bases": {"python:3.13-slim-trixie": "sha256:bb"},
    "asked": (8000, "/health"),
}


@pytest.mark.parametrize(
    "change",
    [
        {"files": (a_file("Dockerfile"), a_file(digest="ab"))},
        {"files": (a_file("Dockerfile"), a_file(kind="executable"))},
        {"files": (a_file("Dockerfile"), a_file(kind="link"))},
        {"files": (a_file("Dockerfile"), a_file(path="src/apple.py"))},
        {"files": (a_file("Dockerfile"),)},
        {"build_args": {"PYTHON_VERSION": "3.11", "DEBIAN": "trixie"}},
        {"platform": "linux/arm64"},
        {"bases": {"python:3.13-slim-trixie": "sha256:cc"}},
        {"asked": (8001, "/health")},
        {"asked": (8000, "/nowhere")},
    ],
    ids=["bytes", "bit", "link", "name", "removed", "argument", "platform", "base", "port", "path"],
)
def test_the_tag_changes_with_each_input(change: dict[str, Any]) -> None:
    """Whatever goes into an image also goes into its name, and what it had to answer."""
    assert content_tag(**INPUTS | change) != content_tag(**INPUTS)


def test_the_tag_does_not_depend_on_order() -> None:
    """Files and arguments in another order are the same image."""
    turned = {
        **INPUTS,
        "files": INPUTS["files"][::-1],
        "build_args": dict(reversed(INPUTS["build_args"].items())),
    }
    assert content_tag(**turned) == content_tag(**INPUTS)


def test_the_tag_is_stable_between_releases_of_slipway() -> None:
    """The scheme only changes on purpose: else every image of every user is built again."""
    assert content_tag(**INPUTS) == "195da47a302ea262"


def test_another_health_path_is_asked_for_before_ecs_asks() -> None:
    """The registry has none that is known to answer there; how often ECS asks changes nothing."""
    service = make_service()
    moved = replace(service, health=replace(service.health, path="/nowhere"))
    slower = replace(service, health=replace(service.health, interval=31))
    assert make_plan(service=moved).tag != make_plan(service=service).tag
    assert make_plan(service=slower).tag == make_plan(service=service).tag


def test_a_tag_is_one_that_registries_take() -> None:
    """Sixteen hexadecimal digits."""
    assert re.fullmatch(r"[0-9a-f]{16}", content_tag(**INPUTS))


@pytest.mark.parametrize("case", cases("images/bases"))
def test_finds_the_base_images(case: dict[str, Any]) -> None:
    """`FROM` lines are read with the arguments that the build passes."""
    found = base_images(case["dockerfile"], case["build_args"])
    assert list(found) == case["bases"], case["about"]


def test_the_version_is_no_input_of_its_own_tag() -> None:
    """The plan's arguments leave `VERSION` out, and its reference ends with the tag."""
    plan = make_plan()
    assert dict(plan.build_args) == {"PYTHON_VERSION": "3.13", "DEBIAN": "trixie"}
    assert plan.reference == f"localhost:4566/shop/greeter:{plan.tag}"


@pytest.mark.parametrize(("python", "debian"), [("3.11", "bookworm"), ("3.13", "trixie")])
def test_python_decides_the_debian_release(python: str, debian: str) -> None:
    """Each Python comes from the Debian release whose own Python it is."""
    assert make_plan(make_service(python=python)).build_args["DEBIAN"] == debian


def test_architecture_decides_the_platform() -> None:
    """A service for Graviton is built for arm64, under another tag."""
    graviton = make_plan(make_service(architecture="arm64"))
    assert graviton.platform == "linux/arm64"
    assert graviton.tag != make_plan().tag


def test_the_image_is_asked_as_the_service_will_be() -> None:
    """The trial start has the task's variables, port, memory and health path."""
    ask = make_plan().ask
    assert (ask.port, ask.path, ask.memory) == (8000, "/health", 512)
    assert ask.env == {
        "SERVICE_NAME": "greeter",
        "ENVIRONMENT": "local",
        "PORT": "8000",
        "ROUTE_PATH": "/greeter",
        "GREETING": "Hello",
    }


def test_the_trial_gets_the_values_of_this_machine() -> None:
    """And is told so: a service may take them nowhere else. The image is the same."""
    local = {"JWT_KEYS": "for-tests", "GREETING": "Moin"}
    plain, given = make_plan(environment="prod"), make_plan(environment="prod", local=local)
    assert local.items() <= given.ask.env.items()
    assert (plain.ask.env["ENVIRONMENT"], given.ask.env["ENVIRONMENT"]) == ("prod", "development")
    assert given.tag == plain.tag


def test_the_root_route_is_an_empty_path() -> None:
    """As the task gets it: services put ROUTE_PATH before their own paths."""
    everything = make_service(route=Route(path="/", host="", priority=100))
    assert make_plan(everything).ask.env["ROUTE_PATH"] == ""


@pytest.mark.parametrize(("grace", "timeout"), [(30, 60), (120, 120)])
def test_a_slow_starter_is_given_its_time(grace: int, timeout: int) -> None:
    """At least a minute, and as long as a task is given."""
    health = replace(make_service().health, grace=grace)
    assert make_plan(make_service(health=health)).ask.timeout == timeout


def test_settings_of_the_task_alone_keep_the_image() -> None:
    """Environment variables and scaling don't rebuild: they are no part of the image."""
    assert make_plan(make_service(env={}, cpu=512)).tag == make_plan().tag


def test_a_job_is_run_with_a_check() -> None:
    """A service without a port is not asked: the first job's command looks whether it could run."""
    job = {"command": ("report",), "schedule": "", "timezone": "UTC", "cpu": 0, "memory": 1024}
    ask = make_plan(make_service(kind="job", jobs={"main": job})).ask
    assert (ask.command, ask.memory, ask.told) == (
        ("report", "--check"),
        1024,
        "run report --check",
    )
    assert not {"PORT", "ROUTE_PATH"} & ask.env.keys()
