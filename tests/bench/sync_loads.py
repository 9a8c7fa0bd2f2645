"""What a source does while the sync is measured: sysbench's writes, a steady pace, a hot row, much beside."""

import contextlib
import random
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.lab.servers import Server

TABLES = 4
TABLE_ROWS = 10_000
WRITERS = 4
INSERT_ROWS = 500


def create_tables(source: Server, database: str) -> None:
    """As sysbench prepares them."""
    source.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    for number in range(1, TABLES + 1):
        create = (
            f"CREATE TABLE {database}.sbtest{number} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
            "k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k))"
        )
        rows = [f"({row}, {row}, REPEAT('c', 119), REPEAT('p', 59))" for row in range(1, TABLE_ROWS + 1)]
        inserts = [
            f"INSERT INTO {database}.sbtest{number} VALUES {', '.join(rows[start : start + INSERT_ROWS])}"
            for start in range(0, TABLE_ROWS, INSERT_ROWS)
        ]
        source.execute(create, *inserts)


def write_only(source: Server, database: str, transactions: int) -> None:
    """sysbench's oltp_write_only, or its like: two updates, a delete and an insert in each transaction."""
    settings = source.settings
    if shutil.which("sysbench"):
        connection = [
            f"--mysql-host={settings.host}",
            f"--mysql-port={settings.port}",
            f"--mysql-user={settings.user}",
            f"--mysql-db={database}",
        ]
        load = [f"--tables={TABLES}", f"--table-size={TABLE_ROWS}", f"--events={transactions}", "--time=0"]
        command = ["sysbench", "oltp_write_only", *connection, *load, "--db-ps-mode=disable", "--threads=4", "run"]
        subprocess.run(command, check=True, capture_output=True)
        return
    pick = random.Random(1)  # the same load every time
    connection = source.connect(database=database, autocommit=False)
    with contextlib.closing(connection), connection.cursor() as cursor:
        for _ in range(transactions):
            table, row = f"sbtest{pick.randint(1, TABLES)}", pick.randint(1, TABLE_ROWS)
            text = "-".join(str(pick.randint(10**10, 10**11 - 1)) for _ in range(10))
            cursor.execute(f"UPDATE {table} SET k = k + 1 WHERE id = {pick.randint(1, TABLE_ROWS)}")
            cursor.execute(f"UPDATE {table} SET c = '{text}' WHERE id = {pick.randint(1, TABLE_ROWS)}")
            cursor.execute(f"DELETE FROM {table} WHERE id = {row}")
            cursor.execute(f"INSERT INTO {table} VALUES ({row}, {row}, '{text}', '{text[:59]}')")
            connection.commit()


def heat_row(source: Server, database: str, updates: int) -> None:
    """One row, updated again and again in small transactions."""
    source.execute(
        f"CREATE PROCEDURE {database}.heat() BEGIN DECLARE n INT DEFAULT 0; WHILE n < {updates} DO "
        f"UPDATE {database}.hot SET n = n + 1; SET n = n + 1; END WHILE; END",
        f"CALL {database}.heat()",
        f"DROP PROCEDURE {database}.heat",
    )


def write_beside(source: Server, database: str, megabytes: int) -> None:
    """So much log, of which a hundredth concerns `database`."""
    other = f"{database}_beside"
    source.execute(f"CREATE DATABASE {other}", f"CREATE TABLE {other}.much (id INT PRIMARY KEY, filler MEDIUMBLOB)")
    for number in range(megabytes):
        source.execute(f"REPLACE INTO {other}.much VALUES ({number % 10}, REPEAT('x', 1000000))")
        source.execute(f"INSERT INTO {database}.little VALUES ({number}, REPEAT('y', 10000))")
    source.execute(f"DROP DATABASE {other}")


class Pace:
    """So many transactions a second, and how long each took from its commit at the source to the target."""

    def __init__(self, source: Server, target: Server, database: str) -> None:
        self._source, self._target, self._database = source, target, database
        self._committed: list[list[float]] = [[] for _ in range(WRITERS)]
        self._stopped = threading.Event()
        self.seconds: list[float] = []
        """Of every transaction that has arrived."""

    def create(self) -> None:
        """A row for each writer, which counts its transactions."""
        rows = ", ".join(f"({number}, 0)" for number in range(WRITERS))
        self._source.execute(
            f"CREATE TABLE {self._database}.pace (writer INT PRIMARY KEY, n INT NOT NULL)",
            f"CREATE TABLE {self._database}.entry (writer INT, n INT, word VARCHAR(100), PRIMARY KEY (writer, n))",
            f"INSERT INTO {self._database}.pace VALUES {rows}",
        )

    def run(self, per_second: int, seconds: float) -> None:
        """Write for so long, then until all has arrived or a minute is over."""
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda number: self._write(number, per_second / WRITERS, seconds), range(WRITERS)))
        deadline = time.perf_counter() + 60
        while len(self.seconds) < sum(map(len, self._committed)) and time.perf_counter() < deadline:
            time.sleep(0.05)
        self._stopped.set()
        watcher.join()

    def _write(self, number: int, per_second: float, seconds: float) -> None:
        connection = self._source.connect(database=self._database, autocommit=False)
        with contextlib.closing(connection), connection.cursor() as cursor:
            began = time.perf_counter()
            for turn in range(1, int(per_second * seconds) + 1):
                time.sleep(max(0.0, began + turn / per_second - time.perf_counter()))
                cursor.execute(f"UPDATE pace SET n = {turn} WHERE writer = {number}")
                cursor.execute(f"INSERT INTO entry VALUES ({number}, {turn}, REPEAT('e', 80))")
                connection.commit()
                self._committed[number].append(time.perf_counter())

    def _watch(self) -> None:
        seen = [0] * WRITERS
        connection = self._target.connect()
        with contextlib.closing(connection), connection.cursor() as cursor:
            while not self._stopped.wait(0.005):
                cursor.execute(f"SELECT writer, n FROM {self._database}.pace")
                now = time.perf_counter()
                for writer, count in cursor.fetchall():
                    # A transaction may be here before its writer has heard of the commit.
                    arrived = self._committed[writer][seen[writer] : count]
                    self.seconds += [max(0.0, now - committed) for committed in arrived]
                    seen[writer] += len(arrived)
