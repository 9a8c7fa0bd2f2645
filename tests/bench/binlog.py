"""How fast a binary log is read: ours against mysql-replication's own reader, on the same log.

A MySQL (over TLS, as it offers by itself) and a MariaDB are started and given two loads: sysbench's
oltp_write_only, or its like where sysbench is not installed, and one of a table of ten mixed types. Each reader
goes through the log from its start, in turn.
"""

import contextlib
import logging
import random
import shutil
import subprocess
from collections.abc import Iterator

from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.row_event import DeleteRowsEvent, RowsEvent, UpdateRowsEvent, WriteRowsEvent

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.batches import batch_from_images
from mysql_to_tidb.model.changes import ChangeKind, MappedTable, RowChanges, RowImage
from tests.bench.contest import Figures, contest
from tests.lab.follower import Follower
from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, LabServer

THEIRS = "mysql-replication"
GOALS = {("oltp_write_only", Kind.MYSQL): 10.0, ("oltp_write_only", Kind.MARIADB): 15.0}
GOAL_OF_MIXED_TYPES = 8.0
BATCH_ROWS = 10_000

TABLE_ROWS = 1000
CREATE = """
CREATE TABLE sbtest1 (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0,
    c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k)
)
"""
CREATE_MIXED = """
CREATE TABLE mixed (
    id BIGINT UNSIGNED PRIMARY KEY, small SMALLINT, price DECIMAL(12,2), ratio DOUBLE, name VARCHAR(60), note TEXT,
    day DATE, made DATETIME(6), seen TIMESTAMP NULL, state ENUM('new', 'paid', 'sent')
)
"""


def measure(kind: Kind, transactions: int) -> Figures:
    """The figures of both loads at one kind of source."""
    logging.disable(logging.CRITICAL)
    # Without FULL metadata, mysql-replication cannot decode the mixed types.
    server = LabServer(kind, *SOURCE_OPTIONS, "--loose-binlog-row-metadata=FULL")
    try:
        with contextlib.closing(Follower(server, "bench")) as source:
            source.create(CREATE)
            filler = ", ".join(f"({row}, {row}, REPEAT('c', 119), REPEAT('p', 59))" for row in range(1, TABLE_ROWS + 1))
            source.run(f"INSERT INTO sbtest1 VALUES {filler}")
            write_load(source, transactions)
            figures: Figures = {"server": server.version}
            figures["oltp_write_only"] = _contest(kind, "oltp_write_only", source)
            source.create(CREATE_MIXED)
            write_mixed(source, transactions)
            figures["mixed types"] = _contest(kind, "mixed types", source)
            return figures
    finally:
        server.discard()


def _contest(kind: Kind, name: str, source: Follower) -> Figures:
    readers = {
        THEIRS: lambda: read_theirs(source),
        "this": lambda: read_ours(source),
        "this, into Arrow": lambda: read_into_arrow(source),
    }
    goal = GOALS.get((name, kind), GOAL_OF_MIXED_TYPES)
    return contest(f"{kind}, changes of {name}", readers, against=THEIRS, goals={"this": goal})


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


def write_mixed(source: Follower, transactions: int) -> None:
    """An insert of several rows and an update of one in each transaction."""
    pick = random.Random(1)
    with source.writer.cursor() as cursor:
        for number in range(0, transactions, 4):
            rows = ", ".join(_mixed_row(pick, number * 5 + place) for place in range(4))
            cursor.execute("BEGIN")
            cursor.execute(f"INSERT INTO mixed VALUES {rows}")
            cursor.execute(f"UPDATE mixed SET price = price + 1, note = 'updated' WHERE id = {number * 5}")
            cursor.execute("COMMIT")


def _mixed_row(pick: random.Random, number: int) -> str:
    small = "NULL" if number % 5 == 0 else number % 30_000
    note = "NULL" if number % 3 == 0 else f"'note é {pick.random()}'"
    moment = f"'2024-01-{number % 28 + 1:02} 10:11:12.{number % 1_000_000:06}'"
    return (
        f"({number}, {small}, {number / 7:.2f}, {pick.random()}, 'name of {number}', {note}, "
        f"DATE({moment}), {moment}, {moment}, {number % 3 + 1})"
    )


def changes_of(source: Follower) -> Iterator[RowChanges]:
    """All changes up to where the source is now."""
    end = source.here()
    with contextlib.closing(source.stream(by_file=True)) as stream:
        for change in stream.changes(wait_seconds=0.2):
            if isinstance(change, RowChanges):
                yield change
            elif change.position.reaches(end):
                return


def read_ours(source: Follower) -> int:
    """Changed rows."""
    rows = 0
    for change in changes_of(source):
        rows += len(change.images) // (2 if change.kind is ChangeKind.UPDATE else 1)
    return rows


def read_into_arrow(source: Follower) -> int:
    """Changed rows; all images, those before an update too, become Arrow batches."""
    rows = 0
    images: list[RowImage] = []
    mapped: MappedTable | None = None
    for change in changes_of(source):
        rows += len(change.images) // (2 if change.kind is ChangeKind.UPDATE else 1)
        mapped = change.mapped
        images += change.images
        if len(images) >= BATCH_ROWS:
            batch_from_images(mapped, images, families_of(mapped.table))
            images = []
    if mapped is not None:
        batch_from_images(mapped, images, families_of(mapped.table))
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
