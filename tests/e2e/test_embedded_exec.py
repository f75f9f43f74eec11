"""A shell in a task's container, over the protocol of Session Manager's own client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus

from embedded_aws.ecs.exec import messages
from embedded_aws.ecs.exec.messages import Payload
from tests.e2e.clients.api import AWS, Cli
from tests.e2e.clients.protocol import World
from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.session import Client
from tests.e2e.test_embedded_tasks import CLUSTER, NETWORK, Tasks

pytestmark = pytest.mark.e2e


class Shells(Tasks):
    """Tasks that can be entered."""

    def start(self, *, enabled: bool = True, **container: Any) -> str:
        """A task that runs; its ARN."""
        started = self.ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=self.register(self.container("app", user="10001", **container)),
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            enableExecuteCommand=enabled,
        )
        arn = str(started["tasks"][0]["taskArn"])
        self.seen(arn, "RUNNING")
        return arn

    def execute(self, task: str, command: str = "/bin/sh", **more: Any) -> Any:
        asked = {"cluster": CLUSTER, "task": task, "interactive": True, **more}
        return self.ecs.execute_command(command=command, **asked)

    def processes(self, task: str) -> str:
        """What runs in the container of a task."""
        name = f"{task.rsplit('/', 1)[-1][:8]}-app"
        container = next(c for c in self.embedded.containers if name in c.name)
        return str(container.top()["Processes"])


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shells]:
    embedded = Embedded.make(tmp_path_factory.mktemp("shells"))
    try:
        embedded.up()
        yield Shells(embedded)
    finally:
        embedded.reset()
        assert not embedded.containers


@pytest.fixture(scope="module")
def task(shells: Shells) -> str:
    return shells.start()


def test_a_shell_does_what_is_typed(shells: Shells, task: str) -> None:
    """As root, on a terminal of the size that was told, until it is left."""
    answer = shells.execute(task)
    assert answer["containerName"] == "app"
    with Client(answer["session"]) as client:
        asked = client.shake_hands()
        parameters = asked["RequestedClientActions"][0]["ActionParameters"]
        assert parameters["SessionType"] == "InteractiveCommands"
        client.size(97, 41)
        client.until("#")
        client.send(b"stty size; id -u; echo $TERM\r")
        client.until("xterm-256color\r\n")
        client.send(b"exit\r")
        screen = client.to_the_end()
    assert "41 97\r\n0\r\n" in screen
    assert client.closed == answer["session"]["sessionId"]
    assert client.waiting == 0


def test_all_output_of_a_command_arrives(shells: Shells, task: str) -> None:
    """However much and however fast, in order, with the words taken apart as a shell does."""
    answer = shells.execute(task, "python3 -c 'for n in range(60000): print(n)'")
    with Client(answer["session"]) as client:
        client.shake_hands()
        assert client.to_the_end().split() == [str(number) for number in range(60000)]


def test_what_is_not_acknowledged_is_sent_again(shells: Shells, task: str) -> None:
    """A client that is not ready yet loses nothing."""
    answer = shells.execute(task, "echo once")
    with Client(answer["session"]) as client:
        client.shake_hands()
        first = [client._socket.recv(30) for _ in range(3)]
        assert first[0] == first[1] == first[2]
        assert client.to_the_end() == "once\r\n"


def test_a_command_that_is_not_there_says_so(shells: Shells, task: str) -> None:
    """On the screen, and the session ends."""
    with Client(shells.execute(task, "/bin/none")["session"]) as client:
        client.shake_hands()
        assert "no such file or directory" in client.to_the_end()


@pytest.mark.parametrize("end", ["terminate", "hang up"])
def test_nothing_runs_on_after_the_end(shells: Shells, task: str, end: str) -> None:
    """Whether the client says good-bye or is just gone."""
    marker = "4711" if end == "terminate" else "4712"
    answer = shells.execute(task, f"python3 -c 'import time; time.sleep({marker})'")
    with Client(answer["session"]) as client:
        client.shake_hands()
        wait_for("the command", lambda: marker in shells.processes(task), 30)
        if end == "terminate":
            client.send(messages.TERMINATE, Payload.FLAG)
            client.to_the_end()
    wait_for("its end", lambda: marker not in shells.processes(task), 30)


def test_a_token_opens_its_session_once(shells: Shells, task: str) -> None:
    """No other token does, and not twice."""
    session = shells.execute(task, "echo hi")["session"]
    for token in ("wrong", "wröng"):
        with Client(session, token=token) as stranger, pytest.raises(ConnectionClosed):
            stranger.shake_hands()
    with Client(session) as client:
        client.shake_hands()
        assert client.to_the_end() == "hi\r\n"
    with Client(session) as again, pytest.raises(ConnectionClosed):
        again.shake_hands()


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({"interactive": False}, "InvalidParameterException", "Interactive is the only mode"),
        ({"container": "other"}, "InvalidParameterException", "container was not found"),
        ({"task": "0" * 32}, "InvalidParameterException", "task was not found"),
        ({"cluster": "other"}, "ClusterNotFoundException", "Cluster not found"),
        ({"command": "sh -c 'a"}, "InvalidParameterException", "quotes"),
    ],
)
def test_what_can_not_be_entered_is_refused(
    shells: Shells, task: str, asked: Any, code: str, words: str
) -> None:
    """With AWS's error codes."""
    with pytest.raises(ClientError, match=words) as refused:
        shells.execute(**{"task": task, **asked})
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("reason", ["not enabled", "read-only root"])
def test_a_task_without_the_agent_is_refused(shells: Shells, reason: str) -> None:
    """It was not asked for, or it can't write: AWS's own words for both."""
    read_only = reason == "read-only root"
    task = shells.start(enabled=read_only, readonlyRootFilesystem=read_only)
    (container,) = shells.task(task)["containers"]
    agents = [agent["lastStatus"] for agent in container.get("managedAgents", [])]
    assert agents == (["STOPPED"] if read_only else [])
    with pytest.raises(ClientError, match="execute command was not enabled when the task was run"):
        shells.execute(task)


