"""Rows events made by hand: what the source's log would say about small tables."""

from collections.abc import Iterator, Sequence
from itertools import count

from mysql_to_tidb.model.changes import ChangeKind, ImageColumn, MappedTable, RowChanges, RowImage, TransactionEnd
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table

LONG, VARCHAR = 3, 15
"""Type codes (MySQL source, enum_field_types)."""

INT = ImageColumn(LONG, b"")
TEXT = ImageColumn(VARCHAR, (400).to_bytes(2, "little"))


def integer(name: str, *, nullable: bool = False) -> Column:
    return Column(name, "int", "int", nullable=nullable)


def text(name: str, *, nullable: bool = False, collation: str = "utf8mb4_general_ci") -> Column:
    return Column(
        name,
        "varchar",
        "varchar(100)",
        nullable=nullable,
        character_set="utf8mb4",
        collation=collation,
        characters_max=100,
        octets_max=400,
    )


def mapped(name: TableName, columns: Sequence[Column], *unique: Sequence[str]) -> MappedTable:
    """A table with unique indexes, the first of them its primary key, together with its images."""
    names = ["PRIMARY", *(f"unique_{number}" for number in range(1, len(unique)))]
    indexes = (
        tuple(
            Index(index, unique=True, parts=tuple(IndexPart(part) for part in parts))
            for index, parts in zip(names, unique, strict=bool(unique))
        )
        if unique
        else ()
    )
    image = tuple(INT if column.data_type == "int" else TEXT for column in columns)
    return MappedTable(Table(name, tuple(columns), indexes), image)


def create_statement(table: Table) -> str:
    """For the target: columns and unique indexes alone."""
    lines = []
    for column in table.columns:
        collation = f" COLLATE {column.collation}" if column.collation else ""
        lines.append(f"`{column.name}` {column.column_type}{collation}{'' if column.nullable else ' NOT NULL'}")
    for index in table.indexes:
        kind = "PRIMARY KEY" if index.name == "PRIMARY" else f"UNIQUE KEY `{index.name}`"
        lines.append(f"{kind} ({', '.join(f'`{part.column}`' for part in index.parts)})")
    return f"CREATE TABLE {table.name.quoted} ({', '.join(lines)})"


class Log:
    """Counts positions up, so that each event has its own."""

    def __init__(self) -> None:
        self._offsets: Iterator[int] = count(100, 10)

    def position(self) -> Position:
        return Position("binlog.000001", next(self._offsets))

    def insert(self, table: MappedTable, *images: RowImage) -> RowChanges:
        return RowChanges(table, ChangeKind.INSERT, images, self.position())

    def delete(self, table: MappedTable, *images: RowImage) -> RowChanges:
        return RowChanges(table, ChangeKind.DELETE, images, self.position())

    def update(self, table: MappedTable, *images: RowImage) -> RowChanges:
        """Before and after images in turn."""
        return RowChanges(table, ChangeKind.UPDATE, images, self.position())

    def end(self, committed_at: float = 1e9) -> TransactionEnd:
        return TransactionEnd(self.position(), committed_at)
