"""The validation: every row and column of a job compared, chunk by chunk, while a sync may be running.

Ranges are compared by a few workers, each with one connection to each side. What looks different is settled now
and then, together; only what is settled counts as progress, so that a run that is killed goes on there.
"""

import itertools
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from pymysql.connections import Connection

from mysql_to_tidb.errors import (
    JobAlreadyRunning,
    NotYetConsistent,
    SourceRefused,
    StreamError,
    TargetRefused,
    ValueUnrepresentable,
)
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import Fence, JobRecord
from mysql_to_tidb.model.keys import KeyLiterals, KeyRange
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Status
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.source.connection import read_identity
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.stages.comparing import Found, Workers
from mysql_to_tidb.stages.running import open_store, running, set_status
from mysql_to_tidb.target.connection import TargetConnection
from mysql_to_tidb.target.repair import Repair
from mysql_to_tidb.target.schema_create import Existing
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_checkpoints import CheckpointLedger
from mysql_to_tidb.target.state_validations import TableValidation, ValidationLedger, definition_digest
from mysql_to_tidb.validate.compare import compare_range, ranges
from mysql_to_tidb.validate.keyless import KeylessResult, compare_keyless, keyless_differences
from mysql_to_tidb.validate.pairs import TablePair, pair_of
from mysql_to_tidb.validate.repairing import repair_keyed, repair_keyless
from mysql_to_tidb.validate.report import TableReport, ValidationReport
from mysql_to_tidb.validate.settle import Look, Suspects, look, settled
from mysql_to_tidb.validate.since import Touched, touched
from mysql_to_tidb.validate.values import Key

RESUMED_SECONDS_MAX = 24 * 3600
"""A validation that was broken off so long ago begins anew."""
SETTLE_SECONDS = 5.0
"""How long rows that look different wait for others to be settled with; longer where settling takes long."""
SUSPECTS_MAX = 5_000
SUSPECTS_BYTES_MAX = 16 << 20
"""What the suspects of one look may be, and what their rows may take."""
LOOK_AGAIN_SECONDS = (0.5, 2.0)
"""Before the second and the third look at a row that differs."""

TOO_FAR_BEHIND = "too much has changed since the target's position, or a definition has; let the sync catch up"
DIFFERING_KEYS_MAX = 1_000_000
"""How many are remembered, so that none is counted again at the end."""


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
        self._pairs: dict[TableName, TablePair] = {}
        self._differing: dict[TableName, set[Key]] = {}
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
        self._look_at_unapplied()
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
        """Every piece in order, with what was found in it."""
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
            pair = pair_of(each.table, existing.find(each.table.name))
            if isinstance(pair, str):
                self._give_up(each, pair)
                continue
            if each.table.key:
                self._pairs[each.table.name] = pair
            if each.ended:
                continue
            if not each.table.key:
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
        found = self._count(source, target, pair)
        for seconds in LOOK_AGAIN_SECONDS:
            if not (found.surplus or found.undecided):
                break
            threading.Event().wait(seconds)
            found = self._count(source, target, pair)
        return found

    def _count(self, source: Connection, target: TargetConnection, pair: TablePair) -> KeylessResult:
        return compare_keyless(source, target, self._workers.parties, pair, followed=not self._workers.full_copy)

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
        if found.undecided:
            progress.report = replace(progress.report, pending=rows, problem=found.undecided)
            return
        mended = keyless_differences(pair, found.surplus)
        left = []
        if self._fence and rows:
            with self._workers.connections() as (source, target):
                repair_keyless(Repair(target), self._fence, pair, found.surplus)
                reached(Point.AFTER_REPAIR_COMMIT)
                left = keyless_differences(pair, self._count(source, target, pair).surplus)
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
                for each in suspects.values():
                    self._judge(source, target, each, seen)
        for name, progress in self._progress.items():
            if progress.changed:
                self._record(name, progress)
        # A log that takes long to be read is not read all the time.
        self._settle_at = time.monotonic() + max(SETTLE_SECONDS, 5 * (time.monotonic() - began))

    def _judge(self, source: Connection, target: TargetConnection, suspects: Suspects, seen: Look) -> None:
        name = suspects.pair.name
        verdict, progress = seen.verdicts[name], self._progress[name]
        if not verdict.differences:
            return
        progress.changed = True
        left = Suspects(suspects.pair, {key: suspects.keys[key] for key in verdict.differences})
        if verdict.undecided:
            (undecided := self._undecided.setdefault(name, Suspects(suspects.pair)).keys).update(left.keys)
            progress.report = replace(progress.report, pending=len(undecided), problem=verdict.undecided)
            return
        still = set(verdict.differences)
        if self._fence:
            repair_keyed(Repair(target), self._fence, suspects, verdict)
            reached(Point.AFTER_REPAIR_COMMIT)
            again = look(source, target, self._workers.parties, {name: left}).verdicts[name]
            still = set(again.differences)
        differences = verdict.differences.items()
        if sum(map(len, self._differing.values())) < DIFFERING_KEYS_MAX:
            self._differing.setdefault(name, set()).update(verdict.differences)
        report = progress.report.with_differences(
            (each for key, each in differences if key not in still), repaired=True
        )
        progress.report = report.with_differences(each for key, each in differences if key in still)

    def _look_at_unapplied(self) -> None:
        """Look at every key that the log touches beyond the target's position.

        A row that somebody removed from the target looks equal once the source has deleted it, though the change
        under way will not find it. Nothing is under way to a full copy.
        """
        if self._workers.full_copy:
            return
        with self._workers.connections() as (source, target):
            checkpoint, end = CheckpointLedger(target).read(self._job), None
            if checkpoint is not None:
                end = current_position(source, read_identity(source))
            if checkpoint is None or end is None or checkpoint.position.reaches(end):
                return
            try:
                found = touched(source, self._workers.parties, checkpoint.position, end, self._pairs)
            except StreamError as error:
                found = Touched(whole=set(self._pairs), problem=f"{error} ({error.where})")
        for name in found.whole:
            progress = self._progress[name]
            if not progress.report.problem:
                progress.report = replace(progress.report, problem=found.problem or TOO_FAR_BEHIND)
                progress.changed = True
        for name, suspects in found.keys.items():
            known = self._differing.get(name, set())
            keys = iter([(key, literals) for key, literals in suspects.keys.items() if key not in known])
            while some := dict(itertools.islice(keys, SUSPECTS_MAX)):
                self._suspects[name] = Suspects(suspects.pair, some)
                self._settle()
        self._settle()

    def _settle_undecided(self) -> None:
        """Once more at the end: a schema change or a large transaction may be through by now."""
        if not self._undecided:
            return
        undecided, self._undecided = self._undecided, {}
        for name in undecided:
            self._progress[name].report = replace(self._progress[name].report, pending=0, problem="")
            self._progress[name].changed = True
        self._suspects = undecided
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
