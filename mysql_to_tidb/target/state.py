"""The jobs that a target holds: their settings, stage and status, what is asked of them, what stopped them."""

import os
from collections.abc import Mapping

from mysql_to_tidb.errors import InvalidJob, JobChanged, JobLimitReached, MigrationError, TargetConflict
from mysql_to_tidb.model.jobs import Fence, JobFailure, JobRecord
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.states import STATUS_MOVES, Action, Stage, Status
from mysql_to_tidb.target.connection import TargetConnection
from mysql_to_tidb.target.state_access import (
    Row,
    StateAccess,
    check_epoch,
    job_not_found,
    position_from,
    position_values,
)
from mysql_to_tidb.target.state_checkpoints import CheckpointLedger
from mysql_to_tidb.target.state_schema import StateSchema
from mysql_to_tidb.target.state_tables import TableLedger
from mysql_to_tidb.target.transaction import transaction

JOBS_MAX_VARIABLE = "MYSQL_TO_TIDB_JOBS_MAX"
JOBS_MAX = 200


def job_limit(environment: Mapping[str, str] = os.environ) -> int:
    """How many jobs a target may hold. Raises InvalidJob where the environment names no number."""
    text = environment.get(JOBS_MAX_VARIABLE, str(JOBS_MAX))
    if not text.isdecimal():
        raise InvalidJob(f"{JOBS_MAX_VARIABLE}={text} is not a number")
    return int(text)


class StateStore(StateAccess):
    """All jobs of a target. What a run writes takes its fence; what a user asks for does not.

    Every method commits by itself. Raises JobNotFound, and JobFenced where the fence is not the newest.
    """

    file = "jobs"

    def __init__(self, connection: TargetConnection) -> None:
        super().__init__(connection)
        self.schema = StateSchema(connection)
        self.checkpoints = CheckpointLedger(connection)
        self.tables = TableLedger(connection)

    def create_job(self, name: str, definition: str, fingerprint: str) -> JobRecord:
        """The job of this name, created if the target does not know it yet.

        Raises JobChanged where it exists with another fingerprint, JobLimitReached where it would be one too many.
        """
        self.schema.create()
        known = self._row("read", job=name)
        if known is None:
            jobs_max = job_limit()
            values = {"job": name, "definition": definition, "fingerprint": fingerprint, "jobs_max": jobs_max}
            try:
                created = self._execute("create", **values)
            except TargetConflict:  # someone else created it in the meantime
                created = 1
            if not created:
                raise JobLimitReached(f"the target holds {jobs_max} jobs already, and may hold no more")
        job = self.read_job(name)
        if job.fingerprint != fingerprint:
            raise JobChanged(f"job `{name}` was started with other settings")
        return job

    def read_job(self, name: str) -> JobRecord:
        row = self._row("read", job=name) if self.schema.exists() else None
        if row is None:
            raise job_not_found(name)
        return _job(row)

    def list_jobs(self) -> list[JobRecord]:
        return [_job(row) for row in self._rows("list")] if self.schema.exists() else []

    def delete_job(self, name: str) -> None:
        """Forget a job in whatever status; a run of it that still writes is fenced. Migrated rows stay."""
        self.read_job(name)
        with transaction(self.connection, f"delete job {name}"):
            for part in ("job", "checkpoints", "chunks", "tables", "schema_history", "validations"):
                self._execute(f"delete_{part}", job=name)

    def request(self, name: str, action: Action) -> None:
        """Ask a job to run, to pause or to be deleted; a running one looks once a second."""
        self.read_job(name)
        self._execute("request", job=name, action=action)

    def requested(self, name: str) -> Action:
        return self.read_job(name).requested

    def heartbeat(self, fence: Fence) -> Action:
        """Give a sign of life; what the user has asked for."""
        row = self._row("read_requested", job=fence.job)
        check_epoch(fence, row["epoch"] if row else None)
        self._execute("heartbeat", job=fence.job, epoch=fence.epoch)
        return Action(row["requested"]) if row else Action.DELETE

    def set_stage(self, fence: Fence, stage: Stage) -> None:
        with self._fenced(fence):
            self._execute("set_stage", job=fence.job, stage=stage)

    def set_status(self, fence: Fence, status: Status) -> None:
        """Raises InvalidJob where no move leads from the present status to this one."""
        with self._fenced(fence):
            self._move(fence.job, status)

    def record_error(self, fence: Fence, error: MigrationError) -> None:
        """The job has failed, and why."""
        with self._fenced(fence):
            self._move(fence.job, Status.FAILED)
            self._execute("set_error", job=fence.job, error=JobFailure.of(error).to_json())

    def clear_error(self, fence: Fence) -> None:
        with self._fenced(fence):
            self._execute("set_error", job=fence.job, error=None)

    def set_start(self, fence: Fence, position: Position, source_uuid: str) -> None:
        """Fix G0, from which changes are replayed, and put the job's checkpoint there; once in a job's life."""
        with self._fenced(fence):
            self._execute("set_start", job=fence.job, source_uuid=source_uuid, **position_values(position))
            self.checkpoints.create(fence, position)

    def set_consistent(self, fence: Fence, position: Position) -> None:
        """Fix G1, from which on the target equals the source."""
        with self._fenced(fence):
            self._execute("set_consistent", job=fence.job, **position_values(position))

    def set_overwrite(self, fence: Fence, position: Position) -> None:
        """Let the source's rows win up to a position."""
        with self._fenced(fence):
            self._execute("set_overwrite", job=fence.job, **position_values(position))

    def set_loaded(self, fence: Fence) -> None:
        """The full load has ended."""
        with self._fenced(fence):
            self._execute("set_loaded", job=fence.job)

    def _move(self, name: str, status: Status) -> None:
        row = self._row("lock_status", job=name)
        present = Status(row["status"]) if row else status
        if status not in STATUS_MOVES[present]:
            raise InvalidJob(f"job `{name}` is {present}; it cannot become {status}")
        self._execute("set_status", job=name, status=status)


def _job(row: Row) -> JobRecord:
    return JobRecord(
        name=row["name"],
        definition=row["definition"],
        fingerprint=row["fingerprint"],
        stage=Stage(row["stage"]),
        status=Status(row["status"]),
        requested=Action(row["requested"]),
        epoch=row["epoch"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        run_id=row["run_id"],
        source_uuid=row["source_uuid"],
        start_position=position_from(row, "start_"),
        consistent_position=position_from(row, "consistent_"),
        overwrite_until=position_from(row, "overwrite_"),
        heartbeat_at=row["heartbeat_at"],
        silent_seconds=None if row["silent_microseconds"] is None else row["silent_microseconds"] / 1e6,
        started_at=row["started_at"],
        loaded_at=row["loaded_at"],
        failure=JobFailure.from_json(row["error"]) if row["error"] else None,
    )
