"""Bring a service's database up to date: `database.migrate = ["python", "-m", "orders.migrate"]`.

The first run makes role and database and writes the role's password into the service's secret; each
run applies the files of `migrations/*.sql` that are new, in the order of their names, each in a
transaction. A lock in PostgreSQL keeps two runs apart; the server frees it when a run is gone.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import psycopg
from psycopg import Connection, sql

MIGRATIONS = Path(__file__).parent / "migrations"
HOST, PORT = os.environ["DATABASE_HOST"], os.environ["DATABASE_PORT"]
OWN_ARN, MASTER_ARN = (os.environ[f"DATABASE_{name}SECRET_ARN"] for name in ("", "MASTER_"))
NAME, USERNAME = os.environ["DATABASE_NAME"], os.environ["DATABASE_USERNAME"]


def main() -> None:
    """Migrate, or end with an error that the deploy shows."""
    manager = boto3.client("secretsmanager")
    with connect("postgres", **login(read(manager, MASTER_ARN))) as master:
        # Of the session: it is freed when this connection ends, however that comes about.
        master.execute("SELECT pg_advisory_lock(hashtext(%s))", [NAME])
        account = furnish(master, read(manager, OWN_ARN), MASTER_ARN)
        manager.put_secret_value(SecretId=OWN_ARN, SecretString=json.dumps(account))
        with connect(NAME, **login(account)) as own:
            migrate(own)


def read(manager: Any, arn: str) -> dict[str, Any]:
    """The JSON in a secret."""
    value: dict[str, Any] = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
    return value


def login(secret: Mapping[str, Any]) -> dict[str, str]:
    return {"user": secret["username"], "password": secret["password"]}


def connect(database: str, *, user: str, password: str) -> Connection[Any]:
    """A connection over TLS, where each statement is a transaction of its own."""
    return psycopg.connect(
        host=HOST,
        port=PORT,
        dbname=database,
        user=user,
        password=password,
        sslmode="require",
        connect_timeout=10,
        autocommit=True,
    )


def furnish(master: Connection[Any], known: Mapping[str, Any], master_arn: str) -> dict[str, Any]:
    """Make role and database where they are missing; what the service's secret has to hold."""
    password = known.get("password") or secrets.token_urlsafe(32)
    role, database = sql.Identifier(USERNAME), sql.Identifier(NAME)
    if not has(master, "SELECT 1 FROM pg_roles WHERE rolname = %s", USERNAME):
        master.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        master.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
    master.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
    if not has(master, "SELECT 1 FROM pg_database WHERE datname = %s", NAME):
        master.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
    place = {"engine": "postgres", "host": HOST, "port": int(PORT), "dbname": NAME}
    # `masterarn` is for AWS's own rotation of the password.
    return {**known, **place, "username": USERNAME, "password": password, "masterarn": master_arn}


def has(connection: Connection[Any], query: Any, *values: str) -> bool:
    return connection.execute(query, values).fetchone() is not None


def migrate(own: Connection[Any]) -> None:
    """Apply what is new; a file that fails leaves nothing of itself."""
    own.execute("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, at timestamptz)")
    for file in sorted(MIGRATIONS.glob("*.sql")):
        if has(own, "SELECT 1 FROM migrations WHERE name = %s", file.name):
            continue
        with own.transaction():
            own.execute(file.read_bytes())
            own.execute("INSERT INTO migrations VALUES (%s, now())", [file.name])
        print(f"applied {file.name}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except psycopg.Error as error:
        sys.exit(f"{type(error).__name__}: {error}")
