"""From a fresh checkout to a running service, and on: what a user does in the first hour.

Real engine, real Terraform, real traffic. The module's one checkout is deployed once; each test
changes it, looks, and leaves it deployed.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

from tests.e2e.checkout import Clone, Ran, free_port, get, make_clone, stop

pytestmark = pytest.mark.e2e

API = "services/greeter/src/greeter/api.py"
SETTINGS = "services/greeter/service.toml"


@dataclass
class Deployed:
    """The checkout and what its first deploy said."""

    clone: Clone
    first: Ran
    url: str

    def deploy(self, *words: str) -> Ran:
        return self.clone.invoke("deploy", "--env=local", "--json", *words)

    def verdict(self, ran: Ran) -> str:
        """The verdict of greeter; an error would have printed no JSON."""
        assert ran.out, ran.said
        return str(ran.json()["greeter"]["verdict"])


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    clone = make_clone(tmp_path_factory.mktemp("flow"), free_port())
    # A failing health check counts only after the grace: here it needn't be a minute.
    clone.edit("slipway.toml", "grace = 60", "grace = 45")
    ready = clone.invoke("setup")
    assert ready.code == 0, ready.said
    try:
        first = clone.invoke("deploy", "--env=local", "--json")
        assert first.code == 0, first.said
        yield Deployed(clone, first, first.json()["greeter"]["url"])
    finally:
        clone.invoke("local.reset", "--yes")


@dataclass
class Traffic:
    """What a client saw while something else was going on."""

    url: str
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._stop.wait(0.02):
            try:
                self.versions.append(get(self.url)["version"])
            except Exception as error:
                self.failures.append(str(error))

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Ask all the time while the block runs; 50 times a second at most."""
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()


