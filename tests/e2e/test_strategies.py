"""Blue/green, canary and linear by the engine's own deploy, under traffic, on a scaled clock.

One checkout, one embedded AWS; a minute of CodeDeploy takes two seconds. Each test leaves the
service deployed, with a standby that may go on.
"""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.checkout import Clone, Ran, free_port, get, make_clone, stop
from tests.e2e.weather import bad_weather

pytestmark = pytest.mark.e2e

MINUTE = "2"
NAME = "slipway-local-greeter"
SETTINGS = "services/greeter/service.toml"
HEALTH = "services/greeter/src/greeter/health.py"
MAIN = "services/greeter/src/greeter/__main__.py"
DEPLOY = """
[environments.local.deploy]
strategy = "blue_green"
standby = 60

[environments.local.deploy.shift]
percent = 50
minutes = 5
"""
IN_ECS = "__import__('os').environ.get('ECS_CONTAINER_METADATA_URI_V4')"


@dataclass
class Traffic:
    """What clients saw meanwhile: versions in the order of the answers, and failures."""

    url: str
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def flowing(self) -> Iterator[Traffic]:
        over = threading.Event()
        thread = threading.Thread(target=self._ask, args=(over,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()

    def _ask(self, over: threading.Event) -> None:
        while not over.wait(0.05):
            try:
                self.versions.append(get(self.url)["version"])
            except Exception as error:
                self.failures.append(str(error))


@dataclass
class Shop:
    """The checkout, where greeter answers, and AWS as a test looks at it."""

    clone: Clone
    url: str = ""

    def client(self, name: str) -> Any:
        return boto3.client(
            name,  # type: ignore[call-overload]
            endpoint_url=f"http://127.0.0.1:{self.clone.port}",
            region_name="us-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def health(self) -> str:
        return f"{self.url}/health"

    @property
    def version(self) -> str:
        return str(get(self.health)["version"])

    def traffic(self) -> Traffic:
        return Traffic(self.health)

    def deploy(self, *words: str) -> Ran:
        return self.clone.invoke("deploy", "--env=local", *words)

    def choose(self, strategy: str) -> None:
        self.clone.edit(SETTINGS, 'strategy = "[a-z_]+"', f'strategy = "{strategy}"')

    def change(self) -> None:
        """Another version of the service, as good as the one before."""
        self.clone.edit(HEALTH, r"\Z", f"\n# {time.time()}\n")

    @contextmanager
    def broken(self, path: str, before: str, code: str) -> Iterator[None]:
        """`code` before a line of the app, in ECS only: the image alone is fine."""
        file = self.clone.root / path
        text = file.read_text()
        assert before in text
        indent = before[: len(before) - len(before.lstrip())]
        lines = f"{indent}if {IN_ECS}:\n{indent}    {code}\n"
        file.write_text(text.replace(before, lines + before, 1))
        try:
            yield
        finally:
            file.write_text(text)

    def running(self) -> list[str]:
        """Deployments of CodeDeploy that have not ended."""
        statuses = ["Created", "Queued", "InProgress", "Ready"]
        found = self.client("codedeploy").list_deployments(
            applicationName=NAME, deploymentGroupName=NAME, includeOnlyStatuses=statuses
        )
        return list(found["deployments"])

    def shares(self) -> list[int]:
        """How the production listener splits the requests of greeter."""
        elb = self.client("elbv2")
        groups = {
            group["TargetGroupArn"]
            for group in elb.describe_target_groups()["TargetGroups"]
            if group["TargetGroupName"].startswith(NAME[:20])
        }
        balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        arn = next(each["ListenerArn"] for each in listeners if each["Port"] == 80)
        for rule in elb.describe_rules(ListenerArn=arn)["Rules"]:
            for action in rule["Actions"]:
                found = action.get("ForwardConfig", {}).get("TargetGroups", [])
                if groups & {each["TargetGroupArn"] for each in found}:
                    return sorted(int(each.get("Weight", 1)) for each in found)
        return []


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    clone = make_clone(tmp_path_factory.mktemp("strategies"), free_port())
    clone.extra["EMBEDDED_AWS_CLOCK_SCALE"] = MINUTE
    # Patient with tasks, for machines that are busy: what is tested here are not health checks.
    calm = "health = { interval = 5, timeout = 4, unhealthy = 6, grace = 120 }"
    clone.edit("slipway.toml", r"health = \{ interval = 5.*?\}", calm)
    # Its image is built a dozen times; what its slowest tests say is said elsewhere.
    (clone.root / "services/greeter/tests/test_server.py").unlink()
    settings = clone.root / SETTINGS
    settings.write_text(settings.read_text() + DEPLOY)
    ready = clone.invoke("setup")
    assert ready.code == 0, ready.said
    try:
        first = clone.invoke("deploy", "--env=local", "--json")
        assert first.code == 0, first.said
        outcome = first.json()["greeter"]
        assert outcome["verdict"] == "deployed"
        yield Shop(clone, outcome["url"])
    finally:
        clone.invoke("local.reset", "--yes")


def until(process: subprocess.Popen[str], pattern: str) -> list[str]:
    """Read a command's progress until a line matches; the lines so far."""
    assert process.stderr
    lines = []
    for line in process.stderr:
        lines.append(line)
        if re.search(pattern, line):
            return lines
    pytest.fail(f"it ended without saying {pattern!r}:\n{''.join(lines)}")


HALF = r"COMPLETED 50 %"
"""Said of both task sets, once half of the requests have moved."""


@pytest.mark.parametrize("strategy", ["blue_green", "canary", "linear"])
def test_a_change_takes_over_without_a_failed_request(shop: Shop, strategy: str) -> None:
    """Deployed means: all requests, of this version; and the way back is short for a while."""
    shop.choose(strategy)
    shop.change()
    old = shop.version
    with shop.traffic().flowing() as traffic:
        ran = shop.deploy()
    assert ran.code == 0, ran.said
    assert "deployed" in ran.out
    assert traffic.failures == []
    assert set(traffic.versions) == {old, shop.version}
    assert shop.version != old
    assert "the old tasks stand by until" in ran.err
    assert "trying the new tasks" in ran.err
    assert bool(re.search(HALF, ran.err)) is (strategy != "blue_green")
    assert shop.shares() == [0, 100]


def test_the_same_again_is_unchanged(shop: Shop) -> None:
    """Even in the standby: nothing is begun, and the old tasks stay."""
    before = shop.running()
    ran = shop.deploy()
    assert (ran.code, "unchanged" in ran.out) == (0, True), ran.said
    assert shop.running() == before


def test_a_crash_never_gets_a_request_and_is_called_early(shop: Shop) -> None:
    """Rolled back with its cause in seconds; CodeDeploy's own limit is an hour."""
    shop.choose("canary")
    old = shop.version
    crash = (MAIN, "    from greeter.server import main", "sys.exit('no metadata, no service')")
    with shop.broken(*crash), shop.traffic().flowing() as traffic:
        ran = shop.deploy()
    assert ran.code == 11, ran.said
    assert "exits with code 1" in ran.err
    assert "no metadata, no service" in ran.err
    assert traffic.failures == []
    assert set(traffic.versions) == {old}
    assert shop.shares() == [0, 100]


def test_what_fails_at_the_test_listener_never_gets_a_request(shop: Shop) -> None:
    """Healthy for the load balancer, wrong for whoever asks: tried before, and taken back."""
    old = shop.version
    wrong = (
        HEALTH,
        "    settings = request.app.state.settings",
        "assert ':8080' not in request.headers.get('host', ''), 'wrong at the test listener'",
    )
    with shop.broken(*wrong), shop.traffic().flowing() as traffic:
        ran = shop.deploy()
    assert ran.code == 11, ran.said
    assert "the new tasks were tried before their first requests: 500" in ran.err
    assert traffic.failures == []
    assert set(traffic.versions) == {old}


ALARM = "too-many-errors"


@contextmanager
def alarm(shop: Shop) -> Iterator[Any]:
    """An alarm that the deployment group watches, and that nothing but the test raises."""
    watch, codedeploy = shop.client("cloudwatch"), shop.client("codedeploy")
    watch.put_metric_alarm(
        AlarmName=ALARM,
        Namespace="Test",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    group = {"applicationName": NAME, "currentDeploymentGroupName": NAME}
    watched = {"enabled": True, "alarms": [{"name": ALARM}]}
    codedeploy.update_deployment_group(**group, alarmConfiguration=watched)
    try:
        yield watch
    finally:
        codedeploy.update_deployment_group(**group, alarmConfiguration={"enabled": False})


def test_an_alarm_during_the_shift_takes_it_back(shop: Shop) -> None:
    """A share of the requests has moved; all of them go back, and the alarm is named."""
    shop.change()
    old = shop.version
    with alarm(shop) as watch, shop.traffic().flowing() as traffic:
        process = shop.clone.start("deploy", "--env=local")
        until(process, HALF)
        for _ in range(20):
            watch.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="a test")
            time.sleep(0.2)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 11, out + err
    assert f"an alarm was raised during the deployment: {ALARM}" in err
    assert traffic.failures == []
    assert shop.version == old
    assert shop.shares() == [0, 100]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_shift_takes_it_back(shop: Shop, number: int) -> None:
    """All requests go to the old version again, no share stays behind, no request fails."""
    shop.choose("linear")
    shop.change()
    old = shop.version
    with shop.traffic().flowing() as traffic:
        process = shop.clone.start("deploy", "--env=local")
        until(process, HALF)
        ran = stop(process, number)
    assert ran.code == 128 + number, ran.said
    assert "went back to" in ran.err
    assert "Traceback" not in ran.said
    assert traffic.failures == []
    assert shop.version == old
    assert shop.shares() == [0, 100]


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


def begun(shop: Shop) -> set[str]:
    """All deployments of CodeDeploy that there ever were."""
    found = shop.client("codedeploy").list_deployments(
        applicationName=NAME, deploymentGroupName=NAME
    )
    return set(found["deployments"])


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


def test_a_change_of_the_controller_is_no_accident(shop: Shop) -> None:
    """Refused before anything changes; done where the gap is allowed, and back again."""
    shop.choose("rolling")
    refused = shop.deploy()
    assert refused.code == 9, refused.said
    assert "made anew" in refused.err
    [flag] = re.findall(r"--allow-destroy='([^']+)'", refused.err)
    ran = shop.deploy(f"--allow-destroy={flag}")
    assert ran.code == 0, ran.said
    assert shop.deploy().code == 0
