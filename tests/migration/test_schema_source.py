"""Tables read from real servers: every column, index and expression as it is defined there."""

import contextlib
from collections.abc import Iterator

import pytest
from pymysql.connections import Connection

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.schema import read_collations, read_databases, read_table, read_tables
from tests.lab.servers import Server


@contextlib.contextmanager
def opened(server: Server) -> Iterator[Connection]:
    connection = open_source(server.settings)
    try:
        yield connection
    finally:
        connection.close()


def made(server: Server, database: str, *statements: str) -> None:
    server.execute(f"CREATE DATABASE `{database}` CHARACTER SET latin1", f"USE `{database}`", *statements)


def read(server: Server, database: str) -> dict[str, Table]:
    with opened(server) as connection:
        tables = read_tables(connection, ObjectChoice.of_databases([database]))
    return {table.name.table: table for table in tables}


def test_columns_are_read_alike_from_both_servers(source: Server, database_name: str) -> None:
    made(
        source,
        database_name,
        "CREATE TABLE t (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, c CHAR(3), v VARCHAR(20) CHARACTER SET utf8mb4, "
        "d DECIMAL(10,2) NOT NULL, f DATETIME(3), b BINARY(16), e ENUM('a,b','c''d','\\\\','é','') NOT NULL, "
        "s SET('x','y z'), g INT GENERATED ALWAYS AS (length(v)) VIRTUAL COMMENT 'it''s', PRIMARY KEY (id))",
    )
    columns = {column.name: column for column in read(source, database_name)["t"].columns}
    assert columns["id"].unsigned
    assert columns["id"].auto_increment
    assert not columns["id"].nullable
    assert (columns["c"].character_set, columns["c"].characters_max) == ("latin1", 3)
    assert columns["v"].character_set == "utf8mb4"
    assert (columns["d"].numeric_precision, columns["d"].numeric_scale) == (10, 2)
    assert columns["f"].fraction_digits == 3
    assert columns["b"].octets_max == 16
    assert columns["e"].members == ("a,b", "c'd", "\\", "é", "")
    assert columns["s"].members == ("x", "y z")
    assert columns["g"].generated
    assert columns["g"].comment == "it's"


def test_keys_are_read_alike_from_both_servers(source: Server, database_name: str) -> None:
    made(
        source,
        database_name,
        "CREATE TABLE pk (a INT, b INT, PRIMARY KEY (b, a))",
        "CREATE TABLE uk (a INT NOT NULL, b INT NOT NULL, c INT, UNIQUE u3 (c), UNIQUE u2 (a, b), UNIQUE u1 (b))",
        "CREATE TABLE heap (a INT, v VARCHAR(20) NOT NULL, UNIQUE (a), UNIQUE p (v(5)))",
    )
    tables = read(source, database_name)
    assert [column.name for column in tables["pk"].key_columns] == ["b", "a"]
    assert [column.name for column in tables["uk"].key_columns] == ["b"]
    assert tables["heap"].key == ()
    prefixes = {index.name: index.parts[0].prefix_length for index in tables["heap"].indexes}
    assert prefixes["p"] == 5


def test_names_of_any_kind_are_read(source: Server, database_name: str) -> None:
    odd = "we`ird.na me %s {} 表"
    quoted = odd.replace("`", "``")
    made(source, database_name, f"CREATE TABLE `{quoted}` (`{quoted}` INT PRIMARY KEY, `NULL` INT, KEY (`NULL`))")
    table = read(source, database_name)[odd]
    assert [column.name for column in table.columns] == [odd, "NULL"]
    assert sorted(part.column or "" for index in table.indexes for part in index.parts) == ["NULL", odd]
    with opened(source) as connection:
        assert read_table(connection, TableName(database_name, odd)) == table
        chosen = ObjectChoice.of_tables([f"{database_name}.`{quoted}`"])
        assert [one.name for one in read_tables(connection, chosen)] == [table.name]


def test_views_are_read_with_their_definition(source: Server, database_name: str) -> None:
    made(source, database_name, "CREATE TABLE t (a INT)", "CREATE VIEW v AS SELECT a, 'é' AS b FROM t")
    view = read(source, database_name)["v"]
    assert view.kind is TableKind.VIEW
    assert f"`{database_name}`.`t`" in view.create_statement
    assert "é" in view.create_statement
    with opened(source) as connection:
        assert read_table(connection, TableName(database_name, "v")) is None
        assert read_table(connection, TableName(database_name, "none")) is None


