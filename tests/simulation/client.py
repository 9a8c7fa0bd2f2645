"""A run of a job, in steps that others can come between: what the stages do, with the product's folds and positions."""

from collections.abc import Callable, Generator, Iterator

from mysql_to_tidb.model.checkpoints import ApplyMode, ChunkState, TableRecord, TableState
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.stages.snapshots import Snapshots
from mysql_to_tidb.staging.fold import KeyedFold, KeylessFold, Window, WindowLimits
from tests.simulation.rules import Rules
from tests.simulation.source import HIGHEST_KEY, KEYLESS, LOWEST_KEY, Source
from tests.simulation.target import ChunkRow, Conflict, ConnectionLost, State, Target, Transaction

CHUNK_KEYS = 12
PART_ROWS = 3
LIMITS = WindowLimits(changes_max=4, bytes_max=1 << 30, atomic_changes_max=8)

Steps = Iterator[None]


class Fenced(Exception):
    """Another run has taken over."""


class Client:
    """One process. `steps` gives what it has under way: several loads at a time, then one sync."""

    def __init__(self, source: Source, target: Target, rules: Rules) -> None:
        self._source = source
        self._target = target
        self._rules = rules
        self.epoch = 0
        self._open: list[Transaction] = []
        self.under_way: list[Steps] = [self._run()]
        self.finished = False

    def die(self) -> None:
        """As by kill -9: what was not committed is undone by the server."""
        self.under_way = []
        for transaction in self._open:
            if transaction not in self._target.undecided:
                transaction.rollback()

    def _run(self) -> Steps:
        yield from self._again(self._take_over)
        if self._target.state.start is None:
            early = self._rules.start_before_rows
            position = self._source.executed if self._rules.start_behind_commits else self._source.log_end
            yield
            yield from self._again(lambda: self._record("start", position if early else None))
        if not self._target.state.chunks:
            yield from self._again(self._plan)
        loads = [
            self._again(lambda number=number: self._load(number))
            for number, chunk in self._target.state.chunks.items()
            if chunk.state is not ChunkState.LOADED
        ]
        ended: list[int] = []
        self.under_way += [self._noting(load, ended) for load in loads]
        while len(ended) < len(loads):
            yield
        if self._target.state.start is None:
            late = self._source.executed
            yield from self._again(lambda: self._record("start", late))
        if self._target.state.consistent is None:
            late = self._source.log_end if self._rules.consistent_behind_rows else self._target.state.start
            yield
            yield from self._again(lambda: self._record("consistent", late))
        yield from self._again(self._sync)
        self.finished = True

    def _noting(self, steps: Steps, ended: list[int]) -> Steps:
        yield from steps
        ended.append(1)

    def _again(self, work: Callable[[], Steps]) -> Steps:
        """A task with its retries, each of which goes on from what the ledger says."""
        done = False
        while not done:
            try:
                yield from work()
            except ConnectionLost:
                yield
            else:
                done = True

    def _transaction(self) -> Transaction:
        transaction = Transaction(self._target)
        self._open.append(transaction)
        return transaction

    def _take_over(self) -> Steps:
        transaction = self._transaction()
        yield from transaction.lock("job", "checkpoint", *(f"chunk {number}" for number in self._target.state.chunks))

        def take(state: State) -> int:
            state.epoch += 1
            state.checkpoint_epoch = state.epoch
            for chunk in state.chunks.values():
                chunk.epoch = state.epoch
            return state.epoch

        self.epoch = transaction.execute(take)
        yield from transaction.commit()

    def _record(self, name: str, position: Position | None) -> Steps:
        transaction = self._transaction()
        yield from transaction.lock("job", "checkpoint")

        def record(state: State) -> None:
            self._check(state.epoch)
            if getattr(state, name) is None:
                setattr(state, name, position)
            if name == "start":
                state.position = position

        transaction.execute(record)
        yield from transaction.commit()

    def _check(self, epoch: int) -> None:
        if self._rules.fenced and epoch != self.epoch:
            raise Fenced

    def _plan(self) -> Steps:
        transaction = self._transaction()
        yield from transaction.lock("job")

        def plan(state: State) -> None:
            self._check(state.epoch)
            lowers = range(LOWEST_KEY - 1, HIGHEST_KEY, CHUNK_KEYS)
            for number, lower in enumerate(lowers):
                state.chunks[number] = ChunkRow(lower, lower + CHUNK_KEYS, lower, epoch=self.epoch)
            state.chunks[len(lowers)] = ChunkRow(0, 0, 0, keyed=False, epoch=self.epoch)

        if not self._target.state.chunks:
            transaction.execute(plan)
        yield from transaction.commit()

    def _load(self, number: int) -> Steps:
        chunk = yield from self._reread(number)
        if chunk.state is not ChunkState.LOADED:
            yield from (self._load_range if chunk.keyed else self._load_snapshot)(number, chunk)

    def _reread(self, number: int) -> Generator[None, None, ChunkRow]:
        """The chunk as it stands, once nobody else is about to change it."""
        transaction = self._transaction()
        if self._rules.lost_commit_awaited:
            yield from transaction.lock(f"chunk {number}")
        chunk = transaction.execute(lambda state: state.copy().chunks[number])
        transaction.rollback()
        if chunk.state is not ChunkState.LOADED:
            self._check(chunk.epoch)
        return chunk

    def _load_range(self, number: int, chunk: ChunkRow) -> Steps:
        """One statement, whose rows arrive little by little and are committed in parts."""
        seen = self._source.read().keyed
        keys = sorted(key for key in seen if chunk.last_key < key <= chunk.upper)
        yield
        for start in range(0, max(len(keys), 1), PART_ROWS):
            part = keys[start : start + PART_ROWS]
            finished = start + PART_ROWS >= len(keys)

            def load(state: State, part: list[int] = part) -> None:
                for key in part:
                    state.insert(seen[key], replace=self._rules.load_replaces)

            last_key = part[-1] if part else chunk.last_key
            yield from self._commit_part(number, chunk, load, last_key, finished=finished)

    def _load_snapshot(self, number: int, chunk: ChunkRow) -> Steps:
        while self._rules.snapshot_is_exact and self._source.visible < len(self._source.log):
            yield
        rows, position = self._source.read(), self._source.log_end
        notes = sorted(rows.keyless.elements())
        yield
        yield from self._move(number, chunk, lambda state: setattr(state, "snapshot", position))
        if self._rules.snapshot_begins_anew:
            yield from self._move(number, chunk, lambda state: state.rows.keyless.clear())
        for start in range(0, max(len(notes), 1), PART_ROWS):
            part = notes[start : start + PART_ROWS]

            def load(state: State, part: list[tuple[object, ...]] = part) -> None:
                for note in part:
                    state.add_notes(note, 1)

            yield from self._commit_part(number, chunk, load, 0, finished=start + PART_ROWS >= len(notes))

    def _commit_part(
        self, number: int, chunk: ChunkRow, load: Callable[[State], None], last_key: int, *, finished: bool
    ) -> Steps:
        """Rows and ledger row; a commit whose outcome is unknown is begun again from what the ledger says."""

        def advance(state: State) -> None:
            state.chunks[number].last_key = chunk.last_key = last_key
            state.chunks[number].state = ChunkState.LOADED if finished else ChunkState.LOADING

        if self._rules.part_with_ledger:
            yield from self._move(number, chunk, load, advance)
        else:
            yield from self._move(number, chunk, advance)
            yield from self._move(number, chunk, load)

    def _move(self, number: int, chunk: ChunkRow, *statements: Callable[[State], None]) -> Steps:
        """One transaction under the chunk's fence."""

        def hold(state: State) -> None:
            row = state.chunks[number]
            self._check(row.epoch)
            if self._rules.fenced and self._rules.lost_commit_asked_for and row.sequence != chunk.sequence:
                raise Fenced
            row.sequence += 1

        transaction = self._transaction()
        yield from transaction.lock(f"chunk {number}")
        for statement in (hold, *statements):
            transaction.execute(statement)
            yield
        try:
            yield from transaction.commit()
        except ConnectionLost:
            if self._rules.lost_commit_asked_for:
                raise
            yield from self._move(number, chunk, *statements)
            return
        chunk.sequence += 1

    def _sync(self) -> Steps:
        """Follow the log to its end, once the source has fallen silent."""
        while self._rules.lost_commit_awaited and "checkpoint" in self._target.locks:
            yield
        state = self._target.state.copy()
        self._check(state.checkpoint_epoch)
        assert state.position is not None
        records = [TableRecord(KEYLESS.table, TableState.LOADED, state.snapshot)]
        snapshots = Snapshots(records if self._rules.snapshot_hides_changes else [], state.position)
        position, done, window = state.position, state.partial_changes, self._new_window(state, state.partial_changes)
        while not (self._source.quiet and position == self._source.log_end and window.is_empty):
            yield
            transaction = self._source.next_behind(position)
            if transaction is None:
                continue
            changes, end = transaction
            for change in changes:
                if done:
                    done -= min(done, change.rows)
                    continue
                if snapshots.show(change, position):
                    window.pass_over(change)
                    continue
                window.add(change)
                if window.is_overfull:
                    window.cut()
                    yield from self._apply(state, window)
                    window = self._new_window(state, window.partial_changes)
            window.end(end)
            position = end.position
            if window.is_full or (not window.is_empty and position == self._source.log_end):
                yield from self._apply(state, window)
                window = self._new_window(state)

    def _new_window(self, state: State, begun_changes: int = 0) -> Window:
        return Window(
            LIMITS, contradictions_allowed=self._mode(state) is not ApplyMode.EXACT, begun_changes=begun_changes
        )

    def _mode(self, state: State) -> ApplyMode:
        assert state.position is not None
        assert state.consistent is not None
        exact = self._rules.exact_once_consistent and state.position.reaches(state.consistent)
        return ApplyMode.EXACT if exact else ApplyMode.CONVERGENT

    def _apply(self, state: State, window: Window) -> Steps:
        """One transaction: the checkpoint first, then the rows. `state` is the checkpoint that this run knows."""
        mode = self._mode(state)
        position = window.position or state.position
        partial = window.partial_changes if self._rules.slices_are_counted else 0

        def advance(now: State) -> None:
            self._check(now.checkpoint_epoch)
            if self._rules.fenced and now.sequence != state.sequence:
                raise Fenced
            now.sequence += 1
            now.position, now.partial_changes = position, partial

        def write(now: State) -> None:
            for step in window.steps:
                for fold in step.values():
                    self._delete(now, fold, mode)
                for fold in step.values():
                    self._write(now, fold, mode)

        groups = [[advance, write]] if self._rules.checkpoint_with_rows else [[write], [advance]]
        for statements in groups:
            transaction = self._transaction()
            yield from transaction.lock("checkpoint")
            for statement in statements:
                transaction.execute(statement)
                yield
            yield from transaction.commit()
        state.sequence += 1
        state.position, state.partial_changes = position, partial

    def _delete(self, now: State, fold: KeyedFold | KeylessFold, mode: ApplyMode) -> None:
        if isinstance(fold, KeylessFold):
            for note, delta in fold.deltas.items():
                now.add_notes(note, min(delta, 0))
            return
        for key, (existed, _) in fold.rows.items():
            if self._rules.deletes_first:
                self._delete_row(now, key, mode, existed=existed)

    def _delete_row(self, now: State, key: object, mode: ApplyMode, *, existed: bool) -> None:
        if existed or (mode is ApplyMode.CONVERGENT and self._rules.touched_rows_deleted):
            found = now.rows.keyed.pop(key, None)
            if found is None and mode is ApplyMode.EXACT:
                raise Conflict(f"row {key} is to be deleted, and is not there")

    def _write(self, now: State, fold: KeyedFold | KeylessFold, mode: ApplyMode) -> None:
        if isinstance(fold, KeylessFold):
            for note, delta in fold.deltas.items():
                now.add_notes(note, max(delta, 0))
            return
        for key, (existed, image) in fold.rows.items():
            if not self._rules.deletes_first:
                self._delete_row(now, key, mode, existed=existed)
            if image is not None:
                now.insert(image, replace=mode is ApplyMode.CONVERGENT)
