"""Compares databases on two servers row by row, with nothing but PyMySQL: none of what is being tested.

Values are compared by what they mean: JSON parsed, FLOAT as 32 bits, bytes and bits exactly, times as text
in UTC. Tables without a key are compared as multisets.
"""

import contextlib
import json
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from pymysql.cursors import SSCursor

from tests.lab.servers import Server

CHUNK_ROWS = 5000
DETAILS_MAX = 10

Row = tuple[Any, ...]

BYTES = ("binary", "blob", "geometry", "point", "linestring", "polygon", "geometrycollection", "geomcollection")
"""What the names of types end in whose values are compared byte by byte."""


@dataclass(frozen=True, slots=True)
class TableResult:
    """What the comparison of one table found."""

    name: str
    source_rows: int
    target_rows: int
    differences: tuple[str, ...]
    """At most DETAILS_MAX of them, each in words."""

    @property
    def equal(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class Column:
    """A column of one side."""

    name: str
    data_type: str
    in_key: bool

    def expression(self, server: Server) -> str:
        """What to select so that the value arrives whole."""
        name = quoted(self.name)
        if self.data_type == "float":
            return f"{name} + 0e0"
        if self.data_type == "bit":
            return f"CAST({name} AS UNSIGNED)"
        if self.data_type == "vector":
            return f"VEC_AS_TEXT({name})" if server.is_tidb else f"HEX({name})"  # MySQL's text has a few digits only
        if self.data_type == "enum":
            return f"CONCAT({name} + 0, ' ', {name})"  # what is none of the labels looks empty
        return f"HEX({name})" if self.data_type.endswith(BYTES) else name


def differences(source: Server, target: Server, *databases: str) -> list[str]:
    """Every difference in words, empty when the databases are equal: `assert not differences(...)`."""
    return [line for result in compare(source, target, *databases) for line in result.differences]


def compare(source: Server, target: Server, *databases: str, exclude: Sequence[str] = ()) -> list[TableResult]:
    """The result of each table that either side has, but for those in `exclude` (`database.table`)."""
    results = []
    for database in databases:
        tables = _tables(source, database), _tables(target, database)
        for table in sorted(set(tables[0]) | set(tables[1])):
            name = f"{database}.{table}"
            if name in exclude:
                continue
            sides = tables[0].get(table), tables[1].get(table)
            if sides[0] and sides[1]:
                results.append(_compare_table(source, target, name, sides[0], sides[1]))
            else:
                side = "target" if sides[0] else "source"
                results.append(TableResult(name, 0, 0, (f"{name} is missing at the {side}",)))
    return results


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _tables(server: Server, database: str) -> dict[str, list[Column]]:
    """The columns of each table, in order, by the table's name."""
    query = """
        SELECT t.TABLE_NAME, c.COLUMN_NAME, LOWER(c.DATA_TYPE), c.COLUMN_KEY = 'PRI'
        FROM information_schema.TABLES t JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME)
        WHERE TABLE_SCHEMA = %s AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
        ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION
    """
    tables: dict[str, list[Column]] = {}
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(query, (database,))
        for table, column, data_type, in_key in cursor.fetchall():
            tables.setdefault(table, []).append(Column(column, data_type, bool(in_key)))
    return tables


def _compare_table(
    source: Server, target: Server, name: str, source_columns: list[Column], target_columns: list[Column]
) -> TableResult:
    target_by_name = {column.name.lower(): column for column in target_columns}
    if {column.name.lower() for column in source_columns} != set(target_by_name):
        at_source, at_target = (", ".join(c.name for c in columns) for columns in (source_columns, target_columns))
        return TableResult(name, 0, 0, (f"{name} has columns {at_source} at the source, {at_target} at the target",))
    pairs = [(column, target_by_name[column.name.lower()]) for column in source_columns]
    meaning = [_meaning(one, other) for one, other in pairs]
    key = [place for place, column in enumerate(source_columns) if column.in_key]
    source_rows = target_rows = 0
    unmatched: Counter[Row] = Counter()
    order = [column.name for column in source_columns if column.in_key]
    chunks = zip_longest(
        _chunks(source, name, [one for one, _ in pairs], order),
        _chunks(target, name, [other for _, other in pairs], order),
        fillvalue=(),
    )
    for source_chunk, target_chunk in chunks:
        source_rows += len(source_chunk)
        target_rows += len(target_chunk)
        if source_chunk != target_chunk:
            unmatched.update(_meant(row, meaning) for row in source_chunk)
            unmatched.subtract(_meant(row, meaning) for row in target_chunk)
            unmatched = Counter({row: times for row, times in unmatched.items() if times})
    words = _in_words(name, [column.name for column in source_columns], key, unmatched)
    return TableResult(name, source_rows, target_rows, tuple(words))


def _chunks(server: Server, name: str, columns: list[Column], order: list[str]) -> Iterator[Sequence[Row]]:
    """The table's rows as text, a chunk at a time, in the order of the key where there is one."""
    expressions = ", ".join(column.expression(server) for column in columns)
    table = ".".join(map(quoted, name.split(".", 1)))
    ordered = " ORDER BY " + ", ".join(map(quoted, order)) if order else ""
    connection = server.connect(cursorclass=SSCursor, conv={}, init_command="SET time_zone = '+00:00'")
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"SELECT {expressions} FROM {table}{ordered}")
        while chunk := cursor.fetchmany(CHUNK_ROWS):
            yield chunk


