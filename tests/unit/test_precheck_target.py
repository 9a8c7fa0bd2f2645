"""Precheck items about the target and about what becomes of the tables there, from facts alone."""

from dataclasses import replace
from typing import Any

import pytest

from mysql_to_tidb.model.checks import CheckResult, Outcome
from mysql_to_tidb.model.grants import Grants
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table
from mysql_to_tidb.target import precheck as items
from mysql_to_tidb.target.facts import TargetFacts
from mysql_to_tidb.target.precheck import Plan

ROOT = Grants.parse(["GRANT ALL PRIVILEGES ON *.* TO 'root'@'%'"])
VARIABLES = {
    "max_connections": "0",
    "local_infile": "ON",
    "sql_require_primary_key": "OFF",
    "tidb_super_read_only": "OFF",
}


def facts(version: str = "8.0.11-TiDB-v8.5.3", grants: Grants = ROOT, **fields: Any) -> TargetFacts:
    """Facts of a TiDB that is right; variables are given in lower case, all else by the name of its field."""
    known = {name: fields.pop(name) for name in list(fields) if name not in TargetFacts.__dataclass_fields__}
    return TargetFacts("mover@%", version, "TiDB" in version, VARIABLES | known, grants, **fields)


def table(name: str = "t", *extra: Column, key: bool = True, rest: str = "") -> Table:
    columns = (Column("id", "int", "int", nullable=False), *extra)
    lines = ",\n".join(f"`{column.name}` {column.column_type}" for column in columns)
    return Table(
        TableName("shop", name),
        columns,
        (Index("PRIMARY", unique=True, parts=(IndexPart("id"),)),) if key else (),
        create_statement=f"CREATE TABLE `{name}` (\n{lines}{rest}\n)",
        bytes_estimate=10**9,
    )


def plan(*tables: Table, mode: Mode = Mode.BOTH, **fields: Any) -> Plan:
    return Plan.of(mode, tables or (table(),), 7, **fields)


def outcome(result: CheckResult | None) -> Outcome:
    assert result is not None
    assert result.reason
    assert result.outcome is Outcome.PASS or result.solution
    return result.outcome


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.BOTH])
def test_an_empty_tidb_passes_every_item(mode: Mode) -> None:
    results = [item(facts(storage_free_bytes=10**12), plan(mode=mode)) for item in items.ITEMS]
    assert {outcome(result) for result in results} == {Outcome.PASS}


@pytest.mark.parametrize(
    ("item", "wrong", "expected"),
    [
        (items.target_is_tidb, {"version": "9.7.4"}, Outcome.WARNING),
        (items.target_is_tidb, {"version": "5.7.25-TiDB-v6.5.0"}, Outcome.WARNING),
        (items.local_infile, {"local_infile": "OFF"}, Outcome.FAILED),
        (items.target_writable, {"tidb_super_read_only": "ON"}, Outcome.FAILED),
        (items.target_writable, {"super_read_only": "ON"}, Outcome.FAILED),
        (items.target_max_connections, {"max_connections": "6"}, Outcome.FAILED),
        (items.target_max_connections, {"max_connections": "8", "threads_connected": 5}, Outcome.WARNING),
        (items.target_max_connections, {"max_connections": "100", "threads_connected": 5}, Outcome.PASS),
        (items.target_storage, {"storage_free_bytes": 10**8}, Outcome.WARNING),
        (items.new_collation, {"new_collation": False}, Outcome.WARNING),
    ],
)
def test_each_setting_has_its_outcome(item: items.Item, wrong: dict[str, Any], expected: Outcome) -> None:
    assert outcome(item(facts(**wrong), plan())) is expected


def test_a_target_that_requires_primary_keys_refuses_tables_without() -> None:
    strict = facts(sql_require_primary_key="ON")
    assert outcome(items.target_writable(strict, plan())) is Outcome.PASS
    assert outcome(items.target_writable(strict, plan(table(key=False)))) is Outcome.FAILED


