"""Executes the transactions of a workload at a source, beside whatever else is going on there."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.connection import error_number

REFUSALS = frozenset(
    {
        167,  # MariaDB: an AUTO_INCREMENT column is out of range
        1048,  # NULL in a column that cannot be NULL
        1062,  # a key that is there already
        1264,  # a number out of range
        1265,  # data truncated
        1292,  # a date that cannot be
        1366,  # characters that a column cannot hold
        1406,  # data too long
        1467,  # no AUTO_INCREMENT value is left
        1526,  # no partition for a value
        1690,  # a result out of range
        1761,  # MySQL: a duplicate in the row that is updated
        4025,  # MariaDB: a CHECK is violated
    }
)
"""What a source may answer to a random statement; the transaction goes on without it."""


def execute(connection: Connection, statements: Sequence[str]) -> int:
    """Execute statements, one by one; how many of them the source took."""
    taken = 0
    with connection.cursor() as cursor:
        for statement in statements:
            try:
                cursor.execute(statement)
                taken += 1
            except pymysql.MySQLError as error:
                if error_number(error) not in REFUSALS:
                    raise AssertionError(f"the source refuses with {error}: {statement[:2000]}") from error
    return taken


class Writer:
    """A thread that works through transactions while the `with` block runs, with a breath after each."""

    def __init__(self, connection: Connection, transactions: Sequence[Sequence[str]], *, pause_seconds: float) -> None:
        self.written = 0
        """Transactions that have been executed."""
        self.statements = 0
        self._connection, self._transactions, self._pause = connection, transactions, pause_seconds
        self._error: BaseException | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def finish(self) -> None:
        """Wait until all has been written. Raises what the source refused."""
        self._thread.join()
        if self._error:
            raise self._error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for transaction in self._transactions:
                if self._stopped.is_set():
                    return
                self.statements += execute(self._connection, transaction)
                self.written += 1
                time.sleep(self._pause)
        except BaseException as error:  # noqa: BLE001  (it is raised again where it is waited for)
            self._error = error
