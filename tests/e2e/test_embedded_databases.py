"""Databases and caches are servers: reached, refused, restarted, backed up and restored."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import docker
import pytest

from embedded_aws.databases.images import POSTGRES
from embedded_aws.settings import instance_name
from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e

PASSWORD = "a-long-enough-password"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One instance for all tests, with nothing left behind."""
    instance = Embedded.make(tmp_path_factory.mktemp("data"))
    instance.up()
    yield instance
    instance.reset()


@pytest.fixture(scope="module")
def authority(embedded: Embedded) -> str:
    """The certificate that clients trust."""
    with urlopen(f"http://127.0.0.1:{embedded.port}/_ministack/rds/ca.pem", timeout=10) as answer:
        return str(answer.read().decode())


def create(embedded: Embedded, name: str, **more: Any) -> None:
    embedded.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        EngineVersion="16.8",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="boss",
        DBName="shop",
        BackupRetentionPeriod=7,
        **({"MasterUserPassword": PASSWORD} | more),
    )


def available(embedded: Embedded, name: str) -> Any:
    """The description of an instance once it is there."""

    def look() -> Any:
        found = embedded.client("rds").describe_db_instances(DBInstanceIdentifier=name)
        instance = found["DBInstances"][0]
        assert instance["DBInstanceStatus"] != "failed"
        return instance if instance["DBInstanceStatus"] == "available" else None

    return wait_for(f"{name} is available", look)


def sql(embedded: Embedded, instance: Any, statement: str, password: str = PASSWORD) -> str:
    """What a client in a container on the tasks' network gets, by the address of the API."""
    endpoint = instance["Endpoint"]
    argv = ["psql", "-h", endpoint["Address"], "-p", str(endpoint["Port"]), "-U", "boss"]
    said = docker.from_env().containers.run(
        POSTGRES,
        [*argv, "-d", "shop", "-Atc", statement],
        entrypoint=[],
        environment={"PGPASSWORD": password, "PGSSLMODE": "require"},
        network=network(embedded),
        remove=True,
        stderr=True,
    )
    return str(said.decode()).strip()


def network(embedded: Embedded) -> str:
    return instance_name(embedded.checkout.work / "embedded")


def postgres_over_tls(address: str, port: int, authority: str) -> str:
    """The version of TLS that a server agrees on with a client that checks its certificate."""
    with socket.create_connection((address, port), timeout=5) as plain:
        plain.sendall(struct.pack("!ii", 8, 80877103))
        assert plain.recv(1) == b"S"
        context = ssl.create_default_context(cadata=authority)
        with context.wrap_socket(plain, server_hostname=address) as secure:
            return str(secure.version())


def redis(address: str, authority: str, *commands: str) -> list[str]:
    """The answers of a cache over TLS."""
    context = ssl.create_default_context(cadata=authority)
    answers = []
    with (
        socket.create_connection((address, 6379), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=address) as secure,
    ):
        for command in commands:
            secure.sendall(command.encode() + b"\r\n")
            answers.append(secure.recv(4096).decode().strip())
    return answers


@pytest.fixture(scope="module")
def orders(embedded: Embedded) -> Any:
    """An instance that several tests look at."""
    create(embedded, "orders")
    return available(embedded, "orders")


def test_a_database_is_reached_from_here_and_from_tasks(
    embedded: Embedded, orders: Any, authority: str
) -> None:
    """By the same address, with a certificate that fits it."""
    endpoint = orders["Endpoint"]
    assert postgres_over_tls(endpoint["Address"], endpoint["Port"], authority) >= "TLSv1.2"
    assert sql(embedded, orders, "SELECT current_user") == "boss"


def test_the_master_user_is_no_superuser(embedded: Embedded, orders: Any) -> None:
    """As on RDS: it makes databases and roles, and may not read the server's files."""
    assert sql(embedded, orders, "SELECT rolsuper FROM pg_roles WHERE rolname = 'boss'") == "f"
    made = "CREATE ROLE app LOGIN PASSWORD 'x'; GRANT app TO boss"
    assert sql(embedded, orders, made) == "CREATE ROLE\nGRANT ROLE"
    assert sql(embedded, orders, "CREATE DATABASE app OWNER app") == "CREATE DATABASE"


def test_without_tls_nobody_comes_in(orders: Any) -> None:
    """rds.force_ssl is on unless a parameter group says otherwise."""
    startup = b"user\0boss\0database\0shop\0\0"
    with socket.create_connection((orders["Endpoint"]["Address"], 5432), timeout=5) as plain:
        plain.sendall(struct.pack("!ii", 8 + len(startup), 196608) + startup)
        assert b"no encryption" in plain.recv(4096)


def test_a_managed_password_lives_in_secrets_manager(embedded: Embedded) -> None:
    """It opens the database, and goes with the instance."""
    embedded.client("rds").create_db_instance(
        DBInstanceIdentifier="managed",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="boss",
        ManageMasterUserPassword=True,
        DBName="shop",
        BackupRetentionPeriod=0,
    )
    instance = available(embedded, "managed")
    arn = instance["MasterUserSecret"]["SecretArn"]
    secrets = embedded.client("secretsmanager")
    value = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    assert sql(embedded, instance, "SELECT 1", value["password"]) == "1"
    embedded.client("rds").delete_db_instance(
        DBInstanceIdentifier="managed", SkipFinalSnapshot=True
    )
    assert arn not in {secret["ARN"] for secret in secrets.list_secrets()["SecretList"]}


