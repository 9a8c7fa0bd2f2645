"""What the log says that rows were before it changed them: how a later reading is taken back to an earlier moment.

The target stands exactly at its checkpoint; the source is read a little later. A row that the log between the two
does not touch is the same at both moments; of one that it does, the first event holds the row as it was.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import Generic, TypeVar

from mysql_to_tidb.model.changes import ChangeKind

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class FirstTouches(Generic[K, R]):
    """The rows as they were before the log touched them, of the keys that are wanted."""

    def __init__(self, wanted: Collection[K]) -> None:
        self._wanted = wanted
        self.before: dict[K, R | None] = {}
        """None for a row that was not there."""

    def take(self, kind: ChangeKind, old_key: K | None, before: R | None, new_key: K | None) -> None:
        """One changed row, in the order of the log; `old_key` and `before` for all but inserts."""
        if kind is not ChangeKind.INSERT and old_key is not None:
            self._note(old_key, before)
        if kind is not ChangeKind.DELETE and new_key is not None and new_key != old_key:
            self._note(new_key, None)

    def _note(self, key: K, row: R | None) -> None:
        if key in self._wanted:
            self.before.setdefault(key, row)

    def taken_back(self, rows: Mapping[K, R]) -> dict[K, R]:
        """Rows that were read after the log ended, as they were before it began."""
        known = {key: row for key, row in rows.items() if key not in self.before}
        return known | {key: row for key, row in self.before.items() if row is not None}