PLUGIN = """#!{python}
import json, sys
from tests.e2e.session import Client
if len(sys.argv) == 1:
    print("The Session Manager plugin was installed successfully.")
    sys.exit()
session, region, verb, profile, target, endpoint = sys.argv[1:]
with Client(json.loads(session)) as client:
    client.shake_hands()
    print(json.dumps([verb, json.loads(target), client.to_the_end()]))
"""


def test_the_aws_cli_hands_the_session_to_its_plugin(
    shells: Shells, task: str, tmp_path: Path
) -> None:
    """A stand-in of the plugin gets what the real one needs, and the command's output."""
    plugin = tmp_path / "session-manager-plugin"
    plugin.write_text(PLUGIN.format(python=sys.executable))
    plugin.chmod(0o755)
    cli = Cli("cli", World(shells.embedded, shells.image, "", ""), 0)
    words = ("--task", task, "--command", "echo hi", "--interactive")
    done = subprocess.run(
        [*AWS, "ecs", "execute-command", "--cluster", CLUSTER, *words],
        env={
            **cli.environment,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    verb, target, screen = json.loads(done.stdout.splitlines()[-1])
    runtime = shells.task(task)["containers"][0]["runtimeId"]
    assert (verb, screen) == ("StartSession", "hi\r\n")
    assert target == {"Target": f"ecs:{CLUSTER}_{task.rsplit('/', 1)[-1]}_{runtime}"}


def test_other_websockets_are_refused(shells: Shells) -> None:
    """Only data channels are served."""
    session = {"streamUrl": f"ws://127.0.0.1:{shells.embedded.port}/other", "tokenValue": "x"}
    with pytest.raises(InvalidStatus), Client(session):
        pass


def test_a_session_does_not_keep_the_instance(shells: Shells) -> None:
    """It ends with it, and no later than without."""
    task = shells.start()
    with Client(shells.execute(task)["session"]) as client:
        client.shake_hands()
        client.until("#")
        began = time.monotonic()
        shells.embedded.down()
        client.to_the_end()
    assert time.monotonic() - began < 60
