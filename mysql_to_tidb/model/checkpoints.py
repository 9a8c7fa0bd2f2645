"""How far a job is: its place in the source's history, its tables, and the chunks of each."""

from dataclasses import dataclass, field
from enum import StrEnum

from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.keys import KeyLiterals, KeyRange
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.tables import Table


class ApplyMode(StrEnum):
    """What a window of changes may find in the target."""

    CONVERGENT = "convergent"
    """Before the copy is consistent: keyed rows may be older or newer than the window; keyless ones are exact."""
    EXACT = "exact"
    """Every changed or deleted row is there and every inserted one is not, or the job stops."""
    OVERWRITE = "overwrite"
    """After a Restart: the source's rows win, keyed or keyless, whatever is in the target."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Up to where changes have been applied; committed together with them."""

    job: str
    epoch: int
    sequence: int
    """Grows by one with each applied window."""
    position: Position
    source_committed_at: float = 0.0
    """When the source committed its last applied transaction, in seconds since 1970; 0 for none yet."""
    applied_at: float = 0.0
    """When that was applied, in seconds since 1970."""
    transactions: int = 0
    """Source transactions applied since the job began."""
    changes: int = 0
    """Row changes applied since the job began."""
    partial_changes: int = 0
    """Row changes of the source transaction behind `position` that have been applied: a slice of a large one."""

    @property
    def fence(self) -> Fence:
        return Fence(self.job, self.epoch)

    @property
    def lag_seconds(self) -> float:
        """How long the last applied transaction took from its commit at the source to the target."""
        return max(0.0, self.applied_at - self.source_committed_at) if self.source_committed_at else 0.0


class TableState(StrEnum):
    """How far a table is."""

    PENDING = "pending"
    CREATED = "created"
    PLANNED = "planned"
    LOADING = "loading"
    LOADED = "loaded"


class ChunkState(StrEnum):
    """How far a chunk is."""

    PENDING = "pending"
    LOADING = "loading"
    LOADED = "loaded"


@dataclass(frozen=True, slots=True)
class TableRecord:
    """A migrated table with all that its load and its changes need to know."""

    table: Table
    state: TableState
    snapshot: Position | None = None
    """For a table without a key: the exact position of the snapshot it was read in; its changes count from here."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of one table, the unit of work of the full load."""

    job: str
    table: TableName
    number: int
    range: KeyRange = field(default_factory=KeyRange)
    """All of the table where it has no key."""
    last_key: KeyLiterals | None = None
    """The last key that has been loaded; the chunk goes on above it."""
    state: ChunkState = ChunkState.PENDING
    epoch: int = 0
    sequence: int = 0
    """Grows by one with each committed part."""
    rows_loaded: int = 0
    bytes_loaded: int = 0
    digest: str = ""
    """Of the rows loaded so far, in the loader's own form."""
    seen_gtid_set: str = ""
    """GTIDs that the source had executed when the last of them had been read: what they may show."""

    @property
    def fence(self) -> Fence:
        return Fence(self.job, self.epoch)

    @property
    def rest(self) -> KeyRange:
        """What is left to load."""
        return KeyRange(self.last_key or self.range.lower, self.range.upper)


@dataclass(frozen=True, slots=True)
class ChunkPart:
    """What one transaction adds to a chunk."""

    rows: int
    bytes: int
    last_key: KeyLiterals | None
    """The key of its last row; None when it has none or the table has no key."""
    digest: str = ""
    """Of all rows of the chunk so far, these included."""
    finished: bool = False
    """Whether the chunk has no more rows."""
    seen_gtid_set: str = ""
    """GTIDs that the source had executed when the rows had been read; empty where it has none."""
