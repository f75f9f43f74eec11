"""The Redis servers behind ElastiCache's replication groups: one each, whatever their nodes."""

from __future__ import annotations

import contextvars
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from embedded_aws.databases import redis
from embedded_aws.databases.authority import Authority
from embedded_aws.databases.images import image_of
from embedded_aws.databases.network import Addresses
from embedded_aws.databases.redis import User
from embedded_aws.databases.servers import Server, Servers
from embedded_aws.errors import CannotRun

log = logging.getLogger("embedded.elasticache")

Record = dict[str, Any]
"""A replication group as MiniStack keeps it."""

PATIENCE = 60.0
"""Seconds for a server to answer."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the books say of a cache beside its record."""

    users: tuple[User, ...]
    parameters: Mapping[str, str]


class Caches:
    """One server per replication group; `wishes` looks its users and parameters up."""

    def __init__(
        self,
        servers: Servers,
        addresses: Addresses,
        authority: Authority,
        wishes: Callable[[Record], Wishes],
    ) -> None:
        self._servers = servers
        self._addresses = addresses
        self._authority = authority
        self._wishes = wishes

    def serves(self, record: Record) -> bool:
        """Whether there is a server for that engine."""
        return bool(image_of(record.get("Engine", "redis")))

    def address(self, record: Record) -> str:
        """Where the cache is reached, before it is and after."""
        return self._addresses.of(name_of(record), self._servers.subnet())

    def begin(self, record: Record) -> None:
        """Start a server and come back at once; the record tells when it is there."""
        record["Status"] = "creating"

        def run() -> None:
            try:
                self._start(record)
                record["Status"] = "available"
            except Exception as error:
                log.warning("cache %s: %s", record["ReplicationGroupId"], error)
                record["Status"] = "create-failed"

        # The account and region of the call go with it.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(run,), daemon=True).start()

    def change(self, record: Record) -> None:
        """Tell a running server its users and parameters anew, without a restart."""
        name, wishes = name_of(record), self._wishes(record)
        for setting, value in wishes.parameters.items():
            if setting in redis.SETTINGS:
                self._ask(name, "CONFIG", "SET", setting, value)
        password = self._servers.run(name, "printenv", "REDISCLI_AUTH")[1].strip()
        if password:
            text = redis.access_list(wishes.users, password)
            self._servers.put(name, "redis", {"users.acl": text})
            self._ask(name, "ACL", "LOAD")

    def end(self, record: Record) -> None:
        """Remove the server, its data and its address."""
        self._servers.remove(name_of(record), patience=0)
        self._servers.run_beside(image_of("redis"), "rm", "-rf", redis.folder(name_of(record)))
        self._addresses.release(name_of(record))

    def close(self, records: list[Record]) -> None:
        """Stop all servers in order; they write their data first."""
        for record in records:
            self._servers.remove(name_of(record))

    def _start(self, record: Record) -> None:
        name, wishes = name_of(record), self._wishes(record)
        address, tls = self.address(record), bool(record.get("TransitEncryptionEnabled"))
        certificate, key = self._authority.server([record["ReplicationGroupId"]], address)
        password = secrets.token_hex(16)
        settings = redis.arguments(name, record["_port"], wishes.parameters, tls=tls)
        start = 'mkdir -p "$FOLDER" && exec redis-server "$@"'
        self._servers.start(
            Server(
                name=name,
                kind="elasticache",
                image=image_of("redis"),
                user="redis",
                address=address,
                command=["sh", "-c", start, "redis-server", *settings],
                environment={"FOLDER": redis.folder(name), "REDISCLI_AUTH": password},
                files={
                    "users.acl": redis.access_list(wishes.users, password),
                    "server.crt": certificate,
                    "server.key": key,
                    "ca.crt": self._authority.pair()[0],
                },
            )
        )
        self._await_answer(name)

    def _await_answer(self, name: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._ask(name, "PING") == "PONG":
                return
            if not self._servers.is_running(name):
                break
            time.sleep(0.2)
        raise CannotRun(f"it does not answer: {self._servers.said(name)}")

    def _ask(self, name: str, *words: str) -> str:
        argv = ("redis-cli", "-s", redis.SOCKET, "--user", redis.OWN_USER, "--no-auth-warning")
        return self._servers.run(name, *argv, *words)[1].strip()


def name_of(record: Record) -> str:
    """The name of a cache's container, unique over accounts and regions."""
    _, _, _, region, account, _, group = record["ARN"].split(":")
    return f"embedded-cache-{account}-{region}-{group}"
