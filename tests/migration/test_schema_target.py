"""Tables of real sources created at a real target: what was meant comes out, and again changes nothing."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymysql.connections import Connection

from mysql_to_tidb.errors import TargetRefused
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.schema import read_collations, read_tables
from mysql_to_tidb.stages.plan import make_plan
from mysql_to_tidb.stages.schema import create
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.schema_create import add_foreign_keys
from mysql_to_tidb.target.schema_draft import Rewrite
from tests.lab.servers import Server

SCHEMAS = sorted(Path(__file__).with_name("schemas").glob("*.sql"))


def read(server: Server, database: str) -> tuple[list[Table], list[Table], dict[str, str]]:
    """Tables, views and the collation of a database of the source."""
    choice = ObjectChoice.of_databases([database])
    connection = open_source(server.settings)
    try:
        found = read_tables(connection, choice)
        collations = read_collations(connection, choice)
    finally:
        connection.close()
    views = [table for table in found if table.kind is TableKind.VIEW]
    return [table for table in found if table.kind is TableKind.TABLE], views, collations


def migrated(source: Server, target: Server, database: str) -> list[str]:
    """Create everything twice, as after a restart; the rules that had something to report."""
    tables, views, collations = read(source, database)
    rewrites = create(target.settings, collations, tables, views)
    assert [rewrite.rule for rewrite in create(target.settings, collations, tables, views)] == [
        rewrite.rule for rewrite in rewrites
    ]
    return sorted({rewrite.rule for rewrite in rewrites})


def made(server: Server, database: str, *statements: str) -> None:
    server.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4", f"USE `{database}`", *statements)


@contextlib.contextmanager
def opened(server: Server) -> Iterator[Connection]:
    connection = open_target(server.settings)
    try:
        yield connection
    finally:
        connection.close()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_schemas_of_widespread_applications_come_over(
    schema: Path, source: Server, target: Server, database_name: str
) -> None:
    statements = [text for text in schema.read_text().split(";\n") if text.strip()]
    made(source, database_name, "SET SESSION sql_mode = ''", *statements)
    rules = migrated(source, target, database_name)
    assert set(rules) <= {"collation", "character_set", "index_kind", "engine", "descending_index", "check", "definer"}
    tables, views, _ = read(source, database_name)
    present = {name for (name,) in target.execute(f"SHOW TABLES FROM `{database_name}`")}
    assert present == {table.name.table for table in [*tables, *views]}
    with opened(target) as connection:
        first, second = add_foreign_keys(connection, tables), add_foreign_keys(connection, tables)
    assert first == second == ()
    count = "SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = "
    query = f"{count}'{database_name}'"
    assert int(target.execute(query)[0][0]) == int(source.execute(query)[0][0])


EVERYTHING = """CREATE TABLE t (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT, e ENUM('a,b','c''d','\\\\','é') CHARACTER SET latin1 DEFAULT 'c''d',
  s SET('x','y'), d DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  dd DATE DEFAULT (curdate()), g INT GENERATED ALWAYS AS (inv + 1) VIRTUAL,
  gs VARCHAR(20) GENERATED ALWAYS AS (concat('a', v)) STORED, inv INT DEFAULT 5 INVISIBLE,
  n DECIMAL(10,2) UNSIGNED DEFAULT 1.50, b BIT(3) DEFAULT b'101', tx TEXT CHARACTER SET latin1, bl BLOB NOT NULL,
  ts TIMESTAMP NULL, vb VARBINARY(3) DEFAULT 'a\\0b', f FLOAT DEFAULT 1.5, z INT(5) ZEROFILL DEFAULT 7,
  nn INT NOT NULL DEFAULT (1 + 1), v VARCHAR(700) CHARACTER SET latin1, w VARCHAR(900) CHARACTER SET latin1,
  y YEAR DEFAULT 2001, fl FLOAT(7,3), db DOUBLE UNSIGNED, t6 TIME(6), ti TINYINT(1), mi MEDIUMINT,
  PRIMARY KEY (id), KEY wide (w), UNIQUE KEY uw (w), UNIQUE KEY ub (bl(10)), KEY dsc (nn DESC),
  FULLTEXT KEY ft (tx), CHECK (nn > 0), KEY pre (tx(1000))
) COMMENT 'tab''le %s {}' AUTO_INCREMENT=77 ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8"""

EXPECTED_RULES = [
    "character_set",
    "check",
    "collation",
    "default",
    "descending_index",
    "index_kind",
    "index_length",
    "invisible_column",
    "type",
    "widened_text",
    "zerofill",
]


def test_a_table_with_everything_comes_over(source: Server, target: Server, database_name: str) -> None:
    made(source, database_name, EVERYTHING)
    assert migrated(source, target, database_name) == EXPECTED_RULES
    ((_, statement),) = target.execute(f"SHOW CREATE TABLE `{database_name}`.t")
    assert "AUTO_INCREMENT=77" in statement
    assert "COMMENT='tab''le %s {}'" in statement.replace("\\'", "''")
    target.execute(f"USE `{database_name}`", "INSERT INTO t (bl, nn, v, e) VALUES ('x', 1, 'é', 'c''d')")
    ((key, generated, stored, default),) = target.execute(f"SELECT id, g, gs, HEX(vb) FROM `{database_name}`.t")
    assert (key, generated, stored, default) == (77, 6, "aé", "610062")


def test_specials_of_mysql_come_over(source_mysql: Server, target: Server, database_name: str) -> None:
    made(
        source_mysql,
        database_name,
        "CREATE TABLE fx (id INT PRIMARY KEY, a VARCHAR(9), j JSON DEFAULT (json_array()), u BINARY(16) DEFAULT "
        "(uuid_to_bin(uuid())), d VARCHAR(9) DEFAULT ('abc'), KEY k1 ((lower(a))), KEY k2 ((id + 2)) INVISIBLE, "
        "KEY k3 ((cast(json_extract(j, '$.a') AS UNSIGNED ARRAY))), KEY k4 ((substr(a, 1, 2))))",
        "SET SESSION sql_generate_invisible_primary_key = ON",
        "CREATE TABLE gipk (a INT)",
        "SET SESSION sql_generate_invisible_primary_key = OFF",
        "CREATE TABLE p1 (id INT NOT NULL, d DATE NOT NULL, PRIMARY KEY (id, d)) PARTITION BY RANGE (to_days(d)) "
        "SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (738000) COMMENT 'old''', "
        "PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "CREATE TABLE p2 (id INT PRIMARY KEY) PARTITION BY LINEAR KEY (id) PARTITIONS 3",
        "CREATE TABLE p3 (v VARCHAR(9) CHARACTER SET latin1) PARTITION BY RANGE COLUMNS (v) "
        "(PARTITION a VALUES LESS THAN ('b'), PARTITION b VALUES LESS THAN ('Z'))",
    )
    assert migrated(source_mysql, target, database_name) == [
        "character_set",
        "collation",
        "functional_index",
        "invisible_column",
        "linear_partitions",
        "partitions",
        "subpartitions",
    ]
    assert target.execute(f"SELECT PARTITION_NAME FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = "
                          f"'{database_name}' AND TABLE_NAME = 'p1' ORDER BY 1") == [("p0",), ("p1",)]  # fmt: skip


def test_specials_of_mariadb_come_over(source_mariadb: Server, target: Server, database_name: str) -> None:
    made(
        source_mariadb,
        database_name,
        "CREATE TABLE j (id INT PRIMARY KEY, d JSON, c VARCHAR(9) COLLATE utf8mb4_nopad_bin, i INT INVISIBLE, "
        "n INT DEFAULT (1 + 1), u VARCHAR(40) DEFAULT uuid())",
        "CREATE TABLE h (t TEXT NOT NULL, UNIQUE (t))",
        "CREATE TABLE sv (a INT PRIMARY KEY) WITH SYSTEM VERSIONING",
        "CREATE SEQUENCE sq",
        "CREATE TABLE sd (a INT DEFAULT (NEXT VALUE FOR sq) PRIMARY KEY)",
        "CREATE TABLE ap (a INT, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE KEY (a, p WITHOUT OVERLAPS)) ENGINE=Aria",
        "CREATE TABLE ai (g INT, n INT AUTO_INCREMENT, PRIMARY KEY (g, n)) ENGINE=Aria",
    )
    assert migrated(source_mariadb, target, database_name) == [
        "auto_increment_group",
        "check",
        "default",
        "engine",
        "invisible_column",
        "period",
        "system_versioning",
        "whole_text_index",
        "without_overlaps",
    ]
    assert target.execute(f"SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{database_name}' "
                          "AND TABLE_NAME = 'j' AND COLUMN_NAME = 'd'") == [("longtext",)]  # fmt: skip


def test_views_come_over_in_whatever_order_they_depend_on_each_other(
    source: Server, target: Server, database_name: str
) -> None:
    made(
        source,
        database_name,
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))",
        "CREATE VIEW z AS SELECT id, concat(v, 'é''s') AS w FROM t WHERE v LIKE '%x\\\\_%' OR id > 0",
        "CREATE VIEW a AS SELECT z.w, z.id AS `na``me` FROM z",
    )
    assert migrated(source, target, database_name) == ["definer"]
    target.execute(f"INSERT INTO `{database_name}`.t VALUES (1, 'x')")
    assert target.execute(f"SELECT * FROM `{database_name}`.a") == [("xé's", 1)]


def test_a_view_that_the_target_refuses_is_reported_and_stops_nothing(
    source: Server, target: Server, database_name: str
) -> None:
    made(source, database_name, "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE VIEW v AS SELECT * FROM t")
    _, views, collations = read(source, database_name)
    rewrites = create(target.settings, collations, [], views)
    assert [rewrite.rule for rewrite in rewrites] == ["view"]
    assert "left out" in rewrites[0].meaning


def test_a_table_that_is_there_is_used_when_it_fits(source: Server, target: Server, database_name: str) -> None:
    made(source, database_name, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9), d DATETIME)")
    made(
        target,
        database_name,
        "CREATE TABLE t (extra INT, d DATETIME(6), v VARCHAR(20) COLLATE utf8mb4_bin, id BIGINT PRIMARY KEY)",
    )
    before = target.execute(f"SHOW CREATE TABLE `{database_name}`.t")
    migrated(source, target, database_name)
    assert target.execute(f"SHOW CREATE TABLE `{database_name}`.t") == before
    plan = make_plan(source.settings, target.settings, ObjectChoice.of_databases([database_name]))
    assert [table.action for table in plan.tables] == ["use"]


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ("CREATE TABLE t (id INT PRIMARY KEY)", "column v is missing"),
        ("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5) COLLATE utf8mb4_bin)", "cannot hold every varchar(9)"),
        ("CREATE TABLE t (id INT, v VARCHAR(9) COLLATE utf8mb4_bin)", "its key is (none), not (id)"),
        ("CREATE VIEW t AS SELECT 1 AS id, 'x' AS v", "it is a view"),
    ],
)
def test_a_table_that_is_there_and_does_not_fit_is_refused_with_the_reason(
    there: str, reason: str, source_mysql: Server, target: Server, database_name: str
) -> None:
    made(source_mysql, database_name, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9) COLLATE utf8mb4_bin)")
    made(target, database_name, there)
    tables, views, collations = read(source_mysql, database_name)
    with pytest.raises(TargetRefused) as refusal:
        create(target.settings, collations, tables, views)
    assert reason in refusal.value.message
    assert refusal.value.where == f"{database_name}.t"
    plan = make_plan(source_mysql.settings, target.settings, ObjectChoice.of_databases([database_name]))
    assert [table.action for table in plan.tables] == ["refuse"]
    assert reason in plan.tables[0].problem


def test_a_plan_says_everything_and_writes_nothing(source: Server, target: Server, database_name: str) -> None:
    made(
        source,
        database_name,
        "CREATE TABLE p (id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET latin1)",
        "CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id))",
        "CREATE TABLE g (id INT PRIMARY KEY, place POINT)",
    )
    plan = make_plan(source.settings, target.settings, ObjectChoice.of_databases([database_name]))
    actions = {table.name.table: table.action for table in plan.tables}
    assert actions == {"p": "create", "c": "create", "g": "refuse"}
    assert "point" in next(table.problem for table in plan.tables if table.action == "refuse")
    assert len(plan.foreign_keys) == 1
    rewrites = [rewrite for table in plan.tables for rewrite in table.rewrites]
    assert all(isinstance(rewrite, Rewrite) and rewrite.meaning for rewrite in rewrites)
    assert plan.as_json()["tables"][0]["statement"]
    assert not target.execute(f"SHOW DATABASES LIKE '{database_name}'")


def test_many_tables_are_created_over_several_connections(
    source_mysql: Server, target: Server, database_name: str
) -> None:
    made(source_mysql, database_name, *(f"CREATE TABLE t{number} (id INT PRIMARY KEY)" for number in range(45)))
    migrated(source_mysql, target, database_name)
    assert len(target.execute(f"SHOW TABLES FROM `{database_name}`")) == 45
