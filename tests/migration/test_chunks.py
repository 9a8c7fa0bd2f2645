"""Chunks of every kind of key cover the whole table, none of its rows twice, and resume behind any row."""

from pathlib import Path

import pytest

from mysql_to_tidb.points import VARIABLE, Point
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server

ROWS = 700

KEYS = {
    "dense integer": ("id INT PRIMARY KEY", str),
    "sparse integer": ("id BIGINT UNSIGNED PRIMARY KEY", lambda n: str(18446744073709551615 - n * n * 1000003)),
    "negative integer": ("id BIGINT PRIMARY KEY", lambda n: str(n * 7 - 2000)),
    "text": ("id VARCHAR(30) CHARACTER SET utf8mb4 PRIMARY KEY", lambda n: f"'kéy {n * 7919 % 10007}\\'x'"),
    "text without case": ("id VARCHAR(30) COLLATE utf8mb4_general_ci PRIMARY KEY", lambda n: f"'{'aBcD'[n % 4]}{n}'"),
    "latin1": ("id CHAR(20) CHARACTER SET latin1 PRIMARY KEY", lambda n: f"'ß{n}'"),
    "bytes": ("id VARBINARY(16) PRIMARY KEY", lambda n: f"x'{n * 2654435761 % 2**32:08x}00'"),
    "fixed bytes": ("id BINARY(6) PRIMARY KEY", lambda n: f"x'{n:06x}'"),
    "decimal": ("id DECIMAL(30, 10) PRIMARY KEY", lambda n: f"{n * 31 - 5000}.{n:010d}"),
    "date": ("id DATE PRIMARY KEY", lambda n: f"DATE'2000-01-01' + INTERVAL {n} DAY"),
    "moment": (
        "id DATETIME(6) PRIMARY KEY",
        lambda n: f"TIMESTAMP'2020-02-29 23:59:59' + INTERVAL {n * 333} MICROSECOND",
    ),
    "instant": ("id TIMESTAMP(3) NOT NULL PRIMARY KEY", lambda n: f"'2021-03-28 00:00:00' + INTERVAL {n * 30} MINUTE"),
    "composite": (
        "a SMALLINT, b ENUM('x', 'y', 'z'), id VARCHAR(20), PRIMARY KEY (b, a, id)",
        lambda n: f"{n % 5}, {n % 3 + 1}, 'v{n}'",
    ),
    "unique index": ("a INT NULL, id INT NOT NULL, UNIQUE KEY k (id)", lambda n: f"NULL, {n * 3}"),
    "set": (
        "s SET('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j') PRIMARY KEY",
        str,
    ),
}


@pytest.fixture
def keyed_tables(source: Server, database_name: str) -> str:
    statements = [f"CREATE DATABASE `{database_name}` CHARACTER SET utf8mb4"]
    for number, (columns, value) in enumerate(KEYS.values()):
        name = f"`{database_name}`.t{number}"
        statements.append(f"CREATE TABLE {name} ({columns}, word TEXT)")
        rows = ", ".join(f"({value(n)}, 'row {n}')" for n in range(1, ROWS + 1))
        statements.append(f"INSERT INTO {name} VALUES {rows}")
        statements.append(f"ANALYZE TABLE {name}")
    connection = source.connect(charset="utf8mb4")
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
    connection.close()
    return database_name


def test_every_kind_of_key_is_cut_covered_and_resumed(
    source: Server, target: Server, keyed_tables: str, tmp_path: Path
) -> None:
    fields = job_fields(
        keyed_tables,
        source,
        target,
        objects={"databases": [keyed_tables]},
        spec={"chunk_rows": 150, "transaction_rows": 40, "load_connections": 1},
    )
    job = JobRun(tmp_path, {}, **fields)
    assert job.drive(**{VARIABLE: f"{Point.AFTER_LOAD_COMMIT}:30"}).code < 0
    assert job.drive(**{VARIABLE: f"{Point.BEFORE_LOAD_COMMIT}:100"}).code < 0
    ran = job.drive()
    assert ran.code == 0, ran.err
    assert differences(source, target, keyed_tables) == []
    counted = f"SELECT SUM(rows_loaded), COUNT(*) FROM mysql_to_tidb.chunks WHERE job = '{keyed_tables}'"
    rows, chunks = target.execute(counted)[0]
    assert rows == ROWS * len(KEYS)
    assert chunks > 2 * len(KEYS)
