"""Spares the source during the load: no more rows a second than it is to give, and none while it is strained."""

import threading
import time
from collections.abc import Callable

from pymysql.connections import Connection

from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.strain import read_strain
from mysql_to_tidb.spec import Spec

LOOK_SECONDS = 1.0


class Throttle:
    """Of one worker; the rows that all may read in a second are shared out among the spec's connections."""

    def __init__(self, source: ServerSettings, spec: Spec) -> None:
        self._source = source
        self._spec = spec
        rate = spec.source_rows_per_second_max
        self._seconds_per_row = spec.load_connections / rate if rate else 0.0
        self._free_at = time.monotonic()
        self._looked_at = 0.0
        self._connection: Connection | None = None

    def hold(self, rows: int, ended: Callable[[], bool]) -> bool:
        """Wait until more may be read after so many rows. False where `ended` has become true meanwhile."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + rows * self._seconds_per_row
        while (left := self._free_at - time.monotonic()) > 0 or self._strained():
            if ended():
                return False
            threading.Event().wait(min(left, LOOK_SECONDS) if left > 0 else LOOK_SECONDS)
        return True

    def close(self) -> None:
        if self._connection is not None and self._connection.open:
            self._connection.close()
        self._connection = None

    def _strained(self) -> bool:
        """Whether the source has more to do than it is to have; looked at once a second at most."""
        running_max, lag_max = self._spec.source_threads_running_max, self._spec.source_lag_seconds_max
        if (running_max is None and lag_max is None) or time.monotonic() - self._looked_at < LOOK_SECONDS / 2:
            return False
        if self._connection is None:
            self._connection = open_source(self._source)
        strain = read_strain(self._connection)
        busy = running_max is not None and strain.threads_running > running_max
        late = lag_max is not None and strain.lag_seconds is not None and strain.lag_seconds > lag_max
        if not (busy or late):
            self._looked_at = time.monotonic()
        return busy or late
