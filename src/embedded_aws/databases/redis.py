"""Redis as ElastiCache runs it: its arguments and its access list. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from embedded_aws.databases.servers import CONFIG, VOLUME

SOCKET = "/tmp/redis.sock"  # noqa: S108 - in the container, where nobody else is
OWN_USER = "embedded-aws"
"""The account by which the server is asked and told things from within its container."""

REFUSED = (
    *("acl|setuser", "acl|deluser", "acl|load", "acl|save", "bgrewriteaof", "bgsave"),
    *("config", "debug", "migrate", "module", "psync", "replicaof", "save", "shutdown"),
    *("slaveof", "sync"),
)
"""Commands that ElastiCache gives to nobody."""

SETTINGS = frozenset(
    (
        *("maxmemory-policy", "maxmemory-samples", "notify-keyspace-events", "timeout"),
        *("tcp-keepalive", "slowlog-log-slower-than", "slowlog-max-len", "databases"),
        *("lfu-decay-time", "lfu-log-factor", "activedefrag"),
    )
)
"""What of a parameter group the server is told; the rest is ElastiCache's own."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A user as the API has it; one without passwords comes in with none."""

    name: str
    access: str
    passwords: tuple[str, ...] = ()


def default_user(token: str) -> User:
    """Who everybody is where there are no user groups: all rights, behind the AUTH token if any."""
    return User(name="default", access="on ~* &* +@all", passwords=(token,) if token else ())


def access_list(users: Iterable[User], own_password: str) -> str:
    """The server's file of users; without one called `default`, nobody comes in as that."""
    named = {user.name: user for user in users}
    lines = [_line(user) for user in named.values()]
    if "default" not in named:
        lines.append("user default off")
    lines.append(f"user {OWN_USER} on #{_digest(own_password)} ~* &* +@all")
    return "\n".join(lines) + "\n"


def _line(user: User) -> str:
    secrets = " ".join(f"#{_digest(password)}" for password in user.passwords) or "nopass"
    refused = " ".join(f"-{name}" for name in REFUSED)
    return f"user {user.name} {secrets} {user.access} {refused}"


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def folder(key: str) -> str:
    """Where a cache's data is."""
    return f"{VOLUME}/{key}"


def arguments(key: str, port: int, parameters: Mapping[str, str], *, tls: bool) -> list[str]:
    """The server's settings as `--name value`."""
    chosen = {name: value for name, value in parameters.items() if name in SETTINGS}
    ours = {
        "port": "0" if tls else str(port),
        "dir": folder(key),
        "save": "60 1",
        "unixsocket": SOCKET,
        "unixsocketperm": "700",
        "aclfile": f"{CONFIG}/users.acl",
        "protected-mode": "no",
        **(_tls(port) if tls else {}),
    }
    return [word for name, value in {**chosen, **ours}.items() for word in (f"--{name}", value)]


def _tls(port: int) -> dict[str, str]:
    return {
        "tls-port": str(port),
        "tls-cert-file": f"{CONFIG}/server.crt",
        "tls-key-file": f"{CONFIG}/server.key",
        "tls-ca-cert-file": f"{CONFIG}/ca.crt",
        "tls-auth-clients": "no",
    }
