"""What a behaviour asks of a client, and what there is before a client does anything."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Any, Protocol

from tests.e2e.embedded import Embedded, wait_for

CLUSTER = "clients"
SUBNETS = ["subnet-1"]
GRACE = 120
"""Seconds: on a busy machine a task may take long to answer, and is not to blame for it."""

HEALTH = {"path": "/health", "interval": 5, "timeout": 4, "healthy": 2, "unhealthy": 2}


class Refused(Exception):
    """AWS's answer is an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Client(Protocol):
    """Something that keeps one service behind a load balancer."""

    name: str

    def create(self) -> None:
        """A target group, a listener, a service with a circuit breaker, a scaling policy.

        Its first revision gets its version from a secret.
        """

    def update(self, **env: str) -> None:
        """Begin a rollout of a revision with these variables."""

    def differences(self) -> list[str]:
        """What is not as it was asked for, as far as this client can see."""

    def notices(self, before: str) -> bool:
        """Whether it shows that its update was rolled back to the revision `before`, and why."""

    def destroy(self) -> None:
        """Remove all of it."""


@dataclass(frozen=True)
class World:
    """One instance that the clients share, with a cluster, a load balancer and an image."""

    embedded: Embedded
    image: str
    balancer: str
    host: str

    @classmethod
    def make(cls, embedded: Embedded) -> World:
        client = embedded.client
        client("ecr").create_repository(repositoryName="clients/app")
        client("ecs").create_cluster(clusterName=CLUSTER)
        made = client("elbv2").create_load_balancer(Name=CLUSTER, Subnets=["subnet-1", "subnet-2"])
        balancer = made["LoadBalancers"][0]
        image = embedded.push("clients/app", "one")
        return cls(embedded, image, balancer["LoadBalancerArn"], balancer["DNSName"])

    def secret(self, name: str) -> str:
        """The ARN of a new secret, whose value is `secret of <name>`."""
        made = self.embedded.client("secretsmanager").create_secret(
            Name=name, SecretString=f"secret of {name}"
        )
        return str(made["ARN"])

    def get(self, port: int) -> str:
        """What the load balancer answers: the body of a 200, else the code or the error."""
        connection = http.client.HTTPConnection(self.host, port, timeout=5)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            body = answer.read().decode()
            return body if answer.status == 200 else str(answer.status)
        except OSError as error:
            return type(error).__name__
        finally:
            connection.close()

    def serves(self, port: int, text: str) -> None:
        """Wait until every answer is that text."""
        seen: list[str] = []

        def only_that() -> bool:
            seen[:] = [self.get(port) for _ in range(3)]
            return set(seen) == {text}

        try:
            wait_for(f"{text} at {port}", only_that, 120)
        except AssertionError as error:
            raise AssertionError(f"{error}; but {seen}, {self.embedded.status}") from None

    def service(self, name: str) -> Any:
        """The service as the API has it, seen by nobody's client."""
        found = self.embedded.client("ecs").describe_services(cluster=CLUSTER, services=[name])
        return found["services"][0]

    def settled(self, name: str) -> Any:
        """The service, once one deployment is left and it is not under way."""

        def seen() -> Any:
            service = self.service(name)
            (first, *others) = service["deployments"]
            done = not others and first["rolloutState"] != "IN_PROGRESS"
            return service if done else None

        return wait_for(f"{name} to settle", seen, 120)
