"""Every cause of a rollout that goes wrong, provoked for real: one cause, one remedy, old tasks on.

All services are rolled out at once and watched together, as a deploy does it.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from slipway.aws import Aws, connect
from slipway.config import load
from slipway.console import Console
from slipway.model import Verdict
from slipway.paths import Checkout
from slipway.release import recover
from slipway.rollout import strategy, watch
from slipway.rollout.model import Rollout, Target
from slipway.rollout.view import Lines
from tests.e2e.embedded import REGION, Embedded, build_context, wait_for

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CLUSTER, LOGS = "shop", "/ecs/shop"
NETWORK: Any = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}

ARM64 = 183
ALIEN = (
    b"\x7fELF\x02\x01\x01" + bytes(9)
    + struct.pack("<HHIQQQIHHHHHH", 2, ARM64, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 120, 120, 4096)
)  # fmt: skip
"""A program for another processor, and nothing else in it."""


def python(code: str) -> tuple[str, ...]:
    return ("python3", "-c", code)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with a revision, and what has to be said of it.

    `image` is put in the good one's place, made of it by `format`.
    """

    kind: str
    title: str
    remedy: str
    shown: str
    command: Sequence[str] = ()
    env: Sequence[str] = ()
    secret: str = ""
    image: str = "{good}"
    port: int = 8000


FAULTS = {
    "crash": Fault(
        command=python("raise SystemExit('KeyError: REGION')"),
        kind="crash",
        title="exits with code 1",
        remedy="docker run",
        shown="KeyError: REGION",
    ),
    "hog": Fault(
        env=["HOG"],
        kind="out_of_memory",
        title="ran out of memory (512 MiB)",
        remedy="memory in services/hog/service.toml",
        shown="OutOfMemoryError",
    ),
    "no-command": Fault(
        command=["/no/such/program"],
        kind="wont_start",
        title="can't be started",
        remedy="services/no-command/Dockerfile",
        shown="/no/such/program",
    ),
    "alien": Fault(
        image="{alien}",
        kind="wrong_architecture",
        title="another processor architecture",
        remedy="architecture in services/alien/service.toml",
        shown="exec format error",
    ),
    "no-image": Fault(
        image="{repository}@sha256:" + "0" * 64,
        kind="missing_image",
        title="the image can't be pulled",
        remedy="uv run invoke deploy --env=local --service=no-image",
        shown="CannotPullContainerError",
    ),
    "no-route": Fault(
        image="127.0.0.1:9/shop/app@sha256:" + "0" * 64,
        kind="no_route",
        title="no route to the registry",
        remedy="infra/environments/local.tfvars",
        shown="connection refused",
    ),
    "no-value": Fault(
        secret="shop/API_KEY",
        kind="missing_secret",
        title="a secret can't be read (shop/API_KEY)",
        remedy="uv run invoke secrets.set --env=local --service=no-value --name=API_KEY",
        shown="ResourceNotFoundException",
    ),
    "port": Fault(
        command=["python3", "-m", "http.server", "9000"],
        kind="port_mismatch",
        title="nothing answers on port 8000",
        remedy="port in services/port/service.toml",
        shown="Health checks failed",
    ),
    "sick": Fault(
        env=["SICK"],
        kind="failing_health_check",
        title="the health check of /health fails (it answers 500)",
        remedy="health.path in services/sick/service.toml",
        shown="[500]",
    ),
}


LOOPS = ("watched", "alone")
"""Two services with the same crash loop: one that we watch, one left to its circuit breaker."""
LATE = Fault(
    command=python("import time; time.sleep(5); raise SystemExit('late')"),
    kind="crash",
    title="exits with code 1",
    remedy="docker run",
    shown="late",
)


