"""PostgreSQL and Redis of a developer's machine: which commands, in which order."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway.console import Console
from slipway.dev import data, stores
from slipway.dev.ports import POSTGRES, REDIS
from slipway.dev.stores import Cellar
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.testing import FakeEngine, FakeRunner, an_image, printed

PORTS = {POSTGRES: 5433, REDIS: 6380}
PAIR = ("-----CERT-----\n", "-----KEY----- $1\n")


@pytest.fixture(autouse=True)
def _at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports lead where they should; tidying up is done by the same runner as all else."""
    monkeypatch.setattr(stores, "reachable", lambda port: True)


def cellar(tmp_path: Path, runner: FakeRunner) -> Cellar:
    console = Console(out=io.StringIO(), err=io.StringIO())
    return Cellar(
        checkout=Checkout(tmp_path),
        docker=Path("docker"),
        runner=runner,
        console=console,
        pause=lambda _: None,
    )


def engine(*, compose: bool) -> FakeRunner:
    answer = "Docker Compose version 2" if compose else printed("", code=1)
    return FakeRunner().on("docker compose version", answer).on("docker", "")


def verbs(runner: FakeRunner) -> list[str]:
    return [" ".join(one.argv[1:3]) for one in runner.ran]


def test_without_compose_the_engine_alone_will_do(tmp_path: Path) -> None:
    """A container for each, its port on loopback, its data in a volume."""
    runner = engine(compose=False)
    place = cellar(tmp_path, runner)
    stores.start(place, data.stores(place.name, PORTS, PAIR), ("orders",))
    assert [verb.split()[0] for verb in verbs(runner)] == [
        *("volume", "volume", "compose", "run", "run", "exec", "exec")
    ]
    postgres = next(one for one in runner.ran if "run" in one.argv)
    words = " ".join(postgres.argv)
    assert f"--name {place.name}-postgres" in words
    assert "--publish 127.0.0.1:5433:5432" in words
    assert f"--volume {place.name}-postgres:/var/lib/postgresql/data" in words
    assert "KEY-----" not in words
    assert postgres.env["TLS_KEY"] == PAIR[1]


def test_with_compose_there_is_a_file_to_use_by_hand(tmp_path: Path) -> None:
    """The same images, names, ports and volumes; compose puts nothing in for dollars."""
    runner = engine(compose=True)
    place = cellar(tmp_path, runner)
    stores.start(place, data.stores(place.name, PORTS, PAIR), ("orders",))
    up = ["docker", "compose", "--file", str(place.file), "up", "--detach"]
    assert up in [list(one.argv) for one in runner.ran]
    assert "run" not in [one.argv[1] for one in runner.ran]
    written = json.loads(place.file.read_text())
    postgres = written["services"]["postgres"]
    assert postgres["image"] == "embedded-aws.local/postgres:16"
    assert postgres["container_name"] == f"{place.name}-postgres"
    assert postgres["ports"] == ["127.0.0.1:5433:5432"]
    assert postgres["environment"]["TLS_KEY"] == "-----KEY----- $$1\n"
    assert "$$place" in postgres["entrypoint"][-1]
    assert written["volumes"] == {
        f"{place.name}-{name}": {"external": True} for name in ("postgres", "redis")
    }
    assert place.file.stat().st_mode & 0o777 == 0o600
    assert isinstance(place.console.err, io.StringIO)
    assert "docker compose --file .slipway/dev/compose.json ps" in place.console.err.getvalue()


def test_only_what_is_used_is_started(tmp_path: Path) -> None:
    """A service with a cache alone has no PostgreSQL."""
    place = cellar(tmp_path, engine(compose=False))
    found = data.stores(place.name, {REDIS: 6380}, PAIR)
    assert [one.container for one in found] == [f"{place.name}-redis"]


def test_every_account_has_a_database(tmp_path: Path) -> None:
    """In one go, which is asked again until the server is there."""
    answers = iter([printed("", code=2, stderr="starting up"), printed("")])
    runner = (
        FakeRunner()
        .on("docker exec", lambda _: next(answers))
        .on("docker inspect", "true\n")
        .on("docker", "")
    )
    place = cellar(tmp_path, runner)
    stores.start(place, data.stores(place.name, {POSTGRES: 5433}, PAIR), ("order_desk", "users"))
    asked = [one for one in runner.ran if one.argv[1] == "exec"]
    assert len(asked) == 2
    sql = asked[1].stdin or ""
    for name in ("order_desk", "users"):
        assert f'CREATE DATABASE "{name}" OWNER "{name}"' in sql


def test_a_server_that_ends_tells_why(tmp_path: Path) -> None:
    """Its last words, and the way to begin anew."""
    runner = (
        FakeRunner()
        .on("docker exec", printed("", code=1))
        .on("docker inspect", "false\n")
        .on("docker logs", "FATAL: incompatible with server")
        .on("docker", "")
    )
    place = cellar(tmp_path, runner)
    with pytest.raises(ToolError, match="incompatible with server") as failed:
        stores.start(place, data.stores(place.name, {POSTGRES: 5433}, PAIR), ())
    assert "--fresh" in failed.value.next_step


@pytest.mark.parametrize("fresh", [False, True])
def test_containers_go_and_data_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    """At the end, however it comes; `fresh` forgets the data before the start."""
    runner = engine(compose=False)
    monkeypatch.setattr(stores, "SubprocessRunner", lambda: runner)
    place = cellar(tmp_path, runner)
    during: list[str] = []

    def fail() -> None:
        with stores.running(place, PORTS, ["orders"], fresh=fresh):
            during.extend(verbs(runner))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert verbs(runner)[len(during) :] == ["stop --time", "rm --force"]
    assert ("volume rm" in verbs(runner)) is fresh
    assert verbs(runner)[0] == ("volume rm" if fresh else "volume create")


@pytest.mark.parametrize(
    ("images", "problem"),
    [
        ({}, "the image embedded-aws.local/postgres:16 is missing"),
        (dict.fromkeys(data.IMAGES, an_image()), "docker: not found"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: Mapping[str, object], problem: str
) -> None:
    """With the command that brings it."""
    monkeypatch.setattr("slipway.tools.executables", lambda name: [])
    console = Console(out=io.StringIO(), err=io.StringIO())
    found = FakeEngine(images=dict(images))  # type: ignore[arg-type]
    with pytest.raises(ToolError, match=problem) as failed:
        stores.open_cellar(Checkout(tmp_path), FakeRunner(), found, console)
    assert failed.value.next_step == "uv run invoke setup"


def test_an_engine_of_another_machine_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ports are that machine's."""
    monkeypatch.setattr(stores, "reachable", lambda port: False)
    place = cellar(tmp_path, engine(compose=False))
    with pytest.raises(ToolError, match=r"127.0.0.1:6380 does not lead to it"):
        stores.start(place, data.stores(place.name, {REDIS: 6380}, PAIR), ())
