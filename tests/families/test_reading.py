"""Rows are read off the socket whole, whatever their size, and a result that breaks off is an error."""

import contextlib
import time
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pymysql
import pytest
from pymysql.connections import Connection

from mysql_to_tidb.columns import Family, family_of
from mysql_to_tidb.model.tables import Column
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.rows import read_batches
from tests.lab.servers import Server

MEGABYTE = 1 << 20
PACKET = (1 << 24) - 1
TEXT = family_of(Column("text", "longtext", "longtext", character_set="utf8mb4"))
NUMBER = family_of(Column("number", "bigint", "bigint"))


@pytest.fixture
def connection(source: Server) -> Iterator[Connection]:
    with contextlib.closing(open_source(source.settings)) as connection:
        yield connection


def read(
    connection: Connection, select: str, families: Sequence[Family], *, rows_max: int = 1000, bytes_max: int = MEGABYTE
) -> list[pa.RecordBatch]:
    return list(read_batches(connection, select, families, batch_rows_max=rows_max, batch_bytes_max=bytes_max))


def numbers(count: int) -> str:
    """A table expression of the numbers from 0."""
    digits = " UNION ALL ".join(f"SELECT {digit} d" for digit in range(10))
    places = len(str(count - 1))
    value = " + ".join(f"t{place}.d * {10**place}" for place in range(places))
    tables = ", ".join(f"({digits}) t{place}" for place in range(places))
    return f"(SELECT {value} AS n FROM {tables}) numbers"


def test_a_connection_can_be_used_again_after_the_last_row(connection: Connection) -> None:
    for count in (0, 1, 7, 1000):
        select = f"SELECT n FROM {numbers(1000)} WHERE n < {count} ORDER BY n"
        batches = read(connection, select, [NUMBER], rows_max=7)
        assert [value for batch in batches for value in batch["number"].to_pylist()] == list(range(count))
        assert {batch.num_rows for batch in batches[:-1]} <= {7}
    assert connection.query("SELECT 1") == 1


@pytest.mark.parametrize("columns", [1, 2, 1100])
def test_any_number_of_columns_is_read(connection: Connection, columns: int) -> None:
    values = ["NULL" if place % 3 == 2 else "REPEAT('y', n * 100)" for place in range(columns)]
    (batch,) = read(
        connection, f"SELECT {', '.join(values)} FROM {numbers(10)} ORDER BY n", [TEXT] * columns, bytes_max=1 << 26
    )
    expected = ["y" * row * 100 for row in range(10)]
    for place, column in enumerate(batch.columns):
        assert column.to_pylist() == ([None] * 10 if place % 3 == 2 else expected)


@pytest.mark.parametrize("size", [0, 250, 251, 65535, 65536, PACKET - 5, PACKET - 4, PACKET - 3, PACKET])
def test_values_of_every_size_are_read(connection: Connection, size: int) -> None:
    select = f"SELECT REPEAT('a', {size}), n FROM {numbers(10)} WHERE n < 2 UNION ALL SELECT NULL, 5"
    batches = read(connection, select, [TEXT, NUMBER])
    seen = [row for batch in batches for row in zip(*batch.to_pydict().values(), strict=True)]
    assert [(len(text or ""), number) for text, number in seen] == [(size, 0), (size, 1), (0, 5)]
    assert seen[-1][0] is None


def test_rows_of_many_packets_follow_each_other(connection: Connection) -> None:
    sizes = [PACKET, 3, PACKET - 20, PACKET]
    values = ", ".join(f"REPEAT('{letter}', {size})" for letter, size in zip("abcd", sizes, strict=True))
    batches = read(connection, f"SELECT {values}, n FROM {numbers(10)} WHERE n < 2 ORDER BY n", [*[TEXT] * 4, NUMBER])
    for number, batch in enumerate(batches):
        *texts, last = (column[0].as_py() for column in batch.columns)
        assert last == number
        assert texts == [letter * size for letter, size in zip("abcd", sizes, strict=True)]
    assert len(batches) == 2


def test_a_batch_ends_with_the_row_that_fills_it(connection: Connection) -> None:
    batches = read(connection, f"SELECT REPEAT('a', 600) FROM {numbers(1000)}", [TEXT], bytes_max=6000)
    assert {batch.num_rows for batch in batches[:-1]} == {10}
    assert sum(batch.num_rows for batch in batches) == 1000


def test_an_error_among_the_rows_is_raised_and_closes_the_connection(connection: Connection) -> None:
    select = f"SELECT IF(n < 5000, n, (SELECT 1 UNION SELECT 2)) FROM {numbers(10000)}"
    with pytest.raises(pymysql.MySQLError) as raised:
        read(connection, select, [NUMBER], rows_max=100)
    assert raised.value.args[0] == 1242
    assert not connection.open


def test_a_statement_that_is_refused_raises_the_drivers_error(connection: Connection) -> None:
    with pytest.raises(pymysql.MySQLError, match="nowhere"):
        read(connection, "SELECT nothing FROM nowhere.nothing", [NUMBER])


def test_a_connection_that_is_cut_is_lost(connection: Connection, source: Server) -> None:
    batches = read_batches(
        connection, f"SELECT REPEAT('a', 9000) FROM {numbers(100000)}", [TEXT], batch_rows_max=1, batch_bytes_max=1
    )
    next(batches)
    source.execute(f"KILL {connection.thread_id()}")
    with pytest.raises(pymysql.MySQLError) as raised:
        for _ in batches:
            pass
    assert raised.value.args[0] in {1317, 1927, 2013}
    assert not connection.open


def test_a_reader_that_is_left_closes_the_connection(connection: Connection) -> None:
    batches = read_batches(connection, f"SELECT n FROM {numbers(1000)}", [NUMBER], batch_rows_max=1, batch_bytes_max=1)
    next(batches)
    batches.close()
    assert not connection.open


def test_a_source_that_is_silent_is_lost(source: Server) -> None:
    connection = open_source(source.settings, read_timeout_seconds=1)
    began = time.monotonic()
    with pytest.raises(pymysql.MySQLError) as raised:
        read(connection, f"SELECT IF(n < 500, n, SLEEP(60)) FROM {numbers(1000)}", [NUMBER], rows_max=1)
    assert raised.value.args[0] == 2013
    assert time.monotonic() - began < 30