@dataclass
class Shop:
    """Services behind one load balancer, all of the same good image."""

    embedded: Embedded
    images: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    good: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ecs, self.elb = self.embedded.client("ecs"), self.embedded.client("elbv2")
        self.secrets = self.embedded.client("secretsmanager")
        environment = load(Checkout(ROOT), "local").environment
        self.aws: Aws = connect(environment, endpoint=f"http://127.0.0.1:{self.embedded.port}")

    def register(self, name: str, fault: Fault | None = None) -> str:
        """A revision of a service, as its stack would register it."""
        app: dict[str, Any] = {
            "name": "app",
            "image": self.images["good"],
            "portMappings": [{"containerPort": 8000}],
            "stopTimeout": 2,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": LOGS,
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": name,
                },
            },
        }
        if fault:
            app["command"] = list(fault.command)
            app["environment"] = [{"name": each, "value": "1"} for each in fault.env]
        if fault and fault.secret:
            arn = self.secrets.create_secret(Name=fault.secret)["ARN"]
            app["secrets"] = [{"name": "API_KEY", "valueFrom": arn}]
        found = self.ecs.register_task_definition(
            family=name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[app],
        )
        return str(found["taskDefinition"]["taskDefinitionArn"])

    def open(self, name: str, listener: str, priority: int) -> None:
        """A service with one task, behind a rule of the load balancer."""
        group = self.embedded.target_group(name, unhealthy=3, delay=1)
        self.elb.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{name}*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        self.groups[name], self.good[name] = group, self.register(name)
        balanced = {"targetGroupArn": group, "containerName": "app", "containerPort": 8000}
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=self.good[name],
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            loadBalancers=[balanced],
            healthCheckGracePeriodSeconds=170,
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
            },
        )

    def service(self, name: str) -> Any:
        return self.ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]

    def steady(self, name: str) -> bool:
        """Whether one deployment is left, complete, with its one task."""
        service = self.service(name)
        states = [each["rolloutState"] for each in service["deployments"]]
        return states == ["COMPLETED"] and service["runningCount"] == 1

    def target(self, name: str, fault: Fault) -> Target:
        places = {**self.images, "repository": self.images["good"].partition("@")[0]}
        return Target(
            name=name,
            environment="local",
            cluster=CLUSTER,
            service=name,
            template=self.register(name, fault),
            image=fault.image.format(**places),
            target_group=self.groups[name],
            port=8000,
            health_path="/health",
            timeout=180,
            desired=1,
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A good task of every service."""
    embedded = Embedded.make(tmp_path_factory.mktemp("diagnosis"))
    try:
        embedded.up()
        yield opened(embedded)
    finally:
        embedded.reset()
        assert not embedded.containers


def opened(embedded: Embedded) -> Shop:
    shop = Shop(embedded)
    for name in ("shop/app", "shop/alien"):
        embedded.client("ecr").create_repository(repositoryName=name)
    alien = build_context('FROM scratch\nCOPY alien /alien\nCMD ["/alien"]\n', {"alien": ALIEN})
    shop.images["good"] = embedded.push("shop/app", "one")
    shop.images["alien"] = embedded.push("shop/alien", "one", alien)
    embedded.client("logs").create_log_group(logGroupName=LOGS)
    shop.ecs.create_cluster(clusterName=CLUSTER)
    balancer = shop.elb.create_load_balancer(Name="shop", Subnets=["subnet-1", "subnet-2"])
    listener = shop.elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    for priority, name in enumerate((*FAULTS, *LOOPS), 1):
        shop.open(name, listener, priority)
    for name in (*FAULTS, *LOOPS):
        wait_for(f"a good {name}", partial(shop.steady, name), 180)
        # From now on their health counts at once; a busy machine starts a dozen of them slowly.
        shop.ecs.update_service(cluster=CLUSTER, service=name, healthCheckGracePeriodSeconds=0)
    return shop


@dataclass
class Clock:
    """Seconds since the beginning at which something was first seen."""

    began: float = field(default_factory=time.monotonic)
    seen: dict[str, float] = field(default_factory=dict)

    def note(self, what: str, *, happened: bool) -> None:
        if happened and what not in self.seen:
            self.seen[what] = round(self.age, 1)

    @property
    def age(self) -> float:
        return time.monotonic() - self.began


@pytest.fixture(scope="module")
def rolled(shop: Shop) -> dict[str, Rollout]:
    """The rollout of every fault, at its end; the seconds that each verdict took are printed."""
    rollouts: dict[str, Rollout] = {}
    clock = Clock()

    def note() -> None:
        for name, each in rollouts.items():
            clock.note(name, happened=each.outcome is not None)

    for name, fault in FAULTS.items():
        target = shop.target(name, fault)
        rollouts[name] = strategy.of(target).start(shop.aws, target)

    def look(seconds: float) -> None:
        note()
        time.sleep(seconds)

    watch.watch(shop.aws, list(rollouts.values()), Lines(Console(err=StringIO())), pause=look)
    note()
    print(clock.seen)
    for rollout in rollouts.values():
        recover.explained(shop.aws, rollout)
    return rollouts


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_one_cause_and_one_remedy(
    shop: Shop, rolled: dict[str, Rollout], name: str
) -> None:
    """It is named, with the place to mend it and the evidence; the old revision serves on."""
    fault, outcome = FAULTS[name], rolled[name].outcome
    assert outcome
    assert outcome.cause
    assert outcome.cause.kind == fault.kind, outcome
    assert fault.title in outcome.cause.title
    assert fault.remedy in outcome.cause.remedy
    assert any(fault.shown in line for line in outcome.cause.lines), outcome.cause.lines
    assert outcome.verdict is Verdict.ROLLED_BACK, outcome
    assert shop.service(name)["taskDefinition"] == shop.good[name]
    assert shop.steady(name)


def test_a_crash_loop_is_told_before_the_circuit_breaker(shop: Shop) -> None:
    """Side by side, an app that ends after 5 s: its cause is told before ECS gives up."""
    target = shop.target("watched", LATE)
    alone = shop.register("alone", LATE)
    clock = Clock()
    shop.ecs.update_service(cluster=CLUSTER, service="alone", taskDefinition=alone)
    rollout = strategy.of(target).start(shop.aws, target)

    def look(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            states = {d["rolloutState"] for d in shop.service("alone")["deployments"]}
            clock.note("the breaker tripped", happened="FAILED" in states)
            returned = "the breaker tripped" in clock.seen and shop.steady("alone")
            clock.note("the breaker was back", happened=returned)
            clock.note("the cause was told", happened=rollout.cause is not None)
            time.sleep(0.25)

    watch.watch(shop.aws, [rollout], Lines(Console(err=StringIO())), pause=look)
    clock.note("the verdict stood", happened=rollout.outcome is not None)
    while "the breaker was back" not in clock.seen and clock.age < 120:
        look(0.5)
    print(clock.seen)
    assert rollout.outcome
    assert rollout.outcome.verdict is Verdict.ROLLED_BACK
    assert rollout.outcome.cause
    assert rollout.outcome.cause.kind == "crash"
    assert shop.service("alone")["taskDefinition"] == shop.good["alone"]
    assert clock.seen["the cause was told"] < clock.seen["the breaker tripped"]
