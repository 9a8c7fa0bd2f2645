"""The precheck between real servers that are set up wrongly, one thing at a time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mysql_to_tidb.job import parse_job
from mysql_to_tidb.model.checks import CheckResult, Outcome
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.stages.plan import plan_job
from mysql_to_tidb.stages.precheck import Request, check_job, run_precheck
from tests.lab.install import Kind
from tests.lab.jobs import job_fields
from tests.lab.servers import LabServer, Server

StartServer = Callable[..., LabServer]


def request(*databases: str, mode: Mode = Mode.BOTH, **fields: Any) -> Request:
    choice = ObjectChoice.of_databases(databases) if databases else ObjectChoice.everything()
    return Request(choice, mode, connections=7, load_connections=4, **fields)


def checked(source: Server, target: Server, wanted: Request) -> dict[str, CheckResult]:
    results = run_precheck(source.settings, target.settings, wanted)
    assert len({result.item for result in results}) == len(results)
    assert all(result.solution for result in results if result.outcome is not Outcome.PASS)
    return {result.item: result for result in results}


def failures(results: dict[str, CheckResult]) -> set[str]:
    return {item for item, result in results.items() if result.outcome is Outcome.FAILED}


def with_table(server: Server, database: str, *statements: str) -> None:
    server.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4", f"USE `{database}`", *statements)


def test_a_source_that_is_right_fails_nothing(source: Server, target: Server, database_name: str) -> None:
    with_table(source, database_name, "CREATE TABLE t (id INT PRIMARY KEY)")
    for mode in Mode:
        results = checked(source, target, request(database_name, mode=mode))
        assert failures(results) == set()
        assert results["objects"].outcome is Outcome.PASS
        assert results["target_is_tidb"].outcome is (Outcome.PASS if target.is_tidb else Outcome.WARNING)
    assert not target.execute(f"SHOW DATABASES LIKE '{database_name}'")


@pytest.mark.parametrize(
    ("kind", "options", "item", "outcome"),
    [
        (Kind.MYSQL, ("--skip-log-bin",), "binlog_enabled", Outcome.FAILED),
        (Kind.MYSQL, ("--binlog-format=STATEMENT",), "binlog_format", Outcome.FAILED),
        (Kind.MYSQL, ("--binlog-row-image=MINIMAL",), "binlog_row_image", Outcome.FAILED),
        (Kind.MYSQL, ("--server-id=0",), "server_id", Outcome.FAILED),
        (Kind.MYSQL, ("--binlog-do-db=other",), "binlog_database_filters", Outcome.FAILED),
        (Kind.MYSQL, ("--binlog-ignore-db=shop",), "binlog_database_filters", Outcome.FAILED),
        (Kind.MYSQL, ("--binlog-expire-logs-seconds=600",), "binlog_retention", Outcome.WARNING),
        (Kind.MYSQL, ("--max-connections=10",), "source_max_connections", Outcome.PASS),
        (Kind.MYSQL, ("--max-connections=5",), "source_max_connections", Outcome.FAILED),
        (Kind.MYSQL, ("--binlog-row-value-options=PARTIAL_JSON",), "partial_json", Outcome.FAILED),
        (Kind.MYSQL, ("--binlog-transaction-compression=ON",), "binlog_compression", Outcome.PASS),
        (Kind.MYSQL, ("--max-execution-time=1000",), "statement_timeout", Outcome.WARNING),
        (Kind.MARIADB, ("--skip-log-bin",), "binlog_enabled", Outcome.FAILED),
        (Kind.MARIADB, ("--binlog-format=MIXED",), "binlog_format", Outcome.FAILED),
        (Kind.MARIADB, ("--binlog-row-image=NOBLOB",), "binlog_row_image", Outcome.FAILED),
        (Kind.MARIADB, ("--binlog-do-db=other",), "binlog_database_filters", Outcome.FAILED),
        (Kind.MARIADB, ("--expire-logs-days=0.5",), "binlog_retention", Outcome.WARNING),
        (Kind.MARIADB, ("--log-bin-compress=ON",), "binlog_compression", Outcome.PASS),
        (Kind.MARIADB, ("--max-statement-time=9",), "statement_timeout", Outcome.WARNING),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_source_set_up_wrongly_is_told_so(
    kind: Kind, options: tuple[str, ...], item: str, outcome: Outcome, start_server: StartServer, target: Server
) -> None:
    source = start_server(kind, *options)
    with_table(source, "shop", "CREATE TABLE t (id INT PRIMARY KEY)")
    results = checked(source, target, request("shop"))
    assert results[item].outcome is outcome, results[item]
    assert failures(results) <= {item}
    if kind is Kind.MARIADB and outcome is Outcome.FAILED:
        assert "mariadb" in results[item].solution + results[item].documentation or item == "binlog_database_filters"


def test_the_message_about_filters_is_the_one_that_users_search_for(start_server: StartServer, target: Server) -> None:
    source = start_server(Kind.MYSQL, "--binlog-do-db=other")
    with_table(source, "shop", "CREATE TABLE t (id INT PRIMARY KEY)")
    reason = checked(source, target, request("shop"))["binlog_database_filters"].reason
    assert reason == "These dbs [shop] are not in binlog_do_db [other]"


def test_a_full_load_does_without_a_binary_log(start_server: StartServer, target: Server) -> None:
    source = start_server(Kind.MYSQL, "--skip-log-bin")
    with_table(source, "shop", "CREATE TABLE t (id INT PRIMARY KEY)")
    assert failures(checked(source, target, request("shop", mode=Mode.FULL))) == set()


def test_tables_that_need_a_thought_are_named(source_mysql: Server, target: Server, database_name: str) -> None:
    with_table(
        source_mysql,
        database_name,
        "CREATE TABLE heap (id INT)",
        "CREATE TABLE place (id INT PRIMARY KEY, p POINT)",
        "CREATE TABLE isam (id INT PRIMARY KEY) ENGINE=MyISAM",
        "CREATE TABLE Twice (id INT PRIMARY KEY)",
        "CREATE TABLE twice (id INT PRIMARY KEY)",
        "CREATE TABLE latin (v VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY, FULLTEXT KEY (v))",
        "CREATE TABLE _latin_gho (id INT PRIMARY KEY)",
        "CREATE TRIGGER tr BEFORE INSERT ON isam FOR EACH ROW SET NEW.id = NEW.id + 1",
        "CREATE PROCEDURE pr() SELECT 1",
        "CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO SELECT 1",
    )
    results = checked(source_mysql, target, request(database_name))
    assert failures(results) == {"unsupported_types", "name_case"}
    named = {
        "no_primary_key": "heap",
        "unsupported_types": "place",
        "storage_engines": "isam",
        "name_case": "Twice",
        "collations": "latin.v",
        "schema_changes": "index_kind",
        "online_schema_changes": "_latin_gho",
        "not_migrated_objects": "1 events",
    }
    for item, words in named.items():
        assert words in results[item].reason, results[item]
    assert "1 triggers" in results["not_migrated_objects"].reason
    assert "1 procedures and functions" in results["not_migrated_objects"].reason


def test_the_longest_row_counts_and_not_the_average(source: Server, target: Server, database_name: str) -> None:
    with_table(
        source,
        database_name,
        "CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT, b LONGBLOB)",
        "INSERT INTO t SELECT seq.n, 'x', 'y' FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) AS seq",
        f"INSERT INTO t VALUES (4, REPEAT('x', {4 << 20}), REPEAT('y', {4 << 20}))",
        "ANALYZE TABLE t",
    )
    result = checked(source, target, request(database_name))["row_size"]
    assert result.outcome is Outcome.WARNING
    assert "(8.0 MiB)" in result.reason
    assert "tidb_txn_entry_size_limit" in result.solution
    source.execute(f"DELETE FROM `{database_name}`.t WHERE id = 4")
    assert checked(source, target, request(database_name))["row_size"].outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("kind", "option", "statement"),
    [
        (Kind.MYSQL, "--log-replica-updates=OFF", "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db.example'"),
        (Kind.MARIADB, "--log-slave-updates=OFF", "CHANGE MASTER TO MASTER_HOST = 'db.example'"),
    ],
)
def test_a_replica_as_source_must_log_what_it_replicates(
    kind: Kind, option: str, statement: str, start_server: StartServer, target: Server
) -> None:
    source = start_server(kind, option)
    with_table(source, "shop", "CREATE TABLE t (id INT PRIMARY KEY)")
    assert checked(source, target, request("shop"))["replica_source"].outcome is Outcome.PASS
    source.execute(statement)
    result = checked(source, target, request("shop"))["replica_source"]
    assert result.outcome is Outcome.FAILED
    source.restart("--read-only=ON", option.replace("OFF", "ON"))
    assert failures(checked(source, target, request("shop"))) == set()


def test_prepared_distributed_transactions_are_noticed(start_server: StartServer, target: Server) -> None:
    source = start_server(Kind.MYSQL)
    with_table(source, "shop", "CREATE TABLE t (id INT PRIMARY KEY)")
    source.execute("XA START 'a'", "INSERT INTO shop.t VALUES (1)", "XA END 'a'", "XA PREPARE 'a'")
    result = checked(source, target, request("shop"))["xa"]
    assert result.outcome is Outcome.WARNING
    assert "1 distributed transactions (XA) are prepared" in result.reason
    source.execute("XA ROLLBACK 'a'")
    assert "are in use" in checked(source, target, request("shop"))["xa"].reason


def test_check_and_plan_write_nothing_on_either_side(start_server: StartServer) -> None:
    source, target = start_server(Kind.MYSQL), start_server(Kind.MYSQL)
    with_table(source, "shop", "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE VIEW v AS SELECT id FROM t")
    job = parse_job(job_fields("shop", source, target, objects={"databases": ["shop"]}))
    logs = [server.execute("SHOW BINARY LOG STATUS") for server in (source, target)]
    results, outcome = check_job(job, source.settings, target.settings)
    assert outcome is Outcome.PASS, results
    made = plan_job(job, source.settings, target.settings)
    assert [table.action for table in made.tables] == ["create", "create"]
    assert "times what the load takes" in made.retention
    assert "CREATE TABLE IF NOT EXISTS `shop`.`t`" in str(made.as_json())
    assert [server.execute("SHOW BINARY LOG STATUS") for server in (source, target)] == logs


def test_mariadb_tables_that_log_hidden_columns_fail(
    source_mariadb: Server, target: Server, database_name: str
) -> None:
    with_table(
        source_mariadb,
        database_name,
        "CREATE TABLE sv (a INT PRIMARY KEY) WITH SYSTEM VERSIONING",
        "CREATE TABLE h (t TEXT NOT NULL, UNIQUE (t))",
        "CREATE SEQUENCE sq",
    )
    results = checked(source_mariadb, target, request(database_name))
    assert failures(results) == {"hidden_columns"}
    assert "1 sequences" in results["not_migrated_objects"].reason
    assert failures(checked(source_mariadb, target, request(database_name, mode=Mode.FULL))) == set()


def test_cascades_fail_where_they_are_not_logged_and_only_the_user_can_overrule(
    source: Server, target: Server, database_name: str
) -> None:
    with_table(
        source,
        database_name,
        "CREATE TABLE p (id INT PRIMARY KEY)",
        "CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    )
    logged = "MariaDB" not in source.version
    fields = {
        "name": database_name,
        "source": {"url": source.url},
        "target": {"url": target.url},
        "objects": {"databases": [database_name]},
    }
    for ignored, stops in (([], True), ("all", True), (["cascading_foreign_keys", "target_is_tidb", "xa"], False)):
        job = parse_job(fields | {"ignore_warnings": ignored})
        results, outcome = check_job(job, source.settings, target.settings)
        found = {result.item: result.outcome for result in results}["cascading_foreign_keys"]
        assert found is (Outcome.PASS if logged else Outcome.FAILED if stops else Outcome.WARNING)
        if not logged:
            assert (outcome is Outcome.FAILED) == stops


def test_rows_at_the_target_are_noticed(source_mysql: Server, target: Server, database_name: str) -> None:
    with_table(source_mysql, database_name, "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE heap (id INT)")
    empty = checked(source_mysql, target, request(database_name, mode=Mode.INCREMENTAL))["target_not_empty"]
    assert empty.outcome is Outcome.WARNING
    with_table(target, database_name, "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE heap (id INT)")
    assert checked(source_mysql, target, request(database_name))["target_not_empty"].outcome is Outcome.PASS
    target.execute(f"INSERT INTO `{database_name}`.t VALUES (1)")
    assert checked(source_mysql, target, request(database_name))["target_not_empty"].outcome is Outcome.WARNING
    target.execute(f"INSERT INTO `{database_name}`.heap VALUES (1)")
    assert checked(source_mysql, target, request(database_name))["target_not_empty"].outcome is Outcome.FAILED
    incremental = checked(source_mysql, target, request(database_name, mode=Mode.INCREMENTAL))
    assert incremental["target_not_empty"].outcome is Outcome.PASS
    target.execute(f"ALTER TABLE `{database_name}`.heap ADD COLUMN x INT NOT NULL")
    assert checked(source_mysql, target, request(database_name))["target_tables"].outcome is Outcome.FAILED


def test_source_and_target_must_not_be_the_same_server(source: Server, database_name: str) -> None:
    with_table(source, database_name, "CREATE TABLE t (id INT PRIMARY KEY)")
    results = checked(source, source, request(database_name))
    assert results["source_is_target"].outcome is Outcome.FAILED


def test_tidb_is_no_source_to_follow(target: Server, source_mysql: Server, database_name: str) -> None:
    with_table(target, database_name, "CREATE TABLE t (id INT PRIMARY KEY)")
    outcome = checked(target, source_mysql, request(database_name))["source_version"].outcome
    assert (outcome is Outcome.FAILED) == target.is_tidb


def test_servers_that_cannot_be_reached_are_failures_and_not_errors(source: Server, target: Server) -> None:
    nowhere = Server(replace(source.settings, port=1))
    assert failures(checked(nowhere, target, request("x"))) == {"source_connection"}
    wrong = Server(replace(target.settings, user="nobody", password="wrong"))
    assert "target_connection" in failures(checked(source, wrong, request("nowhere_at_all")))


@pytest.mark.parametrize(
    ("start", "outcome"),
    [
        ({"start_file": "binlog.999999"}, Outcome.FAILED),
        ({"start_gtid": "not a set"}, Outcome.FAILED),
    ],
)
def test_a_start_that_the_source_no_longer_has_fails(
    start: dict[str, str], outcome: Outcome, source: Server, target: Server, database_name: str
) -> None:
    with_table(source, database_name, "CREATE TABLE t (id INT PRIMARY KEY)")
    results = checked(source, target, request(database_name, mode=Mode.INCREMENTAL, **start))
    assert results["start_position"].outcome is outcome


def test_an_empty_choice_warns(source: Server, target: Server, database_name: str) -> None:
    source.execute(f"CREATE DATABASE `{database_name}`")
    assert checked(source, target, request(database_name))["objects"].outcome is Outcome.WARNING
