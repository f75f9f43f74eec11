"""Databases and caches: their arguments, their rules, their addresses, their files."""

from __future__ import annotations

import io
import ipaddress
import tarfile
from pathlib import Path

import pytest

from embedded_aws.databases import images, network, postgres, redis
from embedded_aws.databases.network import Addresses
from embedded_aws.databases.postgres import Restore
from embedded_aws.databases.redis import User
from embedded_aws.databases.servers import archive, owner_in
from embedded_aws.errors import CannotRun
from slipway.setup import data_images

SUBNET = ipaddress.IPv4Network("198.19.4.0/22")


def settings(words: list[str]) -> dict[str, str]:
    assert set(words[::2]) == {"-c"}
    return dict(word.split("=", 1) for word in words[1::2])


def test_setup_provides_the_images_that_servers_run_from() -> None:
    """Both sides know the same names."""
    assert {images.POSTGRES, images.REDIS} == set(data_images.IMAGES)


def test_what_has_no_server() -> None:
    """Other engines have an API and no more."""
    assert images.image_of("mysql") == ""


def test_the_parameters_of_a_group_reach_the_server() -> None:
    """Except RDS's own and its formulas; and none can open the server's own doors."""
    group = {
        "log_min_duration_statement": "500",
        "rds.force_ssl": "1",
        "max_connections": "LEAST({DBInstanceClassMemory/9531392},5000)",
        "shared_preload_libraries": "pg_stat_statements",
        "hba_file": "/tmp/open",
    }
    told = settings(postgres.arguments("db-A", 5433, group, None))
    assert told["log_min_duration_statement"] == "500"
    assert told["port"] == "5433"
    assert told["ssl"] == "on"
    assert told["hba_file"] == "/slipway/pg_hba.conf"
    assert not {"rds.force_ssl", "max_connections", "shared_preload_libraries"} & set(told)


@pytest.mark.parametrize(("parameters", "plain"), [({}, False), ({"rds.force_ssl": "0"}, True)])
def test_who_may_come_in_without_tls(parameters: dict[str, str], plain: bool) -> None:
    """Nobody, unless the parameter group says so."""
    rules = postgres.access_rules(postgres.forces_tls(parameters))
    assert ("hostnossl" in rules) is plain


def test_the_superuser_comes_in_from_inside_only() -> None:
    """By the socket; over the network it is refused before any other rule."""
    rules = postgres.access_rules(True).splitlines()
    over_network = [rule for rule in rules if rule.startswith("host")]
    assert over_network[0] == "host all rdsadmin all reject"


def test_a_restore_to_a_second_plays_the_log_of_its_source() -> None:
    """And stops there."""
    restore = Restore(backup="/b", source="db-B", until=60.5)
    told = settings(postgres.arguments("db-A", 5432, {}, restore))
    assert told["restore_command"] == "gunzip -c /var/lib/slipway/db-B/wal/%f.gz > %p"
    assert told["recovery_target_time"] == "1970-01-01 00:01:00.500000+00"
    assert told["recovery_target_action"] == "promote"


def test_a_restore_to_the_latest_second_plays_all() -> None:
    """There is no target then, which could not be reached."""
    restore = Restore(backup="/b", source="db-B")
    told = settings(postgres.arguments("db-A", 5432, {}, restore))
    assert "restore_command" in told
    assert "recovery_target_time" not in told


def test_a_restored_snapshot_plays_nothing() -> None:
    """It is whole by itself."""
    told = settings(postgres.arguments("db-A", 5432, {}, Restore(backup="/b")))
    assert "restore_command" not in told


@pytest.mark.parametrize(
    ("until", "newest"), [(98, ""), (99, "99"), (100, "100"), (250, "200"), (1000, "300")]
)
def test_the_backup_for_a_second(until: float, newest: str) -> None:
    """The last that was whole by then; what is no backup is passed over."""
    assert postgres.newest_before(["99", "100", "part", "300", "200"], until) == newest


def test_users_of_a_cache() -> None:
    """By their passwords' digests, with what ElastiCache keeps to itself taken away again."""
    text = redis.access_list([User(name="app", access="on ~* +@all", passwords=("x",))], "own")
    line, default, own = text.splitlines()
    assert line.startswith("user app #2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921")
    assert " on ~* +@all " in line
    assert line.endswith("-slaveof -sync")
    assert default == "user default off"
    assert own.startswith("user embedded-aws on #")
    assert "x" not in line.split("#")[0].split()


def test_without_user_groups_everybody_comes_in() -> None:
    """By the AUTH token, where there is one."""
    assert redis.default_user("").passwords == ()
    assert redis.default_user("t").passwords == ("t",)


def test_a_cache_with_tls_has_no_other_port() -> None:
    """Plain connections find nobody."""
    words = redis.arguments("c", 6379, {"maxmemory-policy": "allkeys-lru", "evil": "1"}, tls=True)
    told = dict(zip(words[::2], words[1::2], strict=True))
    assert (told["--port"], told["--tls-port"]) == ("0", "6379")
    assert told["--maxmemory-policy"] == "allkeys-lru"
    assert "--evil" not in told


def test_an_address_stays(tmp_path: Path) -> None:
    """Over restarts; another gets another; what was given back is given again."""
    file = tmp_path / "addresses.json"
    first = Addresses(file).of("a", SUBNET)
    second = Addresses(file).of("b", SUBNET)
    assert first == "198.19.4.10"
    assert second == "198.19.4.11"
    assert Addresses(file).of("a", SUBNET) == first
    Addresses(file).release("a")
    assert Addresses(file).of("c", SUBNET) == first


def test_data_and_tasks_share_a_network_and_no_address() -> None:
    """Tasks get addresses of the upper half."""
    upper = list(SUBNET.subnets(prefixlen_diff=1))[1]
    assert not any(SUBNET[number] in upper for number in (network.FIRST, network.LAST))


def test_every_range_is_tried_once() -> None:
    """Beginning at another one for another name."""
    one, two = (list(network.candidates(name)) for name in ("slipway-aaaaaaaa", "slipway-aaaaaaab"))
    assert set(one) == set(two)
    assert len(set(one)) == len(one) == 64
    assert one[0] != two[0]


def test_the_files_of_a_server() -> None:
    """Nobody but its user reads them."""
    packed = archive({"server.key": "secret"}, (70, 71))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        found = {m.name: (m.uid, m.gid, oct(m.mode)) for m in tar}
    assert found == {
        "slipway": (70, 71, "0o700"),
        "var/lib/slipway": (70, 71, "0o700"),
        "slipway/server.key": (70, 71, "0o600"),
    }


def test_the_owner_is_looked_up_in_the_image() -> None:
    """Pulled and built images number their accounts differently."""
    lines = ["root:x:0:0::/root:/bin/sh", "postgres:x:70:71::/:/bin/sh"]
    assert owner_in(lines, "postgres") == (70, 71)
    with pytest.raises(CannotRun, match="no user redis"):
        owner_in(lines, "redis")
