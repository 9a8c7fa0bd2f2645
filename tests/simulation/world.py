"""One seed: a source that writes, runs that crash and are begun again, and a look at every commit of the target."""

import random
from dataclasses import dataclass

from mysql_to_tidb.errors import BinlogContradiction
from mysql_to_tidb.model.changes import ChangeKind
from mysql_to_tidb.model.positions import Position
from tests.simulation.client import Client, Fenced
from tests.simulation.rules import Rules
from tests.simulation.source import KEYED, Source
from tests.simulation.target import Conflict, Target

STEPS_MAX = 20_000
CRASHES_MAX = 4
CRASH_CHANCE = 0.008
WRITER_SHARE, DECIDER_SHARE = 0.1, 0.05
"""Of all steps; the rest are those of the runs."""
LOST_COMMIT_CHANCE = 0.05
ZOMBIE_CHANCE = 0.4
"""That a run which is replaced goes on, as one does whose lock was lost and which has not noticed."""


class Diverged(Exception):
    """The target is not what the source was, where it should be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened under a seed."""

    crashes: int
    zombies: int
    lost_commits: int
    looks: int
    """At how many commits the target was compared with the source."""


class World:
    """Everything moves by `random.Random(seed)` alone, so a seed always gives the same story."""

    def __init__(self, seed: int, rules: Rules, *, meddling: bool = False) -> None:
        self._meddling = meddling
        self._meddled: tuple[int, Position] | None = None
        """The key of a row that somebody else has removed from the target, and where that stood then."""
        self._chance = random.Random(seed)
        self._rules = rules
        self._source = Source(self._chance)
        self._target = Target(self._chance, LOST_COMMIT_CHANCE, self._look)
        self._clients = [self._new_client()]
        self._crashes = self._zombies = self._lost_commits = self._looks = 0

    def run(self) -> Outcome:
        """Raises Diverged, Conflict, or BinlogContradiction where the target went astray."""
        writing = self._source.steps()
        for _ in range(STEPS_MAX):
            self._crash_now_and_then()
            if not self._clients:
                self._clients = [self._new_client()]
            if self._meddling and not self._meddled:
                self._meddle()
            mover = self._chance.random()
            if mover < WRITER_SHARE:
                next(writing, None)
            elif mover < WRITER_SHARE + DECIDER_SHARE:
                if self._target.undecided:
                    self._lost_commits += 1
                    self._target.decide()
            elif self._step(self._chance.choice(self._clients)):
                return Outcome(self._crashes, self._zombies, self._lost_commits, self._looks)
        raise Diverged("no end is reached")

    def _new_client(self) -> Client:
        return Client(self._source, self._target, self._rules)

    def _crash_now_and_then(self) -> None:
        if self._crashes < CRASHES_MAX and self._chance.random() < CRASH_CHANCE:
            self._crashes += 1
            if self._chance.random() < ZOMBIE_CHANCE:
                self._zombies += 1
            else:
                for client in self._clients:
                    client.die()
                self._clients = []
            self._clients.append(self._new_client())

    def _step(self, client: Client) -> bool:
        """Whether that was the last one of all: the job's newest run is through."""
        steps = self._chance.choice(client.under_way)
        try:
            next(steps)
        except StopIteration:
            client.under_way.remove(steps)
            if client.finished and client is self._clients[-1]:
                self._finish()
                return True
        except Fenced:
            if client.epoch == self._target.state.epoch:
                raise Diverged("a run fenced itself out") from None
            client.die()
        if not client.under_way:
            self._clients.remove(client)
        return False

    def _finish(self) -> None:
        """Those who have been replaced may still do what they can; then both sides must be equal."""
        for client in self._clients[:-1]:
            for _ in range(STEPS_MAX):
                if client not in self._clients:
                    break
                while self._target.undecided:
                    self._target.decide()
                self._step(client)
        while self._target.undecided:
            self._target.decide()
        if self._meddled:
            self._check_meddled(*self._meddled)
        elif self._target.state.rows != self._source.states[-1]:
            raise Diverged(f"at the end: {self._target.state.rows} is not {self._source.states[-1]}")

    def _look(self) -> None:
        """Once consistent, the target stands between two source transactions, except between slices of one."""
        state = self._target.state
        if self._meddled or state.consistent is None or state.position is None or state.partial_changes:
            return
        if state.position.reaches(state.consistent):
            self._looks += 1
            if state.rows != self._source.at(state.position):
                raise Diverged(f"at {state.position}: {state.rows} is not {self._source.at(state.position)}")

    def _meddle(self) -> None:
        state = self._target.state
        if state.consistent and state.position and state.position.reaches(state.consistent) and state.rows.keyed:
            key = self._chance.choice(sorted(state.rows.keyed))
            del state.rows.keyed[key]
            self._meddled = (key, state.position)

    def _check_meddled(self, key: int, position: Position) -> None:
        """The run has ended well, so the source must have left that row alone."""
        while transaction := self._source.next_behind(position):
            changes, end = transaction
            for change in changes:
                before = change.images if change.kind is ChangeKind.DELETE else change.images[:-1:2]
                if change.mapped is KEYED and key in [image[0] for image in before]:
                    raise Diverged(f"that row {key} had gone was passed over at {change.position}")
            position = end.position


FAILURES = (Diverged, Conflict, BinlogContradiction)


def simulate(seed: int, rules: Rules | None = None, *, meddling: bool = False) -> Outcome:
    """Raises one of FAILURES where the target goes astray.

    With `meddling`, somebody else removes a row from the target once it is consistent: that must be met as a
    Conflict when the source next changes the row.
    """
    return World(seed, rules or Rules(), meddling=meddling).run()
