"""Random changes, folded into random windows and applied, leave the target as a simple model says."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from mysql_to_tidb.model.changes import MappedTable, RowChanges, RowImage
from mysql_to_tidb.model.checkpoints import ApplyMode
from mysql_to_tidb.staging.fold import Window
from mysql_to_tidb.target.apply import apply_window
from tests.lab.lane import LIMITS, Lane, ordered
from tests.lab.row_changes import Log, integer, text
from tests.lab.servers import Server

TRANSACTIONS = 40
KEYS = 12
"""So few that most changes meet a row that has changed before."""


@dataclass
class Model:
    """A table with at most one row of each key and of each value in its unique second column."""

    table: MappedTable
    log: Log
    chance: random.Random
    rows: list[RowImage] = field(default_factory=list)

    def change(self) -> RowChanges:
        """One random statement of a few rows, as the source's log tells it."""
        kind = self.chance.random()
        if kind < 0.35 or not self.rows:
            return self.log.insert(self.table, *(row for _ in range(3) if (row := self._insert()) is not None))
        if kind < 0.55:
            return self.log.delete(self.table, *(self._take() for _ in range(min(2, len(self.rows)))))
        return self.log.update(self.table, *(image for _ in range(3) for image in self._update()))

    def _insert(self) -> RowImage | None:
        row = self._random_row()
        if not self._fits(row):
            return None
        self.rows.append(row)
        return row

    def _take(self) -> RowImage:
        return self.rows.pop(self.chance.randrange(len(self.rows)))

    def _update(self) -> Iterator[RowImage]:
        before = self._take()
        after = self._random_row()
        if self.chance.random() < 0.5:  # the key stays
            places = self.table.table.key
            after = tuple(before[place] if place in places else value for place, value in enumerate(after))
        if not self._fits(after):
            after = before
        self.rows.append(after)
        yield before
        yield after

    def _random_row(self) -> RowImage:
        chance = self.chance
        name = chance.choice([b"a", b"A", b"b", b"B", b"c", b"D", b"d"])
        unique = chance.choice([None, *(b"u%d" % number for number in range(KEYS))])
        return (chance.randrange(KEYS), unique, name, chance.choice([None, 0, 1]))

    def _fits(self, row: RowImage) -> bool:
        places = self.table.table.key
        unique = [] if not places else [places] if row[1] is None else [places, (1,)]
        return all(_seen(row, each) not in {_seen(other, each) for other in self.rows} for each in unique)


def _seen(row: RowImage, places: tuple[int, ...]) -> tuple[object, ...]:
    """Values as the unique indexes see them: without case."""
    return tuple(value.lower() if isinstance(value := row[place], bytes) else value for place in places)


KINDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "keyed": (("id",), ("u",)),
    "composite": (("name", "id"), ("u",)),
    "without case": (("name",), ("u",)),
    "keyless": (),
}


@pytest.fixture
def lane(target: Server, database_name: str) -> Iterator[Lane]:
    lane = Lane(target, database_name)
    yield lane
    lane.close()


def _models(lane: Lane, chance: random.Random) -> list[Model]:
    columns = [integer("id"), text("u", nullable=True), text("name"), integer("n", nullable=True)]
    return [Model(lane.table(columns, *unique, name=name), lane.log, chance) for name, unique in KINDS.items()]


@pytest.mark.parametrize("seed", range(6))
def test_the_target_follows_the_source(lane: Lane, seed: int) -> None:
    chance = random.Random(seed)
    models = _models(lane, chance)
    window = Window(LIMITS)
    for _ in range(TRANSACTIONS):
        for _ in range(chance.randrange(1, 6)):
            window.add(chance.choice(models).change())
        window.end(lane.log.end())
        if chance.random() < 0.3:
            lane.checkpoint = apply_window(lane.connection, lane.checkpoint, window, ApplyMode.EXACT)
            window = Window(LIMITS)
            assert [lane.rows(model.table) for model in models] == [ordered(model.rows) for model in models]
    lane.checkpoint = apply_window(lane.connection, lane.checkpoint, window, ApplyMode.EXACT)
    assert [lane.rows(model.table) for model in models] == [ordered(model.rows) for model in models]


@pytest.mark.parametrize("seed", range(6))
def test_a_copy_of_rows_of_many_moments_becomes_consistent(lane: Lane, seed: int) -> None:
    """Each row is copied as it was at some moment of the load, then all changes since its begin are applied."""
    chance = random.Random(seed)
    models = [model for model in _models(lane, chance) if model.table.table.key]
    for model in models:
        for _ in range(5):
            model.change()  # rows from before the load
    moments = [[list(model.rows) for model in models]]
    transactions = []
    for _ in range(TRANSACTIONS):
        transactions.append([chance.choice(models).change() for _ in range(chance.randrange(1, 4))])
        moments.append([list(model.rows) for model in models])
    for number, model in enumerate(models):
        _copy(lane, model, [moment[number] for moment in moments], chance)
    window = Window(LIMITS)
    for changes in transactions:
        for change in changes:
            window.add(change)
        window.end(lane.log.end())
        if chance.random() < 0.2:
            lane.checkpoint = apply_window(lane.connection, lane.checkpoint, window, ApplyMode.CONVERGENT)
            window = Window(LIMITS)
    lane.checkpoint = apply_window(lane.connection, lane.checkpoint, window, ApplyMode.CONVERGENT)
    assert [lane.rows(model.table) for model in models] == [ordered(model.rows) for model in models]
    lane.apply(*(model.change() for model in models))
    assert [lane.rows(model.table) for model in models] == [ordered(model.rows) for model in models]


def _copy(lane: Lane, model: Model, moments: list[list[RowImage]], chance: random.Random) -> None:
    """Load what chunks would: rows replace those in their way, as they do in the full load."""
    places = model.table.table.key
    keys = sorted({_seen(row, places) for rows in moments for row in rows}, key=repr)
    for key in keys:
        found = [row for row in chance.choice(moments) if _seen(row, places) == key]
        if found:
            row = ", ".join("NULL" if value is None else repr(value).removeprefix("b") for value in found[0])
            lane.execute(f"REPLACE INTO {model.table.table.name.quoted} VALUES ({row})")


@pytest.mark.parametrize("seed", range(6))
def test_after_a_restart_the_source_wins_over_drift_of_every_kind(lane: Lane, seed: int) -> None:
    """Rows that the window touches become what the source has; strangers with their values give way."""
    chance = random.Random(seed)
    models = [model for model in _models(lane, chance) if model.table.table.key]
    lane.apply(*(model.change() for model in models for _ in range(6)))
    touched = Window(LIMITS, contradictions_allowed=True)
    for model in models:
        table = model.table.table.name.quoted
        lane.execute(f"DELETE FROM {table} WHERE n = 0")
        lane.execute(f"UPDATE {table} SET n = 7")
        for row in list(model.rows):
            touched.add(lane.log.update(model.table, row, row))
        touched.add(model.change())
    touched.end(lane.log.end())
    lane.checkpoint = apply_window(lane.connection, lane.checkpoint, touched, ApplyMode.OVERWRITE)
    assert [lane.rows(model.table) for model in models] == [ordered(model.rows) for model in models]
