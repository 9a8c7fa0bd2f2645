"""The beginning of a job's life: its start position, then the shapes of its tables."""

from mysql_to_tidb.errors import SourceRefused
from mysql_to_tidb.job import Job, StartAtFile, StartAtGtid
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.position import current_position, start_position
from mysql_to_tidb.source.schema import read_tables
from mysql_to_tidb.stages.running import open_store
from mysql_to_tidb.stages.server import keep_to_history
from mysql_to_tidb.target.state import StateStore


def begin(job: Job, source: ServerSettings, target: ServerSettings, fence: Fence) -> None:
    """Fix the start position and take the chosen tables into the job; what is done already stays.

    The position comes first: a schema change after it is in the binary log and is met there, so that no
    shape that is read here can be older than the changes that are replayed on it.
    """
    with open_store(target) as store:
        record = store.read_job(job.name)
        if record.start_position is None and not record.source_uuid:
            _fix_start(job, source, fence, store)
        if not store.tables.records(job.name):
            store.tables.add(fence, _tables(job, source))


def let_source_win(source: ServerSettings, target: ServerSettings, fence: Fence) -> None:
    """After a conflict: until the source's present position, its rows replace whatever is in the target."""
    with open_store(target) as store:
        if store.read_job(fence.job).start_position is None:
            return
        connection = open_source(source)
        try:
            identity = read_identity(connection)
            keep_to_history(store, fence, connection, identity)
            store.set_overwrite(fence, current_position(connection, identity))
        finally:
            connection.close()


def _fix_start(job: Job, source: ServerSettings, fence: Fence, store: StateStore) -> None:
    connection = open_source(source)
    try:
        identity = read_identity(connection)
        position = _chosen_position(job) or _taken_position(job, source, identity)
        if position is None:
            return
        if job.mode is Mode.INCREMENTAL and job.start == "now":
            position = current_position(connection, identity)
    finally:
        connection.close()
    reached(Point.POSITION_TAKEN)
    store.set_start(fence, position, identity.uuid)
    if job.mode is Mode.INCREMENTAL:
        store.set_consistent(fence, position)


def _chosen_position(job: Job) -> Position | None:
    if isinstance(job.start, StartAtFile):
        return Position(job.start.file, job.start.position)
    if isinstance(job.start, StartAtGtid):
        return Position("", 0, job.start.gtid)
    return None


def _taken_position(job: Job, source: ServerSettings, identity: ServerIdentity) -> Position | None:
    """None for a full load from a source without a binary log, whose copy nothing can be replayed on."""
    tables = [table.name for table in _tables(job, source)]
    try:
        return start_position(source, identity, tables)
    except SourceRefused:
        if job.mode is Mode.FULL:
            return None
        raise


def _tables(job: Job, source: ServerSettings) -> list[Table]:
    connection = open_source(source)
    try:
        found = job.stored(read_tables(connection, job.choice))
        return [table for table in found if table.kind is TableKind.TABLE]
    finally:
        connection.close()
