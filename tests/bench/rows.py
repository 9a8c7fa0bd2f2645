"""How fast rows come into Arrow: ours against PyMySQL's streaming cursor, on the same tables of one MySQL.

Both run in turn in one process; processor seconds hardly change with what else the machine does.
"""

import contextlib
from collections.abc import Callable

import pymysql.cursors
from pymysql.connections import Connection

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.rows import read_batches, select_statement
from mysql_to_tidb.source.schema import read_table
from mysql_to_tidb.staging.encode import encode_rows
from tests.bench.contest import Figures, Reader, contest
from tests.bench.tables import TABLES, fill
from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, LabServer, Server

BATCH = {"batch_rows_max": 10_000, "batch_bytes_max": 64 << 20}
DATABASE = "bench_readers"
THEIRS = "PyMySQL, SSCursor"
GOAL = 2.5


def measure(rows: int) -> Figures:
    """The figures of each table."""
    server = LabServer(Kind.MYSQL, *SOURCE_OPTIONS)
    try:
        server.execute(f"CREATE DATABASE {DATABASE}")
        figures: Figures = {"rows": rows, "server": server.version}
        for name in TABLES:
            fill(server, DATABASE, name, rows)
            with contextlib.closing(open_source(server.settings)) as connection:
                table = read_table(connection, TableName(DATABASE, name))
            assert table is not None
            figures[name] = contest(f"{name}, rows", _readers(server, table), against=THEIRS, goals={"this": GOAL})
        return figures
    finally:
        server.discard()


def _readers(server: Server, table: Table) -> dict[str, Reader]:
    def reader(read: Callable[[Connection, Table], int]) -> Reader:
        def run() -> int:
            with contextlib.closing(open_source(server.settings)) as connection:
                return read(connection, table)

        return run

    return {
        THEIRS: reader(_read_theirs),
        "this": reader(_read),
        "this, encoded for LOAD DATA": reader(_read_and_encode),
    }


def _read(connection: Connection, table: Table) -> int:
    families = families_of(table)
    batches = read_batches(connection, select_statement(table, families), families, **BATCH)
    return sum(batch.num_rows for batch in batches)


def _read_and_encode(connection: Connection, table: Table) -> int:
    families = families_of(table)
    rows = 0
    for batch in read_batches(connection, select_statement(table, families), families, **BATCH):
        encode_rows(batch, families)
        rows += batch.num_rows
    return rows


def _read_theirs(connection: Connection, table: Table) -> int:
    with connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute(f"SELECT * FROM {table.name.quoted}")
        return sum(1 for _ in cursor)
