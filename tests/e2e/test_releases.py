"""Releases after each other: history, the way back, the way on, and what a killed deploy leaves.

Real engine, real Terraform, real traffic. The tests build on each other's releases, in their order.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from slipway.release.rollback import OBJECTIVE
from tests.e2e.checkout import Clone, Ran, free_port, get, make_clone, stop
from tests.e2e.jobs import run
from tests.e2e.test_flow import API, SETTINGS, Traffic, leftovers, wait_for
from tests.e2e.weather import bad_weather
from tests.identity import missing
from tests.workflows import BY_HAND, DEVELOP, MAIN, NIGHTLY, contexts, pull_request

pytestmark = pytest.mark.e2e

OTHER = """
[environments.next]
target = "embedded"
registry = "local"

[environments.next.defaults]
"""

PATIENT = """\
health = { interval = 5, timeout = 4, grace = 240, unhealthy = 10 }
deploy = { timeout = 600 }
"""


@dataclass
class Shop:
    """The checkout, where greeter answers, and its releases so far, newest first."""

    clone: Clone
    url: str = ""
    versions: list[str] = field(default_factory=list)

    def deploy(self, *words: str) -> Ran:
        return self.clone.invoke("deploy", "--env=local", "--json", *words)

    def rollback(self, *words: str) -> Ran:
        return self.clone.invoke("rollback", "--env=local", "--service=greeter", "--json", *words)

    def history(self, env: str = "local") -> list[dict[str, Any]]:
        ran = self.clone.invoke("history", f"--env={env}", "--json")
        assert ran.code == 0, ran.said
        found = ran.json()
        assert isinstance(found, list)
        return found

    @property
    def version(self) -> str:
        """What greeter says it is, through its load balancer."""
        return str(get(f"{self.url}/health")["version"])

    def change(self, title: str) -> None:
        """Another version, committed."""
        self.clone.edit(API, r"\Z", f"\n# {title}\n")
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", *identity, "commit", "-qam", title], cwd=self.clone.root, check=True)

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=f"http://127.0.0.1:{self.clone.port}",
            region_name="us-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Greeter, released twice."""
    made = Shop(make_clone(tmp_path_factory.mktemp("releases"), free_port()))
    # A machine that does a lot else answers slowly, and builds slowly: not what is tested here.
    made.clone.edit("slipway.toml", "health = {.*\n.*", PATIENT)
    made.clone.edit(SETTINGS, "min = 2", "min = 1")
    for file in (made.clone.root / "services/greeter/tests").glob("test_*.py"):
        if file.name != "test_health.py":
            file.unlink()
    try:
        ready = made.clone.invoke("setup")
        assert ready.code == 0, ready.said
        for title in ("First", "Second"):
            made.change(title)
            ran = made.deploy()
            assert ran.code == 0, ran.said
            made.url = ran.json()["greeter"]["url"]
            made.versions.insert(0, made.version)
        yield made
    finally:
        made.clone.invoke("local.reset", "--yes")


def test_the_history_has_both_and_marks_what_serves(shop: Shop) -> None:
    """Complete, newest first, with the commit, the lease's token and the seconds of each phase."""
    found = shop.history()
    assert [each["version"] for each in found] == shop.versions
    assert [each["serves"] for each in found] == [True, False]
    for each in found:
        assert (each["verdict"], each["kind"], each["dirty"]) == ("deployed", "deploy", False)
        assert each["token"] > 0
        assert each["phases"]["rollout"] > 0
        assert each["serials"]["greeter"] > 0
    assert found[0]["previous"] == found[1]["task_definition"]
    table = shop.clone.invoke("history", "--env=local")
    assert [line[0] for line in table.out.splitlines()[1:]] == ["*", " "]


def test_the_difference_of_two_releases(shop: Shop) -> None:
    """The commit between them, the image, and the revision; the settings are the same."""
    ran = shop.clone.invoke("diff", "--env=local", "--service=greeter", "--json")
    assert ran.code == 0, ran.said
    found = ran.json()
    assert [line.split(" ", 2)[2] for line in found["commits"]] == ["Second"]
    assert found["image"]["version"] == shop.versions[::-1]
    assert list(found["task_definition"]) == ["containerDefinitions.app.image"]
    assert found["configuration"] == {}