def _meaning(one: Column, other: Column) -> Callable[[str], Any]:
    """What turns the text of a value, on either side, into something that is equal when the values are."""
    types = {one.data_type, other.data_type}
    if "json" in types:
        return _json
    if "vector" in types:
        return _vector
    if "float" in types:
        return _float32
    if "double" in types:
        return float
    if types & {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal"}:
        return _without_zeros_before
    return str


def _without_zeros_before(text: str) -> str:
    """ZEROFILL is no part of a value; TiDB prints without it."""
    return re.sub(r"^(-?)0+(?=\d)", r"\1", text)


def _json(text: str) -> str:
    def number(digits: str) -> int | float:
        value = Decimal(digits)
        return int(value) if value == value.to_integral_value() else float(digits)  # TiDB writes 1 for 1.0

    return json.dumps(json.loads(text, parse_float=number), sort_keys=True, ensure_ascii=False)


def _vector(text: str) -> tuple[float, ...]:
    if text.startswith("["):
        return tuple(map(_float32, json.loads(text)))
    return struct.unpack(f"<{len(text) // 8}f", bytes.fromhex(text))


def _float32(value: str | float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", float(value)))[0])


def _meant(row: Row, meaning: list[Callable[[str], Any]]) -> Row:
    return tuple(None if value is None else means(value) for value, means in zip(row, meaning, strict=True))


def _in_words(name: str, columns: list[str], key: list[int], unmatched: Counter[Row]) -> Iterator[str]:
    """Rows of the same key that differ are told in one line, by the columns that differ."""
    missing = [row for row, times in unmatched.items() for _ in range(times)]
    extra = [row for row, times in unmatched.items() for _ in range(-times)]
    extra_by_key = {tuple(row[place] for place in key): row for row in extra} if key else {}
    lines = []
    for row in missing:
        twin = extra_by_key.pop(tuple(row[place] for place in key), None)
        if twin is None:
            lines.append(f"{name} lacks at the target: {_shown(columns, row)}")
            continue
        extra.remove(twin)
        places = [place for place in range(len(columns)) if row[place] != twin[place]]
        changes = ", ".join(f"{columns[p]} is {_short(row[p])} but {_short(twin[p])}" for p in places)
        lines.append(f"{name} differs at {_shown([columns[p] for p in key], [row[p] for p in key])}: {changes}")
    lines += [f"{name} has only at the target: {_shown(columns, row)}" for row in extra]
    yield from lines[:DETAILS_MAX]
    if len(lines) > DETAILS_MAX:
        yield f"{name} has {len(lines) - DETAILS_MAX} more differences"


def _shown(columns: Sequence[str], values: Sequence[Any]) -> str:
    return ", ".join(f"{column} {_short(value)}" for column, value in zip(columns, values, strict=True))


def _short(value: Any) -> str:
    text = "NULL" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
