"""Images with a real engine, a real BuildKit and the embedded AWS's registry."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slipway.command import command
from slipway.engine import DockerEngine
from slipway.errors import BuildError, Interrupted
from slipway.images.apply import Outcome, ensure
from slipway.runner import SubprocessRunner
from slipway.tools import docker_cli
from tests.cases_files import cases
from tests.e2e.yard import APP, DOCKERFILE, Yard, open_yard

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with open_yard(tmp_path_factory.mktemp("images")) as made:
        yield made


def test_an_image_is_built_tested_tried_and_pushed_once(yard: Yard) -> None:
    """The second time the registry has it, and nothing is built."""
    plan = yard.service("once")
    first = ensure(plan(), yard.bench())
    assert first.built
    assert yard.pushed("once") == [first.ref.tag]
    began = time.monotonic()
    again = ensure(plan(), yard.bench())
    assert (again.built, again.ref) == (False, first.ref)
    assert time.monotonic() - began < 5
    assert yard.trials() == 0


def test_a_change_is_another_image_and_going_back_the_old_one(yard: Yard) -> None:
    """Content decides, not commits or times."""
    plan = yard.service("change")
    old = ensure(plan(), yard.bench())
    app = yard.checkout.services / "change" / "app.py"
    app.write_text(APP + "# more\n")
    new = ensure(plan(), yard.bench())
    app.write_text(APP)
    back = ensure(plan(), yard.bench())
    assert new.ref.digest != old.ref.digest
    assert (back.ref, back.built) == (old.ref, False)


def test_failing_tests_keep_an_image_back(yard: Yard) -> None:
    """The test's own words are shown, and the registry stays empty."""
    plan = yard.service("untrue", test_app="raise SystemExit('FAILED test_app.py::test_sum')")
    with pytest.raises(BuildError, match=r"^tests of untrue failed\nFAILED test_app"):
        ensure(plan(), yard.bench())
    assert yard.pushed("untrue") == []


@pytest.mark.parametrize(
    ("name", "app", "reason"),
    [
        ("crash", "raise SystemExit('no database')", "it ended with code 1\nno database"),
        ("sleeper", "import time; time.sleep(60)", "no answer on port 8000 .* after 5 s"),
        ("sick", APP.replace("200 if", "503 if"), "/health answers 503 after 5 s"),
        ("selfish", APP.replace('"0.0.0.0"', '"127.0.0.1"'), "listens on 127.0.0.1:8000 only"),
        ("writer", "open('/app/cache', 'w')", "it ended with code 1\n(?s:.*)Read-only file system"),
        ("hungry", "x = bytearray(900_000_000)", "out of memory"),
    ],
)
def test_an_image_that_does_not_serve_is_not_pushed(
    yard: Yard, name: str, app: str, reason: str
) -> None:
    """It is told why, in the terms of the one who wrote it; no container stays."""
    plan = yard.service(name, app=app)
    with pytest.raises(BuildError, match=f"does not start: .*{reason}"):
        ensure(plan(), yard.bench())
    assert yard.pushed(name) == []
    assert yard.trials() == 0


def test_an_image_may_write_to_tmp(yard: Yard) -> None:
    """As a task may."""
    plan = yard.service("scratchpad", app="open('/tmp/cache', 'w').write('x')\n" + APP)
    assert ensure(plan(), yard.bench()).built


def test_root_is_refused(yard: Yard) -> None:
    """Without USER the process would be root."""
    plan = yard.service("rooted", dockerfile=DOCKERFILE.replace("USER 10001\n", ""))
    with pytest.raises(BuildError, match="the image runs as root: add USER"):
        ensure(plan(), yard.bench())


def test_a_command_that_does_not_exist_is_named(yard: Yard) -> None:
    """The engine's own refusal is the reason."""
    plan = yard.service("nothing", dockerfile=DOCKERFILE.replace('"python3", ', '"pythn", '))
    with pytest.raises(BuildError, match=r'does not start: .*"pythn"'):
        ensure(plan(), yard.bench())
    assert yard.trials() == 0


