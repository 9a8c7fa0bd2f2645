"""The right to run a job: one run at a time, and the newest one wins over any that does not know yet."""

import hashlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from mysql_to_tidb.errors import JobAlreadyRunning
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Action
from mysql_to_tidb.target.connection import TargetConnection, open_target
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_access import StateAccess, check_epoch, job_not_found
from mysql_to_tidb.target.transaction import transaction

WAIT_SECONDS = 10
"""How long a second run waits: a process that was killed is noticed by the target in less."""


def lock_name(job: str) -> str:
    """At most 64 characters; servers compare lock names without case, so a digest tells jobs apart."""
    return f"m2t:{job[:40]}:{hashlib.blake2b(job.encode(), digest_size=8).hexdigest()}"


class JobLock(StateAccess):
    """A held lock, on a connection of its own: when the process dies, so does the lock."""

    file = "jobs"

    def __init__(self, connection: TargetConnection, fence: Fence) -> None:
        super().__init__(connection)
        self.fence = fence

    def heartbeat(self) -> Action:
        """Give a sign of life; what the user has asked for.

        Raises TargetConnectionLost when the lock is gone with its connection, JobFenced when the epoch is.
        """
        return StateStore(self.connection).heartbeat(self.fence)

    def release(self) -> None:
        """Give the lock back, by closing its connection."""
        if self.connection.open:
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class _Taking(StateAccess):
    """The steps from a connection to a held lock."""

    file = "jobs"

    def wait(self, job: str, wait_seconds: int) -> None:
        known = StateStore(self.connection).read_job(job)
        row = self._row("get_lock", lock=lock_name(job), wait_seconds=wait_seconds)
        if not row or row["got"] != 1:
            raise JobAlreadyRunning(
                f"job `{job}` is being run by another process",
                where=f"run {known.run_id}, last sign of life at {known.heartbeat_at} UTC",
            )

    def check(self, fence: Fence) -> None:
        """Raises JobFenced where another run has begun in the meantime."""
        row = self._row("read_requested", job=fence.job)
        check_epoch(fence, row["epoch"] if row else None)

    def begin_run(self, job: str, run_id: str) -> Fence:
        """The next epoch, handed to the checkpoint and the unfinished chunks at once.

        Waits for whatever an earlier run is committing at this moment.
        """
        with transaction(self.connection, f"begin a run of job {job}"):
            row = self._row("lock_epoch", job=job)
            if row is None:
                raise job_not_found(job)
            fence = Fence(job, row["epoch"] + 1)
            for statement in ("begin_run", "begin_run_checkpoints", "begin_run_chunks"):
                self._execute(statement, job=job, epoch=fence.epoch, run_id=run_id)
        return fence


def acquire(settings: ServerSettings, job: str, run_id: str, *, wait_seconds: int = WAIT_SECONDS) -> JobLock:
    """Take the right to run a job and fence off every earlier run of it.

    Raises JobNotFound, and JobAlreadyRunning where another run keeps the lock for `wait_seconds`.
    """
    return _locked(settings, job, wait_seconds, lambda taking: taking.begin_run(job, run_id))


def retake(settings: ServerSettings, fence: Fence, *, wait_seconds: int = WAIT_SECONDS) -> JobLock:
    """Take the lock again, whose connection was lost, and go on in the same epoch.

    Raises JobFenced where another run has begun in the meantime, JobAlreadyRunning where one is about to.
    """

    def go_on(taking: _Taking) -> Fence:
        taking.check(fence)
        return fence

    return _locked(settings, fence.job, wait_seconds, go_on)


def _locked(settings: ServerSettings, job: str, wait_seconds: int, begin: Callable[[_Taking], Fence]) -> JobLock:
    connection = open_target(settings)
    try:
        taking = _Taking(connection)
        taking.wait(job, wait_seconds)
        return JobLock(connection, begin(taking))
    except BaseException:
        connection.close()
        raise
