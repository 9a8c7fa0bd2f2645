"""Reads once, over one connection, all that the precheck of the target asks about."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.connection import was_refused
from mysql_to_tidb.model.grants import Grants
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.target.connection import is_tidb, target_errors
from mysql_to_tidb.target.schema_create import Existing

REPLICAS = 3
"""Copies that TiKV keeps of every row, by default."""

_NEW_COLLATION = "SELECT VARIABLE_VALUE FROM mysql.tidb WHERE VARIABLE_NAME = 'new_collation_enabled'"
_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}


@dataclass(frozen=True)
class TargetFacts:
    """What the target says of itself; None where this user may not ask."""

    user: str
    version: str
    tidb: bool
    variables: Mapping[str, str]
    """All global variables, names in lower case."""
    grants: Grants
    threads_connected: int = 0
    tables: Mapping[TableName, Table] = field(default_factory=dict)
    """What is already there of the migrated tables, by their names at the source."""
    filled: frozenset[TableName] = frozenset()
    """Those of them that have rows."""
    storage_free_bytes: int | None = None
    new_collation: bool = True
    """Whether collations are more than names (`new_collations_enabled_on_first_bootstrap`)."""

    def variable(self, name: str) -> str:
        """A global variable in upper case; empty where this server has none of that name."""
        return self.variables.get(name, "").upper()

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two connections to the same server have in common."""
        known = self.variables
        return known.get("server_uuid", ""), known.get("hostname", ""), known.get("port", "")


def read_facts(connection: Connection, names: Collection[TableName]) -> TargetFacts:
    """Ask the target, also what it has of these tables. Raises the errors of `target_errors`."""
    with target_errors():
        variables = {name.lower(): str(value) for name, value in _rows(connection, "SHOW GLOBAL VARIABLES")}
        ((version, user),) = _rows(connection, "SELECT VERSION(), CURRENT_USER()")
        existing = Existing(connection, {name.schema for name in names})
        tables = {name: table for name in names if (table := existing.find(name))}
        threads = _rows(connection, "SHOW GLOBAL STATUS LIKE 'Threads_connected'")
        literal = variables.get("partial_revokes", "").upper() == "ON"
        new_collation = _attempt(connection, _NEW_COLLATION)
        return TargetFacts(
            user=str(user),
            version=str(version),
            tidb=is_tidb(connection),
            variables=variables,
            grants=Grants.parse((str(row[0]) for row in _rows(connection, "SHOW GRANTS")), literal_schemas=literal),
            threads_connected=int(threads[0][1]) if threads else 0,
            tables=tables,
            filled=frozenset(name for name, table in tables.items() if _has_rows(connection, table)),
            storage_free_bytes=_storage_free_bytes(connection),
            new_collation=not new_collation or str(new_collation[0][0]).lower() == "true",
        )


def _rows(connection: Connection, query: str) -> tuple[tuple[Any, ...], ...]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return tuple(cursor.fetchall())


def _attempt(connection: Connection, query: str) -> tuple[tuple[Any, ...], ...]:
    """Nothing where the server refuses, as it does without the right or the feature."""
    try:
        return _rows(connection, query)
    except pymysql.MySQLError as error:
        if not was_refused(error):
            raise
        return ()


def _has_rows(connection: Connection, table: Table) -> bool:
    if table.kind is TableKind.VIEW:
        return False
    # A table that may not be read counts as filled; the item about privileges says so.
    rows = _attempt(connection, f"SELECT EXISTS (SELECT 1 FROM {table.name.quoted})")
    return not rows or bool(rows[0][0])


def _storage_free_bytes(connection: Connection) -> int | None:
    """Of all TiKV stores, all replicas counted once."""
    stores = _attempt(connection, "SELECT AVAILABLE FROM information_schema.TIKV_STORE_STATUS")
    sizes = [_bytes(str(row[0])) for row in stores]
    return sum(sizes) // REPLICAS if sizes else None


def _bytes(text: str) -> int:
    """`1.5TiB` as PD writes sizes."""
    number, unit = text.rstrip("BKMGTPi"), text.lstrip("0123456789. ")
    return int(float(number) * _UNITS.get(unit, 1))
