"""Takes values on both ways from a real source to a real target, and asks the target what has arrived.

The values are written at the source as SQL literals. They are read back through the text protocol and from
the binary log, which must give equal batches; these are loaded, and a query that has nothing to do with the
families' own code must answer alike at source and target.
"""

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from pymysql.connections import Connection

from mysql_to_tidb.columns import Family, families_of
from mysql_to_tidb.columns.batches import batch_from_images
from mysql_to_tidb.model.changes import MappedTable, RowChanges, RowImage
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog.stream import BinlogStream
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.source.rows import read_batches, select_statement
from mysql_to_tidb.source.schema import read_table
from mysql_to_tidb.staging.staged import stage_rows
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.load import load_rows
from tests.lab.servers import Server

_server_ids = itertools.count(915_000)
_table_numbers = itertools.count(1)


@dataclass(frozen=True)
class Kind:
    """A kind of column, and how to ask for its values in a way that tells any two apart."""

    definition: str
    """At the source."""
    target_definition: str = ""
    """At the target, where it is another."""
    seen: str = "CAST({} AS CHAR)"
    """An expression over the column."""
    target_seen: str = ""
    read: Callable[[object], object] = str
    """What a value that was seen stands for."""
    comparable: bool = True
    """Whether the source compares values of this kind with literals, as it does those of keys."""

    def query(self, column: str, *, at_target: bool) -> str:
        return ((at_target and self.target_seen) or self.seen).format(column)


class Journey:
    """One source, one target, and a database on both."""

    def __init__(self, source: Server, target: Server, database: str) -> None:
        self.source, self.target = source, target
        self.database = database
        self.reader = open_source(source.settings)
        self.writer = source.connect()
        self.loader = open_target(target.settings)
        # By file and offset, whatever GTIDs the server has seen before.
        self.identity = dataclasses.replace(read_identity(self.reader), gtids=False)
        for connection in (self.writer, self.loader):
            _run(connection, f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
        self.writer.select_db(database)
        _run(self.writer, "SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'")

    def close(self) -> None:
        for connection in (self.writer, self.loader):
            _run(connection, f"DROP DATABASE {self.database}")
        for connection in (self.reader, self.writer, self.loader):
            connection.close()

    @cached_property
    def character_sets(self) -> dict[str, int]:
        """The source's character sets, each with the bytes of its longest character."""
        return {str(name): int(str(size)) for name, _, _, size in self.run("SHOW CHARACTER SET")}

    def run(self, statement: str) -> list[tuple[object, ...]]:
        """A statement at the source, in the journey's database."""
        return _run(self.writer, statement)

    def route(self, *kinds: Kind) -> "Route":
        """A new table on both sides with a column of each kind."""
        return Route(self, kinds)

    def read(self, table: Table, families: Sequence[Family]) -> pa.RecordBatch:
        select = select_statement(table, families, order_by=("id",))
        # A connection of its own, as one on which a value is refused is closed.
        with contextlib.closing(open_source(self.source.settings)) as reader:
            batches = list(read_batches(reader, select, families, batch_rows_max=7, batch_bytes_max=1 << 28))
        return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]

    def read_changes(self, table: Table, statement: str) -> tuple[MappedTable, list[RowImage]]:
        """What the binary log holds of the statement."""
        position = current_position(self.reader, self.identity)
        _run(self.writer, statement)
        stream = BinlogStream(
            self.source.settings,
            self.identity,
            position,
            server_id=next(_server_ids),
            table_of=lambda name: table if name == table.name else None,
        )
        images: list[RowImage] = []
        mapped = None
        with contextlib.closing(stream):
            for change in stream.changes(wait_seconds=1):
                if isinstance(change, RowChanges):
                    mapped = change.mapped
                    images += change.images
                elif mapped is not None:
                    return mapped, images
        raise AssertionError


