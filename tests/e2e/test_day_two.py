"""Looking at services and reaching into them, as a person at a terminal does, and in a pipe.

Two services, made by the API as a deploy would have made them: no Terraform, no load balancer.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.checkout import Clone, Ran, free_port, make_clone
from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.terminal import CTRL_C, Terminal
from tests.release_site import release

pytestmark = pytest.mark.e2e

CLUSTER = "slipway-local"
SERVICES = ("greeter", "orders")
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}

COUNTS = """
import json, os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
for number in range(100000):
    print(json.dumps({"event": f"number {number}", "level": "info", "n": number}), flush=True)
    time.sleep(0.2)
"""


@dataclass
class Site:
    """The checkout, and the embedded AWS with both services in it."""

    clone: Clone

    @cached_property
    def embedded(self) -> Embedded:
        return Embedded(self.clone.root, self.clone.port)

    @cached_property
    def ecs(self) -> Any:
        return self.embedded.client("ecs")

    def invoke(self, *words: str) -> Ran:
        return self.clone.invoke(words[0], "--env=local", *words[1:])

    def status(self, *words: str) -> dict[str, Any]:
        found = self.invoke("status", "--json", *words)
        assert found.code == 0, found.said
        return {each["service"]: each for each in found.json()["services"]}

    def terminal(self, *words: str, **size: int) -> Terminal:
        env = {**self.clone.env, "TERM": "xterm-256color"}
        del env["CI"]
        argv = self.clone.argv(words[0], "--env=local", *words[1:])
        return Terminal(argv, cwd=self.clone.root, env=env, **size)

    def faults(self, **wanted: Any) -> None:
        url = f"http://127.0.0.1:{self.clone.port}/_slipway/faults"
        with urlopen(Request(url, json.dumps(wanted).encode(), method="POST")) as answer:
            assert answer.status == 200

    def faulty(self, tmp_path: Path, fate: str, *operations: str) -> Clone:
        """The checkout with operations that always meet a fate: `cloudwatch.DescribeAlarms`."""
        asked = {
            "seed": 1,
            "shares": {},
            "always": {operation: [fate] * 50 for operation in operations},
            "log": str(tmp_path / "faults"),
        }
        extra = {**self.clone.extra, "SLIPWAY_TEST_FAULTS": json.dumps(asked)}
        port = self.clone.port
        return Clone(root=self.clone.root, port=port, module="tests.faulty", extra=extra)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(make_clone(tmp_path_factory.mktemp("day-two"), free_port()))
    try:
        for words in (["setup"], ["new", "--name=orders"], ["local.up"]):
            ran = made.clone.invoke(*words)
            assert ran.code == 0, ran.said
        bootstrapped = made.invoke("state.bootstrap")
        assert bootstrapped.code == 0, bootstrapped.said
        furnish(made)
        yield made
    finally:
        made.clone.invoke("local.reset", "--yes")


def furnish(site: Site) -> None:
    """Each service with a task that counts, let in by ECS Exec, and its release."""
    client = site.embedded.client
    client("ecr").create_repository(repositoryName="day/two")
    image = site.embedded.push("day/two", "one")
    site.ecs.create_cluster(clusterName=CLUSTER)
    for name in SERVICES:
        full = f"{CLUSTER}-{name}"
        client("logs").create_log_group(logGroupName=f"/ecs/{full}")
        arn = register(site, full, image)
        site.ecs.create_service(
            cluster=CLUSTER,
            serviceName=full,
            taskDefinition=arn,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            enableExecuteCommand=True,
        )
        record(site, name, arn)
    wait_for("both services", lambda: healthy(site))


def register(site: Site, family: str, image: str) -> str:
    log = {
        "awslogs-group": f"/ecs/{family}",
        "awslogs-region": "us-west-1",
        "awslogs-stream-prefix": "app",
    }
    made = site.ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "app",
                "image": image,
                "command": ["python3", "-c", COUNTS],
                "stopTimeout": 5,
                "linuxParameters": {"initProcessEnabled": True},
                "logConfiguration": {"logDriver": "awslogs", "options": log},
            }
        ],
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def record(site: Site, name: str, arn: str) -> None:
    """A verified release of the revision."""
    made = release(1, service=name, task_definition=arn, commit="c0ffee01" * 5)
    site.embedded.client("s3").put_object(
        Bucket="slipway-state-000000000000-us-west-1",
        Key=made.key,
        Body=json.dumps(asdict(made)).encode(),
    )


def healthy(site: Site) -> bool:
    found = site.ecs.describe_services(
        cluster=CLUSTER, services=[f"{CLUSTER}-{name}" for name in SERVICES]
    )["services"]
    states = [each["deployments"][0]["rolloutState"] for each in found]
    return states == ["COMPLETED"] * len(SERVICES)


def test_how_both_stand(site: Site) -> None:
    """Their releases, all well; in a pipe all columns, and no colours."""
    found = site.status()
    assert {name: each["health"] for name, each in found.items()} == dict.fromkeys(
        SERVICES, "healthy"
    )
    assert found["orders"]["release"] == release(1).id
    table = site.invoke("status", "--check")
    assert table.code == 0, table.said
    assert "c0ffee01" in table.out
    assert "\x1b" not in table.said


def test_nobody_reads_to_the_end(site: Site) -> None:
    """As with `| head -1`: no word, and the code that shells know."""
    reading, writing = os.pipe()
    os.close(reading)
    for words in (["status"], ["logs", "--since=1h", "--follow"]):
        argv = site.clone.argv(words[0], "--env=local", *words[1:])
        ran = subprocess.run(
            argv,
            cwd=site.clone.root,
            env=site.clone.env,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=120,
        )
        assert (ran.returncode, ran.stderr) == (128 + signal.SIGPIPE, "")
    os.close(writing)


def test_a_watch_at_a_terminal_of_60_columns(site: Site) -> None:
    """Redrawn in place when something changes, no line too long; Ctrl-C ends it without a word."""
    full = f"{CLUSTER}-greeter"
    with site.terminal("status", "--watch", columns=60) as terminal:
        terminal.until("Ctrl-C ends")
        try:
            site.ecs.update_service(cluster=CLUSTER, service=full, desiredCount=0)
            terminal.until("off")
            terminal.type(CTRL_C)
            assert terminal.ended() == 128 + signal.SIGINT
        finally:
            site.ecs.update_service(cluster=CLUSTER, service=full, desiredCount=1)
        assert "Traceback" not in terminal.screen
        assert "error" not in terminal.screen
    wait_for("greeter's task", lambda: site.status()["greeter"]["health"] == "healthy")


def test_one_permission_is_missing(site: Site, tmp_path: Path) -> None:
    """The rest is shown, the gap named; --check takes it for no good news."""
    ran = site.faulty(tmp_path, "denied", "cloudwatch.DescribeAlarms").invoke(
        "status", "--env=local", "--check"
    )
    assert ran.code == 1, ran.said
    assert "healthy" in ran.out
    assert "not known: alarms of local: AWS refused" in ran.err


def test_the_session_is_over(site: Site, tmp_path: Path) -> None:
    """One message with the way out of it, and the exit code of credentials."""
    calls = ("ecs.DescribeServices", "cloudwatch-logs.FilterLogEvents")
    clone = site.faulty(tmp_path, "expired", *calls)
    for words in (["status"], ["logs"], ["exec", "--service=orders", "--", "id"]):
        ran = clone.invoke(words[0], "--env=local", *words[1:])
        assert (ran.code, ran.out) == (5, ""), ran.said
        assert "expired" in ran.err
        assert ran.err.count("next: sign in again") == 1


def test_lines_come_once_each_whatever_happens(site: Site) -> None:
    """Both services in one stream, with a third of all calls refused as too many."""
    follow = site.clone.start("logs", "--env=local", "--follow", "--since=5s", "--json")
    assert follow.stdout
    numbers: dict[str, list[int]] = {name: [] for name in SERVICES}
    site.faults(throttle=0.3)
    try:
        while min(map(len, numbers.values())) < 60:
            line = json.loads(follow.stdout.readline())
            numbers[line["service"]].append(line["message"]["n"])
    finally:
        site.faults()
        follow.send_signal(signal.SIGINT)
        _, said = follow.communicate(timeout=120)
    assert follow.returncode == 128 + signal.SIGINT, said
    for mine in numbers.values():
        assert sorted(mine) == list(range(min(mine), max(mine) + 1))


def test_lines_are_readable(site: Site) -> None:
    """Only those with the text; one service needs no name in front."""
    ran = site.invoke("logs", "--service=orders", "--since=1h", "--filter=number 7")
    assert ran.code == 0, ran.said
    first = ran.out.splitlines()[0].split(maxsplit=2)[2]
    assert first == "info     number 7 n=7"
    assert all("number 7" in line for line in ran.out.splitlines())


def test_a_command_in_a_task(site: Site) -> None:
    """Its output without a terminal's line ends, its input, its exit code."""
    script = "import sys; print(sys.stdin.read().upper()); sys.exit(7)"
    argv = site.clone.argv("exec", "--env=local", "--service=orders", "--", "python3", "-c", script)
    ran = subprocess.run(
        argv,
        cwd=site.clone.root,
        env=site.clone.env,
        input=b"one\ntwo\n",
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (ran.returncode, ran.stdout) == (7, b"ONE\nTWO\n\n"), ran.stderr


def test_a_shell_in_a_task(site: Site) -> None:
    """Sizes go there, Ctrl-C ends what runs there and not the session, and exit leaves."""
    with site.terminal("exec", "--service=orders", columns=97, rows=41) as terminal:
        terminal.until("#")
        terminal.type(b"stty size; sleep 100\r")
        terminal.until("41 97\r\n")
        terminal.resize(60, 20)
        terminal.type(CTRL_C)
        terminal.until("#")
        terminal.type(b"stty size; echo $((40 + 2))\r")
        terminal.until("20 60\r\n42\r\n")
        terminal.type(b"exit\r")
        assert terminal.ended() == 0


def test_where_no_shell_can_be(site: Site) -> None:
    """No terminal, no such task, nothing deployed: one message each."""
    assert site.invoke("exec", "--service=orders").code == 2
    other = site.invoke("exec", "--service=orders", "--task=ffff", "--", "id")
    assert (other.code, other.out) == (2, "")
    assert "is not one running task of orders in local" in other.err


def test_a_command_of_its_own(site: Site) -> None:
    """A task beside the service: its lines are ours, and so is its exit code."""
    script = "import sys; print('one'); print('two'); sys.exit(9)"
    ran = site.invoke("run", "--service=orders", "--", "python3", "-c", script)
    assert (ran.code, ran.out) == (9, "one\ntwo\n"), ran.said
    left = site.invoke("run", "--service=orders", "--detach", "--", "true")
    assert left.code == 0
    task = left.out.strip()
    assert site.ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"], left.said


def test_ctrl_c_stops_a_command(site: Site) -> None:
    """Its task does not run on unseen."""
    with site.terminal("run", "--service=orders", "--", "sleep", "1000") as terminal:
        terminal.until("task ")
        terminal.until(" of ")
        terminal.type(CTRL_C)
        assert terminal.ended() == 128 + signal.SIGINT
        assert "the command of orders was stopped" in terminal.screen

    def over() -> bool:
        tasks = site.ecs.list_tasks(cluster=CLUSTER, startedBy="slipway-run")["taskArns"]
        return not tasks

    wait_for("the end of the task", over)


def test_where_it_answers(site: Site) -> None:
    """Nothing was applied here, and the embedded AWS has no console: both are told."""
    ran = site.invoke("open", "--service=orders")
    assert (ran.code, ran.out) == (9, ""), ran.said
    assert "next: uv run invoke deploy --env=local --service=orders" in ran.err
    assert site.invoke("open", "--what=dashboard").code == 2


def test_a_service_that_is_not_deployed(site: Site) -> None:
    """Its place in the table, and one message from those that need it."""
    assert site.clone.invoke("new", "--name=later").code == 0
    assert site.status()["later"]["health"] == "not deployed"
    others = site.invoke("logs", "--since=10s")
    assert (others.code, "later has no logs in local" in others.err) == (0, True), others.said
    for words in (["exec", "--", "id"], ["run", "--", "id"], ["logs"]):
        ran = site.invoke(words[0], "--service=later", *words[1:])
        assert (ran.code, ran.out) == (9, ""), ran.said
        assert "next: uv run invoke deploy --env=local --service=later" in ran.err
