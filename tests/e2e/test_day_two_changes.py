"""Days after the first deploy: new secrets, more tasks, changes by hand, other tools, the end.

Two services on one embedded AWS: greeter, rolled out by ECS, and orders, by CodeDeploy. The tests
build on each other, in their order; the last one destroys all, as a person at a terminal would.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import docker
import pytest
import yaml

from slipway.render.documents import PLACEHOLDER
from tests.e2e.checkout import Clone, Ran, free_port, get, make_clone
from tests.e2e.embedded import wait_for
from tests.e2e.test_releases import PATIENT
from tests.e2e.weather import bad_weather

pytestmark = pytest.mark.e2e

BOTH = ("greeter", "orders")
SHIFTED = '\n[deploy]\nstrategy = "blue_green"\nstandby = 0\n'


@dataclass
class Days:
    """The checkout, and what its services answer at."""

    clone: Clone
    urls: dict[str, str]

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=f"http://127.0.0.1:{self.clone.port}",
            region_name="us-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def good(self, *words: str) -> Ran:
        ran = self.clone.invoke(*words, timeout=1200)
        assert ran.code == 0, ran.said
        return ran

    def secret(self) -> dict[str, Any]:
        (found,) = self.good("secrets.list", "--env=local", "--json").json()
        assert isinstance(found, dict)
        return found

    def give(self, value: str) -> Ran:
        file = self.clone.root / "value"
        file.write_text(value)
        return self.good(
            *("secrets.set", "--env=local", "--service=greeter", "--name=API_KEY"),
            f"--from-file={file}",
        )


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    """Both deployed: greeter once its secret had a value."""
    clone = make_clone(tmp_path_factory.mktemp("days"), free_port())
    clone.edit("slipway.toml", "health = {.*\n.*", PATIENT)
    try:
        assert clone.invoke("setup").code == 0
        made = Days(clone, {})
        for folder in (clone.root / "services").iterdir():
            if folder.name != "greeter":
                shutil.rmtree(folder)
        made.good("new", "--name=orders")
        for name in BOTH:
            manifest = f"services/{name}/service.toml"
            clone.edit(manifest, "min = 2", "min = 1")
            for file in (clone.root / f"services/{name}/tests").glob("test_*.py"):
                if file.name != "test_health.py":
                    file.unlink()
        clone.edit("services/greeter/service.toml", r"(?m)^port", 'secrets = ["API_KEY"]\nport')
        clone.edit("services/orders/service.toml", r"\Z", SHIFTED)
        # greeter waits for its secret; what it gets, it gets by its second deploy.
        first = clone.invoke("deploy", "--env=local", "--json", timeout=1200)
        assert "secrets.set --env=local --service=greeter --name=API_KEY" in first.said
        made.give("first")
        second = made.good("deploy", "--env=local", "--json").json()
        made.urls |= {name: second[name]["url"] for name in BOTH}
        yield made
    finally:
        clone.invoke("local.reset", "--yes")


def tasks(days: Days, service: str) -> set[str]:
    """The running tasks of a service."""
    name = f"slipway-local-{service}"
    found = days.client("ecs").list_tasks(cluster="slipway-local", serviceName=name)["taskArns"]
    return set(found)


def replaced(days: Days, service: str, old: set[str]) -> bool:
    """Whether none of the old tasks is left."""
    return not tasks(days, service) & old


def test_a_new_secret_reaches_tasks_by_a_restart(days: Days) -> None:
    """Who has an earlier value is told; afterwards nobody has, and nothing else has changed."""
    before = days.secret()
    said = days.give("second").err
    assert "keep the value that they started with" in said
    assert "invoke restart --env=local --service=greeter" in said
    between = days.secret()
    assert between["version"] != before["version"]
    assert (between["tasks"], between["outdated"]) == (1, 1)
    old = {name: tasks(days, name) for name in BOTH}
    dry = days.good("restart", "--env=local", "--service=greeter,orders", "--dry-run")
    assert dry.out.count("would be restarted: 1 tasks") == 2
    ended = days.good("restart", "--env=local", "--service=greeter,orders", "--json").json()
    assert {name: each["verdict"] for name, each in ended.items()} == dict.fromkeys(
        BOTH, "deployed"
    )
    assert days.secret()["outdated"] == 0
    for name in BOTH:
        wait_for(f"new tasks of {name}", partial(replaced, days, name, old[name]))
        assert get(f"{days.urls[name]}/health")["status"] == "ok"
    newest = days.good("history", "--env=local", "--service=greeter", "--json").json()[0]
    assert (newest["kind"], newest["verdict"]) == ("restart", "deployed")
    back = days.clone.invoke("rollback", "--env=local", "--service=greeter", "--dry-run")
    assert "no verified release in local before" in back.err


@pytest.mark.parametrize("service", BOTH)
def test_scaled_up_and_down(days: Days, service: str, tmp_path: Path) -> None:
    """Two tasks answer, one is left, asked once in bad weather; the same again is nothing to do."""
    words = ("scale", "--env=local", f"--service={service}")
    assert "1 -> 2 tasks" in days.good(*words, "--to=2", "--dry-run").out
    assert len(tasks(days, service)) == 1
    assert days.good(*words, "--to=2", "--json").json()["verdict"] == "deployed"
    assert len(tasks(days, service)) == 2
    assert "nothing to do" in days.good(*words, "--to=2").out
    weather = bad_weather(days.clone, tmp_path / "calls", 5)
    down = weather.clone.invoke(*words, "--to=1")
    assert (down.code, "2 -> 1 tasks" in down.out) == (0, True), down.said
    assert weather.fates["throttled"] > 0
    assert weather.done["ecs.UpdateService"] == 1
    assert len(tasks(days, service)) == 1


def test_what_was_changed_by_hand_is_found(days: Days) -> None:
    """First nothing; then a rule of the console and a setting that Terraform knows."""
    none = days.clone.invoke("drift", "--env=local", "--json")
    assert (none.code, none.json()["findings"]) == (0, []), none.said
    elb, logs = days.client("elbv2"), days.client("logs")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    listener = min(listeners, key=lambda each: each["Port"])["ListenerArn"]
    groups = elb.describe_target_groups(Names=["slipway-local-greeter"])["TargetGroups"]
    rule = elb.create_rule(
        ListenerArn=listener,
        Priority=999,
        Conditions=[{"Field": "path-pattern", "Values": ["/by-hand"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": groups[0]["TargetGroupArn"]}],
    )["Rules"][0]["RuleArn"]
    logs.put_retention_policy(logGroupName="/ecs/slipway-local-greeter", retentionInDays=3)
    found = days.clone.invoke("drift", "--env=local", "--service=greeter", "--markdown")
    assert found.code == 1, found.said
    assert rule in found.out
    assert "retention_in_days" in found.out
    elb.delete_rule(RuleArn=rule)
    days.good("deploy", "--env=local", "--service=greeter", "--refresh")
    assert days.clone.invoke("drift", "--env=local", "--service=greeter").code == 0


def test_other_tools_take_what_is_rendered(days: Days, tmp_path: Path) -> None:
    """Registered and deployed through AWS's own API, as GitHub's actions do it."""
    days.good("render", "--env=local", "--service=orders", f"--out={tmp_path}")
    definition = json.loads((tmp_path / "orders/task-definition.json").read_text())
    registered = days.client("ecs").register_task_definition(**definition)["taskDefinition"]
    text = (tmp_path / "orders/appspec.yaml").read_text()
    content = yaml.safe_load(text.replace(PLACEHOLDER, registered["taskDefinitionArn"]))
    codedeploy = days.client("codedeploy")
    begun = codedeploy.create_deployment(
        applicationName="slipway-local-orders",
        deploymentGroupName="slipway-local-orders",
        revision={
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": json.dumps(content)},
        },
    )["deploymentId"]

    def ended() -> str:
        info = codedeploy.get_deployment(deploymentId=begun)["deploymentInfo"]
        if info["status"] == "Ready":
            codedeploy.continue_deployment(deploymentId=begun, deploymentWaitType="READY_WAIT")
        return str(info["status"]) if info["status"] in ("Succeeded", "Failed", "Stopped") else ""

    assert wait_for("the deployment", ended, seconds=600) == "Succeeded"
    assert get(f"{days.urls['orders']}/health")["status"] == "ok"


def test_what_is_cleaned_is_needed_by_nobody(days: Days, tmp_path: Path) -> None:
    """All that may go goes; what serves can be restarted, and is found by the next deploy.

    Looking and restarting meet bad weather.
    """
    ecs = days.client("ecs")
    template = ecs.describe_task_definition(taskDefinition="slipway-local-greeter")
    kept = ("family", "networkMode", "cpu", "memory", "containerDefinitions")
    copy = {key: template["taskDefinition"][key] for key in kept}
    stray, _ = (
        ecs.register_task_definition(**copy)["taskDefinition"]["taskDefinitionArn"]
        for _ in range(2)
    )
    refused = days.clone.invoke("clean", "--env=local", "--older-than=0d", "--keep=1")
    assert (refused.code, "--yes" in refused.err) == (2, True), refused.said
    days.good("clean", "--env=local", "--older-than=0d", "--keep=1", "--yes")
    assert stray not in ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    weather = bad_weather(days.clone, tmp_path / "looks", 7)
    again = weather.clone.invoke("clean", "--env=local", "--older-than=0d", "--keep=1", "--dry-run")
    assert (again.code, "to remove: nothing" in again.out) == (0, True), again.said
    weather = bad_weather(days.clone, tmp_path / "calls", 8)
    anew = weather.clone.invoke("restart", "--env=local", "--service=greeter", "--json")
    assert (anew.code, anew.json()["greeter"]["verdict"]) == (0, "deployed"), anew.said
    assert weather.done["ecs.UpdateService"] == 1
    assert "unchanged" in days.good("deploy", "--env=local", "--service=greeter").out


def at_terminal(clone: Clone, words: Sequence[str], typed: str) -> tuple[int, str]:
    """Run `invoke` on a terminal of 60 columns, and type when it asks; exit code and screen."""
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(clone.root)
        env = {name: value for name, value in clone.env.items() if name != "CI"}
        os.execve(clone.argv()[0], clone.argv(*words), {**env, "COLUMNS": "60"})
    seen, answered, deadline = "", False, time.monotonic() + 1200
    while time.monotonic() < deadline:
        if not select.select([screen], [], [], 1)[0]:
            continue
        try:
            part = os.read(screen, 4096).decode(errors="replace")
        except OSError:  # the other side has gone
            break
        seen += part
        if not answered and re.search(r"to destroy it: $", seen):
            os.write(screen, f"{typed}\n".encode())
            answered = True
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen


def everything(days: Days) -> dict[str, list[str]]:
    """What there is of the environment, by kind, wherever that is to be seen."""
    ecs, elb, s3 = days.client("ecs"), days.client("elbv2"), days.client("s3")
    secrets = days.client("secretsmanager").list_secrets()["SecretList"]
    items = days.client("dynamodb").scan(TableName="slipway-locks")["Items"]
    objects = s3.list_objects_v2(Bucket="slipway-state-000000000000-us-west-1")
    found = docker.from_env().containers.list(all=True, filters={"label": "ministack.instance"})
    return {
        "clusters": ecs.list_clusters()["clusterArns"],
        "balancers": names(elb.describe_load_balancers()["LoadBalancers"], "LoadBalancerName"),
        "groups": names(elb.describe_target_groups()["TargetGroups"], "TargetGroupName"),
        "log groups": names(days.client("logs").describe_log_groups()["logGroups"], "logGroupName"),
        "secrets": names([each for each in secrets if "DeletedDate" not in each], "Name"),
        "roles": names(days.client("iam").list_roles()["Roles"], "RoleName"),
        "containers": [
            each.name
            for each in found
            if each.labels["ministack.instance"].endswith(f":{days.clone.port}")
        ],
        "table": [each["LockID"]["S"] for each in items],
        "states": [
            each["Key"]
            for each in objects["Contents"]
            if each["Key"].startswith(("env:/", "applied/"))
        ],
    }


def names(found: Sequence[Any], key: str) -> list[str]:
    return [str(each[key]) for each in found if "slipway-local" in str(each[key])]


def test_destroyed_nothing_is_left(days: Days) -> None:
    """A wrong name destroys nothing; the right one everything but the registry, as is said."""
    before = everything(days)
    assert all(before.values()), before
    code, screen = at_terminal(days.clone, ("destroy", "--env=local"), "locl")
    assert (code, "locl was typed, not local; nothing was destroyed" in screen) == (2, True), screen
    assert everything(days) == before
    code, screen = at_terminal(days.clone, ("destroy", "--env=local"), "local")
    assert code == 0, screen
    assert "remains: the image repositories" in screen
    after = everything(days)
    registry = {"table": ["registry"], "states": ["registry"]}
    for kind, left in after.items():
        assert all("registry" in each for each in left), {kind: left}
        assert bool(left) == (kind in registry), {kind: left}
    assert "nothing to destroy" in days.good("destroy", "--env=local", "--yes=local").out
