"""Precheck items about the source, from facts alone: what passes, what warns, what fails, and what to do."""

from dataclasses import replace
from typing import Any

import pytest

from mysql_to_tidb.model.checks import CheckResult, Outcome, decide
from mysql_to_tidb.model.grants import Grants
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table, TableKind
from mysql_to_tidb.source import precheck as server
from mysql_to_tidb.source import precheck_tables as tables
from mysql_to_tidb.source.facts import SourceFacts
from mysql_to_tidb.source.precheck import Scope, items_for

VARIABLES = {
    "log_bin": "ON",
    "server_id": "1",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "binlog_expire_logs_seconds": "2592000",
    "gtid_mode": "ON",
    "max_connections": "151",
    "lower_case_table_names": "0",
    "log_replica_updates": "ON",
    "max_execution_time": "0",
}
ROOT = Grants.parse(["GRANT ALL PRIVILEGES ON *.* TO `root`@`%`"])


def facts(kind: str = "mysql", version: str = "8.4.5", grants: Grants = ROOT, **fields: Any) -> SourceFacts:
    """Facts of a source that is right; variables are given in lower case, all else by the name of its field."""
    known = {name: fields.pop(name) for name in list(fields) if name not in SourceFacts.__dataclass_fields__}
    variables = {name: value for name, value in (VARIABLES | known).items() if value is not None}
    return SourceFacts(kind, "mover@%", version, variables, grants, is_replica=False, **fields)


def table(name: str = "shop.t", *, key: bool = True, engine: str = "InnoDB", rest: str = "", size: int = 0) -> Table:
    schema, _, own = name.partition(".")
    index = Index("PRIMARY", unique=True, parts=(IndexPart("id"),))
    return Table(
        TableName(schema, own),
        (Column("id", "int", "int", nullable=False),),
        (index,) if key else (),
        engine,
        create_statement=f"CREATE TABLE `{own}` (\n`id` int NOT NULL{rest}\n) ENGINE={engine}",
        bytes_estimate=size,
    )


VIEW = Table(TableName("shop", "v"), (), kind=TableKind.VIEW)


def scope(*chosen: Table, mode: Mode = Mode.BOTH, **fields: Any) -> Scope:
    found = chosen or (table(),)
    databases = tuple(sorted({one.name.schema for one in found}))
    defaults: dict[str, Any] = {"choice": ObjectChoice.everything(), "connections": 7}
    return Scope(mode, databases=databases, tables=found, **(defaults | fields))


def outcome(result: CheckResult | None) -> Outcome:
    assert result is not None
    assert result.reason
    assert result.outcome is Outcome.PASS or result.solution
    return result.outcome


@pytest.mark.parametrize("mode", list(Mode))
def test_a_source_that_is_right_passes_every_item(mode: Mode) -> None:
    good, wanted = facts(), scope(mode=mode)
    items = (*items_for(wanted), *tables.table_items_for(wanted))
    results = [result for item in items if (result := item(good, wanted)) is not None]
    assert {outcome(result) for result in results} == {Outcome.PASS}
    assert len({result.item for result in results}) == len(results)
    assert decide(results, []) is Outcome.PASS


def test_a_full_load_asks_nothing_of_the_binary_log() -> None:
    names = {item.__name__ for item in items_for(scope(mode=Mode.FULL))}
    assert not [name for name in names if name.startswith("binlog")]
    assert not [item for item in tables.table_items_for(scope(mode=Mode.FULL)) if "cascading" in item.__name__]


