"""Blue/green and canary by the engine's own deploy: deploys that were left, and ways back.

Each test leaves the service deployed, with a standby that may go on.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.checkout import stop
from tests.e2e.shifting import HALF, HEALTH, Shop, begun, open_shop, until
from tests.e2e.weather import bad_weather

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("strategies")) as made:
        yield made


def test_a_deploy_that_was_left_is_taken_up_again(shop: Shop) -> None:
    """Detached: CodeDeploy goes on; the same deploy again watches that one, and begins none."""
    shop.choose("canary")
    shop.change()
    with shop.traffic().flowing() as traffic:
        process = shop.clone.start("deploy", "--env=local", "--on-interrupt=detach")
        until(process, HALF)
        left = stop(process)
        assert left.code == 130, left.said
        [going] = shop.running()
        assert f"CodeDeploy goes on with deployment {going}" in left.err
        again = shop.deploy()
    assert again.code == 0, again.said
    assert shop.running() in ([going], [])
    assert traffic.failures == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_deploy_that_was_left_is_resumed(shop: Shop, number: int) -> None:
    """Detached or killed in the middle of a shift: its release gets its end, and none is begun."""
    shop.choose("canary")
    shop.change()
    old = shop.version
    with shop.traffic().flowing() as traffic:
        process = shop.clone.start("deploy", "--env=local", "--on-interrupt=detach")
        until(process, HALF)
        left = stop(process, number)
        assert left.code == (143 if number == signal.SIGTERM else -number), left.said
        before = begun(shop)
        ran = shop.deploy("--resume")
    assert ran.code == 0, ran.said
    assert "deployed" in ran.out
    print(f"resumed and verified in {ran.seconds:.0f} s")
    assert begun(shop) == before
    assert traffic.failures == []
    assert set(traffic.versions) == {old, shop.version}
    assert shop.shares() == [0, 100]
    history = shop.clone.invoke("history", "--env=local", "--json").json()
    assert (history[0]["verdict"], history[0]["serves"]) == ("deployed", True)


def test_what_serves_badly_in_production_is_undone(shop: Shop) -> None:
    """Fine for the health check and at the test listener; the verification takes it back."""
    shop.choose("blue_green")
    old = shop.version
    wrong = (
        HEALTH,
        "    settings = request.app.state.settings",
        "assert request.url.path == '/health' or ':8080' in request.headers['host'], 'wrong'",
    )
    with shop.broken(*wrong):
        ran = shop.deploy()
    assert ran.code == 11, ran.said
    assert "verification failed: 500" in ran.err
    assert shop.version == old
    assert shop.shares() == [0, 100]


def test_the_way_back_within_the_standby_takes_seconds(shop: Shop) -> None:
    """The old tasks are there, and get all requests again; none fails."""
    shop.change()
    old = shop.version
    assert shop.deploy().code == 0
    new = shop.version
    with shop.traffic().flowing() as traffic:
        began = time.monotonic()
        ran = shop.clone.invoke("rollback", "--env=local", "--service=greeter")
        took = time.monotonic() - began
    assert ran.code == 0, ran.said
    assert traffic.failures == []
    assert set(traffic.versions) == {old, new}
    assert shop.version == old
    assert shop.shares() == [0, 100]
    assert took < 60, f"{took:.0f} s"


def test_a_shift_in_bad_weather(shop: Shop, tmp_path: Path) -> None:
    """30 % of the calls throttled, CreateDeployment done and its answer lost: it is one."""
    shop.choose("blue_green")
    shop.change()
    before, old = begun(shop), shop.version
    weather = bad_weather(shop.clone, tmp_path / "calls", 4)
    with shop.traffic().flowing() as traffic:
        ran = weather.clone.invoke("deploy", "--env=local")
    assert ran.code == 0, ran.said
    print(f"deployed in {ran.seconds:.0f} s: {dict(weather.fates)}")
    assert weather.done["codedeploy.CreateDeployment"] == 1
    assert len(begun(shop) - before) == 1
    assert traffic.failures == []
    assert set(traffic.versions) == {old, shop.version}
    assert shop.shares() == [0, 100]


def test_the_way_back_in_bad_weather(shop: Shop, tmp_path: Path) -> None:
    """The standby is stopped, and nothing is begun; the old version has all requests again."""
    before, new = begun(shop), shop.version
    weather = bad_weather(shop.clone, tmp_path / "calls", 5)
    with shop.traffic().flowing() as traffic:
        ran = weather.clone.invoke("rollback", "--env=local", "--service=greeter")
    assert ran.code == 0, ran.said
    print(f"rolled back in {ran.seconds:.0f} s: {dict(weather.fates)}")
    assert weather.done["codedeploy.CreateDeployment"] == 0
    # CodeDeploy's own, which undoes the one that was stopped.
    assert len(begun(shop) - before) == 1
    assert traffic.failures == []
    assert shop.version != new
    assert shop.shares() == [0, 100]
