"""A transaction too large for memory and for one transaction of the target arrives whole, whatever happens."""

import contextlib
from pathlib import Path

import pytest

from mysql_to_tidb.model.checkpoints import Checkpoint
from mysql_to_tidb.points import VARIABLE, Point
from mysql_to_tidb.stages.running import open_store
from tests.faults.test_kill_points import SLICES, ended_well, killed
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server

SCHEMA = (
    """CREATE TABLE item (
        id INT NOT NULL PRIMARY KEY, place INT NOT NULL, note VARCHAR(300) NULL, UNIQUE KEY (place)
    )""",
    "CREATE TABLE bag (word VARCHAR(30), number INT)",
    """INSERT INTO item WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900)
       SELECT i, i, REPEAT('x', 200) FROM n""",
    "INSERT INTO bag SELECT CONCAT('w', id % 7), id % 3 FROM item",
)
LARGE = (
    "UPDATE item SET place = -place, note = CONCAT(note, 'y')",
    # Values and keys move between rows of different slices.
    "UPDATE item SET place = 901 + place",
    "INSERT INTO item SELECT id + 5000, place + 5000, 'new' FROM item WHERE id <= 300",
    "SAVEPOINT s",
    "DELETE FROM item WHERE id > 400",
    "ROLLBACK TO s",
    "DELETE FROM item WHERE id BETWEEN 100 AND 199",
    "UPDATE item SET id = id - 5000 + 99 WHERE id BETWEEN 5001 AND 5100",
    "INSERT INTO bag SELECT word, number FROM bag WHERE number = 1",
    "UPDATE bag SET number = number + 1 WHERE word IN ('w1', 'w2')",
    "DELETE FROM bag WHERE word = 'w3' LIMIT 50",
    "UPDATE item SET note = 'last' WHERE id % 3 = 0",
)
CHANGES_MIN = 3_000
SPEC = {
    "window_changes": 250,
    "atomic_changes": 600,
    "spool_memory_bytes": 20_000,
    "windows_waiting": 1,
    "chunk_rows": 400,
}


class Sliced:
    """A job that has caught up, and a source that then commits one large transaction."""

    def __init__(self, source: Server, target: Server, folder: Path, database: str) -> None:
        self._source, self._target, self._database = source, target, database
        source.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4", f"USE {database}", *SCHEMA)
        fields = job_fields(database, source, target, objects={"databases": [database]}, spec=SPEC)
        self.job = JobRun(folder, {}, **fields)
        ended_well(self.job.drive())

    def commit(self, end: str = "COMMIT") -> None:
        self._source.execute(f"USE {self._database}", "BEGIN", *LARGE, end)

    @property
    def checkpoint(self) -> Checkpoint:
        with open_store(self._target.settings) as store:
            checkpoint = store.checkpoints.read(self._database)
        assert checkpoint is not None
        return checkpoint

    def differences(self) -> list[str]:
        return differences(self._source, self._target, self._database)


@pytest.fixture
def sliced(source: Server, target: Server, tmp_path: Path, database_name: str) -> Sliced:
    return Sliced(source, target, tmp_path, database_name)


@pytest.mark.parametrize("point", sorted(SLICES))
def test_a_run_killed_between_slices_goes_on_with_the_next_one(point: Point, sliced: Sliced) -> None:
    sliced.commit()
    before = sliced.checkpoint
    seen = [0]
    for nth in (1, 3, 2):
        killed(sliced.job.drive(**{VARIABLE: f"{point}:{nth}"}))
        checkpoint = sliced.checkpoint
        assert checkpoint.position.offset >= before.position.offset
        seen.append(checkpoint.partial_changes)
    assert seen == sorted(seen)
    assert seen[-1] > 0
    ended_well(sliced.job.drive())
    assert sliced.checkpoint.partial_changes == 0
    assert sliced.checkpoint.changes - before.changes > CHANGES_MIN
    assert sliced.checkpoint.transactions == before.transactions + 1
    assert sliced.differences() == []


def test_a_large_transaction_that_is_rolled_back_or_broken_off_leaves_no_trace(
    sliced: Sliced, source: Server, database_name: str
) -> None:
    before = sliced.checkpoint
    sliced.commit("ROLLBACK")
    connection = source.connect(autocommit=False, database=database_name)
    with contextlib.closing(connection), connection.cursor() as cursor:
        for statement in LARGE:
            cursor.execute(statement)
        ended_well(sliced.job.drive())
    ended_well(sliced.job.drive())
    assert sliced.checkpoint.changes == before.changes
    assert sliced.differences() == []


def test_a_restart_goes_on_within_a_large_transaction(
    source_mysql: Server, target: Server, tmp_path: Path, database_name: str
) -> None:
    sliced = Sliced(source_mysql, target, tmp_path, database_name)
    sliced.commit()
    killed(sliced.job.drive(**{VARIABLE: f"{Point.AFTER_SLICE_COMMIT}:2"}))
    target.execute(f"DELETE FROM {database_name}.item WHERE id = 900")
    refused = sliced.job.drive()
    assert refused.code == 1
    assert "TARGET_CONFLICT" in refused.err
    ended_well(sliced.job.drive(RESTART="1"))
    assert sliced.differences() == []
