"""What the target remembers of jobs, and who may write it."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from mysql_to_tidb.errors import (
    InvalidJob,
    JobAlreadyRunning,
    JobChanged,
    JobFenced,
    JobLimitReached,
    JobNotFound,
    MigrationError,
    TargetConflict,
    TargetError,
)
from mysql_to_tidb.model.jobs import Fence, JobFailure
from mysql_to_tidb.model.keys import KeyRange
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.states import STATUS_MOVES, Action, Stage, Status
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table
from mysql_to_tidb.target import state_lock
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.state import StateStore, job_limit
from mysql_to_tidb.target.state_lock import JobLock, acquire, lock_names, retake
from mysql_to_tidb.target.state_schema import VERSION
from mysql_to_tidb.target.transaction import transaction
from tests.lab.servers import Server

JOB = "target-state"
NAME = TableName("shop", "orders")
TABLE = Table(
    NAME,
    (Column("id", "int", "int", nullable=False), Column("it's", "varchar", "varchar(10)", members=("ä%s",))),
    (Index("PRIMARY", unique=True, parts=(IndexPart("id"),)),),
    rows_estimate=1000,
    bytes_estimate=50_000,
)
G0 = Position("binlog.000007", 4_294_967_296 + 157, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5")


def test_creating_the_schema_twice_is_harmless(store: StateStore) -> None:
    store.schema.create()
    assert store.schema.exists()


def test_a_schema_of_an_older_form_is_brought_up_to_date(store: StateStore, target: Server) -> None:
    target.execute("ALTER TABLE mysql_to_tidb.checkpoints DROP COLUMN partial_changes")
    for version in (1, 1):  # the second time as if a run had been killed in between
        target.execute(f"UPDATE mysql_to_tidb.version SET version = {version}")
        assert store.schema.exists()
    assert target.execute("SELECT version FROM mysql_to_tidb.version") == [(VERSION,)]
    assert target.execute("SELECT COUNT(partial_changes) >= 0 FROM mysql_to_tidb.checkpoints") == [(1,)]


def test_a_schema_of_an_unknown_form_is_refused(store: StateStore, target: Server) -> None:
    with target.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE mysql_to_tidb.version SET version = 99")
        try:
            with pytest.raises(TargetError, match="has form 99"):
                store.schema.create()
        finally:
            cursor.execute("UPDATE mysql_to_tidb.version SET version = 1")


def test_a_new_job_is_kept_with_its_settings(store: StateStore) -> None:
    job = store.create_job(JOB, '{"name": "日本 %s \\\\"}', "abc")
    assert job == store.read_job(JOB)
    assert (job.definition, job.fingerprint) == ('{"name": "日本 %s \\\\"}', "abc")
    assert (job.stage, job.status, job.requested, job.epoch) == (Stage.PRECHECK, Status.CREATING, Action.RUN, 0)
    assert job.start_position is None
    assert job in store.list_jobs()


def test_the_same_job_with_other_settings_is_refused(store: StateStore) -> None:
    store.create_job(JOB, "{}", "abc")
    assert store.create_job(JOB, "{}", "abc").epoch == 0
    with pytest.raises(JobChanged):
        store.create_job(JOB, "{}", "xyz")


def test_jobs_that_differ_only_by_case_are_two_jobs(store: StateStore, target: Server) -> None:
    assert not {name.lower() for name in lock_names("Shop")} & {name.lower() for name in lock_names("shop")}
    assert max(len(name) for name in lock_names("x" * 60)) <= 64
    store.create_job(JOB, "{}", "small")
    store.create_job(JOB + "-X", "{}", "large")
    store.create_job(JOB + "-x", "{}", "other")
    with acquire(target.settings, JOB + "-X", "1"), acquire(target.settings, JOB + "-x", "2", wait_seconds=0):
        pass


def test_one_job_too_many_is_refused(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYSQL_TO_TIDB_JOBS_MAX", str(len(store.list_jobs())))
    with pytest.raises(JobLimitReached):
        store.create_job(JOB, "{}", "abc")
    monkeypatch.setenv("MYSQL_TO_TIDB_JOBS_MAX", str(len(store.list_jobs()) + 1))
    store.create_job(JOB, "{}", "abc")
    store.create_job(JOB, "{}", "abc")


def test_the_limit_is_200_unless_the_environment_says_otherwise() -> None:
    assert job_limit({}) == 200
    assert job_limit({"MYSQL_TO_TIDB_JOBS_MAX": "3"}) == 3
    with pytest.raises(InvalidJob):
        job_limit({"MYSQL_TO_TIDB_JOBS_MAX": "many"})


def test_a_job_that_is_unknown_is_not_found(store: StateStore, target: Server) -> None:
    for action in (
        lambda: store.read_job(JOB),
        lambda: store.delete_job(JOB),
        lambda: store.request(JOB, Action.PAUSE),
        lambda: store.set_stage(Fence(JOB, 1), Stage.LOAD),
        lambda: acquire(target.settings, JOB, "run"),
    ):
        with pytest.raises(JobNotFound):
            action()


def test_a_second_run_is_refused_while_the_first_holds_the_lock(
    take: Callable[[], JobLock], target: Server, store: StateStore
) -> None:
    take()
    with pytest.raises(JobAlreadyRunning, match=JOB):
        acquire(target.settings, JOB, "second", wait_seconds=1)
    assert store.read_job(JOB).run_id == "run-0"


def test_a_lock_is_renewed_without_a_gap(
    take: Callable[[], JobLock], target: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TiDB drops locks that are too old; a second run that waits all the time must never get a turn."""
    monkeypatch.setattr(state_lock, "RENEW_SECONDS", 0)
    lock = take()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(acquire, target.settings, JOB, "second", wait_seconds=2)
        beats = 0
        while not second.done():
            assert lock.heartbeat() is Action.RUN
            beats += 1
    assert isinstance(second.exception(), JobAlreadyRunning)
    assert beats > 2
    monkeypatch.setattr(state_lock, "RENEW_SECONDS", 1000)
    assert lock.heartbeat() is Action.RUN


