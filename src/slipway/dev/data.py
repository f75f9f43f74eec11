"""PostgreSQL and Redis of this machine: their containers, as values; pure.

The images are those of the embedded AWS's databases, pulled or built by `invoke setup`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway.command import Command, command
from slipway.dev.ports import POSTGRES, REDIS
from slipway.dev.variables import HOST, PASSWORD, Ports

IMAGES = ("embedded-aws.local/postgres:16", "embedded-aws.local/redis:7")

SOCKET = "/tmp"  # noqa: S108 - in the container, where nobody else is

# A database is made beside its place and moved there, so that it is whole or not there at all.
POSTGRES_SCRIPT = f"""
set -eu
umask 077
cd /tmp
printf '%s' "$TLS_KEY" > server.key
printf '%s' "$TLS_CERTIFICATE" > server.crt
printf 'local all all trust\\nhost all all all scram-sha-256\\n' > pg_hba.conf
place=/var/lib/postgresql/data/slipway
if [ ! -s "$place/PG_VERSION" ]; then
  rm -rf "$place" "$place.new"
  initdb --no-sync -D "$place.new" -U postgres -A trust -E UTF8 --locale=C.UTF-8 > initdb.log
  mv "$place.new" "$place"
fi
exec postgres -D "$place" -c listen_addresses='*' -c unix_socket_directories={SOCKET} \\
  -c hba_file=/tmp/pg_hba.conf -c ssl=on -c ssl_cert_file=/tmp/server.crt \\
  -c ssl_key_file=/tmp/server.key
"""
REDIS_SCRIPT = "exec redis-server --dir /data --save 60 1 --protected-mode no"


@dataclass(frozen=True, kw_only=True)
class Store:
    """A server in a container; `port` is of this machine, `inner` the container's own."""

    container: str
    image: str
    user: str
    script: str
    port: int
    inner: int
    folder: str
    stop_signal: str = "SIGTERM"
    env: Mapping[str, str] = field(default_factory=dict)


def project(root: Path) -> str:
    """What everything of a checkout begins with in the engine."""
    return f"slipway-dev-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"


def stores(name: str, ports: Ports, certificate: tuple[str, str]) -> tuple[Store, ...]:
    """The stores that have a port, of the project `name`; PostgreSQL speaks TLS by `certificate`,
    which is PEM: the certificate and its key."""
    postgres = Store(
        container=f"{name}-postgres",
        image=IMAGES[0],
        user="postgres",
        script=POSTGRES_SCRIPT,
        port=ports.get(POSTGRES, 0),
        inner=5432,
        folder="/var/lib/postgresql/data",
        # TERM would wait for every client to leave.
        stop_signal="SIGINT",
        env=dict(zip(("TLS_CERTIFICATE", "TLS_KEY"), certificate, strict=True)),
    )
    redis = Store(
        container=f"{name}-redis",
        image=IMAGES[1],
        user="redis",
        script=REDIS_SCRIPT,
        port=ports.get(REDIS, 0),
        inner=6379,
        folder="/data",
    )
    return tuple(store for store in (postgres, redis) if store.port)


def compose(name: str, found: Iterable[Store]) -> dict[str, Any]:
    """A compose file, as JSON has it, which is YAML as well."""
    found = tuple(found)
    return {
        "name": name,
        "services": {store.container.removeprefix(f"{name}-"): _service(store) for store in found},
        # Made before, by the same command with and without compose: the data are the same.
        "volumes": {store.container: {"external": True} for store in found},
    }


def _service(store: Store) -> dict[str, Any]:
    return {
        "container_name": store.container,
        "image": store.image,
        "pull_policy": "never",
        "user": store.user,
        # Compose puts variables in for single dollars.
        "entrypoint": ["sh", "-c", store.script.replace("$", "$$")],
        "environment": {name: text.replace("$", "$$") for name, text in store.env.items()},
        "ports": [f"{HOST}:{store.port}:{store.inner}"],
        "volumes": [f"{store.container}:{store.folder}"],
        "stop_signal": store.stop_signal,
        "network_mode": "bridge",
    }


def compose_up(docker: Path, file: Path) -> Command:
    """Start what the compose file says, and come back."""
    return command(docker, "compose", "--file", file, "up", "--detach", mutates=True)


def run(docker: Path, store: Store) -> Command:
    """Start a store without compose, and come back."""
    named = [word for name in store.env for word in ("--env", name)]
    return command(
        *(docker, "run", "--detach", "--name", store.container),
        *("--user", store.user, "--stop-signal", store.stop_signal),
        *("--publish", f"{HOST}:{store.port}:{store.inner}"),
        *("--volume", f"{store.container}:{store.folder}"),
        *named,
        *("--entrypoint", "sh", store.image, "-c", store.script),
        env=store.env,
        mutates=True,
    )


def make_volume(docker: Path, store: Store) -> Command:
    """Have the volume; it may be there already."""
    return command(docker, "volume", "create", store.container, mutates=True)


def stop(docker: Path, containers: Sequence[str]) -> Command:
    """Ask containers to stop; some may not be there."""
    return command(docker, "stop", "--time", "10", *containers, mutates=True)


def remove(docker: Path, containers: Sequence[str]) -> Command:
    """Remove containers that may not be there."""
    return command(docker, "rm", "--force", *containers, mutates=True)


def forget(docker: Path, volumes: Sequence[str]) -> Command:
    """Remove volumes that may not be there."""
    return command(docker, "volume", "rm", "--force", *volumes, mutates=True)


def furnish(docker: Path, container: str, accounts: Iterable[str]) -> Command:
    """Have a database for each account, of which it is the owner."""
    words = ("exec", "--interactive", "--user", "postgres", container, "psql")
    options = ("-h", SOCKET, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-q")
    sql = "".join(_account(name) for name in accounts) or "SELECT 1;"
    return command(docker, *words, *options, stdin=sql, mutates=True)


def _account(name: str) -> str:
    """Names are of lowercase letters, digits and underscores: configuration sees to that."""
    return f"""
SELECT 'CREATE ROLE "{name}"' WHERE NOT EXISTS (
  SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec
ALTER ROLE "{name}" LOGIN PASSWORD '{PASSWORD}';
SELECT 'CREATE DATABASE "{name}" OWNER "{name}"' WHERE NOT EXISTS (
  SELECT FROM pg_database WHERE datname = '{name}') \\gexec
"""  # noqa: S608 - see above


def ping(docker: Path, container: str) -> Command:
    """Ask Redis whether it is there."""
    return command(docker, "exec", container, "redis-cli", "ping")


def is_running(docker: Path, container: str) -> Command:
    """Whether a container runs: prints `true`."""
    return command(docker, "inspect", "--format", "{{.State.Running}}", container)


def said(docker: Path, container: str) -> Command:
    """What a container printed last."""
    return command(docker, "logs", "--tail", "15", container)