def test_back_to_the_release_before_under_traffic(shop: Shop) -> None:
    """No request fails, it is a release itself, and the seconds are well within the objective."""
    dry = shop.rollback("--dry-run")
    assert (dry.code, dry.json()["version"]) == (0, shop.versions[1]), dry.said
    assert shop.version == shop.versions[0]
    traffic = Traffic(f"{shop.url}/health")
    with traffic.flowing():
        ran = shop.rollback()
    assert ran.code == 0, ran.said
    assert ran.json()["seconds"] < OBJECTIVE / 2
    print(f"rolled back in {ran.json()['seconds']} s")
    assert shop.version == shop.versions[1]
    assert traffic.failures == []
    newest = shop.history()[0]
    assert (newest["kind"], newest["verdict"], newest["serves"]) == ("rollback", "deployed", True)
    assert leftovers(shop.clone) == []


def test_there_is_nothing_before_the_first_release(shop: Shop) -> None:
    """Going back once more does not go forth again."""
    ran = shop.rollback()
    assert ran.code == 9, ran.said
    assert "no verified release" in ran.err
    assert shop.version == shop.versions[1]


def test_to_a_release_by_its_id(shop: Shop) -> None:
    """Forth again, because that is what was asked for; the same once more has nothing to do."""
    second = shop.history()[1]
    ran = shop.rollback(f"--to={second['id']}")
    assert ran.code == 0, ran.said
    assert shop.version == shop.versions[0]
    again = shop.rollback(f"--to={second['id']}")
    assert (again.code, again.json()["verdict"]) == (0, "unchanged"), again.said
    wrong = shop.rollback(f"--to={second['id'][:-1]}")
    assert wrong.code == 2
    assert f"did you mean {second['id']}" in wrong.err


def test_no_way_back_to_an_image_that_is_gone(shop: Shop) -> None:
    """It says what is missing, and nothing changes; a deploy asks before it starts, too."""
    first, second = shop.history()[-1], shop.history()[-2]
    ecr = shop.client("ecr")
    repository = "slipway/greeter"

    def remove(release: dict[str, Any]) -> dict[str, Any]:
        digest: Any = {"imageDigest": release["image"].partition("@")[2]}
        found = ecr.batch_get_image(repositoryName=repository, imageIds=[digest])["images"][0]
        ecr.batch_delete_image(repositoryName=repository, imageIds=[digest])
        return dict(found)

    def restore(image: dict[str, Any], tag: str) -> None:
        ecr.put_image(repositoryName=repository, imageManifest=image["imageManifest"], imageTag=tag)

    kept = remove(first)
    ran = shop.rollback()
    assert ran.code == 9, ran.said
    assert "the registry has" in ran.err
    assert "no more" in ran.err
    assert shop.version == shop.versions[0]
    restore(kept, first["version"])
    kept = remove(second)
    shop.change("Third")
    ran = shop.deploy()
    assert ran.code == 9, ran.said
    assert "there would be no way back; nothing was changed" in ran.err
    assert "--no-way-back" in ran.err
    restore(kept, second["version"])
    assert shop.version == shop.versions[0]


def test_promoted_to_another_environment(shop: Shop) -> None:
    """The very digest serves there; nothing is built, and the ledger says where it came from."""
    file = shop.clone.root / "slipway.toml"
    file.write_text(file.read_text() + OTHER + PATIENT)
    environments = shop.clone.root / "infra/environments"
    (environments / "next.tfvars").write_text((environments / "local.tfvars").read_text())
    dry = shop.clone.invoke("promote", "--from=local", "--to=next", "--dry-run")
    assert dry.code == 0, dry.said
    assert "greeter" in dry.out
    ran = shop.clone.invoke("promote", "--from=local", "--to=next", "--json")
    assert ran.code == 0, ran.said
    assert "lacks" not in ran.err
    outcome = ran.json()["greeter"]
    assert get(f"{outcome['url']}/health")["version"] == shop.versions[0]
    here, there = shop.history()[0], shop.history("next")[0]
    assert there["image"] == here["image"]
    assert (there["kind"], there["origin"]) == ("promote", f"local/{here['id']}")
    again = shop.clone.invoke("promote", "--from=local", "--to=next", "--json")
    assert (again.code, again.json()["greeter"]["verdict"]) == (0, "unchanged"), again.said


def killed(shop: Shop, title: str) -> str:
    """Deploy another version and kill -9 the deploy while it rolls out; the version it had."""
    shop.change(title)
    process = shop.clone.start("deploy", "--env=local")
    wait_for(process, "IN_PROGRESS")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert leftovers(shop.clone) == ["lease/local/greeter"]
    newest = shop.history()[0]
    assert newest["verdict"] == "interrupted"
    assert "its process ended without a word" in newest["note"]
    assert "the next deploy or rollback writes it down" in newest["note"]
    return str(newest["version"])


