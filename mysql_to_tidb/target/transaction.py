"""One target transaction: everything inside is committed together, or nothing is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pymysql

from mysql_to_tidb.target.connection import TargetConnection, target_errors


@contextmanager
def transaction(connection: TargetConnection, where: str) -> Iterator[None]:
    """BEGIN, what is inside, COMMIT; whatever is raised inside rolls back.

    Raises what `target.connection.classify` makes of a driver error. TargetConnectionLost may mean that the
    commit was carried out all the same: ask the ledger (`was_committed`) before anything is written again.
    """
    with target_errors(where):
        connection.begin()
        try:
            yield
            connection.commit()
        except BaseException:
            with suppress(pymysql.MySQLError, OSError):
                connection.rollback()
            raise
