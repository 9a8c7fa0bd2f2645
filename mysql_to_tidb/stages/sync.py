"""The sync: follows the source's binary log and keeps the target at a boundary between two transactions."""

import time

from pymysql.connections import Connection

from mysql_to_tidb.errors import BinlogHistoryChanged, SourceUnavailable
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.changes import RowChanges, Silence, Statement, TransactionEnd
from mysql_to_tidb.model.checkpoints import ApplyMode
from mysql_to_tidb.model.jobs import Fence, JobRecord
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Mode, Until
from mysql_to_tidb.source.binlog import BinlogStream
from mysql_to_tidb.source.binlog.spool import SpoolLimits
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.stages.applier import Applier
from mysql_to_tidb.stages.ddl import SchemaChanges
from mysql_to_tidb.stages.running import End, Watch
from mysql_to_tidb.stages.server import keep_to_history
from mysql_to_tidb.stages.snapshots import Snapshots
from mysql_to_tidb.staging.fold import Window, WindowLimits
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.state import StateStore

WAIT_SECONDS = 0.05
"""How long nothing arrives before the loop looks around."""
IDLE_CHECKPOINT_SECONDS = 1.0
"""How often the checkpoint moves on while nothing concerns the job."""
FOLLOW_SECONDS_MAX = 6 * 3600.0
"""A sync goes on for months; it is begun anew so often, so that a fault each month does not add up."""
CAUGHT_UP_SECONDS = 2.0
"""A job has caught up when it is where the source was at most so long ago."""


def follow(job: Job, source: ServerSettings, target: ServerSettings, fence: Fence, until: Until) -> End:
    """Apply every change behind the checkpoint, until the goal is reached or a pause is asked for.

    Called again after an error it goes on behind the last commit. Raises StreamError where the log cannot be
    followed, TargetConflict where target and source disagree, and what both connections raise.
    """
    connection = open_source(source)
    state = open_target(target)
    try:
        store = StateStore(state)
        record = store.read_job(fence.job)
        if record.start_position is None:
            return End.REACHED  # a full copy of a source without a binary log: there is nothing to follow
        identity = read_identity(connection)
        keep_to_history(store, fence, connection, identity)
        record = store.read_job(fence.job)
        goal = _Goal(job.mode, until, record, connection, identity)
        return _Sync(job, source, target, identity, store, fence).run(goal)
    finally:
        connection.close()
        state.close()


