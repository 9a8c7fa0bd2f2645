"""The state of jobs in the target, as several tests need it."""

from collections.abc import Callable, Iterator

import pytest

from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_lock import JobLock, acquire
from tests.lab.servers import Server

JOB = "target-state"


@pytest.fixture
def store(target: Server) -> Iterator[StateStore]:
    connection = open_target(target.settings)
    store = StateStore(connection)
    store.schema.create()
    for job in store.list_jobs():
        if job.name.startswith(JOB):
            store.delete_job(job.name)
    yield store
    connection.close()


@pytest.fixture
def take(target: Server, store: StateStore) -> Iterator[Callable[[], JobLock]]:
    """Begins runs of the job, the lock of the one before given back first."""
    store.create_job(JOB, "{}", "f")
    locks: list[JobLock] = []

    def begin() -> JobLock:
        if locks:
            locks[-1].release()
        locks.append(acquire(target.settings, JOB, f"run-{len(locks)}"))
        return locks[-1]

    yield begin
    for lock in locks:
        lock.release()
