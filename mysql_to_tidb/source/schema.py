"""Reads from the source what a job migrates: databases, tables and views, with their exact definitions."""

from pymysql.connections import Connection

from mysql_to_tidb.catalog import Catalog
from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice, is_system_schema
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.source.connection import source_errors


def folds_case(connection: Connection) -> bool:
    """Whether the source compares names of databases and tables without case."""
    with source_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT @@lower_case_table_names")
        ((setting,),) = cursor.fetchall()
    return int(setting) != 0


def read_databases(connection: Connection, choice: ObjectChoice) -> tuple[str, ...]:
    """The databases that a choice takes tables from, in order.

    Raises InvalidJob when a database is named that the source does not have, or does not show to this user.
    """
    fold_case = folds_case(connection)
    with source_errors():
        present = [name for name in Catalog(connection).schema_names() if not is_system_schema(name)]
    named = [*choice.databases, *(pattern.schema for pattern in choice.tables)]
    for pattern in named:
        if not any(pattern.matches(name, fold_case=fold_case) for name in present):
            what = f"database `{pattern}`" if pattern.literal is not None else f"database like `{pattern}`"
            raise InvalidJob(f"{what} does not exist at the source", hint=_MISSING_HINT)
    return tuple(sorted(name for name in present if choice.selects_database(name, fold_case=fold_case)))


def read_collations(connection: Connection, choice: ObjectChoice) -> dict[str, str]:
    """The default collation of each database that a choice takes tables from. Raises as `read_databases`."""
    databases = read_databases(connection, choice)
    with source_errors():
        catalog = Catalog(connection)
        return {schema: catalog.schema_collation(schema) for schema in databases}


def read_tables(connection: Connection, choice: ObjectChoice) -> tuple[Table, ...]:
    """Every table and view that a choice selects, ordered by name.

    Raises InvalidJob naming a database or table that the source does not have, SourceRefused where the
    user may not read a definition.
    """
    fold_case = folds_case(connection)
    databases = read_databases(connection, choice)
    found: list[Table] = []
    with source_errors():
        catalog = Catalog(connection)
        for schema in databases:
            if choice.follows_new_tables(schema, fold_case=fold_case):
                found += catalog.tables(schema)
                continue
            names = catalog.names(schema)
            wanted = [name for name in names if choice.selects(TableName(schema, name), fold_case=fold_case)]
            for name in wanted:
                found += catalog.tables(schema, only=name)
    tables = {table.name: table for table in found if choice.selects(table.name, fold_case=fold_case)}
    for pattern in choice.tables:
        if not any(pattern.matches(name, fold_case=fold_case) for name in tables):
            raise InvalidJob(f"table `{pattern}` does not exist at the source", hint=_MISSING_HINT)
    return tuple(tables[name] for name in sorted(tables))


def read_table(connection: Connection, name: TableName) -> Table | None:
    """One table as it is now; None where there is none, or a view of that name."""
    with source_errors(where=str(name)):
        found = Catalog(connection).tables(name.schema, only=name.table)
    return next((table for table in found if table.kind is TableKind.TABLE), None)


_MISSING_HINT = "check its name, upper and lower case included, and that the source user may see it"
