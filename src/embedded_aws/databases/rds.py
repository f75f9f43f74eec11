"""The PostgreSQL servers behind RDS's instances: started, backed up, restored, ended."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from embedded_aws.databases import postgres
from embedded_aws.databases.authority import Authority
from embedded_aws.databases.images import image_of
from embedded_aws.databases.network import Addresses
from embedded_aws.databases.postgres import Restore
from embedded_aws.databases.servers import CONFIG, Server, Servers
from embedded_aws.errors import CannotRun

log = logging.getLogger("embedded.rds")

Record = dict[str, Any]
"""An instance as MiniStack keeps it."""

PATIENCE = 120.0
"""Seconds for a server to accept connections; playing a log takes longer and is not counted."""

A_DAY = 86400.0


class Databases:
    """One server per PostgreSQL instance; `parameters` gives those of an instance's group."""

    def __init__(
        self,
        servers: Servers,
        addresses: Addresses,
        authority: Authority,
        parameters: Callable[[Record], Mapping[str, str]],
    ) -> None:
        self._servers = servers
        self._addresses = addresses
        self._authority = authority
        self._parameters = parameters

    def serves(self, record: Record) -> bool:
        """Whether the instance is a server of ours; other engines have an API and no more."""
        member = record.get("DBClusterIdentifier")
        return bool(record.get("Engine") == "postgres" and not member)

    def begin(self, record: Record, restore: Restore | None = None) -> None:
        """Start a server and come back at once; the record tells when it is there."""
        record["DBInstanceStatus"] = "creating"
        self._in_background(record, lambda: self._start(record, restore), "available")

    def reboot(self, record: Record) -> None:
        """Start it anew, with what the parameter group says now."""
        record["DBInstanceStatus"] = "rebooting"
        self._in_background(record, lambda: self._start(record, None), "available")

    def halt(self, record: Record) -> None:
        record["DBInstanceStatus"] = "stopping"
        self._in_background(record, lambda: self._servers.remove(name_of(record)), "stopped")

    def end(self, record: Record) -> None:
        """Remove the server, its data and its address; snapshots stay."""
        self._servers.remove(name_of(record), patience=0)
        self.forget(postgres.folder(record["DbiResourceId"]))
        self._addresses.release(name_of(record))

    def set_password(self, record: Record) -> None:
        """Give the master user the password that the record has."""
        self._make_roles(record)

    def back_up(self, record: Record, folder: str) -> None:
        """Write a whole and consistent copy of the data into a new folder of the volume."""
        argv = ("pg_basebackup", "-U", postgres.SUPERUSER, "-h", postgres.SOCKET)
        port = ("-p", str(_port(record)))
        kind = ("-D", folder, "-F", "tar", "-X", "fetch", "-z", "-c", "fast")
        self._run(record, *argv, *port, *kind)

    def snapshot(self, record: Record, snapshot: Record, folder: str) -> None:
        """Back up and come back at once; the snapshot's record tells when it is whole."""
        snapshot["Status"] = "creating"
        self._in_background(snapshot, lambda: self.back_up(record, folder), "available", "Status")

    def copy_snapshot(self, snapshot: Record, source: str, folder: str) -> None:
        """Copy what `source` holds and come back at once; the record tells when it is whole."""

        def copy() -> None:
            code, said = self._servers.run_beside(image_of("postgres"), "cp", "-a", source, folder)
            if code:
                raise CannotRun(said)

        snapshot["Status"] = "creating"
        self._in_background(snapshot, copy, "available", "Status")

    def forget(self, folder: str) -> None:
        """Delete a folder of the volume."""
        self._servers.run_beside(image_of("postgres"), "rm", "-rf", folder)

    def point_in_time(self, record: Record, until: float | None) -> Restore:
        """What a restore to that second, or to now, begins with; raises `CannotRun` if nothing."""
        resource = record["DbiResourceId"]
        if self._servers.is_running(name_of(record)):
            # A commit after the wanted second, so that the log tells that it was passed.
            self._sql(record, "SELECT pg_current_xact_id()")
            self._sql(record, "SELECT pg_switch_wal()")
            self._await_archive(record)
        names = self._backups(record)
        newest = postgres.newest_before(names, time.time() if until is None else until)
        if not newest:
            raise CannotRun("there is no backup that is old enough")
        backup = f"{postgres.folder(resource)}/base/{newest}"
        return Restore(backup=backup, source=resource, until=until)

    def close(self, records: list[Record]) -> None:
        """Stop all servers in order, side by side; they start again from their data."""
        threads = [
            threading.Thread(target=self._servers.remove, args=(name_of(record),))
            for record in records
            if self.serves(record)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=15)

    def _in_background(
        self,
        record: Record,
        work: Callable[[], None],
        after: str,
        status: str = "DBInstanceStatus",
    ) -> None:
        def run() -> None:
            try:
                work()
                record[status] = after
            except Exception as error:
                log.warning("database %s: %s", record["DBInstanceIdentifier"], error)
                record[status] = "failed"

        # The account and region of the call go with it.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(run,), daemon=True).start()

    def _backups(self, record: Record) -> list[str]:
        """The backups to restore a point in time from, by the second in which they ended."""
        base = f"{postgres.folder(record['DbiResourceId'])}/base"
        return self._servers.run_beside(image_of("postgres"), "ls", base)[1].split()

    def _start(self, record: Record, restore: Restore | None) -> None:
        server = self._server(record, restore)
        record["Endpoint"] = {**record.get("Endpoint", {}), "Address": server.address}
        self._servers.start(server)
        self._await_answer(record, restore)
        self._make_roles(record)
        self._back_up_daily(record)

    def _server(self, record: Record, restore: Restore | None) -> Server:
        name, resource = name_of(record), record["DbiResourceId"]
        address = self._addresses.of(name, self._servers.subnet())
        parameters = self._parameters(record)
        certificate, key = self._authority.server([record["DBInstanceIdentifier"]], address)
        settings = postgres.arguments(resource, _port(record), parameters, restore)
        return Server(
            name=name,
            kind="rds",
            image=image_of("postgres"),
            user="postgres",
            address=address,
            command=["sh", f"{CONFIG}/start.sh", *settings],
            # "Fast": SIGTERM would wait for clients to leave.
            stop_signal="SIGINT",
            environment={
                "FOLDER": postgres.folder(resource),
                "RESTORE": restore.backup if restore else "",
                "SOURCE": restore.source if restore else "",
            },
            files={
                "start.sh": postgres.START,
                "roles.sql": postgres.ROLES,
                "pg_hba.conf": postgres.access_rules(postgres.forces_tls(parameters)),
                "server.crt": certificate,
                "server.key": key,
            },
        )

    def _await_answer(self, record: Record, restore: Restore | None) -> None:
        """Until the server takes connections and, if it plays a log, is through with it."""
        deadline = time.monotonic() + PATIENCE * (10 if restore else 1)
        while time.monotonic() < deadline:
            code, said = self._ask(record, "SELECT pg_is_in_recovery()")
            if code == 0 and said.strip() == "f":
                return
            if not self._servers.is_running(name_of(record)):
                raise CannotRun(f"it ended: {self._servers.said(name_of(record))}")
            time.sleep(0.2)
        raise CannotRun(f"it does not answer: {self._servers.said(name_of(record))}")

    def _make_roles(self, record: Record) -> None:
        argv = ("psql", "-h", postgres.SOCKET, "-p", str(_port(record)))
        who = ("-U", postgres.SUPERUSER, "-d", "postgres", "-q")
        self._run(
            record,
            *(*argv, *who, "-f", f"{CONFIG}/roles.sql"),
            MASTER=record["MasterUsername"],
            PASSWORD=record["_MasterUserPassword"],
            DATABASE=record.get("DBName") or "",
        )

    def _back_up_daily(self, record: Record) -> None:
        """A copy to restore points in time from, where backups are kept and none is of this day."""
        if not int(record.get("BackupRetentionPeriod") or 0):
            return
        base = f"{postgres.folder(record['DbiResourceId'])}/base"
        newest = postgres.newest_before(self._backups(record), time.time())
        if int(newest or 0) > time.time() - A_DAY:
            return
        self.back_up(record, f"{base}/part")
        self._run(record, "mv", f"{base}/part", f"{base}/{int(time.time()) + 1}")

    def _await_archive(self, record: Record) -> None:
        """Until the log's last finished segment is in the backups."""
        query = (
            "SELECT coalesce(last_archived_wal, '') >= "
            "pg_walfile_name(pg_current_wal_lsn() - 16777216) FROM pg_stat_archiver"
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._ask(record, query)[1].strip() == "t":
                return
            time.sleep(0.2)

    def _sql(self, record: Record, statement: str) -> str:
        code, said = self._ask(record, statement)
        if code != 0:
            raise CannotRun(said.strip())
        return said

    def _ask(self, record: Record, statement: str) -> tuple[int, str]:
        argv = ("psql", "-h", postgres.SOCKET, "-p", str(_port(record)), "-U", postgres.SUPERUSER)
        return self._servers.run(name_of(record), *argv, "-d", "postgres", "-Atc", statement)

    def _run(self, record: Record, *argv: str, **environment: str) -> str:
        code, said = self._servers.run(name_of(record), *argv, **environment)
        if code != 0:
            raise CannotRun(f"{argv[0]} ended with code {code}: {said.strip()}")
        return said


def name_of(record: Record) -> str:
    """The name of an instance's container: its resource id, which no other ever gets."""
    return f"embedded-rds-{record['DbiResourceId'].lower()}"


def _port(record: Record) -> int:
    return int(record["_port"])
