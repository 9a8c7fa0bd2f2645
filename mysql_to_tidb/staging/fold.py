"""Folds the row changes of some source transactions into what they leave behind, key by key.

Of each row only two things matter to the target: whether it was there before the window, and what it is after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from mysql_to_tidb.columns.batches import key_literals
from mysql_to_tidb.errors import BinlogContradiction
from mysql_to_tidb.model.changes import ChangeKind, MappedTable, RowChanges, RowImage, TransactionEnd
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.staging.keys import RawKey

_COLUMN_BYTES = 32
"""What a value costs that is not counted byte by byte."""
_VARCHAR = 15
_LONG_TYPES = {242, 245, 249, 250, 251, 252, 255}
"""VECTOR, JSON, the BLOBs and TEXTs, GEOMETRY (MySQL source, enum_field_types)."""
_SHORT_BYTES_MAX = 1020
"""A VARCHAR(255) of utf8mb4 at the most."""


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """When a window is full. It ends behind the source transaction in which it becomes so."""

    changes_max: int
    bytes_max: int
    atomic_changes_max: int = 100_000
    """A source transaction of more changes, or more bytes, is cut into slices."""
    atomic_bytes_max: int = 64 << 20


class _TableFold:
    """The changes of one table."""

    def __init__(self, mapped: MappedTable) -> None:
        self.mapped = mapped
        self.row_bytes = _COLUMN_BYTES * len(mapped.image)
        self.long_columns = _long_columns(mapped)


class KeyedFold(_TableFold):
    """The changes of one table whose rows a key tells apart."""

    def __init__(self, mapped: MappedTable, *, contradictions_allowed: bool = False) -> None:
        super().__init__(mapped)
        self.rows: dict[RawKey, tuple[bool, RowImage | None]] = {}
        """By the raw value of the key (a tuple where it has several columns): whether the row was there before
        the window, and its last image, None where it is gone."""
        self._key: Callable[[RowImage], RawKey] = itemgetter(*mapped.table.key)
        self._contradictions_allowed = contradictions_allowed

    def add(self, changes: RowChanges) -> None:
        if changes.kind is ChangeKind.UPDATE:
            self._update(changes)
        elif changes.kind is ChangeKind.INSERT:
            self._insert(changes)
        else:
            self._delete(changes)

    def _insert(self, changes: RowChanges) -> None:
        rows, key_of = self.rows, self._key
        for image in changes.images:
            key = key_of(image)
            known = rows.get(key)
            if known is None:
                rows[key] = (False, image)
            else:
                if known[1] is not None:
                    self._contradiction(key, changes, "is inserted, and is there already")
                rows[key] = (known[0], image)

    def _delete(self, changes: RowChanges) -> None:
        rows, key_of = self.rows, self._key
        for image in changes.images:
            key = key_of(image)
            known = rows.get(key)
            if known is None:
                rows[key] = (True, None)
            else:
                if known[1] is None:
                    self._contradiction(key, changes, "is deleted, and is gone already")
                rows[key] = (known[0], None)

    def _update(self, changes: RowChanges) -> None:
        rows, key_of = self.rows, self._key
        images = changes.images
        for before, after in zip(images[::2], images[1::2], strict=True):
            old, new = key_of(before), key_of(after)
            known = rows.get(old)
            if known is None:
                known = (True, before)
            elif known[1] is None:
                self._contradiction(old, changes, "is updated, and is gone already")
            if old == new:
                rows[old] = (known[0], after)
                continue
            rows[old] = (known[0], None)
            known = rows.get(new, (False, None))
            if known[1] is not None:
                self._contradiction(new, changes, "is what another row's key is changed to, and is there already")
            rows[new] = (known[0], after)

    def _contradiction(self, key: RawKey, changes: RowChanges, what: str) -> None:
        if self._contradictions_allowed:
            return
        (literal,) = key_literals(self.mapped, [key])
        raise BinlogContradiction(
            f"in the source's log, the row with the key {literal} of {self.mapped.table.name} {what}",
            where=f"{self.mapped.table.name} at {changes.position}",
        )


class KeylessFold(_TableFold):
    """The changes of one table without a key: how many more or fewer there are of each row."""

    def __init__(self, mapped: MappedTable) -> None:
        super().__init__(mapped)
        self.deltas: dict[RowImage, int] = {}
        """By the whole image; those that come to nothing are kept as 0."""

    def add(self, changes: RowChanges) -> None:
        if changes.kind is ChangeKind.UPDATE:
            self._count(changes.images[::2], -1)
            self._count(changes.images[1::2], 1)
        else:
            self._count(changes.images, 1 if changes.kind is ChangeKind.INSERT else -1)

    def _count(self, images: Sequence[RowImage], step: int) -> None:
        deltas = self.deltas
        for image in images:
            deltas[image] = deltas.get(image, 0) + step


Fold = KeyedFold | KeylessFold


class Window:
    """Changes that the target gets in one transaction: whole source transactions, or a slice of a large one.

    `begun_changes` counts the changes of the transaction that is going on which came before this window.
    """

    def __init__(self, limits: WindowLimits, *, contradictions_allowed: bool = False, begun_changes: int = 0) -> None:
        self.position: Position | None = None
        """Behind the last transaction; None until one has ended."""
        self.committed_at = 0.0
        """When the source committed that; 0 where none has ended."""
        self.transactions = 0
        self.changes = 0
        self.bytes = 0
        """What the images take, roughly."""
        self.steps: list[dict[TableName, Fold]] = []
        """One as a rule. The images of a table whose form has changed begin a new one: each step starts from
        what the step before leaves."""
        self.complete = not begun_changes
        """Whether the window stands between two source transactions."""
        self.is_slice = False
        """Whether it ends within a source transaction, by `cut`."""
        self._limits = limits
        self._begun_changes = begun_changes
        self._ended_changes = 0
        """Of the transactions that have ended."""
        self._cut_changes, self._cut_bytes = limits.atomic_changes_max, limits.atomic_bytes_max
        if begun_changes:
            self._cut_changes, self._cut_bytes = limits.changes_max, limits.bytes_max
        self._contradictions_allowed = contradictions_allowed
        self._maps: list[MappedTable] = []
        self._folds: dict[int, Fold] = {}
        """Of the last step, by the id of their table map: comparing maps would cost more than folding."""

    @property
    def is_empty(self) -> bool:
        """Whether it has no row changes; its position may have moved all the same."""
        return not self.changes

    @property
    def is_full(self) -> bool:
        """Whether it should end as soon as it is complete."""
        return self.changes >= self._limits.changes_max or self.bytes >= self._limits.bytes_max

    @property
    def is_overfull(self) -> bool:
        """Whether the transaction that is going on is too large for one transaction of the target."""
        return self.changes >= self._cut_changes or self.bytes >= self._cut_bytes

    @property
    def partial_changes(self) -> int:
        """How many changes of the transaction that is going on are in this window and those before it."""
        return 0 if self.complete else self._begun_changes + self.changes - self._ended_changes

    def pass_over(self, changes: RowChanges) -> None:
        """Count changes of the transaction that the target has already by another way."""
        self._begun_changes += changes.rows
        self.complete = False

    def cut(self) -> None:
        """End the window here, within a source transaction."""
        self.is_slice = not self.complete

    def add(self, changes: RowChanges) -> None:
        """Take in a rows event. Raises BinlogContradiction where the events before it rule it out."""
        fold = self._folds.get(id(changes.mapped)) or self._fold(changes.mapped)
        fold.add(changes)
        self.complete = False
        rows = len(changes.images)
        self.changes += rows // 2 if changes.kind is ChangeKind.UPDATE else rows
        self.bytes += rows * fold.row_bytes
        if fold.long_columns:
            self.bytes += _long_bytes(changes.images, fold.long_columns)

    def end(self, end: TransactionEnd) -> None:
        """The source transaction is complete."""
        self.transactions += 1
        self.committed_at = end.committed_at
        self.advance(end.position)

    def advance(self, position: Position) -> None:
        """Nothing that concerns the job happened up to here."""
        self.position = position
        self.complete = True
        self._begun_changes = 0
        self._ended_changes = self.changes
        self._cut_changes = self.changes + self._limits.atomic_changes_max
        self._cut_bytes = self.bytes + self._limits.atomic_bytes_max

    def _fold(self, mapped: MappedTable) -> Fold:
        """The fold for a table map that has not been met yet, under the name or in the form that it has."""
        name = mapped.table.name
        fold = self.steps[-1].get(name) if self.steps else None
        if fold is None or fold.mapped != mapped:
            if fold is not None or not self.steps:
                self.steps.append({})
                self._folds.clear()
            fold = self.steps[-1][name] = self._new_fold(mapped)
        # What has an id must live as long as the id is known.
        self._maps.append(mapped)
        self._folds[id(mapped)] = fold
        return fold

    def _new_fold(self, mapped: MappedTable) -> Fold:
        if mapped.table.key:
            return KeyedFold(mapped, contradictions_allowed=self._contradictions_allowed)
        return KeylessFold(mapped)


def _long_bytes(images: Sequence[RowImage], columns: Sequence[int]) -> int:
    return sum([len(value) for image in images for place in columns if isinstance(value := image[place], bytes)])


def _long_columns(mapped: MappedTable) -> tuple[int, ...]:
    """Positions of the columns whose values are counted byte by byte."""
    return tuple(
        place
        for place, column in enumerate(mapped.image)
        if column.type_code in _LONG_TYPES
        or (column.type_code == _VARCHAR and int.from_bytes(column.metadata, "little") > _SHORT_BYTES_MAX)
    )
