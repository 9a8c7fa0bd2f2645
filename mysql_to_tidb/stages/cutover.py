"""The cutover: proves that the source stands still and that the target has all of it, then says GO or NO-GO.

Nothing that it does is in the way of going back: until applications write to the target, `abort` lets the sync go
on. It may be killed at any moment and begun again.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from pymysql.connections import Connection

from mysql_to_tidb.errors import StreamError
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.cutover import CutoverReport, Decision, Evidence, Finding
from mysql_to_tidb.model.jobs import Fence, JobRecord
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Action, Mode, Stage, Status, Until
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.freeze import auto_increments, open_transactions, write_protection
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.source.schema import read_tables
from mysql_to_tidb.stages import sync
from mysql_to_tidb.stages.compare_again import compare_again
from mysql_to_tidb.stages.comparing import Workers
from mysql_to_tidb.stages.running import End, is_alive, open_store, running, set_status
from mysql_to_tidb.stages.validate import consistent_job
from mysql_to_tidb.target.connection import TargetConnection, open_target
from mysql_to_tidb.target.counters import next_numbers, raise_next_number, timestamp
from mysql_to_tidb.target.schema_create import Existing
from mysql_to_tidb.validate.pairs import TablePair, pair_of
from mysql_to_tidb.validate.report import Outcome
from mysql_to_tidb.validate.since import touched

QUIET_SECONDS = 3.0
"""How long the source must stand still where nothing keeps writes away from it."""
DRAIN_SECONDS_MAX = 3600.0
LOOK_SECONDS = 0.2
NAMES_SHOWN_MAX = 10


def cut_over(job: Job, source: ServerSettings, target: ServerSettings, *, dry_run: bool = False) -> CutoverReport:
    """Check, drain, compare; after GO the job is paused, so that nothing writes to the target but applications.

    A dry run changes nothing and leaves out what takes long. Raises NotYetConsistent, JobNotFound, and what both
    sides raise.
    """
    with open_store(target) as store:
        record = consistent_job(store, job)
    with Workers(job, source, target, record.source_uuid) as workers:
        here, there = open_source(source), open_target(target)
        try:
            return _Cutover(job, record, workers, here, there, dry_run=dry_run).run()
        finally:
            for connection in (here, there):
                if connection.open:
                    connection.close()


def abort(target: ServerSettings, name: str) -> str:
    """Let the sync go on; what to tell the user. Raises JobNotFound."""
    with open_store(target) as store:
        record = store.read_job(name)
        store.set_stage(Fence(name, record.epoch), Stage.SYNC)
        store.request(name, Action.RUN)
    return f"the cutover of job {name} is called off; the sync goes on"


class _Cutover:
    """One attempt."""

    def __init__(
        self,
        job: Job,
        record: JobRecord,
        workers: Workers,
        source: Connection,
        target: TargetConnection,
        *,
        dry_run: bool,
    ) -> None:
        self._job = job
        self._record = record
        self._workers = workers
        self._source, self._target = source, target
        self._dry_run = dry_run
        self._identity = read_identity(source)
        self._began_at = current_position(source, self._identity) if record.start_position else None
        self._protection = write_protection(source)
        self._pairs: dict[TableName, TablePair] = {}

    def run(self) -> CutoverReport:
        began = time.monotonic()
        items = []
        for step in self._steps():
            items.append(step())
            if items[-1].finding is Finding.FAILED and not self._dry_run:
                break  # what comes next would say little, and time matters now
        position = str(self._began_at or "")
        report = CutoverReport(self._job.name, tuple(items), position, "", time.monotonic() - began, self._dry_run)
        if self._dry_run or report.decision is Decision.NO_GO:
            return report
        reached(Point.BEFORE_CUTOVER_RECORDED)
        self._record_go()
        reached(Point.AFTER_CUTOVER_RECORDED)
        moment = timestamp(self._target)
        return CutoverReport(self._job.name, tuple(items), position, moment, time.monotonic() - began)

    def _steps(self) -> Iterator[Callable[[], Evidence]]:
        yield self._tables_match
        yield self._writes_have_stopped
        yield self._is_drained
        yield self._views_are_there
        yield self._counters_are_ahead
        yield self._rows_are_equal
        yield self._writes_stayed_away

    def _tables_match(self) -> Evidence:
        """Every table at the target, with every column; the pairs serve all that follows."""
        with open_store(self._workers.parties.target) as store:
            tables = [each.table for each in store.tables.records(self._job.name)]
        existing = Existing(self._target, {table.name.schema for table in tables})
        problems = []
        for table in tables:
            pair = pair_of(table, existing.find(table.name))
            if isinstance(pair, str):
                problems.append(f"{table.name}: {pair}")
            else:
                self._pairs[table.name] = pair
        if problems:
            return _failed("tables", problems, "drop what is wrong at the target, or load it again with a new job")
        return Evidence("tables", Finding.PASS, f"{len(tables)} tables with all their columns")

    def _writes_have_stopped(self) -> Evidence:
        """Proved by the source's own switch, else by its log: no change of the job's tables for a while."""
        if self._protection:
            return Evidence("writes_stopped", Finding.PASS, f"{self._protection} is on at the source")
        if self._began_at is None:
            seen = "the source writes no binary log and takes writes: nothing proves that it stands still"
            return Evidence("writes_stopped", Finding.FAILED, seen, "set read_only at the source")
        began_at, self._began_at = self._began_at, None
        threading.Event().wait(QUIET_SECONDS)
        evidence = self._quiet_since(began_at, "writes_stopped")
        self._began_at = current_position(self._source, self._identity)
        return evidence

    def _writes_stayed_away(self) -> Evidence:
        """Nothing has been written between the beginning and now."""
        if self._began_at is None:
            return Evidence("still_stopped", Finding.PASS, f"{self._protection} is on at the source")
        return self._quiet_since(self._began_at, "still_stopped")

    def _quiet_since(self, start: Position, item: str) -> Evidence:
        end = current_position(self._source, self._identity)
        try:
            found = touched(self._source, self._workers.parties, start, end, self._pairs)
        except StreamError as error:
            return Evidence(item, Finding.FAILED, str(error), error.hint)
        if found.tables:
            names = _some(map(str, found.tables))
            seen = f"the source is being written to: {names}, between {start} and {end}"
            finding = Finding.OPEN if self._dry_run else Finding.FAILED
            return Evidence(item, finding, seen, "stop the applications, or set read_only at the source")
        moved = "stood still" if end == start else "moved, but no change concerned the job"
        seen = f"the source's log {moved} from {start} to {end}"
        if count := open_transactions(self._source):
            seen += f"; {count} open transactions have changed rows, of whatever tables, and may still commit"
        return Evidence(item, Finding.PASS, seen)

    def _is_drained(self) -> Evidence:
        """The target has everything up to the end of the source's log."""
        end = self._began_at
        if end is None:
            return Evidence("drained", Finding.PASS, "a full copy of a source without a binary log")
        if self._job.mode is Mode.FULL:
            return self._full_copy_is_the_end(end)
        if self._dry_run and not self._has_reached(end):
            return Evidence("drained", Finding.OPEN, f"the target has yet to reach {end}")
        deadline = time.monotonic() + DRAIN_SECONDS_MAX
        while not self._has_reached(end) and time.monotonic() < deadline:
            if self._runs_elsewhere():
                threading.Event().wait(LOOK_SECONDS)
            else:
                self._drain_here()
        if not self._has_reached(end):
            advice = "look at `status`; `resume` a paused job, `restart` a failed one"
            return Evidence("drained", Finding.FAILED, f"the target has not reached {end}", advice)
        reached(Point.AFTER_CUTOVER_DRAINED)
        return Evidence("drained", Finding.PASS, f"the target has everything up to {end}")

    def _full_copy_is_the_end(self, end: Position) -> Evidence:
        """A full copy follows no further; it is the whole source if nothing was written since."""
        with open_store(self._workers.parties.target) as store:
            checkpoint = store.checkpoints.read(self._job.name)
        start = checkpoint.position if checkpoint else end
        evidence = self._quiet_since(start, "drained")
        return Evidence("drained", evidence.finding, evidence.seen, "a job of mode full+incremental follows changes")

    def _has_reached(self, end: Position) -> bool:
        with open_store(self._workers.parties.target) as store:
            checkpoint = store.checkpoints.read(self._job.name)
        return bool(checkpoint and not checkpoint.partial_changes and checkpoint.position.reaches(end))

    def _runs_elsewhere(self) -> bool:
        with open_store(self._workers.parties.target) as store:
            record = store.read_job(self._job.name)
        return record.status is Status.RUNNING and is_alive(record)

    def _drain_here(self) -> None:
        parties = self._workers.parties
        with running(self._job, parties.target) as fence:
            end = End.RENEWED
            while end is End.RENEWED:
                end = sync.follow(self._job, parties.source, parties.target, fence, Until.CAUGHT_UP)
            set_status(parties.target, fence, Status.PAUSED)

    def _views_are_there(self) -> Evidence:
        views = [each.name for each in read_tables(self._source, self._job.choice) if each.kind is TableKind.VIEW]
        existing = Existing(self._target, {name.schema for name in views})
        missing = [str(name) for name in views if existing.find(name) is None]
        if missing:
            return _failed(
                "views", missing, "create them at the target, or drop them at the source if nobody needs them"
            )
        return Evidence("views", Finding.PASS, f"{len(views)} views")

    def _counters_are_ahead(self) -> Evidence:
        """The target's next AUTO_INCREMENT must not be a number that the source has given already."""
        counting = [pair.name for pair in self._pairs.values() if _counts(pair.table)]
        here = auto_increments(self._source, counting)
        there = next_numbers(self._target, list(here))
        behind = {name: number for name, number in here.items() if there[name] < number}
        told = [f"{name} from {there[name]} to {number}" for name, number in behind.items()]
        if behind and self._dry_run:
            return Evidence("auto_increment", Finding.OPEN, f"to be raised: {_some(told)}")
        for name, number in behind.items():
            raise_next_number(self._target, name, number)
        there = next_numbers(self._target, list(behind))
        if any(there[name] < number for name, number in behind.items()):
            return _failed("auto_increment", told, "raise them with ALTER TABLE ... AUTO_INCREMENT at the target")
        raised = f"; raised {_some(told)}" if told else ""
        return Evidence("auto_increment", Finding.PASS, f"{len(here)} tables count on where the source does{raised}")

    def _rows_are_equal(self) -> Evidence:
        """What was compared lately is compared again only where the log has touched it; all rows are counted."""
        report, how = compare_again(self._job, self._record, self._workers, self._pairs)
        if report.outcome is not Outcome.EQUAL:
            wrong = [
                f"{table.name}: {table.missing} missing, {table.extra} extra, {table.different} different"
                + (f" ({table.problem})" if table.problem else "")
                for table in report.tables
                if table.outcome is not Outcome.EQUAL
            ]
            if self._dry_run and report.outcome is Outcome.PENDING:
                return Evidence("rows", Finding.OPEN, f"not all rows can be compared yet: {_some(wrong)}")
            return _failed("rows", wrong, "`validate` shows the rows, `validate --repair` makes them equal")
        return Evidence("rows", Finding.PASS, f"{report.rows:,} rows at both sides; {how}")

    def _record_go(self) -> None:
        with open_store(self._workers.parties.target) as store:
            record = store.read_job(self._job.name)
            store.request(self._job.name, Action.PAUSE)
            with suppress(Exception):  # only what `status` shows; another run may have begun meanwhile
                store.set_stage(Fence(self._job.name, record.epoch), Stage.CUTOVER)


def _counts(table: Table) -> bool:
    return any(column.auto_increment for column in table.columns)


def _some(names: "Iterator[str] | list[str]") -> str:
    shown = sorted(names)
    more = f" and {len(shown) - NAMES_SHOWN_MAX} more" if len(shown) > NAMES_SHOWN_MAX else ""
    return ", ".join(shown[:NAMES_SHOWN_MAX]) + more


def _failed(item: str, what: list[str], advice: str) -> Evidence:
    return Evidence(item, Finding.FAILED, _some(what), advice)
