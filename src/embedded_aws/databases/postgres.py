"""PostgreSQL as RDS runs it: its arguments, its access rules, its roles. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from embedded_aws.databases.servers import CONFIG, VOLUME

SOCKET = "/tmp"  # noqa: S108 - in the container, where nobody else is
SUPERUSER = "rdsadmin"
"""As on RDS: the superuser is the service's own, the master user only a privileged role."""

ARCHIVE_SECONDS = 300
"""As on RDS: a write-ahead log is kept in the backups five minutes after its first record."""

# A database is made beside its place and moved there, so that it is whole or not there at all.
START = f"""
set -eu
umask 077
mkdir -p "$FOLDER/wal" "$FOLDER/base"
if [ ! -s "$FOLDER/data/PG_VERSION" ]; then
  rm -rf "$FOLDER/new" "$FOLDER/data"
  if [ -n "$RESTORE" ]; then
    mkdir "$FOLDER/new"
    gunzip < "$RESTORE/base.tar.gz" | tar -x -C "$FOLDER/new"
    if [ -n "$SOURCE" ]; then touch "$FOLDER/new/recovery.signal"; fi
    chmod 700 "$FOLDER/new"
  else
    initdb -D "$FOLDER/new" -U {SUPERUSER} -A trust -E UTF8 --locale=C.UTF-8
  fi
  mv "$FOLDER/new" "$FOLDER/data"
fi
exec postgres -D "$FOLDER/data" "$@"
"""

ROLES = r"""
\set ON_ERROR_STOP on
\set QUIET on
\getenv master MASTER
\getenv password PASSWORD
\getenv database DATABASE
SELECT format('CREATE ROLE %I', name)
  FROM unnest(ARRAY['rds_superuser', 'rds_iam', 'rds_password', 'rds_replication']) AS name
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION;
SELECT format('CREATE ROLE %I LOGIN CREATEDB CREATEROLE', :'master')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'master') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'master', :'password') \gexec
GRANT rds_superuser TO :"master";
ALTER DATABASE postgres OWNER TO :"master";
ALTER DATABASE template1 OWNER TO :"master";
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'master')
  WHERE :'database' <> ''
  AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
"""
"""What RDS makes before it hands a database over; changes nothing that is right already."""

NOT_SETTINGS = ("rds.", "shared_preload_libraries", "cron.")
"""Parameters of a group that are RDS's own, or need libraries that this server has not."""


@dataclass(frozen=True, kw_only=True)
class Restore:
    """What a new database begins with: a backup, and the log of `source` to play on top of it.

    `until` in seconds since the epoch; None plays all that there is.
    """

    backup: str
    source: str = ""
    until: float | None = None


def folder(resource: str) -> str:
    """Where the data of an instance is, by its resource id."""
    return f"{VOLUME}/{resource}"


def snapshot_folder(account: str, region: str, name: str) -> str:
    return f"{VOLUME}/snapshots/{account}-{region}-{name}"


def access_rules(forced_tls: bool) -> str:
    """pg_hba.conf: the superuser inside only, all others by password, and by TLS where forced."""
    plain = [] if forced_tls else ["hostnossl all all all scram-sha-256"]
    rules = (
        f"local all {SUPERUSER} trust",
        f"local replication {SUPERUSER} trust",
        f"host all {SUPERUSER} all reject",
        "hostssl all all all scram-sha-256",
        *plain,
    )
    return "\n".join(rules) + "\n"


def forces_tls(parameters: Mapping[str, str]) -> bool:
    """Whether a parameter group refuses connections without TLS: the default since 15."""
    return parameters.get("rds.force_ssl", "1") != "0"


def arguments(
    resource: str, port: int, parameters: Mapping[str, str], restore: Restore | None
) -> list[str]:
    """The server's settings as `-c name=value`; the group's own come first, ours win."""
    ours = {
        "listen_addresses": "*",
        "port": str(port),
        "unix_socket_directories": SOCKET,
        "hba_file": f"{CONFIG}/pg_hba.conf",
        "ssl": "on",
        "ssl_cert_file": f"{CONFIG}/server.crt",
        "ssl_key_file": f"{CONFIG}/server.key",
        "ssl_min_protocol_version": "TLSv1.2",
        "password_encryption": "scram-sha-256",
        "archive_mode": "on",
        "archive_timeout": str(ARCHIVE_SECONDS),
        "archive_command": f"gzip -c %p > {folder(resource)}/wal/%f.part"
        f" && mv {folder(resource)}/wal/%f.part {folder(resource)}/wal/%f.gz",
        "log_destination": "stderr",
        **(_recovery(restore) if restore and restore.source else {}),
    }
    merged = {**group_settings(parameters), **ours}
    return [word for name, value in merged.items() for word in ("-c", f"{name}={value}")]


def group_settings(parameters: Mapping[str, str]) -> dict[str, str]:
    """What a parameter group says that the server understands; RDS's formulas are left out."""
    return {
        name: value
        for name, value in parameters.items()
        if not name.startswith(NOT_SETTINGS) and "{" not in value
    }


def _recovery(restore: Restore) -> dict[str, str]:
    command = {"restore_command": f"gunzip -c {folder(restore.source)}/wal/%f.gz > %p"}
    if restore.until is None:
        return command
    moment = datetime.fromtimestamp(restore.until, UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
    return {
        **command,
        "recovery_target_time": moment,
        "recovery_target_action": "promote",
    }


def newest_before(names: list[str], until: float) -> str:
    """Of backups named by the second in which they ended, the last that ended before `until`."""
    fitting = [name for name in names if name.isdigit() and int(name) <= until]
    return max(fitting, key=int, default="")
