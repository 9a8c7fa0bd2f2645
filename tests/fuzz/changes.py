"""Random streams of changes: transactions of SQL statements, decided by the generator alone.

No statement depends on what a query has answered, so that the same seed gives the same stream again; what
it does to the rows is decided by the one connection that executes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from tests.fuzz.schemas import ColumnPlan, TablePlan

KEYS_REMEMBERED_MAX = 200

Row = dict[str, str]
"""Literals by column name."""


@dataclass
class _Table:
    """A table and rows that have been written to it at some time."""

    plan: TablePlan
    rows: list[Row] = field(default_factory=list)

    def remember(self, chance: Random, row: Row) -> None:
        if len(self.rows) < KEYS_REMEMBERED_MAX:
            self.rows.append(row)
        else:
            self.rows[chance.randrange(KEYS_REMEMBERED_MAX)] = row


class ChangeStream:
    """First rows, and transactions of changes after them."""

    def __init__(self, chance: Random, plans: list[TablePlan]) -> None:
        self.chance = chance
        self.tables = [_Table(plan) for plan in plans]

    def first_rows(self, rows_per_table: int) -> Iterator[list[str]]:
        """One transaction for every hundred rows of a table."""
        for table in self.tables:
            for start in range(0, rows_per_table, 100):
                count = min(100, rows_per_table - start)
                yield ["BEGIN", *(self._insert(table, 1) for _ in range(count)), "COMMIT"]

    def transactions(self) -> Iterator[list[str]]:
        """Without end."""
        while self.tables:
            yield self._transaction()

    def _transaction(self) -> list[str]:
        chance = self.chance
        if chance.random() < 0.3:
            return [self._change(chance.choice(self.tables))]  # commits by itself
        statements = ["BEGIN"]
        tables = chance.sample(self.tables, min(len(self.tables), chance.choice((1, 1, 2, 3))))
        for place in range(chance.choice((1, 2, 4, 10, 40))):
            if chance.random() < 0.08:
                statements += self._undone(chance.choice(tables), place)
            elif chance.random() < 0.06:
                statements += self._swap(chance.choice(tables))
            else:
                statements.append(self._change(chance.choice(tables)))
        return [*statements, "ROLLBACK" if chance.random() < 0.1 else "COMMIT"]

    def _undone(self, table: _Table, place: int) -> list[str]:
        changes = [self._change(table) for _ in range(self.chance.randint(1, 3))]
        return [f"SAVEPOINT `point {place}`", *changes, f"ROLLBACK TO `point {place}`"]

    def _change(self, table: _Table) -> str:
        chance = self.chance
        common = [self._insert_some, self._update_one, self._update_one, self._delete_one, self._update_some]
        rare = [self._delete_some, self._copy_some, self._update_all, self._insert_or_update, self._replace]
        if table.plan.key:
            common.append(self._move_key)
            rare.append(self._shift_keys)
        return chance.choice(common if chance.random() < 0.85 else rare)(table)

    def _row(self, table: _Table) -> Row:
        row = {column.name: column.value(self.chance) for column in table.plan.written}
        table.remember(self.chance, row)
        return row

    def _insert(self, table: _Table, count: int, verb: str = "INSERT INTO") -> str:
        columns = table.plan.written
        rows = [self._row(table) for _ in range(count)]
        names = ", ".join(column.quoted for column in columns)
        values = ", ".join("(" + ", ".join(row[column.name] for column in columns) + ")" for row in rows)
        return f"{verb} {table.plan.quoted} ({names}) VALUES {values}"

    def _insert_some(self, table: _Table) -> str:
        return self._insert(table, self.chance.choice((1, 1, 2, 5)))

    def _replace(self, table: _Table) -> str:
        return self._insert(table, self.chance.choice((1, 2)), "REPLACE INTO")

    def _insert_or_update(self, table: _Table) -> str:
        return f"{self._insert(table, 2)} ON DUPLICATE KEY UPDATE {self._assignments(table)}"

    def _copy_some(self, table: _Table) -> str:
        """Rows that are there already: without a key they are there twice then, with one this fails."""
        key = set(table.plan.key)
        columns = table.plan.written
        names = ", ".join(column.quoted for column in columns)
        values = ", ".join(column.value(self.chance) if column in key else column.quoted for column in columns)
        name = table.plan.quoted
        return f"INSERT INTO {name} ({names}) SELECT {values} FROM {name} LIMIT {self.chance.randint(1, 3)}"

    def _assignments(self, table: _Table) -> str:
        ordinary = [column for column in table.plan.written if column not in table.plan.key]
        chosen = self.chance.sample(ordinary, min(len(ordinary), self.chance.choice((1, 1, 2, 5))))
        return ", ".join(f"{column.quoted} = {column.value(self.chance)}" for column in chosen)

    def _update_one(self, table: _Table) -> str:
        return f"UPDATE {table.plan.quoted} SET {self._assignments(table)} WHERE {self._one(table)} LIMIT 1"

    def _update_some(self, table: _Table) -> str:
        return f"UPDATE {table.plan.quoted} SET {self._assignments(table)} {self._order(table)}"

    def _update_all(self, table: _Table) -> str:
        ordinary = [column for column in table.plan.written if column not in table.plan.key]
        column = self.chance.choice(ordinary)
        return f"UPDATE {table.plan.quoted} SET {column.quoted} = {column.value(self.chance)}"

    def _delete_one(self, table: _Table) -> str:
        return f"DELETE FROM {table.plan.quoted} WHERE {self._one(table)} LIMIT 1"

    def _delete_some(self, table: _Table) -> str:
        return f"DELETE FROM {table.plan.quoted} {self._order(table)}"

    def _order(self, table: _Table) -> str:
        keys = ", ".join(f"{column.quoted} {self.chance.choice(('ASC', 'DESC'))}" for column in table.plan.key)
        order = f"ORDER BY {keys} " if keys else ""
        return f"{order}LIMIT {self.chance.choice((1, 3, 20))}"

    def _move_key(self, table: _Table) -> str:
        column = self.chance.choice(table.plan.key)
        value = column.value(self.chance)
        table.remember(self.chance, {**self._known(table), column.name: value})
        return f"UPDATE {table.plan.quoted} SET {column.quoted} = {value} WHERE {self._one(table)} LIMIT 1"

    def _shift_keys(self, table: _Table) -> str:
        """Many keys at once, each into the place of the next."""
        column = table.plan.key[0]
        assert column.type is not None
        if column.type.text:
            return self._respell_keys(table, column)
        if not column.type.integer:
            return self._move_key(table)
        step, order = self.chance.choice((("+", "DESC"), ("-", "ASC")))
        limit = f"ORDER BY {column.quoted} {order} LIMIT {self.chance.choice((5, 50))}"
        return f"UPDATE {table.plan.quoted} SET {column.quoted} = {column.quoted} {step} 1 {limit}"

    def _respell_keys(self, table: _Table, column: ColumnPlan) -> str:
        """Keys that the source may take for the same as before."""
        name = column.quoted
        spelled = self.chance.choice((f"UPPER({name})", f"LOWER({name})", f"CONCAT({name}, ' ')", f"TRIM({name})"))
        return f"UPDATE {table.plan.quoted} SET {name} = {spelled} {self._order(table)}"

    def _swap(self, table: _Table) -> list[str]:
        """Two rows change their keys by way of a third one."""
        if not table.plan.key:
            return [self._change(table)]
        one, other = self._known(table), self._known(table)
        between = {column.name: column.value(self.chance) for column in table.plan.key}
        moves = ((one, between), (other, one), (between, other))
        return [self._rename(table, old, new) for old, new in moves]

    def _rename(self, table: _Table, old: Row, new: Row) -> str:
        assignments = ", ".join(f"{column.quoted} = {new[column.name]}" for column in table.plan.key)
        return f"UPDATE {table.plan.quoted} SET {assignments} WHERE {_equal(table.plan.key, old)} LIMIT 1"

    def _known(self, table: _Table) -> Row:
        return self.chance.choice(table.rows) if table.rows else self._row(table)

    def _one(self, table: _Table) -> str:
        """A condition for a row that has been there at some time, or for the one with the least key."""
        if table.plan.key:
            return _equal(table.plan.key, self._known(table))
        comparable = [column for column in table.plan.written if column.type and column.type.can_be_key]
        return _equal(self.chance.sample(comparable, 1), self._known(table)) if comparable else "TRUE"


def _equal(columns: tuple[ColumnPlan, ...] | list[ColumnPlan], row: Row) -> str:
    return " AND ".join(f"{column.quoted} <=> {row[column.name]}" for column in columns)
