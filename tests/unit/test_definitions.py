"""SHOW CREATE TABLE taken apart, in the words of MySQL and MariaDB."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.definitions import (
    ForeignKey,
    TableDefinition,
    members_of,
    parse_create_table,
    quote_string,
    render,
    string_of,
    tokenize,
)

MYSQL = """CREATE TABLE `t` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `e` enum('a,b','c''d','\\\\','(') CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'c''d',
  `d` datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  `u` binary(16) DEFAULT (uuid_to_bin(uuid())),
  `b` bit(3) DEFAULT b'101',
  `g` varchar(20) GENERATED ALWAYS AS (concat(_latin1'a',`e`)) STORED NOT NULL COMMENT 'g, (x',
  `inv` int DEFAULT '5' /*!80023 INVISIBLE */,
  `we``ird , (` int DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uu` (`e`(2),`id` DESC) COMMENT 'DEFAULT',
  KEY `fx` (((`id` + 2)),(lower(`e`)) DESC) /*!80000 INVISIBLE */,
  CONSTRAINT `fk` FOREIGN KEY (`id`, `e`) REFERENCES `other`.`p` (`a`, `b`) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT `ck` CHECK (((`id` < 100) and (`e` <> _utf8mb4')'))) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='tab''le'
/*!50100 PARTITION BY RANGE (to_days(`d`))
(PARTITION p0 VALUES LESS THAN (738000) ENGINE = InnoDB) */"""

MARIADB = """CREATE TABLE `t` (
  `j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT json_array() CHECK (json_valid(`j`)),
  `n` int(11) NOT NULL DEFAULT (1 + 1),
  `neg` decimal(5,2) DEFAULT -1.50,
  `seq` int(11) DEFAULT nextval(`s`.`sq`),
  `cc` varchar(100) /*M!100301 COMPRESSED*/ DEFAULT NULL,
  `s` timestamp(6) GENERATED ALWAYS AS ROW START,
  UNIQUE KEY `p` (`n`,`span` WITHOUT OVERLAPS),
  KEY `ix` (`n`) COMMENT 'ic' IGNORED,
  PERIOD FOR `span` (`a`, `b`)
) ENGINE=Aria DEFAULT CHARSET=latin1 PAGE_CHECKSUM=1 `page_compressed`='0' WITH SYSTEM VERSIONING
 PARTITION BY SYSTEM_TIME
(PARTITION `p0` HISTORY ENGINE = InnoDB)"""


@pytest.fixture
def mysql() -> TableDefinition:
    return parse_create_table(MYSQL)


@pytest.fixture
def mariadb() -> TableDefinition:
    return parse_create_table(MARIADB)


@pytest.mark.parametrize(
    ("column", "default"),
    [
        ("id", ""),
        ("e", "'c''d'"),
        ("d", "CURRENT_TIMESTAMP(3)"),
        ("u", "(uuid_to_bin(uuid()))"),
        ("b", "b'101'"),
        ("inv", "'5'"),
        ("we`ird , (", "NULL"),
    ],
)
def test_defaults_of_mysql_are_read_as_printed(mysql: TableDefinition, column: str, default: str) -> None:
    assert render(mysql.columns[column].default) == default


@pytest.mark.parametrize(
    ("column", "default"),
    [("j", "json_array()"), ("n", "(1 + 1)"), ("neg", "-1.50"), ("seq", "nextval(`s`.`sq`)"), ("cc", "NULL")],
)
def test_defaults_of_mariadb_are_read_as_printed(mariadb: TableDefinition, column: str, default: str) -> None:
    assert render(mariadb.columns[column].default) == default


def test_attributes_of_columns_are_read(mysql: TableDefinition, mariadb: TableDefinition) -> None:
    assert render(mysql.columns["d"].on_update) == "CURRENT_TIMESTAMP(3)"
    assert render(mysql.columns["g"].generated) == "concat(_latin1'a',`e`)"
    assert mysql.columns["g"].stored
    assert "INVISIBLE" in mysql.columns["inv"].words
    assert "COMPRESSED" in mariadb.columns["cc"].words
    assert mariadb.columns["j"].checks == ("json_valid(`j`)",)
    assert mariadb.columns["s"].generated == ()


def test_indexes_are_read(mysql: TableDefinition, mariadb: TableDefinition) -> None:
    assert list(mysql.indexes) == ["primary", "uu", "fx"]
    assert [render(part) for part in mysql.indexes["fx"].parts] == ["((`id` + 2))", "(lower(`e`)) DESC"]
    assert "INVISIBLE" in mysql.indexes["fx"].words
    assert mysql.indexes["uu"].comment == "DEFAULT"
    assert {"OVERLAPS"} <= mariadb.indexes["p"].words
    assert "IGNORED" in mariadb.indexes["ix"].words


def test_constraints_are_read(mysql: TableDefinition, mariadb: TableDefinition) -> None:
    key = ForeignKey("fk", ("id", "e"), "other", "p", ("a", "b"), "SET NULL", "CASCADE")
    assert mysql.foreign_keys == [key]
    assert key.cascades
    assert [check.expression for check in mysql.checks] == ["((`id` < 100) and (`e` <> _utf8mb4')'))"]
    assert mariadb.periods == ["PERIOD FOR `span` (`a`, `b`)"]


def test_options_and_partitions_are_read(mysql: TableDefinition, mariadb: TableDefinition) -> None:
    assert mysql.options["AUTO_INCREMENT"] == "77"
    assert mysql.options["COMMENT"] == "'tab''le'"
    assert render(mysql.partitioning).startswith("PARTITION BY RANGE (to_days(`d`)) (PARTITION p0")
    assert mariadb.options["PAGE_COMPRESSED"] == "'0'"
    assert mariadb.system_versioned
    assert not mysql.system_versioned


@pytest.mark.parametrize("statement", ["", "CREATE VIEW v AS select 1", "CREATE TABLE `t` (`a` int"])
def test_another_statement_is_refused(statement: str) -> None:
    with pytest.raises(UnsupportedSchema):
        parse_create_table(statement)


@given(st.lists(st.text(min_size=1).filter(lambda label: "\x1a" not in label), min_size=1, max_size=5))
def test_labels_of_any_text_are_read_back(labels: list[str]) -> None:
    assert members_of(f"enum({','.join(map(quote_string, labels))})") == tuple(labels)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_labels_are_read_back_from_a_server_that_escapes_quotes_only(labels: list[str]) -> None:
    doubled = (label.replace("'", "''") for label in labels)
    column_type = "set(" + ",".join(f"'{label}'" for label in doubled) + ")"
    assert members_of(column_type, escaped=False) == tuple(labels)


@given(st.text())
def test_a_literal_is_read_back(text: str) -> None:
    (token,) = tokenize(quote_string(text))
    assert string_of(token.text) == text


def test_tokens_read_as_the_statement_did() -> None:
    text = "a.`b``c` = 'it''s' AND x IN (1.5e3, 0xFF, _utf8mb4'é')"
    assert render(tokenize(text)) == text


@pytest.mark.parametrize("comment", ["/* don't */", "-- don't\n", "# don't\n", "--\n", "/*!80023 */"])
def test_comments_vanish_and_what_follows_stays(comment: str) -> None:
    assert render(tokenize(f"DROP {comment} TABLE `a#b` -- end")) == "DROP TABLE `a#b`"