def test_what_was_not_verified_is_not_promoted(shop: Shop) -> None:
    """Killed in the middle: nobody knows yet whether it serves. Resumed, it is verified."""
    version = killed(shop, "Fourth")
    refused = shop.clone.invoke("promote", "--from=local", "--to=next")
    assert refused.code == 9, refused.said
    assert "not promoted from local; nothing was changed" in refused.err
    began = time.monotonic()
    ran = shop.deploy("--resume")
    print(f"resumed and verified in {time.monotonic() - began:.1f} s")
    assert ran.code == 0, ran.said
    assert ran.json()["greeter"]["verdict"] == "deployed"
    assert shop.version == version
    newest = shop.history()[0]
    assert (newest["verdict"], newest["version"], newest["serves"]) == ("deployed", version, True)
    assert leftovers(shop.clone) == []
    nothing = shop.deploy("--resume")
    assert nothing.code == 9
    assert "ended deployed" in nothing.err


def test_the_next_deploy_settles_what_a_killed_one_left(shop: Shop) -> None:
    """Its lease is free at once, its release gets its end, and the next one is deployed."""
    version = killed(shop, "Fifth")
    shop.change("Sixth")
    ran = shop.deploy()
    assert ran.code == 0, ran.said
    assert "was left open and is now interrupted" in ran.err
    newest, left = shop.history()[:2]
    assert (newest["verdict"], newest["serves"]) == ("deployed", True)
    assert (left["verdict"], left["version"]) == ("interrupted", version)
    assert newest["token"] == left["token"]
    assert leftovers(shop.clone) == []


def test_the_same_deploy_again_verifies_what_a_killed_one_brought(shop: Shop) -> None:
    """It attaches to the rollout that goes on, and makes a verified release of it."""
    version = killed(shop, "Seventh")
    ran = shop.deploy()
    assert ran.code == 0, ran.said
    newest = shop.history()[0]
    assert (newest["verdict"], newest["version"], newest["serves"]) == ("deployed", version, True)


def test_what_a_child_of_a_deploy_inherits(shop: Shop) -> None:
    """A hook of Terraform's that deploys is let in; its parent's lease is there until the end."""
    stack = shop.clone.root / "infra/service/hook.tf"
    command = "env | grep SLIPWAY_LEASES > hook.txt"
    stack.write_text(
        'resource "terraform_data" "hook" {\n'
        f'  provisioner "local-exec" {{ command = "{command}" }}\n'
        "}\n"
    )
    ran = shop.deploy()
    stack.unlink()
    assert ran.code == 0, ran.said
    assert "lease/local/greeter" in (shop.clone.root / "infra/service/hook.txt").read_text()
    assert leftovers(shop.clone) == []


PAUSE = """
resource "terraform_data" "pause" {
  provisioner "local-exec" { command = "touch began && sleep 60" }
}
"""


def test_a_signal_during_the_infrastructure(shop: Shop) -> None:
    """Terraform gets one of its own and time to end; no lock is left, and the old one serves."""
    old, stack = shop.version, shop.clone.root / "infra/service/hook.tf"
    began = shop.clone.root / "infra/service/began"
    shop.change("Infrastructure")
    stack.write_text(PAUSE)
    process = shop.clone.start("deploy", "--env=local")
    wait_for(process, "services")
    while not began.exists() and process.poll() is None:
        time.sleep(0.2)
    ran = stop(process, signal.SIGTERM)
    stack.unlink()
    began.unlink(missing_ok=True)
    print(f"ended {ran.seconds:.1f} s after the signal")
    assert ran.code == 128 + signal.SIGTERM, ran.said
    assert "the state is saved and not locked" in ran.err
    assert shop.version == old
    assert leftovers(shop.clone) == []
    assert lock_files(shop) == []
    newest = shop.history()[0]
    assert newest["verdict"] == "interrupted"
    assert "nothing was rolled out" in newest["reason"]


def lock_files(shop: Shop) -> list[str]:
    """The lock files of Terraform's states."""
    s3 = shop.client("s3")
    keys = [
        each["Key"]
        for bucket in s3.list_buckets()["Buckets"]
        for each in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
    ]
    return [key for key in keys if key.endswith(".tflock")]


