"""Judges whether a statement that was logged as text may have changed a migrated table."""

import re
from collections.abc import Callable

import sqlglot
from sqlglot import expressions as sql
from sqlglot.errors import SqlglotError

from mysql_to_tidb.model.names import SYSTEM_SCHEMAS, TableName
from mysql_to_tidb.model.tables import Table

_UNDERSTOOD = (sql.Insert, sql.Update, sql.Delete, sql.Create)


_NATIVE_FUNCTIONS = frozenset(
    {"LAST_INSERT_ID", "UTC_TIMESTAMP", "UTC_DATE", "UTC_TIME", "UNIX_TIMESTAMP", "SYSDATE", "UUID", "CONNECTION_ID"}
)
"""Some that the parser does not know; a stored function cannot have such a name."""


_REPLACE = re.compile(r"^((?:\s|/\*.*?\*/)*)REPLACE\b", re.IGNORECASE | re.DOTALL)


def may_touch(text: str, schema: str, table_of: Callable[[TableName], Table | None]) -> bool:
    """False only where every table that the statement names is certain not to be migrated.

    What cannot be read, calls a procedure, or calls a function that is not the server's own counts as
    touching. Services keep heartbeats of their own in the log like this: RDS in schema mysql, pt-heartbeat
    in one of its own.
    """
    try:
        # The parser knows REPLACE only as a function.
        statement = sqlglot.parse_one(_REPLACE.sub(r"\1INSERT", text), dialect="mysql")
    except SqlglotError:
        return True
    if not isinstance(statement, _UNDERSTOOD) or any(map(_may_do_anything, statement.walk())):
        return True
    names = {TableName(table.db or schema, table.name) for table in statement.find_all(sql.Table)}
    return not names or any(name.schema.lower() not in SYSTEM_SCHEMAS and table_of(name) is not None for name in names)


def _may_do_anything(part: sql.Expr) -> bool:
    if isinstance(part, sql.Anonymous):
        return part.name.upper() not in _NATIVE_FUNCTIONS or isinstance(part.parent, sql.Dot)
    return isinstance(part, sql.Command)
