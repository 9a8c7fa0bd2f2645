"""How far jobs are, from the target's records and, for the lag, from the source's own position."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from mysql_to_tidb.errors import MigrationError
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.checkpoints import Checkpoint
from mysql_to_tidb.model.jobs import JobFailure, JobRecord
from mysql_to_tidb.model.progress import JobProgress, TableProgress
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Mode, Stage, Status
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.facts import read_facts
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.source.precheck import hours_kept
from mysql_to_tidb.stages.running import is_alive, open_store


def read_progress(source: ServerSettings, target: ServerSettings, name: str) -> JobProgress:
    """How far a job is. Raises JobNotFound."""
    with open_store(target) as store:
        record = store.read_job(name)
        tables = store.tables.progress(name)
        checkpoint = store.checkpoints.read(name)
    lag = None
    if checkpoint and record.stage in {Stage.SYNC, Stage.VALIDATE, Stage.CUTOVER}:
        lag = _lag_seconds(source, record, checkpoint)
    return _progress(record, tables, checkpoint, lag)


def read_all_progress(target: ServerSettings) -> list[JobProgress]:
    """How far all jobs of a target are; without their lag, which only their sources know."""
    with open_store(target) as store:
        return [
            _progress(record, store.tables.progress(record.name), store.checkpoints.read(record.name), None)
            for record in store.list_jobs()
        ]


def read_retention_seconds(job: Job, source: ServerSettings) -> float | None:
    """How long the source keeps its binary logs; None: until they are purged by hand."""
    connection = open_source(source)
    try:
        hours = hours_kept(read_facts(connection, source.kind, job.choice))
    finally:
        connection.close()
    return None if hours is None else hours * 3600


def _lag_seconds(source: ServerSettings, record: JobRecord, checkpoint: Checkpoint) -> float | None:
    """0 when the target has all that the source has; else the age of what it has. None: the source is away."""
    try:
        connection = open_source(source)
        try:
            identity = read_identity(connection)
            end = current_position(connection, identity)
        finally:
            connection.close()
    except MigrationError:
        return None
    if identity.uuid == record.source_uuid and checkpoint.position.reaches(end):
        return 0.0
    return max(0.0, time.time() - checkpoint.source_committed_at) if checkpoint.source_committed_at else None


def _progress(
    record: JobRecord, tables: list[TableProgress], checkpoint: Checkpoint | None, lag_seconds: float | None
) -> JobProgress:
    abandoned = record.status is Status.RUNNING and not is_alive(record)
    rows = sum(table.rows for table in tables)
    expected = sum(max(table.rows_estimate, table.rows) for table in tables)
    seconds = _load_seconds(record)
    rate = rows / seconds if seconds else 0.0
    loaded = record.loaded_at is not None
    position = checkpoint.position if checkpoint else record.start_position
    return JobProgress(
        name=record.name,
        mode=Mode(json.loads(record.definition).get("mode", Mode.BOTH)),
        stage=record.stage,
        status=Status.FAILED if abandoned else record.status,
        tables=tuple(tables),
        rows=rows,
        bytes=sum(table.bytes for table in tables),
        percent=100.0 if loaded else min(99.0, 100.0 * rows / expected) if expected else 0.0,
        seconds=seconds,
        rows_per_second=rate,
        remaining_seconds=None if loaded or not rate else (expected - rows) / rate,
        changes=checkpoint.changes if checkpoint else 0,
        transactions=checkpoint.transactions if checkpoint else 0,
        lag_seconds=lag_seconds,
        position=str(position) if position else "",
        gtid_set=position.gtid_set if position else "",
        consistent_since=_consistent_since(record, checkpoint),
        requested=record.requested,
        error=_abandoned_error(record) if abandoned else asdict(record.failure) if record.failure else {},
    )


def _abandoned_error(record: JobRecord) -> dict[str, Any]:
    """What to say of a job whose process has died without a word."""
    return asdict(
        JobFailure(
            "RUN_LOST",
            f"the process that ran the job has given no sign of life since {record.heartbeat_at} UTC",
            where=f"run {record.run_id}",
            hint="`start` goes on from the last commit",
        )
    )


def _load_seconds(record: JobRecord) -> float:
    """From the creation of the job to the end of its load, or until now."""
    end = record.loaded_at or datetime.now(UTC).replace(tzinfo=None)
    return max(0.0, (end - record.created_at).total_seconds())


def _consistent_since(record: JobRecord, checkpoint: Checkpoint | None) -> str:
    """The position from which on the target equals the source, once it has been reached."""
    consistent = record.consistent_position
    if consistent and checkpoint and record.loaded_at and checkpoint.position.reaches(consistent):
        return str(consistent)
    return ""