def test_a_run_that_is_killed_gives_its_lock_back(store: StateStore, target: Server) -> None:
    store.create_job(JOB, "{}", "f")
    code = (
        "import sys\n"
        "from mysql_to_tidb.model.settings import ServerSettings\n"
        "from mysql_to_tidb.target.state_lock import acquire\n"
        "lock = acquire(ServerSettings(sys.argv[1], int(sys.argv[2]), sys.argv[3]), sys.argv[4], 'killed')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    settings = target.settings
    arguments = [sys.executable, "-c", code, settings.host, str(settings.port), settings.user, JOB]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.kill()
    with acquire(settings, JOB, "next") as lock:
        assert lock.fence.epoch == 2


def test_a_lost_lock_is_taken_again_unless_another_run_has_begun(
    take: Callable[[], JobLock], store: StateStore, target: Server
) -> None:
    lost = take()
    lost.release()
    with retake(target.settings, lost.fence) as again:
        assert again.fence == lost.fence
        assert again.heartbeat() is Action.RUN
    take()
    with pytest.raises(JobAlreadyRunning):
        retake(target.settings, lost.fence, wait_seconds=0)
    take().release()
    with pytest.raises(JobFenced):
        retake(target.settings, lost.fence)


def test_only_the_newest_run_may_write(take: Callable[[], JobLock], store: StateStore) -> None:
    old, new = take().fence, take().fence
    assert new.epoch == old.epoch + 1
    store.set_stage(new, Stage.SCHEMA)
    for action in (
        lambda: store.set_stage(old, Stage.LOAD),
        lambda: store.set_status(old, Status.RUNNING),
        lambda: store.heartbeat(old),
        lambda: store.record_error(old, TargetConflict("x")),
        lambda: store.set_start(old, G0, "uuid"),
        lambda: store.tables.plan(old, {NAME: [KeyRange()]}),
    ):
        with pytest.raises(JobFenced):
            action()
    assert store.read_job(JOB).stage is Stage.SCHEMA


def test_what_a_user_asks_for_is_heard_at_the_next_heartbeat(take: Callable[[], JobLock], store: StateStore) -> None:
    lock = take()
    assert lock.heartbeat() is Action.RUN
    store.request(JOB, Action.PAUSE)
    assert lock.heartbeat() is Action.PAUSE
    assert store.requested(JOB) is Action.PAUSE
    assert store.read_job(JOB).heartbeat_at is not None


@pytest.mark.parametrize("present", Status)
def test_the_status_moves_only_as_it_may(take: Callable[[], JobLock], store: StateStore, present: Status) -> None:
    fence = take().fence
    for following in Status:
        with store.connection.cursor() as cursor:
            cursor.execute("UPDATE mysql_to_tidb.jobs SET status = %s WHERE name = %s", (present, JOB))
        if following in STATUS_MOVES[present]:
            store.set_status(fence, following)
            assert store.read_job(JOB).status is following
        else:
            with pytest.raises(InvalidJob, match=present):
                store.set_status(fence, following)


def test_a_failed_job_says_why_until_it_goes_on(take: Callable[[], JobLock], store: StateStore) -> None:
    fence = take().fence
    error = TargetConflict("rows are missing: 'é', %s", where="shop.orders", hint="look")
    store.record_error(fence, error)
    job = store.read_job(JOB)
    assert job.status is Status.FAILED
    assert job.failure == JobFailure.of(error)
    store.clear_error(fence)
    assert store.read_job(JOB).failure is None


def test_positions_come_back_as_they_were(take: Callable[[], JobLock], store: StateStore) -> None:
    fence = take().fence
    consistent, overwrite = Position("binlog.1000000", 4), Position("binlog.000009", 8, "0-1-7")
    store.set_start(fence, G0, "uuid")
    store.set_consistent(fence, consistent)
    store.set_overwrite(fence, overwrite)
    store.set_loaded(fence)
    job = store.read_job(JOB)
    assert (job.start_position, job.source_uuid) == (G0, "uuid")
    assert (job.consistent_position, job.overwrite_until) == (consistent, overwrite)
    assert job.loaded_at is not None


def test_the_start_position_is_taken_once(take: Callable[[], JobLock], store: StateStore) -> None:
    fence = take().fence
    store.set_start(fence, G0, "uuid")
    with pytest.raises(MigrationError):
        store.set_start(fence, Position("binlog.000099", 4), "uuid")
    assert store.read_job(JOB).start_position == G0


def test_a_checkpoint_moves_once_for_each_window(take: Callable[[], JobLock], store: StateStore) -> None:
    fence = take().fence
    store.set_start(fence, G0, "uuid")
    before = store.checkpoints.take(fence)
    assert (before.position, before.sequence, before.fence) == (G0, 0, fence)
    after = replace(
        before,
        sequence=1,
        position=Position("binlog.000008", 99, "0-1-9"),
        source_committed_at=1e9,
        applied_at=1e9 + 2.5,
        transactions=3,
        changes=7,
    )
    with transaction(store.connection, "test"):
        store.checkpoints.advance(before, after)
    assert store.checkpoints.read(JOB) == after
    assert after.lag_seconds == 2.5
    with pytest.raises(JobFenced), transaction(store.connection, "test"):
        store.checkpoints.advance(before, after)


def test_a_run_that_has_been_replaced_cannot_move_the_checkpoint(
    take: Callable[[], JobLock], store: StateStore
) -> None:
    old = take().fence
    store.set_start(old, G0, "uuid")
    before = store.checkpoints.take(old)
    new = take().fence
    with pytest.raises(JobFenced), transaction(store.connection, "test"):
        store.checkpoints.advance(before, replace(before, sequence=1))
    with pytest.raises(JobFenced):
        store.checkpoints.take(old)
    with pytest.raises(JobFenced):
        store.checkpoints.was_committed(before)
    assert store.checkpoints.take(new).sequence == 0


def test_a_lost_commit_is_decided_by_the_checkpoint(
    take: Callable[[], JobLock], store: StateStore, target: Server
) -> None:
    """Asking waits for the transaction that is still open, so that the answer holds."""
    fence = take().fence
    store.set_start(fence, G0, "uuid")
    before = store.checkpoints.take(fence)
    assert not store.checkpoints.was_committed(before)
    other = open_target(target.settings)
    with transaction(store.connection, "test"):
        store.checkpoints.advance(before, replace(before, sequence=1))
        with other.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
        with pytest.raises(TargetError):  # busy: the outcome is not known yet
            StateStore(other).checkpoints.was_committed(before)
    assert StateStore(other).checkpoints.was_committed(before)
    other.close()


def test_deleting_a_job_forgets_all_of_it_and_fences_its_run(take: Callable[[], JobLock], store: StateStore) -> None:
    fence = take().fence
    store.set_start(fence, G0, "uuid")
    store.tables.add(fence, [TABLE])
    store.tables.plan(fence, {NAME: [KeyRange()]})
    before = store.checkpoints.take(fence)
    store.delete_job(JOB)
    with pytest.raises(JobNotFound):
        store.heartbeat(fence)
    with pytest.raises(JobFenced), transaction(store.connection, "test"):
        store.checkpoints.advance(before, replace(before, sequence=1))
    with store.connection.cursor() as cursor:
        for table in ("checkpoints", "tables", "chunks", "schema_history"):
            cursor.execute(f"SELECT COUNT(*) FROM mysql_to_tidb.{table} WHERE job = %s", (JOB,))
            assert cursor.fetchone() == (0,)