def ecs(clone: Clone) -> object:
    return boto3.client(
        "ecs",
        endpoint_url=f"http://127.0.0.1:{clone.port}",
        region_name="us-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def leftovers(clone: Clone) -> list[str]:
    """Locks and leases that somebody still holds."""
    table = boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{clone.port}",
        region_name="us-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    items = table.scan(TableName="slipway-locks")["Items"]
    held = [item["LockID"]["S"] for item in items]
    return [key for key in held if not key.endswith("-md5")]


def test_the_first_deploy_ends_with_a_url_that_answers(deployed: Deployed) -> None:
    """The verdict is `deployed`, and curl gets an answer of this very version."""
    assert deployed.verdict(deployed.first) == "deployed"
    answer = subprocess.run(
        ["curl", "-sf", f"{deployed.url}/health"], capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout)["status"] == "ok"
    assert leftovers(deployed.clone) == []


def test_a_second_deploy_is_unchanged(deployed: Deployed) -> None:
    """Nothing is built, applied or rolled out, and no Terraform runs."""
    before = revisions(deployed.clone)
    again = deployed.deploy()
    assert again.code == 0, again.said
    assert deployed.verdict(again) == "unchanged"
    assert revisions(deployed.clone) == before


def test_what_serves_tells_what_is_in_it(deployed: Deployed) -> None:
    """As a table, as JSON, into a file; each problem is one message with its code."""
    asked = ("sbom", "--env=local", "--service=greeter")
    table, whole = deployed.clone.invoke(*asked), deployed.clone.invoke(*asked, "--json")
    assert (table.code, whole.code) == (0, 0), table.said + whole.said
    assert re.search(r"^fastapi +\d\S+ +MIT +pypi$", table.out, re.MULTILINE)
    file = deployed.clone.root / "greeter.cdx.json"
    assert deployed.clone.invoke(*asked, f"--out={file}").code == 0
    assert json.loads(file.read_text()) == whole.json()
    file.unlink()
    nobody = ("sbom", "--env=local", "--service=nobody")
    for words in ((*asked, "--json", "--out=x"), (*asked, "--out=no/such/folder"), nobody):
        ran = deployed.clone.invoke(*words)
        assert (ran.code, "next: " in ran.said, "Traceback" in ran.said) == (2, True, False)


def test_a_code_change_replaces_the_old_one_under_traffic(deployed: Deployed) -> None:
    """The old revision serves until the new one is healthy; no request fails."""
    old = get(f"{deployed.url}/health")["version"]
    deployed.clone.edit(SETTINGS, 'GREETING = ".*?"', f'GREETING = "Hello {time.time()}"')
    deployed.clone.edit("services/greeter/README.md", r"\A# greeter.*", f"# greeter {time.time()}")
    deployed.clone.edit(API, r"\Z", f"\n# {time.time()}\n")
    traffic = Traffic(f"{deployed.url}/health")
    with traffic.flowing():
        ran = deployed.deploy()
    assert ran.code == 0, ran.said
    assert deployed.verdict(ran) == "deployed"
    new = get(f"{deployed.url}/health")["version"]
    assert new != old
    assert traffic.failures == []
    assert set(traffic.versions) == {old, new}
    assert traffic.versions[-1] == new


def revisions(clone: Clone) -> list[str]:
    return ecs(clone).list_task_definitions()["taskDefinitionArns"]  # type: ignore[attr-defined,no-any-return]


@contextmanager
def broken(deployed: Deployed, path: str, before: str, code: str) -> Iterator[None]:
    """Put `code` before a line of the app, to run only in ECS: an image alone is fine."""
    file = deployed.clone.root / "services/greeter/src/greeter" / path
    text = file.read_text()
    assert before in text
    indent = before[: len(before) - len(before.lstrip())]
    only_there = "__import__('os').environ.get('ECS_CONTAINER_METADATA_URI_V4')"
    lines = f"{indent}if {only_there}:\n{indent}    {code}\n"
    file.write_text(text.replace(before, lines + before, 1))
    try:
        yield
    finally:
        file.write_text(text)


BREAKAGES = {
    "a crash": (
        (
            "__main__.py",
            "    from greeter.server import main",
            "sys.exit('no metadata, no service')",
        ),
        "exits with code 1",
        "no metadata, no service",
    ),
    "a health check that answers 500": (
        ("health.py", "    settings = request.app.state.settings", "raise RuntimeError"),
        "the health check of /health fails",
        "500",
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_breaks_in_ecs_is_rolled_back_and_explained(deployed: Deployed, name: str) -> None:
    """An image that is fine on its own: the old one serves on, and the cause is shown."""
    breakage, title, words = BREAKAGES[name]
    old = get(f"{deployed.url}/health")["version"]
    traffic = Traffic(f"{deployed.url}/health")
    with broken(deployed, *breakage), traffic.flowing():
        ran = deployed.clone.invoke("deploy", "--env=local")
    assert ran.code == 11, ran.said
    assert "rolled_back" in ran.out
    assert title in ran.err
    assert words in ran.err
    assert get(f"{deployed.url}/health")["version"] == old
    assert traffic.failures == []
    assert set(traffic.versions) == {old}
    assert leftovers(deployed.clone) == []


def test_wrong_input_is_one_message(deployed: Deployed) -> None:
    """Unknown names come with the nearest ones, and nothing is touched."""
    wrong = {
        ("deploy", "--env=loca"): (2, "local"),
        ("deploy", "--env=local", "--service=greter"): (2, "greeter"),
        ("deploy",): (2, "--env"),
        ("deploy", "--env=local", "--wiat=3"): (2, "--wait"),
    }
    for words, (code, hint) in wrong.items():
        ran = deployed.clone.invoke(*words)
        assert (ran.code, hint in ran.err) == (code, True), ran.said
        assert "Traceback" not in ran.said


def test_an_invalid_manifest_names_every_problem(deployed: Deployed) -> None:
    """All errors at once, with file, key and the nearest valid key; the old one still serves."""
    file = deployed.clone.root / SETTINGS
    before = file.read_text()
    file.write_text(before.replace("port = 8000", "port = 80\nmemry = 512"))
    try:
        ran = deployed.clone.invoke("deploy", "--env=local")
    finally:
        file.write_text(before)
    assert ran.code == 3
    assert "services/greeter/service.toml: port" in ran.err
    assert "did you mean memory?" in ran.err


def test_no_credentials_is_no_embedded_deploy(deployed: Deployed) -> None:
    """A real environment without credentials is an error, even with the embedded AWS at hand."""
    ran = deployed.clone.invoke(
        "deploy",
        "--env=staging",
        AWS_CONFIG_FILE="/nonexistent",
        AWS_SHARED_CREDENTIALS_FILE="/nonexistent",
        AWS_EC2_METADATA_DISABLED="true",
    )
    assert ran.code == 5, ran.said
    assert "no AWS credentials for staging" in ran.err


def test_two_deploys_at_once(deployed: Deployed) -> None:
    """One deploys, the other waits for it and then finds it done."""
    deployed.clone.edit(API, r"\Z", f"\n# {time.time()}\n")
    one = deployed.clone.start("deploy", "--env=local", "--json", "--wait=300")
    two = deployed.clone.start("deploy", "--env=local", "--json", "--wait=300")
    ends = [process.communicate(timeout=300) for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], ends
    verdicts = sorted(json.loads(out)["greeter"]["verdict"] for out, _ in ends)
    assert verdicts == ["deployed", "unchanged"]
    assert leftovers(deployed.clone) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_rollout_goes_back(deployed: Deployed, number: int) -> None:
    """INT and TERM alike: the old revision serves again, no lock is left, the code says so."""
    old = get(f"{deployed.url}/health")["version"]
    before = (deployed.clone.root / API).read_text()
    deployed.clone.edit(API, r"\Z", f"\n# {time.time()}\n")
    traffic = Traffic(f"{deployed.url}/health")
    with traffic.flowing():
        process = deployed.clone.start("deploy", "--env=local")
        wait_for(process, "rollout")
        time.sleep(2)
        ran = stop(process, number)
    (deployed.clone.root / API).write_text(before)
    assert ran.code == 128 + number, ran.said
    assert "Traceback" not in ran.said
    assert get(f"{deployed.url}/health")["version"] == old
    assert leftovers(deployed.clone) == []
    assert traffic.failures == []


def test_a_signal_during_the_build_leaves_nothing(deployed: Deployed) -> None:
    """Nothing is pushed or rolled out, and the same deploy works afterwards."""
    deployed.clone.edit(API, r"\Z", f"\n# {time.time()}\n")
    process = deployed.clone.start("deploy", "--env=local")
    wait_for(process, "lacks")
    ran = stop(process)
    assert ran.code == 130, ran.said
    assert leftovers(deployed.clone) == []
    assert deployed.deploy().code == 0


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    """Read a command's progress until it says `word`."""
    assert process.stderr
    for line in process.stderr:
        if word in line:
            return
    pytest.fail(f"it ended without saying {word!r}")


def test_a_restart_keeps_everything(deployed: Deployed) -> None:
    """The embedded AWS goes down and up again: state, images and services are back."""
    version = get(f"{deployed.url}/health")["version"]
    assert deployed.clone.invoke("local.down").code == 0
    assert deployed.clone.invoke("local.up").code == 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            assert get(f"{deployed.url}/health")["version"] == version
            break
        except OSError:
            time.sleep(1)
    again = deployed.deploy()
    assert (again.code, deployed.verdict(again)) == (0, "unchanged"), again.said


def test_nothing_of_this_machine_is_needed_in_the_checkout(deployed: Deployed) -> None:
    """All that was made lies in `.slipway/` and in environments that git ignores."""
    status = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=deployed.clone.root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    changed = {Path(line[3:]).parts[0] for line in status.splitlines()}
    assert changed <= {"services", "slipway.toml"}
