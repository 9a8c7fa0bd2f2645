"""A source in memory: transactions go to its log first, and can be seen by readers some time later."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mysql_to_tidb.model.changes import MappedTable, RowChanges, RowImage, TransactionEnd
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from tests.lab.row_changes import Log, integer, mapped

KEYED = mapped(TableName("shop", "seats"), [integer("id"), integer("seat"), integer("price")], ["id"], ["seat"])
"""Rows of `(id, seat, price)`; seats are unique and move from row to row."""
KEYLESS = mapped(TableName("shop", "notes"), [integer("note")])
LOWEST_KEY, HIGHEST_KEY = 1, 30
FIRST_ROWS = 12
TRANSACTIONS = 40
LARGE_CHANCE = 0.1
IDS, SEATS, NOTES = range(LOWEST_KEY, HIGHEST_KEY + 1), range(100, 140), range(3)


@dataclass(slots=True)
class Rows:
    """The rows of both tables. A Counter equals another that has a row zero times which it lacks."""

    keyed: dict[int, RowImage] = field(default_factory=dict)
    keyless: Counter[RowImage] = field(default_factory=Counter)

    def copy(self) -> "Rows":
        return Rows(dict(self.keyed), Counter(self.keyless))


class Source:
    """Writes by itself, a step at a time, until it has written all its transactions."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._positions = Log()
        self._latest = Rows()
        self.log: list[tuple[list[RowChanges], TransactionEnd]] = []
        self._counts: dict[Position, int] = {}
        """By position, how many transactions end up to there."""
        self.states: list[Rows] = [Rows()]
        """After so many transactions."""
        self.visible = 0
        """How many transactions readers can see."""
        for _ in range(FIRST_ROWS):
            self._write([self._insert()])
        self.show()
        self._left = TRANSACTIONS

    @property
    def quiet(self) -> bool:
        """Whether it will write no more, and all can be seen."""
        return not self._left and self.visible == len(self.log)

    @property
    def log_end(self) -> Position:
        return self.log[-1][1].position

    @property
    def executed(self) -> Position:
        """Behind all that readers can see."""
        return self.log[self.visible - 1][1].position

    def read(self) -> Rows:
        """What a statement sees that begins now."""
        return self.states[self.visible]

    def at(self, position: Position) -> Rows:
        """The rows behind the transaction that ends at this position."""
        return self.states[self._counts[position]]

    def next_behind(self, position: Position) -> tuple[list[RowChanges], TransactionEnd] | None:
        """The transaction that the log has behind this position, if there is one yet."""
        count = self._counts[position]
        return self.log[count] if count < len(self.log) else None

    def show(self) -> None:
        """The storage engine has committed what the log has."""
        self.visible = len(self.log)

    def steps(self) -> Iterator[None]:
        """Write, and show what was written a while later."""
        while not self.quiet:
            if self._left and (self._chance.random() < 0.6 or self.visible == len(self.log)):
                self._left -= 1
                large = self._chance.random() < LARGE_CHANCE
                self._write([self._change() for _ in range(self._chance.randint(8, 20) if large else 2)])
            else:
                self.visible += 1
            yield

    def _write(self, changes: list[list[RowChanges]]) -> None:
        events = [event for events in changes for event in events]
        self.log.append((events, self._positions.end()))
        self.states.append(self._latest.copy())
        self._counts[self.log_end] = len(self.log)

    def _change(self) -> list[RowChanges]:
        rows = self._latest.keyed
        choices = [self._note]
        if len(rows) < len(IDS):
            choices += [self._insert] * 2
        if len(rows) > 2:
            choices += [self._delete, self._reprice, self._move_key, self._move_seat, self._swap_seats]
        return self._chance.choice(choices)()

    def _insert(self) -> list[RowChanges]:
        row = (self._free_id(), self._free_seat(), self._chance.randint(1, 9))
        self._latest.keyed[row[0]] = row
        return [self._positions.insert(KEYED, row)]

    def _delete(self) -> list[RowChanges]:
        return [self._positions.delete(KEYED, self._latest.keyed.pop(self._some_id()))]

    def _reprice(self) -> list[RowChanges]:
        row = self._latest.keyed[self._some_id()]
        return [self._update(row, (row[0], row[1], self._chance.randint(1, 9)))]

    def _move_key(self) -> list[RowChanges]:
        row = self._latest.keyed[self._some_id()]
        return [self._update(row, (self._free_id(), *row[1:]))] if len(self._latest.keyed) < len(IDS) else []

    def _move_seat(self) -> list[RowChanges]:
        row = self._latest.keyed[self._some_id()]
        return [self._update(row, (row[0], self._free_seat(), row[2]))]

    def _swap_seats(self) -> list[RowChanges]:
        first, second = (self._latest.keyed[key] for key in self._chance.sample(sorted(self._latest.keyed), 2))
        aside = (first[0], self._free_seat(), first[2])
        events = [self._update(first, aside), self._update(second, (second[0], first[1], second[2]))]
        return [*events, self._update(aside, (first[0], second[1], first[2]))]

    def _update(self, before: RowImage, after: RowImage) -> RowChanges:
        del self._latest.keyed[before[0]]
        self._latest.keyed[after[0]] = after
        return self._positions.update(KEYED, before, after)

    def _note(self) -> list[RowChanges]:
        there = sorted(self._latest.keyless.elements())
        note = (self._chance.choice(NOTES),)
        if there and self._chance.random() < 0.5:
            gone = self._chance.choice(there)
            self._latest.keyless[gone] -= 1
            return [self._positions.delete(KEYLESS, gone)]
        self._latest.keyless[note] += 1
        return [self._positions.insert(KEYLESS, note)]

    def _some_id(self) -> int:
        return self._chance.choice(sorted(self._latest.keyed))

    def _free_id(self) -> int:
        return self._chance.choice([key for key in IDS if key not in self._latest.keyed])

    def _free_seat(self) -> int:
        taken = {row[1] for row in self._latest.keyed.values()}
        return self._chance.choice([seat for seat in SEATS if seat not in taken])


def table_of(name: TableName) -> MappedTable:
    return KEYED if name == KEYED.table.name else KEYLESS
