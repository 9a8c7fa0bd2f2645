"""Creates databases, tables, views and foreign keys at the target, and reads back what came of it."""

from collections.abc import Iterable, Mapping, Sequence

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.catalog import Catalog
from mysql_to_tidb.connection import error_number
from mysql_to_tidb.errors import MigrationError, TargetRefused, UnsupportedSchema
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.target.connection import classify, is_tidb, target_errors
from mysql_to_tidb.target.schema import (
    create_database_statement,
    create_table_statement,
    create_view_statement,
    foreign_key_statements,
)
from mysql_to_tidb.target.schema_compare import differences, incompatibilities
from mysql_to_tidb.target.schema_draft import Rewrite, Severity
from mysql_to_tidb.target.schema_storage import missing_options

_EXPECTED_WARNINGS = {
    1050,  # the table exists
    1287,  # deprecated, as are the next
    1681,
    1831,  # two indexes over the same columns
    3719,  # the name utf8
    3778,
    4079,
}
_AUTO_RANDOM_NOTE = "Available implicit allocation times"
"""How many ids an AUTO_RANDOM column has left."""
_FOREIGN_KEY_EXISTS = {1022, 1826}


def create_databases(connection: Connection, collations: Mapping[str, str]) -> None:
    """Create the databases that are not there, each with its default collation at the source."""
    for schema, collation in sorted(collations.items()):
        with target_errors(schema), connection.cursor() as cursor:
            cursor.execute(create_database_statement(schema, collation))


class Existing:
    """What the target has in some databases, views included; found by names as the target compares them."""

    def __init__(self, connection: Connection, schemas: Iterable[str]) -> None:
        self._fold = is_tidb(connection)
        with target_errors():
            catalog = Catalog(connection)
            present = {self._key(schema): schema for schema in catalog.schema_names()}
            wanted = sorted({present[self._key(schema)] for schema in schemas if self._key(schema) in present})
            tables = [table for schema in wanted for table in catalog.tables(schema, statements=False)]
        self.tables = tuple(tables)
        self._by_name = {self._key(str(table.name)): table for table in tables}

    def find(self, name: TableName) -> Table | None:
        return self._by_name.get(self._key(str(name)))

    def _key(self, name: str) -> str:
        return name.lower() if self._fold else name


def create_tables(connection: Connection, tables: Sequence[Table]) -> tuple[Rewrite, ...]:
    """Create the tables that are not there and take those that are, if they can hold all rows.

    Called again it finds its own tables and goes on. Raises UnsupportedSchema for a table that cannot be
    carried rightly, TargetRefused with the exact difference where an existing table does not fit, or where
    the target made something else of a statement than was meant.
    """
    existing = Existing(connection, (table.name.schema for table in tables))
    rewrites: list[Rewrite] = []
    created: list[Table] = []
    for table in tables:
        ddl = create_table_statement(table)
        rewrites += ddl.rewrites
        present = existing.find(table.name)
        if present is not None:
            refuse_incompatible(ddl.table, present, missing_options(connection, ddl.table))
        else:
            rewrites += _create(connection, table.name, ddl.statement)
            created.append(ddl.table)
    _verify(connection, created)
    return tuple(rewrites)


def refuse_incompatible(wanted: Table, present: Table, more: Sequence[str] = ()) -> None:
    """Raises TargetRefused, with every reason, where a table of the target cannot take the rows; or for `more`."""
    reasons = incompatibilities(wanted, present) if present.kind is TableKind.TABLE else ("it is a view",)
    if reasons := (*reasons, *more):
        message = f"the target has a table {wanted.name} that does not fit: {'; '.join(reasons)}"
        hint = "drop or change it at the target, or exclude the table from the job"
        raise TargetRefused(message, where=str(wanted.name), hint=hint)


def _create(connection: Connection, name: TableName, statement: str) -> list[Rewrite]:
    """Run a CREATE TABLE; what the target warns of is part of the report."""
    with target_errors(str(name)), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SHOW WARNINGS")
        warnings = cursor.fetchall()
    return [
        Rewrite("target_warning", name, f"warning {number}", str(text))
        for _, number, text in warnings
        if int(number) not in _EXPECTED_WARNINGS and not str(text).startswith(_AUTO_RANDOM_NOTE)
    ]


def _verify(connection: Connection, created: Sequence[Table]) -> None:
    existing = Existing(connection, (table.name.schema for table in created))
    for table in created:
        found = existing.find(table.name)
        reasons = differences(table, found) if found else ("it is not there",)
        if reasons := (*reasons, *missing_options(connection, table)):
            message = f"the target made something else of table {table.name}: {'; '.join(reasons)}"
            raise TargetRefused(message, where=str(table.name), hint="create it at the target yourself, then Restart")


def create_views(connection: Connection, views: Sequence[Table]) -> tuple[Rewrite, ...]:
    """Create views, those that others read from first; one that the target refuses is reported, not fatal."""
    waiting = {view.name: view for view in views}
    rewrites: list[Rewrite] = []
    refused: dict[TableName, MigrationError] = {}
    for _ in views:
        before = len(waiting)
        for name, view in list(waiting.items()):
            try:
                ddl = create_view_statement(view)
                with target_errors(str(name)), connection.cursor() as cursor:
                    cursor.execute(ddl.statement)
            except (TargetRefused, UnsupportedSchema) as error:
                refused[name] = error
                continue
            rewrites += ddl.rewrites
            del waiting[name]
        if len(waiting) in {0, before}:
            break
    rewrites += [Rewrite("view", name, str(name), f"the view is left out: {refused[name].message}") for name in waiting]
    return tuple(rewrites)


def add_foreign_keys(connection: Connection, tables: Iterable[Table]) -> tuple[Rewrite, ...]:
    """Add the foreign keys of loaded tables; those that the target refuses are reported, not fatal."""
    statements, left_out = foreign_key_statements(tables)
    rewrites = list(left_out)
    for key in statements:
        try:
            with connection.cursor() as cursor:
                cursor.execute(key.statement)
        except (pymysql.MySQLError, OSError) as error:
            if error_number(error) in _FOREIGN_KEY_EXISTS:
                continue
            refusal = classify(error, f"{key.table}.{key.name}")
            if not isinstance(refusal, TargetRefused):
                raise refusal from error
            meaning = f"the foreign key is left out: {refusal.message}"
            rewrites.append(Rewrite("foreign_key", key.table, key.name, meaning, Severity.WARNING))
    return tuple(rewrites)