@pytest.mark.parametrize(
    ("item", "wrong", "expected"),
    [
        (server.server_id, {"server_id": "0"}, Outcome.FAILED),
        (server.binlog_enabled, {"log_bin": "OFF"}, Outcome.FAILED),
        (server.binlog_format, {"binlog_format": "MIXED"}, Outcome.FAILED),
        (server.binlog_row_image, {"binlog_row_image": "MINIMAL"}, Outcome.FAILED),
        (server.partial_json, {"binlog_row_value_options": "PARTIAL_JSON"}, Outcome.FAILED),
        (server.binlog_compression, {"binlog_transaction_compression": "ON"}, Outcome.PASS),
        (server.binlog_compression, {"log_bin_compress": "ON"}, Outcome.PASS),
        (server.gtid_mode, {"gtid_mode": "OFF"}, Outcome.PASS),
        (server.binlog_retention, {"binlog_expire_logs_seconds": "3600"}, Outcome.WARNING),
        (server.binlog_retention, {"binlog_expire_logs_seconds": "0"}, Outcome.PASS),
        (server.binlog_retention, {"binlog_expire_logs_auto_purge": "OFF"}, Outcome.PASS),
        (
            server.binlog_retention,
            {"binlog_expire_logs_seconds": "0", "max_binlog_total_size": "1000"},
            Outcome.WARNING,
        ),
        (server.max_connections, {"max_connections": "6"}, Outcome.FAILED),
        (server.max_connections, {"max_user_connections": "3"}, Outcome.FAILED),
        (server.max_connections, {"max_connections": "9", "status": {"threads_connected": 5}}, Outcome.WARNING),
        (server.statement_timeout, {"max_execution_time": "5000"}, Outcome.WARNING),
        (server.xa, {"xa_prepared": 1}, Outcome.WARNING),
        (server.xa, {"status": {"com_xa_prepare": 3}}, Outcome.WARNING),
        (server.clock_skew, {"clock_skew_seconds": -61.0}, Outcome.WARNING),
        (server.source_version, {"version": "5.5.62"}, Outcome.FAILED),
        (server.source_version, {"version": "5.6.10"}, Outcome.PASS),
        (server.source_version, {"version": "9.7.4-2"}, Outcome.PASS),
        (server.source_version, {"version": "12.0.1"}, Outcome.WARNING),
        (server.source_version, {"version": "5.5.5-10.11.19-MariaDB-log"}, Outcome.PASS),
        (server.source_version, {"version": "11.8.3-MariaDB"}, Outcome.PASS),
        (server.source_version, {"version": "5.5.68-MariaDB"}, Outcome.FAILED),
        (server.source_version, {"version": "8.0.11-TiDB-v8.5.3"}, Outcome.FAILED),
    ],
)
def test_each_setting_has_its_outcome(item: server.Item, wrong: dict[str, Any], expected: Outcome) -> None:
    assert outcome(item(facts(**wrong), scope())) is expected


def test_a_source_that_is_a_replica_must_log_what_it_replicates() -> None:
    replica = replace(facts(log_replica_updates="OFF"), is_replica=True)
    unknown = replace(replica, is_replica=None)
    logging = replace(facts(), is_replica=True)
    assert outcome(server.replica_source(replica, scope())) is Outcome.FAILED
    assert outcome(server.replica_source(unknown, scope())) is Outcome.WARNING
    assert outcome(server.replica_source(logging, scope())) is Outcome.PASS


def test_the_retention_must_outlast_the_load() -> None:
    two_days = facts(binlog_expire_logs_seconds=str(48 * 3600))
    assert outcome(server.binlog_retention(two_days, scope(load_seconds=47 * 3600))) is Outcome.PASS
    assert outcome(server.binlog_retention(two_days, scope(load_seconds=49 * 3600))) is Outcome.FAILED


@pytest.mark.parametrize(
    ("hours", "expected"), [(None, Outcome.WARNING), (0, Outcome.FAILED), (12, Outcome.WARNING), (72, Outcome.PASS)]
)
@pytest.mark.parametrize("kind", ["rds", "aurora"])
def test_what_rds_keeps_is_its_own_setting(kind: str, hours: int | None, expected: Outcome) -> None:
    result = server.binlog_retention(facts(kind, retention_hours=hours), scope())
    assert outcome(result) is expected
    assert expected is Outcome.PASS or "mysql.rds_set_configuration" in result.solution


@pytest.mark.parametrize(
    ("do", "ignore", "reason"),
    [
        (("other",), (), "These dbs [shop, stock] are not in binlog_do_db [other]"),
        (("shop",), ("stock",), "These dbs [stock] are not in binlog_do_db [shop]"),
        ((), ("stock", "x"), "these dbs [stock] are in binlog_ignore_db [stock, x]"),
        (("shop", "stock"), ("shop",), ""),
        ((), ("x",), ""),
    ],
)
def test_databases_must_not_be_filtered_out(do: tuple[str, ...], ignore: tuple[str, ...], reason: str) -> None:
    chosen = scope(table("shop.t"), table("stock.t"))
    result = server.binlog_database_filters(facts(binlog_do=do, binlog_ignore=ignore), chosen)
    assert outcome(result) is (Outcome.FAILED if reason else Outcome.PASS)
    assert not reason or result.reason == reason


