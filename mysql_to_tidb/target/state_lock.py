"""The right to run a job: one run at a time, and the newest one wins over any that does not know yet."""

import hashlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from mysql_to_tidb.errors import JobAlreadyRunning
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Action
from mysql_to_tidb.target.connection import TargetConnection, open_target
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_access import Row, StateAccess, check_epoch, job_not_found
from mysql_to_tidb.target.transaction import transaction

WAIT_SECONDS = 10
"""How long a second run waits: a process that was killed is noticed by the target in less."""
RENEW_SECONDS = 15 * 60
"""How old a lock grows. TiDB keeps one in a transaction and lets it go, without a word, once that is older than
`performance.max-txn-ttl`: an hour by default."""


def lock_names(job: str) -> tuple[str, str]:
    """The two locks of a job. A run needs both, so that one can be renewed under the protection of the other.

    At most 64 characters; servers compare lock names without case, so a digest tells jobs apart.
    """
    name = f"m2t:{job[:40]}:{hashlib.blake2b(job.encode(), digest_size=8).hexdigest()}"
    return f"{name}:a", f"{name}:b"


class JobLock(StateAccess):
    """A held lock, on a connection of its own: when the process dies, so does the lock."""

    file = "jobs"

    def __init__(self, connection: TargetConnection, fence: Fence) -> None:
        super().__init__(connection)
        self.fence = fence
        self._held_since = dict.fromkeys(lock_names(fence.job), time.monotonic())

    def heartbeat(self) -> Action:
        """Give a sign of life and keep the lock young; what the user has asked for.

        Raises TargetConnectionLost when the lock is gone with its connection, JobFenced when the epoch is.
        """
        self._renew()
        return StateStore(self.connection).heartbeat(self.fence)

    def _renew(self) -> None:
        """Give the older lock back and take it again, if it is due.

        A run that waits may get it in between. It still lacks the other one and gives up, and until then
        only this one is tried again.
        """
        name = min(self._held_since, key=self._held_since.__getitem__)
        if time.monotonic() - self._held_since[name] >= RENEW_SECONDS:
            self._row("release_lock", lock=name)
            if _got(self._row("get_lock", lock=name, wait_seconds=0)):
                self._held_since[name] = time.monotonic()

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
        for name in lock_names(job):
            if not _got(self._row("get_lock", lock=name, wait_seconds=wait_seconds)):
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


def _got(row: Row | None) -> bool:
    return row is not None and row["got"] == 1