def test_the_hidden_key_of_mysql_is_read_though_it_is_not_shown(source_mysql: Server, database_name: str) -> None:
    made(
        source_mysql,
        database_name,
        "SET SESSION sql_generate_invisible_primary_key = ON",
        "CREATE TABLE t (a INT)",
    )
    source_mysql.execute("SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF")
    table = read(source_mysql, database_name)["t"]
    source_mysql.execute("SET GLOBAL show_gipk_in_create_table_and_information_schema = ON")
    assert [column.name for column in table.columns] == ["my_row_id", "a"]
    assert table.columns[0].invisible
    assert table.key == (0,)


def test_functional_indexes_and_expressions_of_mysql_are_exact(source_mysql: Server, database_name: str) -> None:
    made(
        source_mysql,
        database_name,
        "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb4, "
        "g VARCHAR(20) CHARACTER SET utf8mb4 AS (concat('it''s', a)) STORED, "
        "UNIQUE fx ((concat(a, 'x''y'))), KEY plain (a))",
    )
    table = read(source_mysql, database_name)["t"]
    indexes = {index.name: index for index in table.indexes}
    assert indexes["fx"].parts[0].column is None
    assert "'x\\'y'" in (indexes["fx"].parts[0].expression or "")
    assert "'it\\'s'" in table.columns[1].generation_expression
    assert table.key == ()


def test_binary_defaults_that_are_no_text_are_read(source: Server, database_name: str) -> None:
    made(source, database_name, "CREATE TABLE t (a VARBINARY(4) DEFAULT x'ff00', b CHAR(1) DEFAULT 'é')")
    statement = read(source, database_name)["t"].create_statement
    assert "ff00" in statement.lower()
    assert "'é'" in statement


def test_mariadb_specials_are_read(source_mariadb: Server, database_name: str) -> None:
    made(
        source_mariadb,
        database_name,
        "CREATE TABLE j (d JSON, n INT DEFAULT (1 + 1), i INT INVISIBLE)",
        "CREATE TABLE h (t TEXT NOT NULL, UNIQUE (t))",
        "CREATE TABLE sv (a INT PRIMARY KEY) WITH SYSTEM VERSIONING",
        "CREATE SEQUENCE sq",
    )
    tables = read(source_mariadb, database_name)
    assert sorted(tables) == ["h", "j", "sv"]
    assert tables["j"].columns[0].data_type == "longtext"
    assert tables["j"].columns[0].default is None
    assert tables["j"].columns[2].invisible
    assert tables["h"].indexes[0].kind == "HASH"


def test_what_is_named_but_missing_is_an_error_that_names_it(source: Server, database_name: str) -> None:
    made(source, database_name, "CREATE TABLE t (a INT)")
    with opened(source) as connection:
        with pytest.raises(InvalidJob, match="database `nowhere` does not exist at the source"):
            read_tables(connection, ObjectChoice.of_databases([database_name, "nowhere"]))
        with pytest.raises(InvalidJob, match=f"table `{database_name}.u` does not exist at the source"):
            read_tables(connection, ObjectChoice.of_tables([f"{database_name}.t", f"{database_name}.u"]))
        with pytest.raises(InvalidJob, match=r"database like `nowhere\*` does not exist"):
            read_databases(connection, ObjectChoice.of_databases(["nowhere*"]))


def test_a_choice_decides_what_is_read(source: Server, database_name: str) -> None:
    made(source, database_name, "CREATE TABLE a1 (a INT)", "CREATE TABLE a2 (a INT)", "CREATE TABLE b (a INT)")
    with opened(source) as connection:
        choice = ObjectChoice.of_databases([f"{database_name[:-2]}*"], exclude=[f"{database_name}.a?"])
        assert read_databases(connection, choice) == (database_name,)
        assert [table.name.table for table in read_tables(connection, choice)] == ["b"]
        assert read_collations(connection, choice) == {database_name: "latin1_swedish_ci"}
        everything = read_tables(connection, ObjectChoice.everything())
    names = {table.name.schema for table in everything}
    assert database_name in names
    assert not names & {"mysql", "sys", "information_schema", "performance_schema", "mysql_to_tidb"}
