"""Reads the tables of one database out of information_schema: MySQL, MariaDB and TiDB alike.

What differs between servers ends here. Driver errors pass through; `source.schema` and `target.schema`
turn them into errors that say whose they are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from mysql_to_tidb.connection import error_number
from mysql_to_tidb.model.definitions import (
    ColumnDefinition,
    IndexDefinition,
    Token,
    TokenKind,
    members_of,
    parse_create_table,
    render,
    string_of,
    tokenize,
)
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table, TableKind

Row = Mapping[str, Any]

_COLUMNS = (
    "TABLE_NAME",
    "COLUMN_NAME",
    "DATA_TYPE",
    "COLUMN_TYPE",
    "IS_NULLABLE",
    "CHARACTER_SET_NAME",
    "COLLATION_NAME",
    "CHARACTER_MAXIMUM_LENGTH",
    "CHARACTER_OCTET_LENGTH",
    "NUMERIC_PRECISION",
    "NUMERIC_SCALE",
    "DATETIME_PRECISION",
    "COLUMN_DEFAULT",
    "EXTRA",
    "COLUMN_COMMENT",
    "GENERATION_EXPRESSION",
    "ORDINAL_POSITION",
)
_STATISTICS = (
    "TABLE_NAME",
    "INDEX_NAME",
    "NON_UNIQUE",
    "SEQ_IN_INDEX",
    "COLUMN_NAME",
    "SUB_PART",
    "COLLATION",
    "INDEX_TYPE",
    "EXPRESSION",
)
_TABLES = (
    "TABLE_NAME",
    "TABLE_TYPE",
    "ENGINE",
    "ROW_FORMAT",
    "TABLE_ROWS",
    "DATA_LENGTH",
    "INDEX_LENGTH",
    "TABLE_COLLATION",
    "CREATE_OPTIONS",
)

_KINDS = {
    "BASE TABLE": TableKind.TABLE,
    "SYSTEM VERSIONED": TableKind.TABLE,  # MariaDB
    "VIEW": TableKind.VIEW,
}
_NO_SUCH_TABLE = 1146
_NOT_ALLOWED = {1142, 1143, 1370}
_SESSION = {
    "sql_quote_show_create": 1,
    "show_gipk_in_create_table_and_information_schema": 1,  # MySQL 8.0.30: else its hidden key column is left out
    "information_schema_stats_expiry": 0,  # MySQL 8: else sizes may be a day old, or those of an empty table
}


class Catalog:
    """The schemas of one server, read over one connection; server differences are looked up once."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._tidb = "tidb" in str(connection.server_version).lower()
        self._available = {view: self._view_columns(view) for view in ("COLUMNS", "STATISTICS", "TABLES")}
        self._prepare_session()

    def schema_names(self) -> tuple[str, ...]:
        """Every database of the server, system databases included."""
        return tuple(
            str(row["schema_name"]) for row in self._rows("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
        )

    def schema_collation(self, schema: str) -> str:
        """The default collation of a database."""
        query = "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s"
        rows = self._rows(query, (schema,))
        return str(rows[0]["default_collation_name"]) if rows else ""

    def names(self, schema: str) -> dict[str, TableKind | None]:
        """The names of all tables and views; None as the kind of what is neither (sequences)."""
        query = "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
        return {str(row["table_name"]): _KINDS.get(row["table_type"]) for row in self._rows(query, (schema,))}

    def tables(self, schema: str, only: str | None = None, *, statements: bool = True) -> list[Table]:
        """Every table and view of a database, ordered by name; or the one called `only`.

        Without `statements`, expressions are in the words of information_schema.
        """
        columns: dict[str, list[Column]] = defaultdict(list)
        for row in self._view("COLUMNS", _COLUMNS, schema, only, "TABLE_NAME, ORDINAL_POSITION"):
            columns[row["table_name"]].append(_column(row, escaped=not self._tidb))
        indexes: dict[str, list[Row]] = defaultdict(list)
        for row in self._view("STATISTICS", _STATISTICS, schema, only, "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"):
            indexes[row["table_name"]].append(row)
        found = []
        for row in self._view("TABLES", _TABLES, schema, only, "TABLE_NAME"):
            name, kind = str(row["table_name"]), _KINDS.get(row["table_type"])
            if kind is None or (only is not None and name != only):
                continue
            table = _table(TableName(schema, name), kind, row, columns[name], indexes[name])
            statement = self._create_statement(table.name, kind) if statements else ""
            if statement is not None:
                found.append(_with_statement(table, statement) if statement else table)
        return found

    def _create_statement(self, name: TableName, kind: TableKind) -> str | None:
        """None for a table that is no longer there; empty for a view that this user may not look into."""
        try:
            with _raw_text(self.connection), self.connection.cursor() as cursor:
                cursor.execute(f"SHOW CREATE {kind.upper()} {name.quoted}")
                row = cursor.fetchone()
        except pymysql.MySQLError as error:
            if error_number(error) == _NO_SUCH_TABLE:
                return None
            if kind is TableKind.VIEW and error_number(error) in _NOT_ALLOWED:
                return ""
            raise
        return decode_statement(row[1]) if row else None

    def _prepare_session(self) -> None:
        wanted = ", ".join(f"'{name}'" for name in _SESSION)
        known = {str(row["variable_name"]) for row in self._rows(f"SHOW VARIABLES WHERE Variable_name IN ({wanted})")}
        if known:
            with self.connection.cursor() as cursor:
                cursor.execute("SET " + ", ".join(f"SESSION {name} = {_SESSION[name]}" for name in sorted(known)))

    def _view_columns(self, view: str) -> frozenset[str]:
        return frozenset(
            str(row["field"]).upper() for row in self._rows(f"SHOW COLUMNS FROM information_schema.{view}")
        )

    def _view(self, view: str, wanted: Sequence[str], schema: str, only: str | None, order: str) -> list[Row]:
        """Rows of a view of information_schema, with None for columns that this server does not have."""
        selected = ", ".join(name if name in self._available[view] else f"NULL AS {name}" for name in wanted)
        condition, arguments = "TABLE_SCHEMA = %s", [schema]
        if only is not None:
            condition, arguments = f"{condition} AND TABLE_NAME = %s", [schema, only]
        query = f"SELECT {selected} FROM information_schema.{view} WHERE {condition} ORDER BY {order}"
        return self._rows(query, tuple(arguments))

    def _rows(self, query: str, arguments: tuple[str, ...] = ()) -> list[Row]:
        with self.connection.cursor(DictCursor) as cursor:
            cursor.execute(query, arguments)
            return [{str(name).lower(): value for name, value in row.items()} for row in cursor.fetchall()]


@contextmanager
def _raw_text(connection: Connection) -> Iterator[None]:
    """Results as bytes: MariaDB prints the default of a binary column as its bytes, which may be no UTF-8."""
    connection.use_unicode, before = False, connection.use_unicode
    try:
        yield
    finally:
        connection.use_unicode = before


def decode_statement(statement: bytes | str) -> str:
    """A CREATE statement as text; literals that are no UTF-8 become hexadecimal ones."""
    if isinstance(statement, str):
        return statement
    try:
        return statement.decode()
    except UnicodeDecodeError:
        text = statement.decode(errors="surrogateescape")
    return render(tuple(_with_hexadecimal_literal(token) for token in tokenize(text)))


def _with_hexadecimal_literal(token: Token) -> Token:
    if token.kind is not TokenKind.STRING or not any("\udc80" <= character <= "\udcff" for character in token.text):
        return token
    return replace(token, text="x'" + string_of(token.text).encode(errors="surrogateescape").hex() + "'")


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))


