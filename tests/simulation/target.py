"""A target in memory: transactions with locks, and commits whose outcome nobody is told."""

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from mysql_to_tidb.model.changes import RowImage
from mysql_to_tidb.model.checkpoints import ChunkState
from mysql_to_tidb.model.positions import Position
from tests.simulation.source import Rows

Answer = TypeVar("Answer")


class ConnectionLost(Exception):
    """While a commit was under way: it may or may not happen."""


class Conflict(Exception):
    """A count was not what it should have been."""


@dataclass(slots=True)
class ChunkRow:
    """The ledger's row of a chunk: keys above `lower` up to `upper`, or a whole table without a key."""

    lower: int
    upper: int
    last_key: int
    keyed: bool = True
    state: ChunkState = ChunkState.PENDING
    epoch: int = 0
    sequence: int = 0


@dataclass(slots=True)
class State:
    """All that the target holds."""

    rows: Rows = field(default_factory=Rows)
    epoch: int = 0
    start: Position | None = None
    consistent: Position | None = None
    snapshot: Position | None = None
    chunks: dict[int, ChunkRow] = field(default_factory=dict)
    position: Position | None = None
    """Of the checkpoint, as are the next three."""
    partial_changes: int = 0
    sequence: int = 0
    checkpoint_epoch: int = 0

    def copy(self) -> "State":
        """A state of its own; far faster than deepcopy."""
        mine = copy.copy(self)
        mine.rows = self.rows.copy()
        mine.chunks = {number: copy.copy(chunk) for number, chunk in self.chunks.items()}
        return mine

    def insert(self, row: RowImage, *, replace: bool) -> None:
        """LOAD DATA of a row with a key. With `replace`, rows with its key or its seat give way."""
        keyed = self.rows.keyed
        in_the_way = [key for key, other in keyed.items() if key == row[0] or other[1] == row[1]]
        if in_the_way and not replace:
            raise Conflict(f"{row} is to be new, and {in_the_way} are in its way")
        for key in in_the_way:
            del keyed[key]
        keyed[row[0]] = row

    def add_notes(self, row: RowImage, count: int) -> None:
        """Insert a row of the table without a key so many times, or delete it so many times."""
        self.rows.keyless[row] += count
        if self.rows.keyless[row] < 0:
            raise Conflict(f"{-count} rows {row} are to be deleted, and not as many are there")


class Transaction:
    """Statements that take effect together. What they see is what has been committed, and their own work."""

    def __init__(self, target: "Target") -> None:
        self._target = target
        self._statements: list[Callable[[State], object]] = []

    def lock(self, *names: str) -> Iterator[None]:
        """Wait for rows of the ledger, and keep them until the end."""
        for name in names:
            while self._target.locks.get(name, self) is not self:
                yield
            self._target.locks[name] = self
        yield

    def execute(self, statement: Callable[[State], Answer]) -> Answer:
        """Raises what the statement raises, which undoes the transaction."""
        state = self._target.state.copy()
        try:
            for earlier in self._statements:
                earlier(state)
            answer = statement(state)
        except Exception:
            self.rollback()
            raise
        self._statements.append(statement)
        return answer

    def commit(self) -> Iterator[None]:
        """Raises ConnectionLost where the outcome will be known later, and not to the client."""
        yield
        if self._target.loses_a_commit():
            self._target.undecided.append(self)
            raise ConnectionLost
        self.apply()
        yield

    def apply(self) -> None:
        for statement in self._statements:
            statement(self._target.state)
        self.rollback()
        self._target.committed()

    def rollback(self) -> None:
        """Nothing has been done, and nothing is locked any longer."""
        self._statements = []
        self._target.locks = {name: owner for name, owner in self._target.locks.items() if owner is not self}


class Target:
    """`committed` is called after each commit, to look whether what others can see now is right."""

    def __init__(self, chance: random.Random, lost_commit_chance: float, committed: Callable[[], None]) -> None:
        self._chance = chance
        self._lost_commit_chance = lost_commit_chance
        self.committed = committed
        self.state = State()
        self.locks: dict[str, Transaction] = {}
        self.undecided: list[Transaction] = []

    def loses_a_commit(self) -> bool:
        return self._chance.random() < self._lost_commit_chance

    def decide(self) -> None:
        """A transaction whose client is gone is committed or undone."""
        transaction = self.undecided.pop(0)
        if self._chance.random() < 0.5:
            transaction.apply()
        else:
            transaction.rollback()