def test_any_second_can_be_restored(embedded: Embedded) -> None:
    """A table dropped by mistake is back in an instance restored to the second before."""
    create(embedded, "source")
    source = available(embedded, "source")
    sql(embedded, source, "CREATE TABLE t AS SELECT 42 AS a")
    time.sleep(1.5)
    moment = datetime.now(UTC)
    time.sleep(1.5)
    sql(embedded, source, "DROP TABLE t")
    embedded.client("rds").restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="source",
        TargetDBInstanceIdentifier="before",
        RestoreTime=moment,
    )
    assert sql(embedded, available(embedded, "before"), "SELECT a FROM t") == "42"


def test_a_final_snapshot_is_restored(embedded: Embedded) -> None:
    """The data is there again after the instance was deleted, also from a copy of the snapshot."""
    rds = embedded.client("rds")
    create(embedded, "doomed")
    sql(embedded, available(embedded, "doomed"), "CREATE TABLE t AS SELECT 7 AS a")
    rds.delete_db_instance(DBInstanceIdentifier="doomed", FinalDBSnapshotIdentifier="last")
    names = {"SourceDBSnapshotIdentifier": "last", "TargetDBSnapshotIdentifier": "copy"}
    rds.copy_db_snapshot(**names)
    rds.get_waiter("db_snapshot_available").wait(
        DBSnapshotIdentifier="copy", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    with pytest.raises(rds.exceptions.DBSnapshotAlreadyExistsFault):
        rds.copy_db_snapshot(**names)
    rds.delete_db_snapshot(DBSnapshotIdentifier="last")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="again", DBSnapshotIdentifier="copy"
    )
    assert sql(embedded, available(embedded, "again"), "SELECT a FROM t") == "7"


def test_a_final_snapshot_is_asked_for(embedded: Embedded, orders: Any) -> None:
    """Deleting without one, and without saying so, is refused; so is a name that is taken."""
    rds = embedded.client("rds")
    with pytest.raises(rds.exceptions.ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier="orders")


@pytest.fixture(scope="module")
def cache(embedded: Embedded) -> str:
    """The address of a cache with one user."""
    client = embedded.client("elasticache")
    for name, access, mode in (
        ("default", "off -@all", {"Type": "no-password-required"}),
        ("app", "on ~* +@all", {"Type": "password", "Passwords": [PASSWORD]}),
    ):
        client.create_user(
            UserId=f"shop-{name}",
            UserName=name,
            Engine="redis",
            AccessString=access,
            AuthenticationMode=mode,
        )
    client.create_user_group(
        UserGroupId="shop", Engine="redis", UserIds=["shop-default", "shop-app"]
    )
    client.create_replication_group(
        ReplicationGroupId="shop",
        ReplicationGroupDescription="cache",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        UserGroupIds=["shop"],
    )
    return cache_address(embedded)


def cache_address(embedded: Embedded) -> str:
    def look() -> Any:
        group = embedded.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
        assert group["Status"] != "create-failed"
        return group if group["Status"] == "available" else None

    group = wait_for("the cache is available", look)
    return str(group["NodeGroups"][0]["PrimaryEndpoint"]["Address"])


def test_a_cache_lets_its_users_in(cache: str, authority: str) -> None:
    """By password and over TLS; nobody else, and nobody gets what ElastiCache keeps to itself."""
    said = redis(cache, authority, "PING", "AUTH app wrong", f"AUTH app {PASSWORD}", "SET a 1")
    assert [word.split()[0] for word in said] == ["-NOAUTH", "-WRONGPASS", "+OK", "+OK"]
    said = redis(cache, authority, f"AUTH app {PASSWORD}", "CONFIG GET maxmemory")
    assert said[1].startswith("-NOPERM")


def test_a_changed_password_counts_at_once(embedded: Embedded, cache: str, authority: str) -> None:
    """The old one is refused without a restart."""
    client = embedded.client("elasticache")
    client.modify_user(UserId="shop-app", Passwords=["another-long-password"])
    said = redis(cache, authority, f"AUTH app {PASSWORD}", "AUTH app another-long-password")
    assert [word.split()[0] for word in said] == ["-WRONGPASS", "+OK"]
    client.modify_user(UserId="shop-app", Passwords=[PASSWORD])


@pytest.mark.parametrize("end", ["down", "kill"])
def test_data_and_addresses_outlive_the_process(
    embedded: Embedded, orders: Any, cache: str, authority: str, end: str
) -> None:
    """After an orderly end and after `kill -9` alike."""
    sql(embedded, orders, f"CREATE TABLE {end} AS SELECT 5 AS a")
    redis(cache, authority, f"AUTH app {PASSWORD}", f"SET {end} 5")
    time.sleep(2.5)
    if end == "down":
        embedded.down()
    else:
        pid = json.loads((embedded.checkout.work / "embedded" / "pid").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
    embedded.up()
    again = available(embedded, "orders")
    assert again["Endpoint"] == orders["Endpoint"]
    assert sql(embedded, again, f"SELECT a FROM {end}") == "5"
    assert cache_address(embedded) == cache
    if end == "down":
        assert redis(cache, authority, f"AUTH app {PASSWORD}", "GET down")[1] == "$1\r\n5"


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A reset removes containers, volume and network."""
    instance = Embedded.make(tmp_path)
    instance.up()
    create(instance, "short")
    available(instance, "short")
    instance.reset()
    client, name = docker.from_env(), network(instance)
    assert instance.containers == []
    assert client.volumes.list(filters={"name": name}) == []
    assert client.networks.list(names=[name]) == []
