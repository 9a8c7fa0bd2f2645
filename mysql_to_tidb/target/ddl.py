"""From a table's shapes before and after a schema change to single statements of the target, in an order it takes.

Each step says how to see whether it has been carried out, so that a run that was killed in between goes on rightly.
What the target might do otherwise than the source did is left to tables without rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from mysql_to_tidb.model.definitions import foreign_keys_of, quote_string
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.target.ddl_values import Doubt, doubts_of_added, doubts_of_changed, filled_now
from mysql_to_tidb.target.schema import create_table_statement, drafted, foreign_key_statements
from mysql_to_tidb.target.schema_draft import ColumnDraft, IndexDraft, TableDraft

_AWAY = "mysql_to_tidb_away"
"""The name of a column for a moment, while two columns swap theirs."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What can be seen at the target once a step has been carried out: whether a thing is there or is not."""

    kind: str
    """table, column or index."""
    schema: str
    table: str
    name: str
    present: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One statement; without a sign it may be repeated."""

    statement: str
    sign: Sign | None = None
    done: bool = False

    def fields(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        sign = fields["sign"]
        return cls(fields["statement"], Sign(**sign) if sign else None, fields["done"])


@dataclass(frozen=True, slots=True)
class TablePlan:
    """How a table of the target follows an ALTER TABLE."""

    steps: tuple[Step, ...]
    doubts: tuple[Doubt, ...] = ()
    """What must not be found among its rows."""
    anew: tuple[Step, ...] = field(default=())
    """How a table without rows is made instead, where doubts stand against `steps` or the target may refuse them."""


def table_sign(name: TableName, *, present: bool) -> Sign:
    return Sign("table", name.schema, name.table, "", present)


def create_step(table: Table) -> Step:
    """Raises UnsupportedSchema where the table cannot be carried rightly."""
    return Step(create_table_statement(table).statement, table_sign(table.name, present=True))


def drop_step(name: TableName) -> Step:
    return Step(f"DROP TABLE IF EXISTS {name.quoted}", table_sign(name, present=False))


def alter_plan(before: Table, after: Table, origins: Mapping[str, str], *, strict: bool, now: str) -> TablePlan:
    """Both shapes have the same name; `origins` gives old names of columns by new ones.

    `now` is what CURRENT_TIMESTAMP(6) gave at the source, in the time zone of its session and in UTC, told apart
    by `filled_now`. Raises UnsupportedSchema where the new shape cannot be carried rightly.
    """
    alter = _Alter(before, after, dict(origins), now)
    create_table_statement(after)
    steps = tuple(alter.steps())
    doubts: list[Doubt] = []
    for column in after.columns:
        old = origins.get(column.name)
        if old is None:
            doubts += doubts_of_added(after.name, alter.new.column(column.name))
        else:
            was = next(c for c in before.columns if c.name == old)
            doubts += doubts_of_changed(after.name, was, column, strict=strict)
    anew = (drop_step(before.name), create_step(after)) if doubts or alter.hard else ()
    return TablePlan(steps, tuple(doubts), anew)


class _Alter:
    """Walks from the one draft to the other, keeping the order of columns as it is after each step."""

    def __init__(self, before: Table, after: Table, origins: dict[str, str], now: str) -> None:
        self.old, self.new = drafted(before), drafted(after)
        self._before, self._after = before, after
        self._name = before.name
        self._origins = origins
        self._now = now
        self._order = [column.column.name for column in self.old.columns]
        self._recollated = {new.lower() for new, old in origins.items() if self._collation_changes(old, new)}
        """Columns, by their new names in lower case."""
        self.hard = _primary(self.old) != _primary(self.new) or any(
            column.stored for column in self.new.columns if column.column.name not in origins
        )

    def _collation_changes(self, old: str, new: str) -> bool:
        before, after = self.old.column(old), self.new.column(new)
        return bool(before and after and before.column.collation != after.column.collation)

    def steps(self) -> Iterator[Step]:
        yield from self._foreign_keys_dropped()
        yield from self._indexes_dropped()
        yield from self._columns_dropped()
        yield from self._columns_renamed()
        yield from self._columns_changed()
        yield from self._indexes_added()
        yield from self._options()
        yield from self._foreign_keys_added()

    def _alter(self, what: str, sign: Sign | None = None) -> Step:
        return Step(f"ALTER TABLE {self._name.quoted} {what}", sign)

    def _column(self, name: str, *, present: bool) -> Sign:
        return Sign("column", self._name.schema, self._name.table, name, present)

    def _index(self, name: str, *, present: bool) -> Sign:
        return Sign("index", self._name.schema, self._name.table, name, present)

    def _old_indexes(self) -> dict[str, str]:
        """What each index of before would be with the new names of its columns; empty where it cannot stay."""
        names = {old.lower(): new for new, old in self._origins.items()}
        renamed = [_renamed(index, names) for index in self.old.indexes]
        return {index.index.name.lower(): "" if self._in_the_way(index) else index.render() for index in renamed}

    def _in_the_way(self, index: IndexDraft) -> bool:
        """TiDB changes no collation of a column that is indexed."""
        columns = {(part.column or "").lower() for part in index.index.parts}
        return index.index.name != "PRIMARY" and bool(columns & self._recollated)

    def _indexes_dropped(self) -> Iterator[Step]:
        kept = {index.index.name.lower(): index.render() for index in self.new.indexes}
        told = self._old_indexes()
        for index in self.old.indexes:
            name = index.index.name
            if kept.get(name.lower()) == told[name.lower()]:
                continue
            what = "PRIMARY KEY" if name == "PRIMARY" else f"INDEX {quote_name(name)}"
            yield self._alter(f"DROP {what}", self._index(name, present=False))

    def _indexes_added(self) -> Iterator[Step]:
        told = self._old_indexes()
        for index in self.new.indexes:
            if told.get(index.index.name.lower()) != index.render():
                yield self._alter(f"ADD {index.render()}", self._index(index.index.name, present=True))

    def _columns_dropped(self) -> Iterator[Step]:
        kept = set(self._origins.values())
        for name in [name for name in self._order if name not in kept]:
            # A table always has a column: where all others go, the new ones come first.
            if len(self._order) > 1:
                self._order.remove(name)
                yield self._alter(f"DROP COLUMN {quote_name(name)}", self._column(name, present=False))

    def _columns_renamed(self) -> Iterator[Step]:
        waiting = {old: new for new, old in self._origins.items() if old != new}
        while waiting:
            free = next((old for old, new in waiting.items() if not self._taken(new, old)), None)
            if free is None:
                old, new = next(iter(waiting.items()))
                del waiting[old]
                yield self._rename(old, _AWAY)
                waiting[_AWAY] = new
                continue
            yield self._rename(free, waiting.pop(free))

    def _taken(self, name: str, by: str) -> bool:
        return any(other.lower() == name.lower() and other != by for other in self._order)

    def _rename(self, old: str, new: str) -> Step:
        self._order[self._order.index(old)] = new
        sign = None if old.lower() == new.lower() else self._column(new, present=True)
        return self._alter(f"RENAME COLUMN {quote_name(old)} TO {quote_name(new)}", sign)

    def _columns_changed(self) -> Iterator[Step]:
        """New columns and changed ones, from left to right, each in its place."""
        present = {new: self.old.column(old) for new, old in self._origins.items()}
        previous = ""
        for column in self.new.columns:
            name = column.column.name
            place = f" AFTER {quote_name(previous)}" if previous else " FIRST"
            was = present.get(name)
            if was is None:
                yield from self._added(column, place, previous)
            elif self._needs_move(name, previous):
                self._move(name, previous)
                yield self._alter(f"MODIFY COLUMN {column.render()}{place}")
            elif column.render() != _under_name(was, name).render():
                yield self._alter(f"MODIFY COLUMN {column.render()}")
            previous = name
        for name in [name for name in self._order if name not in {c.column.name for c in self.new.columns}]:
            yield self._alter(f"DROP COLUMN {quote_name(name)}", self._column(name, present=False))

    def _added(self, column: ColumnDraft, place: str, previous: str) -> Iterator[Step]:
        """A column whose default is the time gets the time of the source in the rows that are there."""
        name, filled = column.column.name, filled_now(column, self._now)
        self._order.insert(self._order.index(previous) + 1 if previous else 0, name)
        sign = self._column(name, present=True)
        last = "" if self._order[-1] == name else place
        if filled is None:
            yield self._alter(f"ADD COLUMN {column.render()}{last}", sign)
        else:
            yield self._alter(f"ADD COLUMN {filled.render()}{last}", sign)
            yield self._alter(f"MODIFY COLUMN {column.render()}")

    def _needs_move(self, name: str, previous: str) -> bool:
        place = self._order.index(name)
        return (self._order[place - 1] if place else "") != previous

    def _move(self, name: str, previous: str) -> None:
        self._order.remove(name)
        self._order.insert(self._order.index(previous) + 1 if previous else 0, name)

    def _options(self) -> Iterator[Step]:
        if self.old.collation != self.new.collation:
            yield self._alter(f"DEFAULT CHARACTER SET utf8mb4 COLLATE {self.new.collation}")
        if self.old.comment != self.new.comment:
            yield self._alter(f"COMMENT={quote_string(self.new.comment)}")
        if self.new.auto_increment and self.old.auto_increment != self.new.auto_increment:
            yield self._alter(f"AUTO_INCREMENT={self.new.auto_increment}")

    def _foreign_keys_dropped(self) -> Iterator[Step]:
        kept = set(foreign_keys_of(self._after))
        for key in foreign_keys_of(self._before):
            if key not in kept:
                sign = Sign("foreign key", self._name.schema, self._name.table, key.name, present=False)
                yield self._alter(f"DROP FOREIGN KEY {quote_name(key.name)}", sign)

    def _foreign_keys_added(self) -> Iterator[Step]:
        before = {key.name for key in foreign_keys_of(self._before)}
        parents = [
            replace(
                self._after,
                name=TableName(k.parent_schema, k.parent_table),
                create_statement="CREATE TABLE x (`a` int)",
            )
            for k in foreign_keys_of(self._after)
        ]
        statements, _ = foreign_key_statements([self._after, *(p for p in parents if p.name != self._after.name)])
        for key in statements:
            if key.name not in before:
                sign = Sign("foreign key", self._name.schema, self._name.table, key.name, present=True)
                yield Step(key.statement, sign)


def _primary(draft: TableDraft) -> str:
    return next((index.render() for index in draft.indexes if index.index.name == "PRIMARY"), "")


def _renamed(index: IndexDraft, names: Mapping[str, str]) -> IndexDraft:
    parts = tuple(
        replace(part, column=names.get((part.column or "").lower(), part.column)) for part in index.index.parts
    )
    return replace(index, index=replace(index.index, parts=parts))


def _under_name(draft: ColumnDraft, name: str) -> ColumnDraft:
    return replace(draft, column=replace(draft.column, name=name))
