"""The validation: every row and column of a job compared, chunk by chunk, while a sync may be running.

Ranges are compared by a few workers, each with one connection to each side. What looks different is settled now
and then, together; only what is settled counts as progress, so that a run that is killed goes on there.
"""

import itertools
import json
import os
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from pymysql.connections import Connection

from mysql_to_tidb.errors import JobAlreadyRunning, NotYetConsistent, SourceRefused, TargetRefused, ValueUnrepresentable
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import Fence, JobRecord
from mysql_to_tidb.model.keys import KeyLiterals, KeyRange
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Status
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.stages.running import open_store, running, set_status
from mysql_to_tidb.target.connection import TargetConnection, open_target
from mysql_to_tidb.target.repair import Repair
from mysql_to_tidb.target.schema_create import Existing
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_validations import TableValidation, ValidationLedger, definition_digest
from mysql_to_tidb.validate.compare import Compared, compare_range, ranges
from mysql_to_tidb.validate.keyless import KeylessResult, compare_keyless, keyless_differences
from mysql_to_tidb.validate.pairs import TablePair, pair_of
from mysql_to_tidb.validate.repairing import repair_keyed, repair_keyless
from mysql_to_tidb.validate.report import TableReport, ValidationReport
from mysql_to_tidb.validate.settle import Look, Parties, Suspects, look, settled

RESUMED_SECONDS_MAX = 24 * 3600
"""A validation that was broken off so long ago begins anew."""
SETTLE_SECONDS = 5.0
"""How long rows that look different wait for others to be settled with; longer where settling takes long."""
SUSPECTS_MAX = 5_000
SUSPECTS_BYTES_MAX = 16 << 20
"""What the suspects of one look may be, and what their rows may take."""
LOOK_AGAIN_SECONDS = (0.5, 2.0)
"""Before the second and the third look at a row that differs."""

Found = Compared | KeylessResult | str
"""What comparing a piece gave; in words, why it could not be compared."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one worker compares at a time."""

    pair: TablePair
    keys: KeyRange
    last: bool = False
    """Whether the table ends with it."""


@dataclass(slots=True)
class Progress:
    """One table while it is being compared."""

    table: Table
    report: TableReport
    last_key: KeyLiterals | None = None
    ended: bool = False
    changed: bool = False


def validate(
    job: Job, source: ServerSettings, target: ServerSettings, *, fence: Fence | None = None, anew: bool = False
) -> ValidationReport:
    """Compare all tables of a job; with the fence of a run that holds the job, put right what differs.

    Called again after an error or a kill it goes on where it was, unless `anew`. Raises NotYetConsistent before
    the copy can be equal, JobNotFound, JobFenced where another validation took over, and what both sides raise.
    """
    with open_store(target) as store:
        record = consistent_job(store, job)
        tables = [each.table for each in store.tables.records(job.name)]
        checkpoint = store.checkpoints.read(job.name)
        start = checkpoint.position if checkpoint else Position("", 0)
        ledger = ValidationLedger(store.connection, record, uuid.uuid4().hex)
        known = ledger.tables()
        if anew or not _can_go_on(known, tables):
            ledger.begin(tables, start, "")
            known = {}
        else:
            ledger.take_over()
        progress = {table.name: _progress(table, known.get(table.name)) for table in tables}
        with Workers(job, source, target, record.source_uuid) as workers:
            return Comparison(job.name, workers, ledger, progress, fence).run()


def repair(job: Job, source: ServerSettings, target: ServerSettings) -> ValidationReport:
    """Compare all tables of a job that nobody runs, holding it meanwhile, and put right what differs.

    Raises JobAlreadyRunning at once, not when the first difference is found, and what `validate` raises.
    """
    with open_store(target) as store:
        record = store.read_job(job.name)
    try:
        with running(job, target) as fence:
            report = validate(job, source, target, fence=fence)
            set_status(target, fence, Status.FINISHED if record.status is Status.FINISHED else Status.PAUSED)
    except JobAlreadyRunning as error:
        hint = "a repair must have the job to itself: end that run, repair, then `start` it again"
        raise JobAlreadyRunning(error.message, where=error.where, hint=hint) from error
    return report


def consistent_job(store: StateStore, job: Job) -> JobRecord:
    """The job's record, once target and source can be equal. Raises NotYetConsistent."""
    record, checkpoint = store.read_job(job.name), store.checkpoints.read(job.name)
    wanted = record.consistent_position
    if record.start_position is None and record.loaded_at is not None:
        return record  # a full copy of a source without a binary log
    if wanted is None or checkpoint is None or not checkpoint.position.reaches(wanted):
        raise NotYetConsistent(
            f"job `{job.name}` has not been loaded and followed far enough to equal its source",
            where=f"at {checkpoint.position if checkpoint else 'its beginning'}, consistent from {wanted or '?'}",
        )
    return record


def _can_go_on(known: dict[TableName, TableValidation], tables: Sequence[Table]) -> bool:
    """Whether the last validation was broken off, lately, with the tables as they are."""
    if set(known) != {table.name for table in tables} or all(each.complete for each in known.values()):
        return False
    young = all(each.age_seconds < RESUMED_SECONDS_MAX for each in known.values())
    return young and all(known[table.name].definition == definition_digest(table) for table in tables)