class Route:
    """A table on both sides, and the ways between them."""

    def __init__(self, journey: Journey, kinds: Sequence[Kind]) -> None:
        self.journey, self.kinds = journey, kinds
        self.insert = "INSERT INTO"
        self.name = TableName(journey.database, f"t{next(_table_numbers)}")
        self.columns = [f"c{place}" for place in range(len(kinds))]
        source = ", ".join(f"{column} {kind.definition}" for column, kind in zip(self.columns, kinds, strict=True))
        target = ", ".join(
            f"{column} {kind.target_definition or kind.definition}"
            for column, kind in zip(self.columns, kinds, strict=True)
        )
        _run(journey.writer, f"CREATE TABLE {self.name.quoted} (id INT PRIMARY KEY, {source})")
        _run(journey.loader, f"CREATE TABLE {self.name.quoted} (id INT PRIMARY KEY, {target}) CHARACTER SET utf8mb4")
        table = read_table(journey.reader, self.name)
        assert table is not None
        self.table = table
        self.families = families_of(table)

    def read(self, rows: Sequence[Sequence[str]]) -> pa.RecordBatch:
        """Rows of one SQL literal for each column, as they travel. Asserts that both decoders agree."""
        journey = self.journey
        for connection in (journey.writer, journey.loader):
            _run(connection, f"DELETE FROM {self.name.quoted}")
        values = ", ".join(f"({number}, {', '.join(row)})" for number, row in enumerate(rows, start=1))
        mapped, images = journey.read_changes(self.table, f"{self.insert} {self.name.quoted} VALUES {values}")
        batch = journey.read(self.table, self.families)
        assert batch_from_images(mapped, images, self.families).to_pydict() == batch.to_pydict()
        return batch

    def carry(self, rows: Sequence[Sequence[str]]) -> pa.RecordBatch:
        """The same, and asserts that all arrives and that each value is found by its literal."""
        journey, batch = self.journey, self.read(rows)
        for replace in (False, True):
            load_rows(journey.loader, stage_rows(self.name, batch, self.families, replace=replace))
            assert self.seen(journey.loader, at_target=True) == self.seen(journey.writer, at_target=False)
        self.check_literals(batch)
        return batch

    def seen(self, connection: Connection, *, at_target: bool) -> list[tuple[object, ...]]:
        expressions = [
            kind.query(column, at_target=at_target) for column, kind in zip(self.columns, self.kinds, strict=True)
        ]
        rows = _run(connection, f"SELECT {', '.join(expressions)} FROM {self.name.quoted} ORDER BY id")
        readers = [kind.read for kind in self.kinds]
        return [
            tuple(None if value is None else read(value) for read, value in zip(readers, row, strict=True))
            for row in rows
        ]

    def check_literals(self, batch: pa.RecordBatch) -> None:
        """Each row is found by all its values at the target, and by each value that is not NULL at the source."""
        literals = [family.to_literals(values) for family, values in zip(self.families, batch.columns, strict=True)]
        exact, equal = [], []
        for row in zip(*literals, strict=True):
            pairs = list(zip(self.families, row, strict=True))
            exact.append(" AND ".join(family.equals(family.column.name, literal) for family, literal in pairs))
            equal += [
                f"id = {row[0]} AND {family.column.name} = {literal}"
                for (family, literal), kind in zip(pairs[1:], self.kinds, strict=True)
                if literal != "NULL" and kind.comparable
            ]
        assert self._found(self.journey.loader, exact) == [1] * batch.num_rows
        assert self._found(self.journey.writer, equal) == [1] * len(equal)

    def _found(self, connection: Connection, conditions: Sequence[str]) -> list[object]:
        counts: list[object] = []
        for start in range(0, len(conditions), 50):
            query = " UNION ALL ".join(
                f"SELECT {place} place, COUNT(*) found FROM {self.name.quoted} WHERE {condition}"
                for place, condition in enumerate(conditions[start : start + 50])
            )
            counts += [found for _, found in sorted(_run(connection, query))]
        return counts


@contextlib.contextmanager
def journey_between(source: Server, target: Server, database: str) -> Iterator[Journey]:
    journey = Journey(source, target, database)
    try:
        yield journey
    finally:
        journey.close()


def _run(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]