@pytest.mark.parametrize("lacking", items.PRIVILEGES)
def test_each_privilege_is_needed_in_every_database(lacking: str) -> None:
    rest = ", ".join(privilege for privilege in items.PRIVILEGES if privilege != lacking)
    own = f"GRANT {', '.join(items.PRIVILEGES)} ON `mysql_to_tidb`.* TO 'u'@'%'"
    result = items.target_privileges(facts(grants=Grants.parse([f"GRANT {rest} ON `shop`.* TO 'u'@'%'", own])), plan())
    assert outcome(result) is Outcome.FAILED
    assert result.solution == f"run GRANT {lacking} ON `shop`.* TO 'mover'@'%'"


def test_rights_on_the_databases_alone_are_enough() -> None:
    all_of_it = ", ".join(items.PRIVILEGES)
    lines = [f"GRANT {all_of_it} ON `{schema}`.* TO 'u'@'%'" for schema in ("shop", "mysql_to_tidb")]
    assert outcome(items.target_privileges(facts(grants=Grants.parse(lines)), plan())) is Outcome.PASS
    child = table("c", rest=",\n CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `t` (`id`)")
    result = items.target_privileges(facts(grants=Grants.parse(lines)), plan(table(), child))
    assert "REFERENCES on shop" in result.reason


def test_what_tidb_cannot_hold_or_has_otherwise_is_named() -> None:
    strange = table("g", Column("p", "point", "point"))
    text = Column("v", "varchar", "varchar(9)", True, "latin1", "latin1_swedish_ci", 9)
    ft = Index("ft", unique=False, parts=(IndexPart("v"),), kind="FULLTEXT")
    searched = table("s", text)
    searched = replace(searched, indexes=(*searched.indexes, ft))
    wanted = plan(strange, searched)
    unsupported = items.unsupported_types(facts(), wanted)
    assert outcome(unsupported) is Outcome.FAILED
    assert "shop.g" in unsupported.reason
    assert "shop.s.v" in items.collations(facts(), wanted).reason
    assert "index_kind 1" in items.schema_changes(facts(), wanted).reason


def test_large_rows_are_a_warning() -> None:
    large = replace(table("blobs"), rows_estimate=100, bytes_estimate=300 << 20)
    result = items.row_size(facts(), plan(large))
    assert outcome(result) is Outcome.WARNING
    assert "shop.blobs (3.0 MiB)" in result.reason


def test_foreign_keys_to_tables_outside_are_a_warning() -> None:
    child = table("c", rest=",\n CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `elsewhere` (`id`)")
    assert outcome(items.foreign_keys(facts(), plan(child))) is Outcome.WARNING


def test_a_table_that_is_there_must_fit_unless_it_is_the_jobs_own() -> None:
    wanted = table()
    other = replace(wanted, columns=(Column("id", "varchar", "varchar(9)", characters_max=9),))
    present = facts(tables={wanted.name: other})
    assert outcome(items.target_tables(present, plan(wanted))) is Outcome.FAILED
    assert outcome(items.target_tables(present, plan(wanted, own=[wanted.name]))) is Outcome.PASS
    assert outcome(items.target_tables(facts(tables={wanted.name: wanted}), plan(wanted))) is Outcome.PASS


def test_rows_at_the_target_warn_with_a_key_and_fail_without() -> None:
    keyed, keyless = table("k"), table("h", key=False)
    filled = facts(tables={keyed.name: keyed, keyless.name: keyless}, filled=frozenset({keyed.name, keyless.name}))
    assert outcome(items.target_not_empty(filled, plan(keyed))) is Outcome.WARNING
    assert outcome(items.target_not_empty(filled, plan(keyless))) is Outcome.FAILED
    assert outcome(items.target_not_empty(filled, plan(keyless, own=[keyless.name]))) is Outcome.PASS


def test_an_incremental_job_wants_its_tables_at_the_target() -> None:
    keyed = table("k")
    filled = facts(tables={keyed.name: keyed}, filled=frozenset({keyed.name}))
    assert outcome(items.target_not_empty(filled, plan(keyed, mode=Mode.INCREMENTAL))) is Outcome.PASS
    assert outcome(items.target_not_empty(facts(), plan(keyed, mode=Mode.INCREMENTAL))) is Outcome.WARNING