def _progress(table: Table, known: TableValidation | None) -> Progress:
    if known is None or not known.report:
        return Progress(table, TableReport(table.name))
    report = TableReport.from_json(table.name, json.loads(known.report))
    return Progress(table, report, known.last_key, known.complete)


class Workers:
    """A few threads, each with a connection to both sides, and never more."""

    def __init__(self, job: Job, source: ServerSettings, target: ServerSettings, source_uuid: str) -> None:
        self._source, self._target = source, target
        self.count = job.limits.load_connections
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="validate")
        self._idle: queue.SimpleQueue[tuple[Connection, TargetConnection]] = queue.SimpleQueue()
        # Beside that of the job itself, and another one for each reading of the log.
        base = (job.replica_server_id ^ 1 << 29 ^ os.getpid() % 4096 << 8) or 1
        numbers = itertools.count()
        self.parties = Parties(job.name, source, target, lambda: base ^ next(numbers) % 256, source_uuid)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        while not self._idle.empty():
            for connection in self._idle.get():
                if connection.open:
                    connection.close()

    @contextmanager
    def connections(self) -> Iterator[tuple[Connection, TargetConnection]]:
        """One to each side, used by nobody else meanwhile; after an error they are given up."""
        try:
            pair = self._idle.get_nowait()
        except queue.Empty:
            pair = open_source(self._source), open_target(self._target)
        try:
            yield pair
        except BaseException:
            for connection in pair:
                if connection.open:
                    connection.close()
            raise
        self._idle.put(pair)

    def submit(self, work: Callable[[], Found]) -> Future[Found]:
        return self._pool.submit(work)