def _column(row: Row, *, escaped: bool) -> Column:
    data_type, column_type = str(row["data_type"]).lower(), str(row["column_type"])
    default = row["column_default"]
    return Column(
        name=str(row["column_name"]),
        data_type=data_type,
        column_type=column_type,
        nullable=row["is_nullable"] == "YES",
        character_set=row["character_set_name"],
        collation=row["collation_name"],
        characters_max=_number(row["character_maximum_length"]),
        octets_max=_number(row["character_octet_length"]),
        numeric_precision=_number(row["numeric_precision"]),
        numeric_scale=_number(row["numeric_scale"]),
        fraction_digits=_number(row["datetime_precision"]) or 0,
        members=members_of(column_type, escaped=escaped) if data_type in {"enum", "set"} else (),
        default=None if default in {None, "NULL"} else str(default),  # MariaDB says NULL in words
        extra=str(row["extra"] or ""),
        comment=str(row["column_comment"] or ""),
        generation_expression=str(row["generation_expression"] or ""),
    )


def _index(name: str, rows: list[Row]) -> Index:
    parts = tuple(
        IndexPart(
            column=None if row["expression"] else row["column_name"],  # TiDB names the column of an expression NULL
            prefix_length=_number(row["sub_part"]),
            expression=row["expression"],
            descending=row["collation"] == "D",
        )
        for row in rows
    )
    first = rows[0]
    return Index(name, unique=not int(first["non_unique"]), parts=parts, kind=str(first["index_type"]).upper())


def _table(name: TableName, kind: TableKind, row: Row, columns: list[Column], index_rows: list[Row]) -> Table:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for index_row in index_rows:
        grouped[index_row["index_name"]].append(index_row)
    return Table(
        name=name,
        columns=tuple(columns),
        indexes=tuple(_index(key, rows) for key, rows in grouped.items()),
        engine=str(row["engine"] or ""),
        kind=kind,
        rows_estimate=_number(row["table_rows"]) or 0,
        bytes_estimate=(_number(row["data_length"]) or 0) + (_number(row["index_length"]) or 0),
        row_format=str(row["row_format"] or ""),
        collation=row["table_collation"],
    )


def _with_statement(table: Table, statement: str) -> Table:
    """The table with its statement, and with the expressions that information_schema prints inexactly."""
    generated = any(column.generated for column in table.columns)
    functional = any(part.column is None for index in table.indexes for part in index.parts)
    if not (generated or functional) or table.kind is TableKind.VIEW:
        return replace(table, create_statement=statement)
    definition = parse_create_table(statement)
    columns = (_with_expression(column, definition.columns[column.name.lower()]) for column in table.columns)
    indexes = (_with_expressions(index, definition.indexes[index.name.lower()]) for index in table.indexes)
    return replace(table, create_statement=statement, columns=tuple(columns), indexes=tuple(indexes))


def _with_expression(column: Column, definition: ColumnDefinition) -> Column:
    return replace(column, generation_expression=render(definition.generated)) if definition.generated else column


def _with_expressions(index: Index, definition: IndexDefinition) -> Index:
    if all(part.column is not None for part in index.parts):
        return index
    exact = zip(index.parts, definition.parts, strict=True)
    parts = tuple(part if part.column is not None else replace(part, expression=render(text)) for part, text in exact)
    return replace(index, parts=parts)