def test_a_second_signal_leaves_at_once(shop: Shop) -> None:
    """It says what goes on without it; the lease is free, and the next deploy gets on with it."""
    old = shop.version
    shop.change("Second signal")
    process = shop.clone.start("deploy", "--env=local")
    wait_for(process, "IN_PROGRESS")
    process.send_signal(signal.SIGINT)
    wait_for(process, "a second signal leaves at once")
    ran = stop(process)
    print(f"ended {ran.seconds:.1f} s after the second signal")
    assert (ran.code, ran.seconds < 10) == (130, True), ran.said
    assert "stopped at once" in ran.err
    assert "goes on" in ran.err
    assert leftovers(shop.clone) == []
    traffic = Traffic(f"{shop.url}/health")
    with traffic.flowing():
        again = shop.deploy()
    assert again.code == 0, again.said
    assert "was left open and is now" in again.err
    assert traffic.failures == []
    assert shop.version != old
    assert shop.history()[0]["verdict"] == "deployed"


def test_somebody_elses_deployment_wins(shop: Shop) -> None:
    """Ours is told as overtaken, whatever serves well in the end; theirs is left alone."""
    old, theirs = shop.version, verified(shop)[0]["task_definition"]
    shop.change("Overtaken")
    process = shop.clone.start("deploy", "--env=local", "--json")
    wait_for(process, "IN_PROGRESS")
    shop.client("ecs").update_service(
        cluster="slipway-local", service="slipway-local-greeter", taskDefinition=theirs
    )
    out, err = process.communicate(timeout=300)
    assert process.returncode == 13, out + err
    outcome = json.loads(out)["greeter"]
    assert outcome["verdict"] == "superseded"
    assert "took over" in outcome["reason"]
    assert shop.history()[0]["verdict"] == "superseded"
    assert shop.version == old
    assert leftovers(shop.clone) == []


def deployments(shop: Shop) -> set[str]:
    """ECS's deployments of greeter that are there, and those that its events name."""
    ecs = shop.client("ecs")
    found = ecs.describe_services(cluster="slipway-local", services=["slipway-local-greeter"])
    (service,) = found["services"]
    words = (word for event in service["events"] for word in event["message"].split())
    named = {word.rstrip(").") for word in words if word.startswith(("ecs-svc/", "(ecs-svc/"))}
    named = {word.lstrip("(") for word in named}
    return named | {each["id"] for each in service["deployments"]}


def verified(shop: Shop) -> list[dict[str, Any]]:
    """The releases that were seen to serve, newest first."""
    return [each for each in shop.history() if each["verdict"] == "deployed"]


def test_a_deploy_in_bad_weather(shop: Shop, tmp_path: Path) -> None:
    """30 % of the calls throttled, some broken, UpdateService done and its answer lost.

    One deployment began, the verdict is right, lease and ledger are as on any day.
    """
    shop.change("Bad weather")
    before, old = deployments(shop), shop.version
    weather = bad_weather(shop.clone, tmp_path / "calls", 1)
    traffic = Traffic(f"{shop.url}/health")
    with traffic.flowing():
        ran = weather.clone.invoke("deploy", "--env=local", "--json")
    assert ran.code == 0, ran.said
    assert ran.json()["greeter"]["verdict"] == "deployed"
    print(f"deployed in {ran.seconds:.0f} s: {dict(weather.fates)}")
    assert weather.fates["throttled"] > 0.2 * weather.fates.total()
    assert weather.done["ecs.UpdateService"] == 1
    assert len(deployments(shop) - before) == 1
    assert traffic.failures == []
    assert set(traffic.versions) == {old, shop.version}
    newest, last = verified(shop)[:2]
    assert (newest["version"], newest["serves"]) == (shop.version, True)
    assert (newest["previous"], last["version"]) == (last["task_definition"], old)
    assert leftovers(shop.clone) == []


def test_a_way_back_in_bad_weather(shop: Shop, tmp_path: Path) -> None:
    """One UpdateService, and the release before serves."""
    before, wanted = deployments(shop), verified(shop)[1]["version"]
    weather = bad_weather(shop.clone, tmp_path / "calls", 3)
    ran = weather.clone.invoke("rollback", "--env=local", "--service=greeter", "--json")
    assert ran.code == 0, ran.said
    print(f"rolled back in {ran.seconds:.0f} s: {dict(weather.fates)}")
    assert shop.version == wanted
    assert weather.done["ecs.UpdateService"] == 1
    assert len(deployments(shop) - before) == 1
    assert leftovers(shop.clone) == []