def test_filters_that_cannot_be_read_are_a_warning() -> None:
    hidden = facts(binlog_do=None, binlog_ignore=None)
    assert outcome(server.binlog_database_filters(hidden, scope())) is Outcome.WARNING


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("mysql", "SET PERSIST binlog_format = ROW"),
        ("mariadb", "SET GLOBAL binlog_format = ROW"),
        ("rds", "DB parameter group"),
        ("aurora", "DB cluster parameter group"),
        ("cloudsql", "database flag"),
        ("azure", "server parameter"),
        ("alibaba", "in the console"),
    ],
)
def test_solutions_fit_the_kind_of_source(kind: str, words: str) -> None:
    result = server.binlog_format(facts(kind, binlog_format="STATEMENT"), scope())
    assert result is not None
    assert words in result.solution
    assert result.documentation.startswith("https://")
    assert server.binlog_enabled(facts(kind, log_bin="OFF"), scope()).solution


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ({"start_file": "binlog.000002"}, Outcome.PASS),
        ({"start_file": "binlog.000001"}, Outcome.FAILED),
        ({"start_gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9"}, Outcome.PASS),
        ({"start_gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4"}, Outcome.FAILED),
        ({"start_gtid": "nonsense"}, Outcome.FAILED),
    ],
)
def test_the_start_must_still_be_there(start: dict[str, str], expected: Outcome) -> None:
    known = facts(binlog_files=("binlog.000002",), gtid_purged="3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5")
    assert outcome(server.start_position(known, scope(mode=Mode.INCREMENTAL, **start))) is expected
    unknown = facts(binlog_files=None)
    assert outcome(server.start_position(unknown, scope(start_file="x"))) is Outcome.WARNING


def test_several_items_about_tables_name_them() -> None:
    some = scope(
        table("shop.good"),
        table("shop.heap", key=False),
        table("shop.My", engine="MyISAM"),
        table("shop.my"),
        table("shop._good_gho"),
        table("shop.big", size=2 << 40),
        VIEW,
    )
    assert "shop.heap" in tables.no_primary_key(facts(), some).reason
    assert "shop.My (MyISAM)" in tables.storage_engines(facts(), some).reason
    assert "shop.My and shop.my" in tables.name_case(facts(), some).reason
    assert "shop._good_gho" in tables.online_schema_changes(facts(), some).reason
    assert outcome(tables.name_case(facts(), some)) is Outcome.FAILED
    assert outcome(tables.data_size(facts(), some)) is Outcome.WARNING


def test_objects_that_do_not_come_along_are_counted() -> None:
    result = tables.not_migrated_objects(facts(not_migrated={"triggers": {"shop": 2}}), scope())
    assert outcome(result) is Outcome.WARNING
    assert "2 triggers in shop" in result.reason


CASCADE = ",\n CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE"


@pytest.mark.parametrize(
    ("version", "variables", "rest", "expected"),
    [
        ("8.4.5", {}, CASCADE, Outcome.FAILED),
        ("9.5.0", {}, CASCADE, Outcome.FAILED),
        ("9.6.0", {}, CASCADE, Outcome.PASS),
        ("9.7.4", {"innodb_native_foreign_keys": "ON"}, CASCADE, Outcome.FAILED),
        ("10.11.19-MariaDB", {}, CASCADE, Outcome.FAILED),
        ("8.4.5", {}, CASCADE.replace("CASCADE", "RESTRICT"), Outcome.PASS),
    ],
)
def test_cascades_that_are_not_logged_fail(
    version: str, variables: dict[str, Any], rest: str, expected: Outcome
) -> None:
    result = tables.cascading_foreign_keys(facts(version=version, **variables), scope(table("shop.child", rest=rest)))
    assert outcome(result) is expected
    assert expected is Outcome.PASS or "shop.child" in result.reason


def test_tables_whose_rows_are_logged_with_hidden_columns_fail() -> None:
    plain = table("shop.v")
    versioned = replace(plain, create_statement=plain.create_statement + " WITH SYSTEM VERSIONING")
    hashed = replace(plain, indexes=(Index("h", unique=True, parts=(IndexPart("id"),), kind="HASH"),))
    mariadb = facts("mariadb", "10.11.19-MariaDB")
    for one in (versioned, hashed):
        assert outcome(tables.hidden_columns(mariadb, scope(one))) is Outcome.FAILED
    assert outcome(tables.hidden_columns(facts(), scope(hashed))) is Outcome.PASS
