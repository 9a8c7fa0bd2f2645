"""Reads once, over one connection, all that the precheck of the source asks about."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from mysql_to_tidb.connection import was_refused
from mysql_to_tidb.model.grants import Grants
from mysql_to_tidb.model.objects import ObjectChoice, is_system_schema
from mysql_to_tidb.source.connection import source_errors

_STATUS = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Com_xa_prepare')"
_NOT_MIGRATED = {
    "events": "SELECT EVENT_SCHEMA, COUNT(*) FROM information_schema.EVENTS GROUP BY 1",
    "triggers": "SELECT TRIGGER_SCHEMA, COUNT(*) FROM information_schema.TRIGGERS GROUP BY 1",
    "procedures and functions": "SELECT ROUTINE_SCHEMA, COUNT(*) FROM information_schema.ROUTINES GROUP BY 1",
    "sequences": "SELECT TABLE_SCHEMA, COUNT(*) FROM information_schema.TABLES "
    "WHERE TABLE_TYPE = 'SEQUENCE' GROUP BY 1",
}


@dataclass(frozen=True)
class SourceFacts:
    """What the source says of itself; None where this user may not ask."""

    kind: str
    """Kind of service, for solutions that fit: mysql, mariadb, aurora, rds, cloudsql, azure, alibaba."""
    user: str
    version: str
    variables: Mapping[str, str]
    """All global variables, names in lower case."""
    grants: Grants
    status: Mapping[str, int] = field(default_factory=dict)
    binlog_do: tuple[str, ...] | None = ()
    binlog_ignore: tuple[str, ...] | None = ()
    binlog_files: tuple[str, ...] | None = None
    """Names of the binary logs that are still there, oldest first."""
    retention_hours: int | None = None
    """What RDS and Aurora keep (`mysql.rds_show_configuration`), 0 where binary logs go at once."""
    is_replica: bool | None = None
    xa_prepared: int | None = None
    not_migrated: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How many objects of each kind that do not come along are in each database."""
    clock_skew_seconds: float = 0.0
    """By how much the source's clock is ahead of this machine's."""

    @property
    def mariadb(self) -> bool:
        return "mariadb" in self.version.lower()

    @property
    def tidb(self) -> bool:
        return "tidb" in self.version.lower()

    @property
    def version_numbers(self) -> tuple[int, int]:
        """Major and minor; MariaDB puts 5.5.5- before its own where replicas ask."""
        found = re.search(r"(\d+)\.(\d+)", self.version.removeprefix("5.5.5-"))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def gtids(self) -> bool:
        return self.mariadb or self.variable("gtid_mode") == "ON"

    @property
    def fold_case(self) -> bool:
        return self.variable("lower_case_table_names") not in {"", "0"}

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two connections to the same server have in common."""
        known = self.variables
        return known.get("server_uuid", ""), known.get("hostname", ""), known.get("port", "")

    def variable(self, name: str) -> str:
        """A global variable in upper case; empty where this server has none of that name."""
        return self.variables.get(name, "").upper()

    def number(self, name: str) -> int | None:
        """A global variable as a whole number."""
        try:
            return int(float(self.variables[name]))
        except (KeyError, ValueError):
            return None


def read_facts(connection: Connection, kind: str, choice: ObjectChoice) -> SourceFacts:
    """Ask the source; what this user may not ask stays None. Raises the errors of `source_errors`."""
    reader = _Reader(connection)
    with source_errors():
        variables = reader.pairs("SHOW GLOBAL VARIABLES")
        version = str(reader.rows("SELECT VERSION()")[0][0])
        lines = [str(row[0]) for row in reader.rows("SHOW GRANTS")]
        clock = float(reader.rows("SELECT UNIX_TIMESTAMP(NOW(6))")[0][0]) - time.time()
        do, ignore = reader.binlog_filters()
        files = reader.attempt("SHOW BINARY LOGS")
        prepared = reader.attempt("XA RECOVER")
        return SourceFacts(
            kind="mariadb" if kind == "mysql" and "mariadb" in version.lower() else kind,
            user=str(reader.rows("SELECT CURRENT_USER()")[0][0]),
            version=version,
            variables=variables,
            grants=Grants.parse(lines, literal_schemas=variables.get("partial_revokes", "").upper() == "ON"),
            status={name: int(value) for name, value in reader.pairs(_STATUS).items()},
            binlog_do=do,
            binlog_ignore=ignore,
            binlog_files=None if files is None else tuple(str(row[0]) for row in files),
            retention_hours=reader.retention_hours() if kind in {"aurora", "rds"} else None,
            is_replica=reader.is_replica(),
            xa_prepared=None if prepared is None else len(prepared),
            not_migrated=reader.not_migrated(choice, fold_case=variables.get("lower_case_table_names") != "0"),
            clock_skew_seconds=clock,
        )


class _Reader:
    """Runs the questions."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def rows(self, query: str) -> tuple[tuple[Any, ...], ...]:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return tuple(cursor.fetchall())

    def attempt(self, query: str) -> tuple[tuple[Any, ...], ...] | None:
        """None where the server refuses, as it does without the right or the feature."""
        try:
            return self.rows(query)
        except pymysql.MySQLError as error:
            if not was_refused(error):
                raise
            return None

    def pairs(self, query: str) -> dict[str, str]:
        return {str(name).lower(): str(value) for name, value in self.rows(query)}

    def binlog_filters(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """`binlog_do_db` and `binlog_ignore_db`, which no variable shows."""
        rows = self.attempt("SHOW BINARY LOG STATUS")
        if rows is None:
            rows = self.attempt("SHOW MASTER STATUS")
        if rows is None:
            return None, None
        if not rows:
            return (), ()
        return _names(rows[0][2]), _names(rows[0][3])

    def is_replica(self) -> bool | None:
        rows = self.attempt("SHOW REPLICA STATUS")
        if rows is None:
            rows = self.attempt("SHOW SLAVE STATUS")
        return None if rows is None else bool(rows)

    def retention_hours(self) -> int | None:
        with self.connection.cursor(DictCursor) as cursor:
            try:
                cursor.execute("CALL mysql.rds_show_configuration")
            except pymysql.MySQLError as error:
                if not was_refused(error):
                    raise
                return None
            rows = cursor.fetchall()
            while cursor.nextset():
                pass
        hours = next((row.get("value") for row in rows if row.get("name") == "binlog retention hours"), None)
        return int(str(hours)) if str(hours).isdigit() else 0

    def not_migrated(self, choice: ObjectChoice, *, fold_case: bool) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for kind, query in _NOT_MIGRATED.items():
            for schema, count in self.attempt(query) or ():
                if not is_system_schema(str(schema)) and choice.selects_database(str(schema), fold_case=fold_case):
                    found.setdefault(kind, {})[str(schema)] = int(count)
        return found


def _names(text: object) -> tuple[str, ...]:
    return tuple(name.strip() for name in str(text or "").split(",") if name.strip())