def test_two_at_once_agree(yard: Yard) -> None:
    """Whoever pushes second takes what the first one pushed."""
    plan = yard.service("twice")()
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: ensure(plan, yard.bench()), range(2)))
    assert outcomes[0].ref == outcomes[1].ref
    assert yard.pushed("twice") == [plan.tag]


def test_services_are_built_side_by_side(yard: Yard) -> None:
    """One workbench serves all threads."""
    plans = [yard.service(f"side-{n}")() for n in range(3)]
    bench = yard.bench()
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda plan: ensure(plan, bench), plans))
    assert all(outcome.built for outcome in outcomes)


def interrupted(
    work: Callable[[], Outcome], when: Callable[[], bool], stop: Callable[[], None]
) -> float:
    """Seconds that `work` took to end after `stop`, called as soon as `when` holds."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 60
    while not when():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    began = time.monotonic()
    stop()
    thread.join(timeout=30)
    assert [type(error) for error in caught] == [Interrupted]
    return time.monotonic() - began


def test_ctrl_c_during_the_build_pushes_nothing(yard: Yard) -> None:
    """The build ends at once, and the next command builds as if nothing had been."""
    plan = yard.service(
        "patient", test_app="print('begun', flush=True); import time; time.sleep(60)"
    )
    runner = SubprocessRunner()
    bench = yard.bench(runner=runner)
    log = bench.log_of("patient")
    seconds = interrupted(
        lambda: ensure(plan(), bench),
        lambda: log.exists() and " begun" in log.read_text(),
        runner.interrupt,
    )
    assert seconds < 10
    assert yard.pushed("patient") == []
    assert not list((yard.checkout.work / "build").iterdir())
    (yard.checkout.services / "patient" / "test_app.py").write_text("")
    assert ensure(plan(), yard.bench()).built


def test_ctrl_c_during_the_trial_leaves_no_container(yard: Yard) -> None:
    """The trial ends within a round of questions."""
    plan = yard.service("waiting", app="import time; time.sleep(60)")()
    patient = replace(plan, ask=replace(plan.ask, timeout=60))
    engine = DockerEngine()
    seconds = interrupted(
        lambda: ensure(patient, yard.bench(engine=engine)),
        lambda: yard.trials() == 1,
        engine.interrupt,
    )
    engine.close()
    assert seconds < 10
    assert yard.trials() == 0


def test_a_rebuild_elsewhere_reuses_the_cache(yard: Yard) -> None:
    """The copy that is built from has another path and other times each time."""
    plan = yard.service("cached")()
    ensure(plan, yard.bench())
    other = replace(plan, tag="0" * 16)
    yard.said.truncate(0)
    assert ensure(other, yard.bench()).built
    log = yard.bench().log_of("cached").read_text()
    step = re.search(r"^#(\d+) \[test 2/2\] RUN", log, re.MULTILINE)
    assert step
    assert f"\n#{step[1]} CACHED\n" in log


# Not those that only newer versions of Docker get right.
EVERY_DOCKER = [case for case in cases("images/ignore") if "since" not in case.values[0]]


@pytest.mark.parametrize("case", EVERY_DOCKER)
def test_the_cases_of_dockerignore_are_docker_s_own(case: dict[str, Any], tmp_path: Path) -> None:
    """Docker itself leaves out exactly the files that the cases say."""
    context, out = tmp_path / "context", tmp_path / "out"
    files = [
        path for path in case["paths"] if not any(o.startswith(f"{path}/") for o in case["paths"])
    ]
    for path in files:
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        (context / path).touch()
    (context / ".dockerignore").write_text(case["ignore"])
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    runner = SubprocessRunner()
    cli = docker_cli(runner)
    verb = ("buildx", "build") if cli.buildx else ("build",)
    output = f"type=local,dest={out}"
    runner.run(command(cli.path, *verb, "-f", dockerfile, "--output", output, context, env=cli.env))
    assert {path: not (out / path).exists() for path in files} == {
        path: case["paths"][path] for path in files
    }
