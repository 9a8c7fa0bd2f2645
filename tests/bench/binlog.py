"""How fast a binary log is read: ours against mysql-replication's own reader, on the same log.

A MySQL (over TLS, as it offers by itself) and a MariaDB are started and given sysbench's oltp_write_only
load, or its like where sysbench is not installed; then each reader goes through the log from its start, in
turn. Run it with `python -m tests.bench.binlog [transactions]`.
"""

import contextlib
import logging
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.row_event import DeleteRowsEvent, RowsEvent, UpdateRowsEvent, WriteRowsEvent

from mysql_to_tidb.model.changes import ChangeKind, RowChanges
from tests.lab.follower import Follower
from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, LabServer

TABLE_ROWS = 1000
ROUNDS = 3
CREATE = """
CREATE TABLE sbtest1 (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0,
    c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k)
)
"""


def write_load(source: Follower, transactions: int) -> None:
    """Two updates, a delete and an insert in each transaction."""
    settings = source.server.settings
    if not shutil.which("sysbench"):
        _write_the_like(source, transactions)
        return
    connection = [
        f"--mysql-host={settings.host}",
        f"--mysql-port={settings.port}",
        f"--mysql-user={settings.user}",
        f"--mysql-db={source.database}",
    ]
    load = ["--tables=1", f"--table-size={TABLE_ROWS}", "--db-ps-mode=disable", f"--events={transactions}", "--time=0"]
    command = ["sysbench", "oltp_write_only", *connection, *load, "--threads=1", "run"]
    subprocess.run(command, check=True, capture_output=True)


def _write_the_like(source: Follower, transactions: int) -> None:
    pick = random.Random(1)  # the same load every time
    with source.writer.cursor() as cursor:
        for _ in range(transactions):
            row = pick.randint(1, TABLE_ROWS)
            text = "-".join(str(pick.randint(10**10, 10**11 - 1)) for _ in range(10))
            cursor.execute("BEGIN")
            cursor.execute(f"UPDATE sbtest1 SET k = k + 1 WHERE id = {pick.randint(1, TABLE_ROWS)}")
            cursor.execute(f"UPDATE sbtest1 SET c = '{text}' WHERE id = {pick.randint(1, TABLE_ROWS)}")
            cursor.execute(f"DELETE FROM sbtest1 WHERE id = {row}")
            cursor.execute(f"INSERT INTO sbtest1 VALUES ({row}, {row}, '{text}', '{text[:59]}')")
            cursor.execute("COMMIT")


def read_ours(source: Follower) -> int:
    """Changed rows."""
    rows = 0
    end = source.here()
    with contextlib.closing(source.stream(by_file=True)) as stream:
        for change in stream.changes(wait_seconds=0.2):
            if isinstance(change, RowChanges):
                rows += len(change.images) // (2 if change.kind is ChangeKind.UPDATE else 1)
            elif change.position.reaches(end):
                break
    return rows


def read_theirs(source: Follower) -> int:
    """Changed rows."""
    settings = source.server.settings
    reader = BinLogStreamReader(
        connection_settings={"host": settings.host, "port": settings.port, "user": settings.user},
        server_id=945_001,
        log_file=source.start.file,
        log_pos=source.start.offset,
        resume_stream=True,
        only_events=[WriteRowsEvent, UpdateRowsEvent, DeleteRowsEvent],
        enable_logging=False,
    )
    with contextlib.closing(reader):
        events: list[RowsEvent] = list(reader)
        return sum(len(event.rows) for event in events)


class Result(NamedTuple):
    rows: int
    seconds: float
    processor_seconds: float
    """Hardly changes with what else the machine does."""


def timed(read: Callable[[Follower], int], source: Follower) -> Result:
    began, worked = time.perf_counter(), time.process_time()
    rows = read(source)
    return Result(rows, time.perf_counter() - began, time.process_time() - worked)


def compare(kind: Kind, transactions: int) -> None:
    server = LabServer(kind, *SOURCE_OPTIONS)
    try:
        with contextlib.closing(Follower(server, "bench")) as source:
            source.create(CREATE)
            filler = ", ".join(f"({row}, {row}, REPEAT('c', 119), REPEAT('p', 59))" for row in range(1, TABLE_ROWS + 1))
            source.run(f"INSERT INTO sbtest1 VALUES {filler}")
            write_load(source, transactions)
            report(kind, source)
    finally:
        server.discard()


def report(kind: Kind, source: Follower) -> None:
    """Each reader's best of some rounds, as the machine may have other things to do."""
    ours = min((timed(read_ours, source) for _ in range(ROUNDS)), key=lambda result: result.seconds)
    theirs = min((timed(read_theirs, source) for _ in range(ROUNDS)), key=lambda result: result.seconds)
    assert ours.rows == theirs.rows, f"we read {ours.rows} rows, mysql-replication {theirs.rows}"
    print(f"{kind}: {ours.rows} changed rows")
    for name, result in {"this": ours, "mysql-replication": theirs}.items():
        speed = result.rows / result.seconds
        print(f"  {name:<18}{result.seconds:8.2f} s{result.processor_seconds:8.2f} s CPU{speed:12,.0f} rows/s")
    times = theirs.seconds / ours.seconds, theirs.processor_seconds / ours.processor_seconds
    print(f"  {'ratio':<18}{times[0]:8.1f}  {times[1]:8.1f}")


def main() -> None:
    logging.disable(logging.CRITICAL)
    transactions = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for kind in Kind:
        compare(kind, transactions)


if __name__ == "__main__":
    main()
