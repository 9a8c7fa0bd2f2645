"""Makes sure that the server which answers has the history that the job has followed.

After a failover that is another server under the same address: its files have other names and offsets, and only
GTIDs tell what it has.
"""

import logging

from pymysql.connections import Connection

from mysql_to_tidb.errors import BinlogHistoryChanged
from mysql_to_tidb.model.checkpoints import Checkpoint
from mysql_to_tidb.model.gtids import gtids_beyond, gtids_together
from mysql_to_tidb.model.jobs import Fence, JobRecord
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.source.position import executed_gtids
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_source import KnownByGtids, SourceMoves

_log = logging.getLogger(__name__)


def keep_to_history(store: StateStore, fence: Fence, connection: Connection, identity: ServerIdentity) -> None:
    """Nothing, where the server is the one that the job follows; else have the job follow this one.

    Raises BinlogHistoryChanged where it lacks a transaction that the target has or may have, or where that
    cannot be told. A server that has all of them, but no longer in its log, is found out when that is opened.
    """
    record, checkpoint = store.read_job(fence.job), store.checkpoints.read(fence.job)
    if checkpoint is None or record.source_uuid == identity.uuid:
        return
    known = _known_by_gtids(store, record, checkpoint, identity)
    moves = SourceMoves(store.connection)
    sets = [known.checkpoint, known.consistent or "", known.overwrite or "", *known.snapshots.values()]
    lacking = gtids_beyond(gtids_together(sets + moves.seen(fence.job)), executed_gtids(connection, identity))
    if lacking:
        raise _refusal(record, identity, f"which lacks {lacking}", checkpoint)
    moves.move(fence, identity.uuid, known)
    _log.warning("job %s goes on with the server %s instead of %s", fence.job, identity.uuid, record.source_uuid)


def _known_by_gtids(
    store: StateStore, record: JobRecord, checkpoint: Checkpoint, identity: ServerIdentity
) -> KnownByGtids:
    if not (identity.gtids and checkpoint.position.gtid_set):
        raise _refusal(record, identity, "and without GTIDs nobody can tell where to go on there", checkpoint)
    if checkpoint.partial_changes:
        raise _refusal(record, identity, "and a large transaction has been applied in part", checkpoint)

    def by_gtids(position: Position | None) -> str | None:
        if position is None or position.gtid_set:
            return position.gtid_set if position else None
        if checkpoint.position.reaches(position):
            return checkpoint.position.gtid_set
        raise _refusal(record, identity, f"and the GTIDs up to {position} are not known", checkpoint)

    tables = {table.table.name: by_gtids(table.snapshot) for table in store.tables.records(record.name)}
    return KnownByGtids(
        checkpoint=checkpoint.position.gtid_set,
        start=by_gtids(record.start_position) or "",
        consistent=by_gtids(record.consistent_position),
        overwrite=by_gtids(record.overwrite_until),
        snapshots={name: gtid_set for name, gtid_set in tables.items() if gtid_set},
    )


def _refusal(record: JobRecord, identity: ServerIdentity, why: str, checkpoint: Checkpoint) -> BinlogHistoryChanged:
    return BinlogHistoryChanged(
        f"the job followed the server {record.source_uuid}, and {identity.uuid} answers now, {why}",
        where=str(checkpoint.position),
    )