PULL_REQUEST = pull_request()
GOOD = {"check": {"result": "success"}, "plan": {"result": "skipped"}}
HERE = {"environment": "local"}
BACK = {**HERE, "service": "greeter", "release": "", "look": False}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What jobs leave; they share one machine here."""
    return tmp_path_factory.mktemp("jobs")


@pytest.mark.parametrize(
    ("job", "given", "role", "page"),
    [
        ("code_quality.check", {"github": PULL_REQUEST, "matrix": {"session": "lint"}}, "", ""),
        ("code_quality.plan", {"github": PULL_REQUEST}, "plan", "| greeter | roll out |"),
        ("code_quality.gate", {"needs": GOOD}, "", ""),
        ("deploy.check", {}, "", ""),
        ("deploy.build", {}, "build", ""),
        ("deploy.deploy", {}, "apply", "| greeter | deployed |"),
        ("deploy.promote", {"github": MAIN}, "apply", "| greeter | deployed |"),
        ("rollback.rollback", {"github": BY_HAND, "inputs": BACK}, "deploy", "Rollback of greeter"),
        ("drift.drift", {"github": NIGHTLY, "matrix": HERE}, "plan", "## Drift of local"),
    ],
    ids=lambda given: given if isinstance(given, str) and "." in given else "",
)
def test_jobs_of_the_workflows(
    shop: Shop, scratch: Path, job: str, given: dict[str, Any], role: str, page: str
) -> None:
    """Each step of each job, on the way of a change from its pull request to production and back.

    What a job asks of AWS, the role that it takes may do.
    """
    if job == "code_quality.check":
        shop.change("Merged by a pull request")
    names = {"staging": "local", "prod": "next"}
    workflow, _, name = job.partition(".")
    ended = run(shop.clone, scratch, workflow, name, {**contexts(DEVELOP), **given}, names)
    print(ended.said)
    # Whether anything differs by now is not what this is about; an issue is opened if it does.
    assert ended.code in ((0, 1) if job == "drift.drift" else (0,)), ended.said
    assert page in ended.page
    assert (missing(role, ended.actions) if role else sorted(ended.actions)) == []
    titles = ["## Plan for local"] if role == "plan" else []
    wanted = ["## Drift of local"] * ended.code if job == "drift.drift" else titles
    assert [each["body"].splitlines()[1] for each in ended.sent] == wanted
    if job in ("deploy.deploy", "deploy.promote"):
        assert "the registry lacks" not in ended.said


def test_a_rollout_out_of_time_is_resumed(shop: Shop) -> None:
    """Neither failed nor deployed: it goes on by itself, and `--resume` sees it to its end."""
    main = shop.clone.root / "services/greeter/src/greeter/__main__.py"
    before, text = "    from greeter.server import main", main.read_text()
    assert before in text
    only_there = "__import__('os').environ.get('ECS_CONTAINER_METADATA_URI_V4')"
    slow = f"    if {only_there}:\n        __import__('time').sleep(75)\n"
    main.write_text(text.replace(before, slow + before, 1))
    shop.clone.edit("slipway.toml", r"deploy = \{ timeout = 600 \}", "deploy = { timeout = 60 }")
    ran = shop.deploy()
    assert ran.code == 12, ran.said
    assert ran.json()["greeter"]["verdict"] == "timed_out"
    assert shop.history()[0]["verdict"] == "timed_out"
    assert leftovers(shop.clone) == []
    again = shop.deploy("--resume")
    assert again.code == 0, again.said
    newest = shop.history()[0]
    assert (newest["verdict"], newest["serves"]) == ("deployed", True)
    main.write_text(text)
    shop.clone.edit("slipway.toml", "timeout = 60 }", "timeout = 600 }")


def test_what_another_environment_needs_survives_cleaning(shop: Shop) -> None:
    """Its image lies in the registry that `local` cleans, and no release of `local` needs it."""
    flags = ("clean", "--env=local", "--older-than=0d", "--keep=1")
    (served,) = (each for each in shop.history("next") if each["serves"])
    repository, digest = served["image"].partition("/")[2].split("@")
    found = shop.clone.invoke(*flags, "--dry-run", "--json").json()
    images = {each["id"]: each for each in found if each["kind"] == "image"}
    assert "next" in images[digest]["stays"], images[digest]
    going = {name for name, each in images.items() if each["goes"]}
    assert going

    ran = shop.clone.invoke(*flags, "--yes")
    assert ran.code == 0, ran.said
    pages = shop.client("ecr").get_paginator("list_images").paginate(repositoryName=repository)
    left = {each["imageDigest"] for page in pages for each in page["imageIds"]}
    assert left & images.keys() == images.keys() - going
    there = shop.clone.invoke("restart", "--env=next", "--service=greeter")
    assert there.code == 0, there.said
    here = shop.rollback()
    assert here.code == 0, here.said
