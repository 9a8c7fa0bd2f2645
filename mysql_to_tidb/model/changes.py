"""What the binary log says happened: changed rows, ends of transactions, statements, and silence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.tables import Table

RowImage = tuple[object, ...]
"""One row as the image decoder leaves it: one raw value for each column of the table, in order.

NULL is None. Integers, YEAR, ENUM and SET are int; FLOAT and DOUBLE are float; MEDIUMINT and every other
type are the bytes of the image without their length prefix. `columns` turns them into Arrow, a column at
a time, once a batch is full.
"""


class ChangeKind(IntEnum):
    INSERT = 1
    UPDATE = 2
    DELETE = 3


@dataclass(frozen=True, slots=True)
class ImageColumn:
    """How one column stands in the row images that follow a table map."""

    type_code: int
    """The real type, ENUM and SET told apart from CHAR (MySQL: enum_field_types)."""
    metadata: bytes
    """The column's own bytes of the table map's metadata block, in their order there."""


@dataclass(frozen=True, slots=True)
class MappedTable:
    """A migrated table together with the form that its row images have."""

    table: Table
    image: tuple[ImageColumn, ...]


@dataclass(frozen=True, slots=True)
class RowChanges:
    """The rows of one rows event; for UPDATE, before and after images in turn."""

    mapped: MappedTable
    kind: ChangeKind
    images: Sequence[RowImage]
    position: Position
    """Behind the event; its `gtid_set` is that behind the whole transaction."""

    @property
    def rows(self) -> int:
        """How many rows it changed."""
        return len(self.images) // 2 if self.kind is ChangeKind.UPDATE else len(self.images)

    def behind(self, rows: int) -> "RowChanges":
        """The same without its first rows."""
        return replace(self, images=self.images[2 * rows if self.kind is ChangeKind.UPDATE else rows :])


@dataclass(frozen=True, slots=True)
class TransactionEnd:
    """A commit: the only places at which a window may end."""

    position: Position
    """Behind the commit, with the GTID set executed up to here where the source has GTIDs."""
    committed_at: float
    """When the source committed, in seconds since 1970, as exact as the event tells it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement outside the row format, DDL as a rule; it ends its own transaction."""

    text: str
    schema: str
    """The default database in which it ran."""
    position: Position
    """Behind the statement; the same as `start` where rows follow in its transaction (CREATE TABLE ... SELECT)."""
    start: Position
    """Before it: where a job that stops at this statement is to go on."""
    committed_at: float
    sql_mode: int | None = None
    time_zone: str = ""
    """Of its session; empty where it did not matter to it."""
    database_collation: int | None = None
    """Number of the default collation of the default database, where the log tells it."""
    began_at_microseconds: int = 0
    """Since 1970: what NOW() gave in it; whole seconds where it did not ask for more."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing arrived for a while, or a heartbeat said that there is nothing to send."""

    position: Position
    """Where to go on from: behind everything that was given, and never within a transaction."""


Change = RowChanges | TransactionEnd | Statement | Silence
