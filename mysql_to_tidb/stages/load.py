"""The full load: every table in chunks of its key, each part committed together with its ledger row."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pymysql.connections import Connection

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.batches import of_table
from mysql_to_tidb.errors import TargetError
from mysql_to_tidb.model.checkpoints import Chunk, ChunkPart, ChunkState, TableState
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.keys import KeyRange
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.source.chunks import key_expressions, key_literals, plan_chunks
from mysql_to_tidb.source.connection import open_source, read_identity, source_errors
from mysql_to_tidb.source.position import current_position, exact_snapshot, plain_snapshot
from mysql_to_tidb.source.rows import read_batches, select_statement
from mysql_to_tidb.spec import Spec
from mysql_to_tidb.stages.chunk_source import ChunkSource
from mysql_to_tidb.stages.running import End, Watch, open_store
from mysql_to_tidb.stages.server import keep_to_history
from mysql_to_tidb.stages.throttle import Throttle
from mysql_to_tidb.staging.staged import StagedRows, stage_rows
from mysql_to_tidb.target.connection import TargetConnection, open_target
from mysql_to_tidb.target.load import clear_table, load_chunk_part
from mysql_to_tidb.target.state import StateStore

UNIT_CHUNKS_MAX = 50
"""How many small chunks one task takes, so that progress shows and a retry repeats little."""

PLANNED_TABLES_MAX, PLANNED_CHUNKS_MAX = 100, 1_000
"""After how many tables or chunks a plan is committed."""


@dataclass(frozen=True, slots=True)
class LoadUnit:
    """Chunks that one task loads, one after another: a large one alone, small ones together."""

    chunks: tuple[tuple[TableName, int], ...]

    def __str__(self) -> str:
        (name, number), more = self.chunks[0], len(self.chunks) - 1
        return f"{name} chunk {number}" + (f" and {more} more" if more else "")


def plan_load(source: ServerSettings, target: ServerSettings, fence: Fence, spec: Spec) -> list[LoadUnit]:
    """Cut every table that is not cut yet into chunks; what is left to load, large tables first."""
    with open_store(target) as store:
        records = store.tables.records(fence.job)
        connection = open_source(source)
        try:
            tables = [record.table for record in records if record.state is TableState.CREATED]
            for ranges in _planned(connection, tables, spec):
                reached(Point.BEFORE_CHUNKS_PLANNED)
                store.tables.plan(fence, ranges)
                reached(Point.AFTER_CHUNKS_PLANNED)
        finally:
            connection.close()
        sizes = {record.table.name: record.table.rows_estimate for record in records}
        return _grouped(store.tables.unfinished(fence), sizes, spec)


def _planned(connection: Connection, tables: Sequence[Table], spec: Spec) -> Iterator[dict[TableName, list[KeyRange]]]:
    """The ranges of all tables, of some tables at a time."""
    ranges: dict[TableName, list[KeyRange]] = {}
    for table in tables:
        rows = _chunk_rows(table, spec)
        ranges[table.name] = list(plan_chunks(connection, table, rows)) if table.key else [KeyRange()]
        if len(ranges) >= PLANNED_TABLES_MAX or sum(map(len, ranges.values())) >= PLANNED_CHUNKS_MAX:
            yield ranges
            ranges = {}
    if ranges:
        yield ranges


def _chunk_rows(table: Table, spec: Spec) -> int:
    """Small enough that all connections have work even on a single table, but no less than one transaction."""
    share = table.rows_estimate // (2 * spec.load_connections)
    return min(spec.chunk_rows, max(share, spec.transaction_rows))


def _grouped(chunks: Sequence[Chunk], rows_estimates: dict[TableName, int], spec: Spec) -> list[LoadUnit]:
    """Chunks of large tables alone, those of small tables gathered until they are worth a task."""
    ordered = sorted(chunks, key=lambda chunk: -rows_estimates[chunk.table])
    units: list[LoadUnit] = []
    gathered: list[tuple[TableName, int]] = []
    rows = 0
    for chunk in ordered:
        gathered.append((chunk.table, chunk.number))
        rows += min(rows_estimates[chunk.table], spec.chunk_rows)
        if rows >= spec.transaction_rows or len(gathered) >= UNIT_CHUNKS_MAX:
            units.append(LoadUnit(tuple(gathered)))
            gathered, rows = [], 0
    return [*units, LoadUnit(tuple(gathered))] if gathered else units


def load_unit(source: ServerSettings, target: ServerSettings, fence: Fence, spec: Spec, unit: LoadUnit) -> End:
    """Load what is left of the unit's chunks; a chunk that is loaded already is not read again.

    Called again after an error it goes on behind the last commit. Raises what the source and the target raise.
    """
    connection = open_target(target)
    try:
        loader = _Loader(source, connection, fence, spec)
        try:
            if not all(loader.load(name, number) for name, number in unit.chunks):
                return End.PAUSED
        finally:
            loader.close()
        StateStore(connection).tables.finish(fence, {name for name, _ in unit.chunks})
        return End.REACHED
    finally:
        connection.close()


def finish_load(source: ServerSettings, target: ServerSettings, fence: Fence) -> None:
    """With every chunk loaded: the position from which on the copy is consistent, and the end of the load.

    All that any chunk has read was in the binary log before it was visible, so the end of the log is behind it.
    """
    with open_store(target) as store:
        _finish_tables(store, fence)
        job = store.read_job(fence.job)
        if job.start_position is not None and job.consistent_position is None:
            connection = open_source(source)
            try:
                identity = read_identity(connection)
                keep_to_history(store, fence, connection, identity)
                position = current_position(connection, identity)
            finally:
                connection.close()
            reached(Point.BEFORE_LOAD_FINISHED)
            store.set_consistent(fence, position)
        if job.loaded_at is None:
            store.set_loaded(fence)
    reached(Point.AFTER_LOAD_FINISHED)


def _finish_tables(store: StateStore, fence: Fence) -> None:
    """Tables whose last chunk was loaded by a run that died behind it. Raises TargetError where rows are missing."""
    unfinished = [
        record.table.name for record in store.tables.records(fence.job) if record.state is not TableState.LOADED
    ]
    if unfinished:
        store.tables.finish(fence, unfinished)
    for record in store.tables.records(fence.job):
        if record.state is not TableState.LOADED:
            raise TargetError("a load was to end with unfinished chunks", where=str(record.table.name))


class _Loader:
    """Loads chunks one after another over one connection to the target."""

    def __init__(self, source: ServerSettings, connection: TargetConnection, fence: Fence, spec: Spec) -> None:
        self._source = source
        self._connection = connection
        self._store = StateStore(connection)
        self._ledger = self._store.tables
        self._fence = fence
        self._spec = spec
        self._watch = Watch(self._store, fence)
        record = self._store.read_job(fence.job)
        self._followed = record.start_position is not None
        self._source_uuid = record.source_uuid
        self._records = {record.table.name: record for record in self._ledger.records(fence.job)}
        self._chunk_source = ChunkSource(source, self._identify)
        self._throttle = Throttle(source, spec)

    def close(self) -> None:
        """Leave no connection to the source behind."""
        self._chunk_source.close()
        self._throttle.close()

    def load(self, name: TableName, number: int) -> bool:
        """Load what is left of a chunk; False where the user asked for a pause before its end."""
        chunk = self._ledger.reread(Chunk(self._fence.job, name, number, epoch=self._fence.epoch))
        if chunk.state is ChunkState.LOADED:
            return True
        load = self._load_range if self._records[name].table.key else self._load_snapshot
        return load(self._records[name].table, chunk)

    def _load_range(self, table: Table, chunk: Chunk) -> bool:
        """Read a range of the key in one short statement, without a lock, on from the last loaded row."""
        where = KeyRange(chunk.last_key or chunk.range.lower, chunk.range.upper).condition(key_expressions(table))
        reader = self._chunk_source.reader()
        return self._load_rows(reader, table, chunk, where, self._chunk_source.seen_gtids)

    def _load_snapshot(self, table: Table, chunk: Chunk) -> bool:
        """Read a table without a key as it is at one exact position; a load that broke off begins anew."""
        if not self._followed:
            with plain_snapshot(self._source) as reader:
                return self._load_rows(reader, table, clear_table(self._connection, chunk), "TRUE")
        connection = open_source(self._source)
        try:
            identity = self._identify(connection)
        finally:
            connection.close()
        with exact_snapshot(self._source, identity, table) as (reader, position):
            self._ledger.set_snapshot(self._fence, table.name, position)
            return self._load_rows(reader, table, clear_table(self._connection, chunk), "TRUE")

    def _identify(self, connection: Connection) -> ServerIdentity:
        """The server must have all that the job has read so far, else its rows would be older than the rest."""
        identity = read_identity(connection)
        if self._followed and identity.uuid != self._source_uuid:
            keep_to_history(self._store, self._fence, connection, identity)
            self._source_uuid = identity.uuid
        return identity

    def _load_rows(
        self, reader: Connection, table: Table, chunk: Chunk, where: str, seen_gtids: Callable[[], str] = str
    ) -> bool:
        families = families_of(table)
        select = select_statement(table, families, where, key_expressions(table))
        limits = {"batch_rows_max": self._spec.transaction_rows, "batch_bytes_max": self._spec.transaction_bytes}
        with of_table(table), source_errors(self._source, where=f"{table.name}, rows where {where}"):
            batches = _with_end(read_batches(reader, select, families, **limits))
            for number, (batch, finished) in enumerate(batches):
                if not number:
                    seen = seen_gtids() if self._followed else ""
                read = 0 if batch is None else batch.num_rows
                if self._watch.pause_requested() or not self._throttle.hold(read, self._watch.pause_requested):
                    return False
                rows = None if batch is None else stage_rows(table.name, batch, families, replace=bool(table.key))
                part = replace(_part(table, chunk, batch, rows, finished=finished), seen_gtid_set=seen)
                chunk = load_chunk_part(self._connection, chunk, part, rows)
        return True


def _with_end(batches: Iterator[Any]) -> Iterator[tuple[Any, bool]]:
    """Each batch with whether it is the last; for no batch at all, None as the last."""
    held = next(batches, None)
    for batch in batches:
        yield held, False
        held = batch
    yield held, True


def _part(table: Table, chunk: Chunk, batch: Any, rows: StagedRows | None, *, finished: bool) -> ChunkPart:
    if rows is None:
        return ChunkPart(rows=0, bytes=0, last_key=None, digest=chunk.digest, finished=finished)
    last_key = None
    if table.key:
        families = families_of(table)
        places = [table.stored.index(place) for place in table.key]
        last = batch.slice(batch.num_rows - 1)
        (last_key,) = key_literals([families[place] for place in places], [last.column(place) for place in places])
    digest = f"{zlib.crc32(rows.payload, int(chunk.digest or '0', 16)):08x}"
    return ChunkPart(rows.rows, rows.bytes, last_key, digest, finished=finished)