class _Sync:
    """One run along the binary log, from the checkpoint on."""

    def __init__(
        self,
        job: Job,
        source: ServerSettings,
        target: ServerSettings,
        identity: ServerIdentity,
        store: StateStore,
        fence: Fence,
    ) -> None:
        spec = job.limits
        self._limits = WindowLimits(spec.window_changes, spec.window_bytes, spec.atomic_changes, spec.atomic_bytes)
        self._watch = Watch(store, fence)
        self._record = store.read_job(fence.job)
        checkpoint = store.checkpoints.take(fence)
        records = store.tables.records(fence.job)
        self._tables = {record.table.name: record.table for record in records}
        self._schema_changes = SchemaChanges(job, source, target, fence, self._tables)
        self._snapshots = Snapshots(records, checkpoint.position)
        self._exact_from: Position | None = None
        self._position = checkpoint.position
        self._handed_over_at = time.monotonic()
        self._finished_changes = checkpoint.partial_changes
        self._window = self._new_window(checkpoint.partial_changes)
        self._stream = BinlogStream(
            source,
            identity,
            checkpoint.position,
            server_id=job.replica_server_id,
            table_of=self._tables.get,
            spool=SpoolLimits(spec.spool_folder, spec.spool_memory_bytes),
        )
        try:
            self._applier = Applier(target, checkpoint, self._mode_at, windows_waiting_max=job.limits.windows_waiting)
        except BaseException:
            self._stream.close()  # a run that is tried again must not leave connections behind
            raise

    def run(self, goal: "_Goal") -> End:
        """Follow the log. What has been read but not committed when this ends is read again next time."""
        try:
            return self._follow(goal)
        finally:
            self._stream.close()
            self._applier.close()

    def _follow(self, goal: "_Goal") -> End:
        renew_at = time.monotonic() + FOLLOW_SECONDS_MAX
        for change in self._stream.changes(wait_seconds=WAIT_SECONDS):
            match change:
                case RowChanges():
                    if not self._take(change):
                        continue
                case TransactionEnd():
                    self._end(change)
                case Statement():
                    self._meet(change)
                case Silence() if self._window.complete:
                    self._window.advance(change.position)
            self._applier.check()
            if self._window.complete:
                self._position = change.position
                self._hand_over_if_due()
                if goal.may_be_reached(change.position):
                    self._hand_over_all()
                    if goal.is_reached(change.position):
                        return End.REACHED
            if self._watch.pause_requested():
                self._hand_over_all()
                return End.PAUSED
            if time.monotonic() > renew_at and self._window.complete:
                self._hand_over_all()
                return End.RENEWED
        raise SourceUnavailable("the source has ended its stream of changes", where=str(self._position))

    def _meet(self, statement: Statement) -> None:
        """Carry a schema change over, with everything before it committed; other statements are only passed."""
        if not self._schema_changes.concerns(statement):
            self._end(TransactionEnd(statement.position, statement.committed_at))
            return
        self._hand_over_all()
        mode = self._mode_at(self._position)
        checkpoint = self._schema_changes.carry_out(statement, self._applier.checkpoint, mode)
        self._applier.checkpoint = checkpoint
        self._position = checkpoint.position
        self._window = self._new_window(self._finished_changes)

    def _take(self, change: RowChanges) -> bool:
        """Fold changes, except those that the target has; whether that made a slice, which has been handed over."""
        if self._finished_changes:
            done = min(self._finished_changes, change.rows)
            self._finished_changes -= done
            change = change.behind(done)
            if not change.images:
                return False
        if self._snapshots and self._snapshots.show(change, self._position):
            self._window.pass_over(change)
            return False
        self._window.add(change)
        if not self._window.is_overfull:
            return False
        self._window.cut()
        begun = self._window.partial_changes
        self._applier.submit(self._window)
        self._window = self._new_window(begun)
        return True

    def _end(self, end: TransactionEnd) -> None:
        """The source transaction is complete. Raises BinlogHistoryChanged where it is not what it was."""
        if self._finished_changes:
            raise BinlogHistoryChanged(
                f"{self._finished_changes} more row changes have been applied of a transaction than it has",
                where=str(end.position),
            )
        self._window.end(end)

    def _hand_over_if_due(self) -> None:
        """Small windows while the target keeps up, large ones while it does not."""
        waited = time.monotonic() - self._handed_over_at
        worth_it = not self._window.is_empty or waited >= IDLE_CHECKPOINT_SECONDS
        if self._window.is_full or (worth_it and self._applier.idle):
            self._hand_over()

    def _hand_over(self) -> None:
        self._handed_over_at = time.monotonic()
        if not self._window.is_empty or self._position != self._applier.checkpoint.position:
            self._applier.submit(self._window)
            self._window = self._new_window()

    def _hand_over_all(self) -> None:
        """Have everything committed that is complete."""
        if self._window.complete and self._window.position is not None:
            self._hand_over()
        self._applier.drain()

    def _new_window(self, begun_changes: int = 0) -> Window:
        exact = self._mode_at(self._position) is ApplyMode.EXACT
        return Window(self._limits, contradictions_allowed=not exact, begun_changes=begun_changes)

    def _mode_at(self, position: Position) -> ApplyMode:
        """How a window that begins at this position is to be applied."""
        if self._exact_from and position.file and position.order >= self._exact_from.order:
            return ApplyMode.EXACT
        overwrite, consistent = self._record.overwrite_until, self._record.consistent_position
        if overwrite and not position.reaches(overwrite):
            return ApplyMode.OVERWRITE
        if consistent and not position.reaches(consistent):
            return ApplyMode.CONVERGENT
        if position.file and not self._exact_from:
            self._exact_from = position  # to compare files is cheap, to compare sets of GTIDs is not
        return ApplyMode.EXACT


class _Goal:
    """When the run is to end by itself; the source's own position is looked at again while it moves on."""

    def __init__(
        self, mode: Mode, until: Until, record: JobRecord, connection: Connection, identity: ServerIdentity
    ) -> None:
        self._connection = connection
        self._identity = identity
        self._looked_at = 0.0
        self._fixed = mode is Mode.FULL
        self._end: Position | None = record.consistent_position if self._fixed else None
        if until is Until.CAUGHT_UP and not self._fixed:
            self._look()

    def may_be_reached(self, position: Position) -> bool:
        """Whether all up to the goal has been read. Asked at each transaction: first whether it is far off."""
        end = self._end
        if end is None or (position.file == end.file and position.offset < end.offset):
            return False
        return position.reaches(end)

    def is_reached(self, position: Position) -> bool:
        """Whether all up to the goal has been applied and the source is not far ahead again."""
        if self._fixed or time.monotonic() - self._looked_at < CAUGHT_UP_SECONDS:
            return True
        self._look()
        return self.may_be_reached(position)

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        self._end = current_position(self._connection, self._identity)
