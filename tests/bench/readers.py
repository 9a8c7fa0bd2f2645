"""How fast rows come into Arrow: ours against PyMySQL's streaming cursor, on the same tables of one MySQL.

Both run in turn in one process; CPU seconds hardly change with what else the machine does. The ratios go to
standard output, all figures as JSON to `build/bench/readers.json`. Run it with `python -m tests.bench.readers [rows]`.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pymysql.cursors
from pymysql.connections import Connection

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.rows import read_batches, select_statement
from mysql_to_tidb.source.schema import read_table
from mysql_to_tidb.staging.encode import encode_rows
from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, LabServer, Server

ROUNDS = 3
BATCH = {"batch_rows_max": 10_000, "batch_bytes_max": 64 << 20}
DATABASE = "bench_readers"
FIGURES = Path("build/bench/readers.json")

TABLES = {
    "four columns": (
        """
        CREATE TABLE `four columns` (
            id INT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL
        )
        """,
        "SELECT n, n * 7, REPEAT('c', 119), REPEAT('p', 59)",
    ),
    "twelve columns": (
        """
        CREATE TABLE `twelve columns` (
            id BIGINT UNSIGNED PRIMARY KEY, small SMALLINT, price DECIMAL(12,2), ratio DOUBLE, name VARCHAR(60),
            note TEXT, data VARBINARY(40), day DATE, made DATETIME(6), seen TIMESTAMP NULL,
            state ENUM('new', 'paid', 'sent'), document JSON
        )
        """,
        """
        SELECT n, IF(n % 5 = 0, NULL, n % 30000), n / 7, n / 3, CONCAT('name of ', n), IF(n % 3 = 0, NULL, 'note é'),
            UNHEX(SHA2(n, 256)), DATE'2024-01-01' + INTERVAL n % 300 DAY,
            TIMESTAMP'2024-01-01 00:00:00.000001' + INTERVAL n SECOND,
            IF(n % 4 = 0, NULL, TIMESTAMP'2024-01-01 00:00:00'), n % 3 + 1,
            JSON_OBJECT('n', n, 'list', JSON_ARRAY(1, 2.5, 'x'))
        """,
    ),
}
"""Each with the rows that fill it, over a column `n` that counts from 0."""


class Result(NamedTuple):
    seconds: float
    processor_seconds: float


def read_ours(connection: Connection, table: Table) -> int:
    families = families_of(table)
    batches = read_batches(connection, select_statement(table, families), families, **BATCH)
    return sum(batch.num_rows for batch in batches)


def read_and_encode_ours(connection: Connection, table: Table) -> int:
    families = families_of(table)
    rows = 0
    for batch in read_batches(connection, select_statement(table, families), families, **BATCH):
        encode_rows(batch, families)
        rows += batch.num_rows
    return rows


def read_theirs(connection: Connection, table: Table) -> int:
    with connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute(f"SELECT * FROM {table.name.quoted}")
        return sum(1 for _ in cursor)


READERS: dict[str, Callable[[Connection, Table], int]] = {
    "PyMySQL, SSCursor": read_theirs,
    "this": read_ours,
    "this, encoded for LOAD DATA": read_and_encode_ours,
}


def timed(read: Callable[[Connection, Table], int], server: Server, table: Table) -> Result:
    with contextlib.closing(open_source(server.settings)) as connection:
        began, worked = time.perf_counter(), time.process_time()
        rows = read(connection, table)
        result = Result(time.perf_counter() - began, time.process_time() - worked)
    assert rows == table.rows_estimate, f"{rows} rows of {table.rows_estimate}"
    return result


def fill(server: Server, name: str, rows: int) -> Table:
    create, select = TABLES[name]
    digits = " UNION ALL ".join(f"SELECT {digit} d" for digit in range(10))
    places = range(len(str(rows - 1)))
    count = " + ".join(f"t{place}.d * {10**place}" for place in places)
    numbers = ", ".join(f"({digits}) t{place}" for place in places)
    server.execute(
        f"USE {DATABASE}",
        create,
        f"INSERT INTO `{name}` {select} FROM (SELECT {count} n FROM {numbers}) x WHERE n < {rows}",
    )
    with contextlib.closing(open_source(server.settings)) as connection:
        table = read_table(connection, TableName(DATABASE, name))
    assert table is not None
    return Table(table.name, table.columns, rows_estimate=rows)


def measure(server: Server, rows: int) -> dict[str, object]:
    figures: dict[str, object] = {"rows": rows, "server": server.version}
    for name in TABLES:
        table = fill(server, name, rows)
        # Readers in turn, the best of some rounds; the first batch ever also imports pandas.
        read_with_all = [
            {reader: timed(read, server, table) for reader, read in READERS.items()} for _ in range(ROUNDS)
        ]
        best = {reader: min(results[reader].processor_seconds for results in read_with_all) for reader in READERS}
        theirs = best["PyMySQL, SSCursor"]
        print(f"{name}, {rows} rows")
        for reader, seconds in best.items():
            print(f"  {reader:<28}{seconds / rows * 1e6:8.2f} us CPU a row{theirs / seconds:8.1f} times")
        figures[name] = {
            reader: {"processor_seconds": seconds, "times_faster": theirs / seconds} for reader, seconds in best.items()
        }
    return figures


@contextlib.contextmanager
def source() -> Iterator[Server]:
    """The MySQL that the environment names, else one that is started for this."""
    url = os.environ.get("SOURCE_MYSQL_URL")
    server = Server.at(url) if url else LabServer(Kind.MYSQL, *SOURCE_OPTIONS)
    server.execute(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    try:
        yield server
    finally:
        server.execute(f"DROP DATABASE {DATABASE}")
        if isinstance(server, LabServer):
            server.discard()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with source() as server:
        figures = measure(server, rows)
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
