"""The source is spared: rows a second are limited, and the load waits while the source has too much to do."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pymysql
import pytest
from pymysql.connections import Connection

from mysql_to_tidb.spec import Spec
from mysql_to_tidb.stages.throttle import Throttle
from tests.lab.servers import Server


def never() -> bool:
    return False


@contextlib.contextmanager
def busy(server: Server, statements: int) -> Iterator[None]:
    """So many statements in work."""
    connections = [server.connect() for _ in range(statements)]
    threads = [threading.Thread(target=_sleep, args=(connection,), daemon=True) for connection in connections]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for connection in connections:
            server.execute(f"KILL {connection.thread_id()}")


def _sleep(connection: Connection) -> None:
    with contextlib.suppress(pymysql.MySQLError):  # it is killed in the end
        connection.query("DO SLEEP(60)")


def throttle(server: Server, **limits: object) -> Throttle:
    return Throttle(server.settings, Spec(load_connections=2, **limits))


def test_rows_are_read_at_the_rate_that_is_allowed(source: Server) -> None:
    limited = throttle(source, source_rows_per_second_max=2_000)  # half of it for each of two connections
    began = time.monotonic()
    for _ in range(5):
        assert limited.hold(200, never)
    assert time.monotonic() - began >= 1.0


def test_without_limits_nothing_is_waited_for_or_asked(source: Server) -> None:
    free = throttle(source)
    assert free.hold(10**9, never)
    assert free._connection is None


def test_the_load_waits_while_the_source_is_busy(source: Server) -> None:
    limited = throttle(source, source_threads_running_max=8)
    assert limited.hold(1, never)
    looks = []
    time.sleep(1)
    with busy(source, 12):
        deadline = time.monotonic() + 10
        while int(source.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")[0][1]) < 12:
            assert time.monotonic() < deadline

        def ended() -> bool:
            looks.append(1)
            return len(looks) > 2

        assert not limited.hold(1, ended)
    assert len(looks) == 3
    assert limited.hold(1, never)
    limited.close()


def test_a_source_that_is_no_replica_has_no_lag(source: Server) -> None:
    limited = throttle(source, source_lag_seconds_max=0.0)
    assert limited.hold(1, never)
    limited.close()


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        Spec(source_rows_per_second_max=0)
