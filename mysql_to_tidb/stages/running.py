"""The frame of a run: its lock and its sign of life at the target, and how it ended in the job's record."""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from mysql_to_tidb.errors import JobFenced, JobNotFound, MigrationError
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import Fence, JobRecord
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Action, Stage, Status
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_lock import JobLock, acquire, retake

HEARTBEAT_SECONDS = 1.0
WATCH_SECONDS = 1.0
"""How often a run looks whether the user wants it to pause."""

_log = logging.getLogger(__name__)
_held: dict[str, Fence] = {}
"""Jobs that this process runs, so that a flow inside another goes on under the same lock."""


ALIVE_SECONDS = 10
"""A run that has given no sign of life for so long is taken to have ended."""


class End(StrEnum):
    """Why a stage came back to its caller without an error."""

    REACHED = "reached"
    """It is through, or has come as far as it was to."""
    PAUSED = "paused"
    """The user asked for a pause."""
    RENEWED = "renewed"
    """It has run for long enough to be begun anew, with all its attempts before it again."""


@contextmanager
def open_store(target: ServerSettings) -> Iterator[StateStore]:
    """The records of all jobs, on a connection that is closed afterwards."""
    connection = open_target(target)
    try:
        yield StateStore(connection)
    finally:
        connection.close()


def is_alive(record: JobRecord) -> bool:
    """Whether a process holds the job and has said so lately."""
    return record.silent_seconds is not None and record.silent_seconds < ALIVE_SECONDS


def validate_connections(source: ServerSettings, target: ServerSettings) -> None:
    """Connect to both sides once. Raises what `open_source` and `open_target` raise."""
    open_source(source).close()
    open_target(target).close()


def is_new(target: ServerSettings, name: str) -> bool:
    """Whether the target knows no job of this name yet."""
    with open_store(target) as store:
        try:
            store.read_job(name)
        except JobNotFound:
            return True
    return False


@contextmanager
def running(job: Job, target: ServerSettings) -> Iterator[Fence]:
    """Run a job: create it if need be, take its lock, record how the run ended.

    An error ends it as failed; an interruption as paused. Raises JobAlreadyRunning, JobChanged and
    JobLimitReached, all before anything has changed.
    """
    if job.name in _held:
        yield _held[job.name]
        return
    with open_store(target) as store:
        store.create_job(job.name, json.dumps(job.described()), job.fingerprint)
    lock = acquire(target, job.name, f"{socket.gethostname()}:{os.getpid()}")
    heartbeat = _Heartbeat(target, lock)
    _held[job.name] = lock.fence
    try:
        with open_store(target) as store:
            store.request(job.name, Action.RUN)
            store.clear_error(lock.fence)
            store.set_status(lock.fence, Status.RUNNING)
        yield lock.fence
    except BaseException as error:
        _record(target, lock.fence, error)
        raise
    finally:
        del _held[job.name]
        heartbeat.stop()


def enter_stage(target: ServerSettings, fence: Fence, stage: Stage) -> None:
    """Record what the job is at."""
    with open_store(target) as store:
        store.set_stage(fence, stage)


def set_status(target: ServerSettings, fence: Fence, status: Status) -> None:
    """Record how the job is."""
    with open_store(target) as store:
        store.set_status(fence, status)


def _record(target: ServerSettings, fence: Fence, error: BaseException) -> None:
    """Leave the reason in the job's record; where even that fails, the caller still has the error."""
    if isinstance(error, JobFenced | JobNotFound):
        return
    with suppress(MigrationError), open_store(target) as store:
        if isinstance(error, MigrationError):
            store.record_error(fence, error)
        elif isinstance(error, Exception):
            store.record_error(fence, MigrationError(f"{type(error).__name__}: {error}", hint="please report this"))
        else:
            store.set_status(fence, Status.PAUSED)


class Watch:
    """Looks, at most once a second, what the user asks of the job and whether this run may still write."""

    def __init__(self, store: StateStore, fence: Fence) -> None:
        self._store = store
        self._fence = fence
        self._next_look = 0.0
        self._requested = Action.RUN

    def pause_requested(self) -> bool:
        """Whether to come to an end. Raises JobFenced, and JobNotFound for a job that has been deleted."""
        if time.monotonic() >= self._next_look:
            self._requested = self._store.heartbeat(self._fence)
            self._next_look = time.monotonic() + WATCH_SECONDS
        return self._requested is not Action.RUN


class _Heartbeat:
    """Keeps the lock's connection in use from a thread of its own, and takes the lock again if that is lost."""

    def __init__(self, target: ServerSettings, lock: JobLock) -> None:
        self._target = target
        self._lock = lock
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat of {lock.fence.job}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=30)
        self._lock.release()

    def _run(self) -> None:
        lost = False
        while not self._stopped.wait(HEARTBEAT_SECONDS):
            try:
                if lost:
                    self._lock = retake(self._target, self._lock.fence)
                self._lock.heartbeat()
                lost = False
            except (JobFenced, JobNotFound):
                return  # whoever writes for this run is told so by the fence
            except MigrationError as error:
                if not lost:
                    _log.warning("the lock of job %s is lost and will be taken again: %s", self._lock.fence.job, error)
                lost = True
                self._lock.release()
