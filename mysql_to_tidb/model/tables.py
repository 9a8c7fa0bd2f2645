"""A table as the source defines it: columns, indexes, and the key that tells its rows apart."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from mysql_to_tidb.model.names import TableName


@dataclass(frozen=True, slots=True)
class Column:
    """One row of information_schema.COLUMNS, in its words (all names in lower case)."""

    name: str
    data_type: str
    """Without length or attributes: `int`, `varchar`, `datetime`."""
    column_type: str
    """In full: `int(10) unsigned`, `enum('a','b')`."""
    nullable: bool = True
    character_set: str | None = None
    collation: str | None = None
    characters_max: int | None = None
    octets_max: int | None = None
    numeric_precision: int | None = None
    numeric_scale: int | None = None
    fraction_digits: int = 0
    """Digits after the second of TIME, DATETIME and TIMESTAMP: 0 to 6."""
    members: tuple[str, ...] = ()
    """The labels of an ENUM or SET, in order."""
    default: str | None = None
    extra: str = ""
    comment: str = ""
    generation_expression: str = ""

    @property
    def unsigned(self) -> bool:
        return "unsigned" in self.column_type or "zerofill" in self.column_type

    @property
    def generated(self) -> bool:
        """Its value is computed by the server, stored or not; it must never be written."""
        return bool(self.generation_expression)

    @property
    def auto_increment(self) -> bool:
        return "auto_increment" in self.extra

    @property
    def invisible(self) -> bool:
        return "invisible" in self.extra.lower()


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One column (or expression) of an index."""

    column: str | None
    """None for an expression."""
    prefix_length: int | None = None
    expression: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """An index; the primary key is the one named PRIMARY."""

    name: str
    unique: bool
    parts: tuple[IndexPart, ...]
    kind: str = "BTREE"
    """BTREE, HASH, FULLTEXT, SPATIAL, RTREE, ..."""


class TableKind(StrEnum):
    TABLE = "table"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class Storage:
    """How TiDB is asked to store a table; by default in its own way."""

    auto_random_bits: int = 0
    """Of randomness in new ids; 0: they are in order."""
    nonclustered: bool = False
    shard_row_id_bits: int = 0
    pre_split_regions: int = 0
    """Exponents of two, both of them."""


DEFAULT_STORAGE = Storage()


@dataclass(frozen=True)
class Table:
    """A table, or a view, of the source."""

    name: TableName
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    engine: str = "InnoDB"
    kind: TableKind = TableKind.TABLE
    create_statement: str = field(default="", repr=False)
    """What SHOW CREATE TABLE or SHOW CREATE VIEW gave."""
    rows_estimate: int = 0
    bytes_estimate: int = 0
    row_format: str = ""
    collation: str | None = None
    storage: Storage = DEFAULT_STORAGE

    @cached_property
    def key(self) -> tuple[int, ...]:
        """Positions in `columns` of the key that tells rows apart; empty where there is none.

        The primary key, else the shortest UNIQUE index whose columns are all NOT NULL. An index over
        column prefixes, expressions or generated columns does not count.
        """
        positions = {column.name.lower(): place for place, column in enumerate(self.columns)}
        candidates: list[tuple[bool, int, str, tuple[int, ...]]] = []
        for index in self.indexes:
            if not index.unique or any(p.column is None or p.prefix_length for p in index.parts):
                continue
            places = tuple(positions[(part.column or "").lower()] for part in index.parts)
            columns = [self.columns[place] for place in places]
            if not any(column.nullable or column.generated for column in columns):
                candidates.append((index.name != "PRIMARY", len(places), index.name, places))
        return min(candidates)[3] if candidates else ()

    @cached_property
    def key_columns(self) -> tuple[Column, ...]:
        return tuple(self.columns[place] for place in self.key)

    @cached_property
    def stored(self) -> tuple[int, ...]:
        """Positions of the columns that are copied: all but generated ones, INVISIBLE ones included."""
        return tuple(place for place, column in enumerate(self.columns) if not column.generated)

    @cached_property
    def stored_columns(self) -> tuple[Column, ...]:
        return tuple(self.columns[place] for place in self.stored)
