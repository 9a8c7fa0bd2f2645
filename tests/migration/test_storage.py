"""The storage options of TiDB, asked for in a job: they come about, carry rows and changes, or are refused."""

from pathlib import Path
from typing import Any

import pytest

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.job import parse_job
from mysql_to_tidb.model.checks import Outcome
from mysql_to_tidb.stages.plan import plan_job
from mysql_to_tidb.stages.precheck import check_job
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server

TABLES = (
    "CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20)) AUTO_INCREMENT = 500",
    "CREATE TABLE place (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20), KEY word (word))",
    "CREATE TABLE event_log (word VARCHAR(20))",
    "CREATE TABLE plain (id BIGINT AUTO_INCREMENT PRIMARY KEY)",
    "INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (18446744073709551615, 'c')",
    "INSERT INTO place VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    "INSERT INTO event_log VALUES ('x'), ('x'), ('y')",
    "INSERT INTO plain VALUES (7)",
)


def rules(database: str) -> list[dict[str, Any]]:
    return [
        {"tables": [f"{database}.orders"], "auto_random_bits": 5},
        {"tables": [f"{database}.pl?ce"], "nonclustered": True, "shard_row_id_bits": 4, "pre_split_regions": 2},
        {"tables": [f"{database}.*_log"], "shard_row_id_bits": 3},
    ]


def test_tables_with_storage_options_are_loaded_and_followed(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source.execute(f"CREATE DATABASE `{database_name}`", f"USE `{database_name}`", *TABLES)
    objects = {"databases": [database_name]}
    fields = job_fields(database_name, source, target, objects=objects, storage=rules(database_name))
    job = JobRun(tmp_path, {}, **fields)
    loaded = job.drive("loaded")
    assert loaded.code == 0, loaded.err
    source.execute(
        f"USE `{database_name}`",
        "INSERT INTO orders (id, word) VALUES (700, 'd'), (3, 'e')",
        "UPDATE orders SET id = 4, word = 'moved' WHERE id = 3",
        "DELETE FROM orders WHERE id = 1",
        "UPDATE place SET word = 'z' WHERE id < 3",
        "DELETE FROM place WHERE id = 3",
        "DELETE FROM event_log LIMIT 1",
        "INSERT INTO event_log VALUES ('z'), ('z')",
        "ALTER TABLE orders ADD COLUMN more INT NULL, ADD KEY word (word)",
        "INSERT INTO orders VALUES (800, 'f', 9)",
    )
    followed = job.drive()
    assert followed.code == 0, followed.err
    assert differences(source, target, database_name) == []
    if target.is_tidb:
        statements = {
            name: target.execute(f"SHOW CREATE TABLE `{database_name}`.{name}")[0][1]
            for name in ("orders", "place", "event_log", "plain")
        }
        assert "AUTO_RANDOM(5)" in statements["orders"]
        assert "NONCLUSTERED" in statements["place"]
        assert "SHARD_ROW_ID_BITS=4 PRE_SPLIT_REGIONS=2" in statements["place"]
        assert "SHARD_ROW_ID_BITS=3" in statements["event_log"]
        assert "AUTO_INCREMENT" in statements["plain"]
        target.execute(f"INSERT INTO `{database_name}`.orders (word) VALUES ('new')")


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        ("place", {"auto_random_bits": 5}, "needs a primary key that begins with a BIGINT column"),
        ("event_log", {"auto_random_bits": 5}, "needs a primary key that begins with a BIGINT column"),
        ("orders", {"auto_random_bits": 5, "nonclustered": True}, "exclude each other"),
        ("event_log", {"nonclustered": True}, "needs a primary key"),
        ("orders", {"shard_row_id_bits": 4}, "needs a table without a primary key, or nonclustered"),
        ("event_log", {"shard_row_id_bits": 2, "pre_split_regions": 3}, "cannot be more than shard_row_id_bits"),
    ],
)
def test_options_that_tidb_refuses_are_refused_by_the_check(
    table: str, options: dict[str, Any], words: str, source_mysql: Server, target: Server, database_name: str
) -> None:
    source_mysql.execute(f"CREATE DATABASE `{database_name}`", f"USE `{database_name}`", *TABLES)
    rule = {"tables": [f"{database_name}.{table}"]} | options
    objects = {"databases": [database_name]}
    job = parse_job(job_fields("storage", source_mysql, target, objects=objects, storage=[rule]))
    results, outcome = check_job(job, source_mysql.settings, target.settings)
    assert outcome is Outcome.FAILED
    assert [words in result.reason for result in results if result.outcome is Outcome.FAILED] == [True]
    made = plan_job(job, source_mysql.settings, target.settings)
    assert [each.name.table for each in made.tables if each.action == "refuse"] == [table]


def test_an_existing_table_must_be_stored_as_asked(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source_mysql.execute(f"CREATE DATABASE `{database_name}`", f"USE `{database_name}`", *TABLES)
    target.execute(
        f"CREATE DATABASE `{database_name}`",
        f"CREATE TABLE `{database_name}`.event_log (word VARCHAR(20) CHARSET utf8mb4 COLLATE utf8mb4_0900_ai_ci)",
    )
    objects = {"tables": [f"{database_name}.event_log"]}
    fields = job_fields(database_name, source_mysql, target, objects=objects, storage=rules(database_name))
    ran = JobRun(tmp_path, {}, **fields).drive()
    if target.is_tidb:
        assert ran.code == 1
        assert "it lacks SHARD_ROW_ID_BITS=3" in ran.err
    else:
        assert ran.code == 0, ran.err  # the stand-in stores its tables in one way only


def test_rules_are_checked_when_the_job_is_read() -> None:
    fields = {"name": "shop", "source": {"url": "mysql://u@h"}, "target": {"url": "mysql://u@t"}}
    for rule in (
        {"tables": ["orders"]},
        {"tables": ["a.b"], "auto_random_bits": 16},
        {"tables": [], "nonclustered": 1},
    ):
        with pytest.raises(InvalidJob, match="storage"):
            parse_job(fields | {"storage": [rule]})
    job = parse_job(fields)
    assert job.fingerprint != parse_job(fields | {"storage": [{"tables": ["a.b"], "nonclustered": True}]}).fingerprint
