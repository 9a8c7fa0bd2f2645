"""Statements are told apart by their first words, and read in the character set of who wrote them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog.statements import (
    Meaning,
    decoded,
    is_begin,
    meaning_of,
    read_query,
    read_status_variables,
    savepoint_name,
)
from mysql_to_tidb.source.binlog.touches import may_touch
from tests.lab.binlog_events import EventLog

TABLE = Table(TableName("shop", "a"), ())


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("BEGIN", Meaning.BEGIN),
        ("begin work", Meaning.BEGIN),
        ("START TRANSACTION", Meaning.BEGIN),
        ("START SLAVE", Meaning.OTHER),
        ("BEGIN NOT ATOMIC", Meaning.CHANGE),
        ("COMMIT", Meaning.COMMIT),
        ("ROLLBACK", Meaning.ROLLBACK),
        ("ROLLBACK TO `a b`", Meaning.ROLLBACK_TO),
        ("SAVEPOINT `x`", Meaning.SAVEPOINT),
        ("XA START X'1',X'',1", Meaning.XA_START),
        ("XA END X'1',X'',1", Meaning.XA_END),
        ("XA COMMIT X'1',X'',1", Meaning.XA_FINISH),
        ("XA ROLLBACK X'1',X'',1", Meaning.XA_FINISH),
        ("insert into t values (1)", Meaning.CHANGE),
        ("  /* a */ -- b\n# c\n UPDATE t SET a = 1", Meaning.CHANGE),
        ("/*! INSERT */ INTO t VALUES (1)", Meaning.CHANGE),
        ("/*!50100 REPLACE */ INTO t VALUES (1)", Meaning.CHANGE),
        ("/*M!100100 DELETE */ FROM t", Meaning.CHANGE),
        ("(SELECT f())", Meaning.CHANGE),
        ("WITH x AS (SELECT 1) DELETE FROM t", Meaning.CHANGE),
        ("CALL p()", Meaning.CHANGE),
        ("", Meaning.CHANGE),
        ("/* nothing", Meaning.CHANGE),
        ("CREATE TABLE t (id INT)", Meaning.OTHER),
        ("CREATE /*!40101 TEMPORARY */ TABLE t (id INT)", Meaning.CREATE_TEMPORARY),
        ("CREATE OR REPLACE TEMPORARY TABLE t (id INT)", Meaning.CREATE_TEMPORARY),
        ("DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `t`", Meaning.DROP_TEMPORARY),
        ("DROP TABLE temporary", Meaning.OTHER),
        ("TRUNCATE t", Meaning.OTHER),
        ("GRANT SELECT ON *.* TO a", Meaning.OTHER),
        ("beginning", Meaning.OTHER),
    ],
)
def test_first_words_tell_what_a_statement_means(text: str, meaning: Meaning) -> None:
    assert meaning_of(text.encode()) is meaning


@given(st.binary(max_size=200))
def test_any_bytes_mean_something(text: bytes) -> None:
    assert meaning_of(text) in Meaning
    assert isinstance(savepoint_name(text), bytes)


def test_a_comment_without_end_takes_no_time() -> None:
    assert meaning_of(b"/* " * 100_000) is Meaning.CHANGE
    assert meaning_of(b" ( -- x\n" * 100_000 + b"DROP TABLE t") is Meaning.OTHER


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"SAVEPOINT `One`", b"one"),
        (b"SAVEPOINT two", b"two"),
        (b"ROLLBACK TO `a b``c`", b"a b``c"),
        (b"SAVEPOINT `x` ", b"x"),
    ],
)
def test_names_of_savepoints_are_found(text: bytes, name: bytes) -> None:
    assert savepoint_name(text) == name


@pytest.mark.parametrize(
    ("number", "written", "read"),
    [
        (8, b"caf\xe9 \x80\x81", "café €\x81"),
        (28, "中文".encode("gbk"), "中文"),
        (1052, "中文".encode("gbk"), "中文"),  # MariaDB's NOPAD twin of gbk
        (33, "é".encode(), "é"),
        (255, "😀".encode(), "😀"),
        (2304, "😀".encode(), "😀"),
        (63, "é".encode(), "é"),
        (None, "é".encode(), "é"),
        (51, "ж".encode("cp1251"), "ж"),
        (13, "表".encode("shift_jis"), "表"),
    ],
)
def test_text_is_read_in_the_character_set_of_its_client(number: int | None, written: bytes, read: str) -> None:
    assert decoded(written, number) == read


@pytest.mark.parametrize("number", [33, 92, None])
def test_bytes_outside_of_the_character_set_are_not_lost(number: int | None) -> None:
    assert decoded(b"a\xff", number).encode("utf-8", "surrogateescape") == b"a\xff"


def test_status_variables_are_read_up_to_one_that_is_not_known() -> None:
    block = b"".join(
        [
            b"\0" + bytes(4),
            b"\1" + struct.pack("<Q", 0x40000000),
            b"\6\3std",
            b"\2\3std\0",
            b"\3" + bytes(4),
            b"\7\0\0\x08\0\0\x09" + bytes(8) + b"\x0a" + bytes(4),
            b"\x0b\4root\x09localhost",
            b"\x0c\2one\0two\0",
            b"\x0c\xfe",
            b"\x0d\1\2\3\x10\1\x11" + bytes(8) + b"\x12\0\0\x13\0\x14\0\x80\1\2\3\x81" + bytes(8),
            b"\4\x21\0\x21\0\x08\0",
            b"\5\6SYSTEM",
        ]
    )
    for tail in (b"", b"\xee\1\2"):
        variables = read_status_variables(block + tail)
        assert (variables.sql_mode, variables.client_charset, variables.time_zone) == (0x40000000, 33, "SYSTEM")


@given(st.binary(max_size=80))
def test_any_status_variables_come_to_an_end(block: bytes) -> None:
    read_status_variables(block)


@given(st.text(max_size=20), st.text(max_size=10).filter(lambda name: "\0" not in name), st.binary(max_size=20))
def test_a_query_is_read_as_it_was_written(text: str, schema: str, variables: bytes) -> None:
    log = EventLog()
    log.query(text, schema=schema, variables=variables)
    (event,) = log.events
    query = read_query(event, len(event) - 4)
    assert (query.text, query.schema, query.variables) == (text.encode(), schema, variables)
    assert is_begin(event, len(event) - 4) == (text == "BEGIN")


@pytest.mark.parametrize(
    ("text", "touched"),
    [
        ("INSERT INTO a VALUES (1)", True),
        ("REPLACE INTO a VALUES (1)", True),
        ("/* x */ REPLACE `a` SET id = 1", True),
        ("INSERT INTO b SELECT * FROM a", True),
        ("INSERT INTO b VALUES (1)", False),
        ("REPLACE INTO b VALUES (1)", False),
        ("UPDATE b SET id = 2", False),
        ("UPDATE b, a SET a.id = 2", True),
        ("DELETE b FROM b JOIN c USING (id)", False),
        ("DELETE b FROM b JOIN shop.a USING (id)", True),
        ("INSERT INTO other.a VALUES (1)", False),
        ("INSERT INTO mysql.t VALUES (LAST_INSERT_ID())", False),
        ("INSERT INTO b VALUES (stored_function())", True),
        ("INSERT INTO b VALUES (other.uuid())", True),
        ("CALL mysql.p()", True),
        ("SELECT f()", True),
        ("LOAD DATA INFILE 'x' INTO TABLE b", True),
        ("CREATE TEMPORARY TABLE b (id INT)", False),
        ("CREATE TEMPORARY TABLE a (id INT)", True),
        ("this is no statement", True),
    ],
)
def test_a_statement_touches_what_it_names(text: str, touched: bool) -> None:
    assert may_touch(text, "shop", lambda name: TABLE if str(name) == "shop.a" else None) is touched
