"""Changes in which keys and unique values move between rows arrive exactly, in a window each and all in one."""

from pathlib import Path

import pytest

from tests.faults.test_kill_points import ended_well
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server

SCHEMA = (
    "CREATE TABLE two (id INT PRIMARY KEY, a INT UNIQUE, b INT UNIQUE, note VARCHAR(20))",
    "CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES child (id))",
    "CREATE TABLE pair (d DATETIME(6), bytes VARBINARY(8), word VARCHAR(10), n INT, PRIMARY KEY (d, bytes, word))",
    "CREATE TABLE bag (word VARCHAR(10), n INT, UNIQUE KEY (n))",
    "CREATE TABLE old_engine (id INT PRIMARY KEY, n INT) ENGINE=MyISAM",
    "INSERT INTO two VALUES (1, 1, 1, 'x'), (2, 2, 2, 'x'), (3, 3, 3, 'x'), (4, NULL, NULL, 'x')",
    "INSERT INTO pair VALUES ('2024-01-01 00:00:00.000001', x'00FF', 'a', 1), ('2024-01-01', x'5C09', 'b', 2)",
    "INSERT INTO bag VALUES ('x', NULL), ('x', NULL), ('y', 1)",
    "INSERT INTO old_engine VALUES (1, 1)",
)
STEPS = {
    "a key goes on and on": ("UPDATE two SET id = 11 WHERE id = 1", "UPDATE two SET id = 12 WHERE id = 11"),
    "keys change places": (
        "UPDATE two SET id = -1 WHERE id = 2",
        "UPDATE two SET id = 2 WHERE id = 3",
        "UPDATE two SET id = 3 WHERE id = -1",
    ),
    "unique values move up in one statement": ("UPDATE two SET a = a + 1, b = b + 1 ORDER BY a DESC",),
    "unique values go round": (
        "UPDATE two SET a = -a",
        "UPDATE two SET a = CASE a WHEN -2 THEN 3 WHEN -3 THEN 4 ELSE 2 END WHERE a IS NOT NULL",
    ),
    "a replacement meets two rows": (
        "REPLACE INTO two SELECT 50, a, (SELECT MAX(b) FROM two), 'r' FROM two WHERE a = 2",
    ),
    "a duplicate is updated": ("INSERT INTO two VALUES (50, 900, 901, 'd') ON DUPLICATE KEY UPDATE note = 'dup'",),
    "rows point at each other": (
        "SET foreign_key_checks = 0",
        "INSERT INTO child VALUES (1, 2), (2, 1), (3, 3)",
        "SET foreign_key_checks = 1",
        "UPDATE child SET parent = 3 WHERE id = 1",
    ),
    "keys of several columns": (
        "UPDATE pair SET word = 'A', n = 3 WHERE word = 'a'",
        "UPDATE pair SET bytes = x'0A5C' WHERE n = 2",
        "INSERT INTO pair VALUES ('2024-01-01 00:00:00.000001', x'00FF', 'c', 9)",
    ),
    "equal rows": (
        "DELETE FROM bag WHERE word = 'x' LIMIT 1",
        "UPDATE bag SET n = 5 WHERE word = 'y'",
        "INSERT INTO bag VALUES ('x', NULL)",
    ),
    "an engine that cannot roll back": (
        "BEGIN",
        "UPDATE two SET note = 'kept' WHERE id = 12",
        "SAVEPOINT s",
        "UPDATE two SET note = 'lost' WHERE id = 12",
        "INSERT INTO bag VALUES ('lost', 77)",
        "ROLLBACK TO s",
        "COMMIT",
        "UPDATE old_engine SET n = n + 1",
    ),
}


@pytest.mark.parametrize("together", [False, True])
def test_keys_and_unique_values_may_move_as_they_like(
    together: bool, source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source.execute(f"CREATE DATABASE {database_name} CHARACTER SET utf8mb4", f"USE {database_name}", *SCHEMA)
    fields = job_fields(database_name, source, target, objects={"databases": [database_name]})
    job = JobRun(tmp_path, {}, **fields)
    ended_well(job.drive())
    process = None if together else job.driven()
    for statements in STEPS.values():
        source.execute(f"USE {database_name}", *statements)
    if process:
        process.kill()
        process.wait()
    ended_well(job.drive())
    assert differences(source, target, database_name) == []
