"""A run is killed at every step of every schema change; each is carried out once, and both sides end equal."""

import signal
from pathlib import Path

import pytest

from mysql_to_tidb.points import VARIABLE, Point
from tests.faults.test_kill_points import SCHEMA_CHANGES, killed
from tests.lab.servers import Server
from tests.migration.test_ddl import ROW, Followed

CHANGES = (
    ROW,
    "ALTER TABLE item ADD a INT DEFAULT 3, DROP COLUMN amount, ADD INDEX (a)",
    "UPDATE item SET a = id",
    "ALTER TABLE item RENAME COLUMN a TO price, RENAME COLUMN price TO a",
    "RENAME TABLE item TO old, twin TO item, old TO twin",
    "INSERT INTO item (id, name) VALUES (300, 'x')",
    "CREATE TABLE copied AS SELECT id, name FROM twin",
    "TRUNCATE TABLE bag",
    "INSERT INTO bag VALUES ('x', 2)",
    "ALTER TABLE bag DROP COLUMN number, ADD COLUMN number INT",
)
RUNS_MAX = 40


@pytest.mark.parametrize("point", sorted(SCHEMA_CHANGES))
def test_a_run_killed_at_every_schema_change_recovers(
    point: Point, source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    followed = Followed(source_mysql, target, tmp_path, database_name)
    followed.run(*CHANGES)
    killed(followed.job.drive(**{VARIABLE: f"{point}:1"}))
    # The second time that it is reached, so that each run comes one step further.
    codes = [followed.job.drive(**{VARIABLE: f"{point}:2"}).code]
    while codes[-1] == -signal.SIGKILL and len(codes) < RUNS_MAX:
        codes.append(followed.job.drive(**{VARIABLE: f"{point}:2"}).code)
    assert codes[-1] == 0
    assert len(codes) > 1
    assert followed.differences(database_name) == []
