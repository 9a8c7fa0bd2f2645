"""A small bank that is busy: counters that show a change applied twice or missed, and a journal without a key."""

import random
import threading
from types import TracebackType
from typing import Self

import pymysql

from tests.lab.servers import Server

SCHEMA = (
    """CREATE TABLE account (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        owner VARCHAR(60) NOT NULL,
        balance DECIMAL(20, 4) NOT NULL DEFAULT 0,
        changes INT UNSIGNED NOT NULL DEFAULT 0,
        place SMALLINT NULL,
        note TEXT NULL,
        changed_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
        UNIQUE KEY place (place)
    )""",
    """CREATE TABLE transfer (
        day DATE NOT NULL,
        number INT NOT NULL,
        code CHAR(8) CHARACTER SET latin1 NOT NULL,
        amount DOUBLE NOT NULL,
        share FLOAT NULL,
        kind ENUM('cash', 'card', 'wire') NOT NULL,
        flags SET('urgent', 'checked', 'foreign') NOT NULL DEFAULT '',
        bits BIT(9) NULL,
        proof VARBINARY(40) NULL,
        detail JSON NULL,
        year_booked YEAR NULL,
        lasted TIME(3) NULL,
        PRIMARY KEY (day, number, code)
    )""",
    "CREATE TABLE journal (account BIGINT, amount DECIMAL(20, 4), word VARCHAR(20), at DATETIME(3) NULL)",
    "CREATE TABLE empty_table (id INT PRIMARY KEY, name VARCHAR(10))",
)
ACCOUNTS = 1_200
TRANSFERS = 900
JOURNAL_ROWS = 1_000
WORDS = ("rent", "", "tab\there", "line\nbreak", "back\\slash", "ünïcödé", "quo'te", r"\N", "NULL", "🐬")


def build(server: Server, database: str) -> None:
    """Create the bank and its first rows."""
    connection = server.connect(charset="utf8mb4")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
        cursor.execute(f"USE `{database}`")
        for statement in SCHEMA:
            cursor.execute(statement)
        chance = random.Random(1)
        cursor.executemany(
            "INSERT INTO account (owner, balance, place, note) VALUES (%s, %s, %s, %s)",
            [(f"owner {n}", n * 3, n if n < 200 else None, chance.choice((None, *WORDS))) for n in range(ACCOUNTS)],
        )
        cursor.executemany(TRANSFER, [_transfer(chance, number) for number in range(TRANSFERS)])
        journal = [(n % 50, n, chance.choice(WORDS)) for n in range(JOURNAL_ROWS)]
        cursor.executemany("INSERT INTO journal VALUES (%s, %s, %s, NOW(3))", journal + journal[:100])
        cursor.execute("ANALYZE TABLE account, transfer, journal")
    connection.close()


TRANSFER = "REPLACE INTO transfer VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def _transfer(chance: random.Random, number: int) -> tuple[object, ...]:
    return (
        f"20{chance.randint(10, 30)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
        number,
        chance.choice(("a", "B", "é", "x y")),
        chance.uniform(-1e9, 1e9),
        chance.choice((None, 0.1, 16777216.0, -3.5)),
        chance.choice(("cash", "card", "wire")),
        chance.choice(("", "urgent", "urgent,foreign")),
        chance.choice((None, 0, 1, 511)),
        chance.choice((None, b"", bytes(range(40)), b"\x00\xff\\\t\n")),
        chance.choice((None, "null", '{"a": [1, 2.5, "x\\"y"], "b": null}', '"text"', "[]")),
        chance.choice((None, 1901, 2155, 2024)),
        chance.choice((None, "-838:59:59.000", "00:00:00.001", "12:30:00")),
    )


class Writer:
    """Writes in short transactions from a thread of its own until its context is left."""

    def __init__(self, server: Server, database: str, *, seed: int = 7, pause_seconds: float = 0.02) -> None:
        self.transactions = 0
        self._server = server
        self._database = database
        self._chance = random.Random(seed)
        self._pause_seconds = pause_seconds
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(timeout=30)
        if self._error and not error:
            raise self._error

    def _run(self) -> None:
        connection = self._server.connect(charset="utf8mb4", database=self._database, autocommit=False)
        try:
            while not self._stopped.wait(self._pause_seconds):
                with connection.cursor() as cursor:
                    for _ in range(self._chance.randint(1, 4)):
                        self._write(cursor)
                if self._chance.random() < 0.1:
                    connection.rollback()
                else:
                    connection.commit()
                self.transactions += 1
        except pymysql.MySQLError as error:
            self._error = error
        finally:
            connection.close()

    def _write(self, cursor: object) -> None:
        chance, run = self._chance, cursor.execute  # type: ignore[attr-defined]
        one, other = chance.randint(1, ACCOUNTS), chance.randint(1, ACCOUNTS)
        match chance.randint(0, 8):
            case 0 | 1 | 2:
                amount = chance.randint(1, 100)
                run("UPDATE account SET balance = balance - %s, changes = changes + 1 WHERE id = %s", (amount, one))
                run("UPDATE account SET balance = balance + %s, changes = changes + 1 WHERE id = %s", (amount, other))
                run("INSERT INTO journal VALUES (%s, %s, %s, NOW(3))", (one % 50, amount, chance.choice(WORDS)))
            case 3:
                run("INSERT INTO account (owner, note) VALUES (%s, %s)", (f"new {one}", chance.choice(WORDS)))
            case 4:
                run("DELETE FROM account WHERE id = %s", (one,))
            case 5:
                run(TRANSFER, _transfer(chance, chance.randint(0, TRANSFERS * 2)))
            case 6:
                run("UPDATE transfer SET number = number + 100000 WHERE number = %s", (chance.randint(0, TRANSFERS),))
            case 7:
                run("DELETE FROM journal WHERE account = %s LIMIT 1", (one % 50,))
                run("UPDATE journal SET amount = amount + 1 WHERE account = %s LIMIT 2", (other % 50,))
            case _:
                place = chance.randint(0, 198)
                run("UPDATE account SET place = -1 WHERE place = %s", (place,))
                run("UPDATE account SET place = %s WHERE place = %s", (place, place + 1))
                run("UPDATE account SET place = %s WHERE place = -1", (place + 1,))
