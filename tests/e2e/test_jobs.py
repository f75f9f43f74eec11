"""A service that has nothing but jobs: rolled out, started by its schedule and by hand, taken back.

Real engine, real Terraform, real containers. The tests build on each other, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.e2e.checkout import Clone, free_port, make_clone
from tests.e2e.embedded import wait_for

pytestmark = pytest.mark.e2e

MANIFEST = """
name = "reports"
kind = "job"

[jobs.main]
command = ["python3", "/app/reports.py", "main"]
schedule = "rate(1 minute)"

[jobs.purge]
command = ["python3", "/app/reports.py", "purge"]
"""

DOCKERFILE = """
ARG PYTHON_VERSION=3.13
ARG DEBIAN=trixie
FROM python:${PYTHON_VERSION}-slim-${DEBIAN} AS base
COPY reports.py /app/reports.py
FROM base AS test
RUN python3 /app/reports.py main --check
FROM base AS runtime
USER 10001:10001
"""

PROGRAM = """
import os, sys
EDITION = 1
words = sys.argv[1:]
if "--check" in words:
    sys.exit(0)
print(os.environ["SERVICE_NAME"], "edition", EDITION, *words, flush=True)
sys.exit(int(words[-1]) if words[-1].isdecimal() else 0)
"""

SERVICE = "--service=reports"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A checkout with the service `reports`, whose first release is out."""
    clone = make_clone(tmp_path_factory.mktemp("jobs"), free_port())
    folder = clone.root / "services/reports"
    folder.mkdir()
    for name, text in {
        "service.toml": MANIFEST,
        "Dockerfile": DOCKERFILE,
        "reports.py": PROGRAM,
    }.items():
        (folder / name).write_text(text)
    made = clone.invoke("setup")
    assert made.code == 0, made.said
    yield clone
    clone.invoke("local.reset", "--yes")


def jobs(clone: Clone) -> dict[str, Any]:
    """The jobs by name, as `jobs.list` has them."""
    ran = clone.invoke("jobs.list", "--env=local", SERVICE, "--json")
    assert ran.code == 0, ran.said
    return {each["name"]: each for each in ran.json()}


def schedule(clone: Clone) -> Any:
    """The schedule of the job `main` as AWS has it."""
    client = boto3.client(
        "scheduler",
        endpoint_url=f"http://127.0.0.1:{clone.port}",
        region_name="us-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    (group,) = {each["GroupName"] for each in client.list_schedules()["Schedules"]}
    return client.get_schedule(GroupName=group, Name="main")


def deployed(clone: Clone, *words: str) -> Any:
    """The outcome of a deploy."""
    ran = clone.invoke("deploy", "--env=local", SERVICE, "--json", *words)
    assert ran.code == 0, ran.said
    return ran.json()["reports"]


def test_a_job_service_is_deployed(clone: Clone) -> None:
    """Its schedule names the revision and is on; nothing of a web service is there."""
    outcome = deployed(clone)
    assert (outcome["verdict"], outcome["url"]) == ("deployed", "")
    found = jobs(clone)
    assert {name: each["state"] for name, each in found.items()} == {"main": "on", "purge": "ready"}
    assert found["main"]["next"]
    target = schedule(clone)["Target"]
    assert target["EcsParameters"]["TaskDefinitionArn"] == outcome["task_definition"]


def test_its_schedule_starts_it(clone: Clone) -> None:
    """Within a minute a task runs, by the revision, with the job's command, to its end."""
    done = wait_for(
        "a run by the schedule",
        lambda: [each for each in jobs(clone)["main"]["runs"] if each["status"] == "STOPPED"],
    )
    assert (done[-1]["by"], done[-1]["exit_code"]) == ("schedule", 0)


def test_it_is_run_by_hand(clone: Clone) -> None:
    """Its log comes out on stdout, its exit code is ours; words behind `--` reach it."""
    dry = clone.invoke("jobs.run", "--env=local", SERVICE, "--job=purge", "--dry-run")
    assert (dry.code, "would run" in dry.out) == (0, True), dry.said
    ran = clone.invoke("jobs.run", "--env=local", SERVICE, "--job=purge", "--", "a b", "3")
    assert (ran.code, ran.out) == (3, "reports edition 1 purge a b 3\n"), ran.said
    assert [each["by"] for each in jobs(clone)["purge"]["runs"]] == ["hand"]


def test_a_pause_outlives_deploys(clone: Clone) -> None:
    """Neither a rollout nor Terraform turns a paused schedule on; going back is by revision."""
    first = schedule(clone)["Target"]["EcsParameters"]["TaskDefinitionArn"]
    paused = clone.invoke("jobs.pause", "--env=local", SERVICE, "--job=main")
    assert paused.code == 0, paused.said
    assert deployed(clone, "--refresh")["verdict"] == "unchanged"
    clone.edit("services/reports/reports.py", "EDITION = 1", "EDITION = 2")
    clone.edit("services/reports/service.toml", r"reports.py\", \"main", 'reports.py", "second')
    second = deployed(clone)
    now = schedule(clone)
    assert now["Target"]["EcsParameters"]["TaskDefinitionArn"] == second["task_definition"]
    assert (now["State"], '"second"' in now["Target"]["Input"]) == ("DISABLED", True)

    back = clone.invoke("rollback", "--env=local", SERVICE, "--json")
    assert back.code == 0, back.said
    now = schedule(clone)
    assert now["Target"]["EcsParameters"]["TaskDefinitionArn"] == first
    assert (now["State"], '"main"' in now["Target"]["Input"]) == ("DISABLED", True)
    assert clone.invoke("jobs.resume", "--env=local", SERVICE, "--job=main").code == 0
    assert jobs(clone)["main"]["state"] == "on"


def test_what_can_not_run_is_not_pushed(clone: Clone) -> None:
    """An image whose job fails its own check is told with what it said."""
    clone.edit("services/reports/reports.py", r"sys.exit\(0\)", 'sys.exit("no such table")')
    clone.edit("services/reports/Dockerfile", "RUN python3.*\n", "RUN true\n")
    ran = clone.invoke("deploy", "--env=local", SERVICE)
    assert ran.code == 7, ran.said
    assert "no such table" in ran.err
    assert "main --check fails" in ran.err or "second --check fails" in ran.err


def test_nothing_is_left(clone: Clone) -> None:
    """`destroy` takes the schedules along."""
    paused = clone.invoke("jobs.pause", "--env=local", SERVICE, "--job=main")
    assert paused.code == 0, paused.said
    gone = clone.invoke("destroy", "--env=local", "--yes=local")
    assert gone.code == 0, gone.said
