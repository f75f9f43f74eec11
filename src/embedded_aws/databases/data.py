"""All databases and caches of an instance, with one begin and one end."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from embedded_aws import engine
from embedded_aws.databases import network
from embedded_aws.databases.authority import Authority
from embedded_aws.databases.caches import Caches
from embedded_aws.databases.network import Addresses
from embedded_aws.databases.rds import PATIENCE, Databases
from embedded_aws.databases.servers import Servers
from embedded_aws.errors import CannotRun
from embedded_aws.patches import elasticache, rds
from embedded_aws.settings import Settings, instance_name

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from docker import DockerClient

log = logging.getLogger("embedded.data")


class Data:
    """The data plane of RDS and ElastiCache; patches MiniStack when made."""

    def __init__(self, settings: Settings, instance_id: str) -> None:
        self.network = instance_name(settings.folder)
        servers = Servers(self.network, {engine.INSTANCE_LABEL: instance_id})
        addresses = Addresses(settings.folder / "addresses.json")
        self.authority = authority = Authority(settings.folder / "authority.json")
        self.subnet: IPv4Network | None = None
        """Of the network, once it is there."""
        self._servers = servers
        self._databases = Databases(servers, addresses, authority, rds.parameters_of)
        self._caches = Caches(servers, addresses, authority, elasticache.wishes_of)
        rds.apply(self._databases, authority.pair)
        elasticache.apply(self._caches, authority.pair)

    def begin(self) -> None:
        """Make the network and start what ran before, from its data."""
        try:
            self.subnet = self._servers.subnet()
        except CannotRun as problem:
            log.error("%s", problem)
            return
        for scope, record in rds.all_records():
            self._begin_one(scope, record)
        for scope, record in elasticache.all_records():
            self._begin_cache(scope, record)

    def _begin_cache(self, scope: tuple[str, str], record: dict[str, Any]) -> None:
        from ministack.core.responses import request_scope

        if self._caches.serves(record):
            with request_scope(*scope):
                record.setdefault("_port", 6379)
                elasticache.publish(record, self._caches.address(record))
                self._caches.begin(record)

    def _begin_one(self, scope: tuple[str, str], record: dict[str, Any]) -> None:
        from ministack.core.responses import request_scope

        if not self._databases.serves(record):
            record["DBInstanceStatus"] = "available"
            return
        with request_scope(*scope):
            self._databases.begin(record)

    def have(self, there: bool) -> None:
        """Stop the servers of all databases, or start them and wait until they serve."""
        records = [(s, each) for s, each in rds.all_records() if self._databases.serves(each)]
        if not there:
            self._databases.close([record for _, record in records])
            return
        for scope, record in records:
            self._begin_one(scope, record)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and any(
            record["DBInstanceStatus"] == "creating" for _, record in records
        ):
            time.sleep(0.5)

    def close(self) -> None:
        """Stop all servers in order; their data stays."""
        self._databases.close([record for _, record in rds.all_records()])
        self._caches.close([record for _, record in elasticache.all_records()])


def forget(client: DockerClient, name: str) -> None:
    """Delete the data and the network of an instance whose containers are gone."""
    from docker.errors import APIError

    network.remove(client, name)
    for volume in client.volumes.list(filters={"label": f"{network.OWNER_LABEL}={name}"}):
        try:
            volume.remove(force=True)
        except APIError as error:
            raise CannotRun(f"volume {volume.name} can't be removed: {error}") from error


__all__ = ["Data", "forget"]