class Comparison:
    """One run over some tables. Without a ledger nothing is recorded; with a fence, what differs is put right."""

    def __init__(
        self,
        job: str,
        workers: Workers,
        ledger: ValidationLedger | None,
        progress: dict[TableName, Progress],
        fence: Fence | None,
    ) -> None:
        self._job = job
        self._workers = workers
        self._ledger = ledger
        self._progress = progress
        self._fence = fence
        self._suspects: dict[TableName, Suspects] = {}
        self._undecided: dict[TableName, Suspects] = {}
        self._settle_at = time.monotonic() + SETTLE_SECONDS
        self._position: Position | None = None
        self._rows = 0

    def run(self) -> ValidationReport:
        began = time.monotonic()
        for piece, found in self._results():
            self._take(piece, found)
            if self._is_due():
                self._settle()
        self._settle()
        self._settle_undecided()
        self._note_changed_definitions()
        reports = tuple(each.report for each in self._progress.values())
        seconds = time.monotonic() - began
        return ValidationReport(self._job, reports, seconds, self._rows, str(self._position or ""))

    def _is_due(self) -> bool:
        """Whether suspects have waited for long enough, or are as many as memory should hold."""
        keys = sum(len(each.keys) for each in self._suspects.values())
        size = sum(len(each.keys) * each.pair.row_bytes for each in self._suspects.values())
        return keys >= SUSPECTS_MAX or size >= SUSPECTS_BYTES_MAX or time.monotonic() >= self._settle_at

    def _results(self) -> Iterator[tuple[_Piece, Found]]:
        """Every piece in order, with what was found in it; so many are in work that no worker waits."""
        waiting: deque[tuple[_Piece, Future[Found]]] = deque()
        with self._workers.connections() as (source, target):
            for piece in self._pieces(source, target):
                waiting.append((piece, self._workers.submit(partial(self._compare, piece))))
                if len(waiting) > 2 * self._workers.count:
                    first, future = waiting.popleft()
                    yield first, future.result()
        for piece, future in waiting:
            yield piece, future.result()

    def _pieces(self, source: Connection, target: TargetConnection) -> Iterator[_Piece]:
        existing = Existing(target, {name.schema for name in self._progress})
        for each in self._progress.values():
            if each.ended:
                continue
            pair = pair_of(each.table, existing.find(each.table.name))
            if isinstance(pair, str):
                self._give_up(each, pair)
            elif not each.table.key:
                yield _Piece(pair, KeyRange(), last=True)
            else:
                held: KeyRange | None = None
                for keys in ranges(source, pair, pair.rows_summed_max, KeyRange(each.last_key)):
                    if held is not None:
                        yield _Piece(pair, held)
                    held = keys
                yield _Piece(pair, held or KeyRange(), last=True)

    def _compare(self, piece: _Piece) -> Found:
        """What was found; in words, why nothing could be."""
        try:
            with self._workers.connections() as (source, target):
                if not piece.pair.table.key:
                    return self._compare_keyless(source, target, piece.pair)
                return compare_range(source, target, piece.pair, piece.keys, piece.pair.rows_summed_max)
        except (SourceRefused, TargetRefused, ValueUnrepresentable) as error:
            return str(error)

    def _compare_keyless(self, source: Connection, target: TargetConnection, pair: TablePair) -> KeylessResult:
        found = compare_keyless(source, target, self._workers.parties, pair)
        for seconds in LOOK_AGAIN_SECONDS:
            if not found.surplus:
                break
            threading.Event().wait(seconds)
            found = compare_keyless(source, target, self._workers.parties, pair)
        return found

    def _take(self, piece: _Piece, found: Found) -> None:
        progress = self._progress[piece.pair.name]
        if isinstance(found, str):
            self._give_up(progress, found)
            return
        self._rows += found.rows
        progress.changed = True
        progress.report = progress.report.compared(found.rows)
        progress.last_key = piece.keys.upper
        progress.ended = progress.ended or piece.last
        if isinstance(found, KeylessResult):
            self._take_keyless(progress, piece.pair, found)
        elif found.suspects:
            suspects = self._suspects.setdefault(piece.pair.name, Suspects(piece.pair))
            suspects.keys.update(found.suspects)

    def _take_keyless(self, progress: Progress, pair: TablePair, found: KeylessResult) -> None:
        rows = sum(map(abs, found.surplus.values()))
        if found.undecided and rows:
            progress.report = replace(progress.report, pending=rows, problem=found.undecided)
            return
        mended = keyless_differences(pair, found.surplus)
        left = []
        if self._fence and rows:
            with self._workers.connections() as (source, target):
                repair_keyless(Repair(target), self._fence, pair, found.surplus)
                reached(Point.AFTER_REPAIR_COMMIT)
                left = keyless_differences(pair, compare_keyless(source, target, self._workers.parties, pair).surplus)
        still = {each.key for each in left} if self._fence else {each.key for each in mended}
        report = progress.report.with_differences((each for each in mended if each.key not in still), repaired=True)
        progress.report = report.with_differences(each for each in mended if each.key in still)

    def _give_up(self, progress: Progress, problem: str) -> None:
        progress.report = replace(progress.report, problem=problem)
        progress.ended = progress.changed = True

    def _settle(self) -> None:
        """Look at all suspects again, then record how far every table is."""
        began = time.monotonic()
        if self._suspects:
            suspects, self._suspects = self._suspects, {}
            with self._workers.connections() as (source, target):
                seen = settled(source, target, self._workers.parties, suspects, LOOK_AGAIN_SECONDS)
                self._position = seen.position
                for name, each in suspects.items():
                    self._judge(source, target, each, seen, name)
        for name, progress in self._progress.items():
            if progress.changed:
                self._record(name, progress)
        # A log that takes long to be read is not read all the time.
        self._settle_at = time.monotonic() + max(SETTLE_SECONDS, 5 * (time.monotonic() - began))

    def _judge(
        self, source: Connection, target: TargetConnection, suspects: Suspects, seen: Look, name: TableName
    ) -> None:
        verdict = seen.verdicts[name]
        progress = self._progress[name]
        if not verdict.differences:
            return
        if verdict.undecided:
            left = Suspects(suspects.pair, {key: suspects.keys[key] for key in verdict.differences})
            self._undecided.setdefault(name, Suspects(suspects.pair)).keys.update(left.keys)
            pending = len(self._undecided[name].keys)
            progress.report = replace(progress.report, pending=pending, problem=verdict.undecided)
            return
        still = set(verdict.differences)
        if self._fence:
            repair_keyed(Repair(target), self._fence, suspects, verdict)
            reached(Point.AFTER_REPAIR_COMMIT)
            left = Suspects(suspects.pair, {key: suspects.keys[key] for key in verdict.differences})
            again = look(source, target, self._workers.parties, {name: left}).verdicts[name]
            still = set(again.differences)
        differences = verdict.differences.items()
        report = progress.report.with_differences(
            (each for key, each in differences if key not in still), repaired=True
        )
        progress.report = report.with_differences(each for key, each in differences if key in still)
        progress.changed = True

    def _settle_undecided(self) -> None:
        """Once more at the end: a schema change or a large transaction may be through by now."""
        if not self._undecided:
            return
        undecided, self._undecided = self._undecided, {}
        for name in undecided:
            self._progress[name].report = replace(self._progress[name].report, pending=0, problem="")
        self._suspects = undecided
        for name in undecided:
            self._progress[name].changed = True
        self._settle()

    def _record(self, name: TableName, progress: Progress) -> None:
        progress.report = replace(progress.report, complete=progress.ended)
        progress.changed = False
        if self._ledger is None:
            return
        report = json.dumps(progress.report.as_json(), default=str, ensure_ascii=False)
        self._ledger.advance(name, progress.last_key, report, complete=progress.ended)
        reached(Point.AFTER_VALIDATION_RECORDED)

    def _note_changed_definitions(self) -> None:
        """A table that has got another shape meanwhile has not been compared as it is."""
        with open_store(self._workers.parties.target) as store:
            records = store.tables.records(self._job)
        now = {record.table.name: definition_digest(record.table) for record in records}
        for name, progress in self._progress.items():
            if now.get(name) != definition_digest(progress.table):
                progress.report = replace(
                    progress.report, problem="its definition has been changed meanwhile; validate again"
                )
                self._record(name, progress)
