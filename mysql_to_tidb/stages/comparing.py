"""The threads and connections of a validation: a few, and never more."""

import itertools
import os
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from pymysql.connections import Connection

from mysql_to_tidb.job import Job
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.target.connection import TargetConnection, open_target
from mysql_to_tidb.validate.compare import Compared
from mysql_to_tidb.validate.keyless import KeylessResult
from mysql_to_tidb.validate.settle import Parties

Found = Compared | KeylessResult | str
"""What comparing a piece of a table gave; in words, why it could not be compared."""


class Workers:
    """A few threads, each with a connection to both sides, and never more."""

    def __init__(self, job: Job, source: ServerSettings, target: ServerSettings, source_uuid: str) -> None:
        self._source, self._target = source, target
        self.count = job.limits.load_connections
        self.full_copy = job.mode is Mode.FULL
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="validate")
        self._idle: queue.SimpleQueue[tuple[Connection, TargetConnection]] = queue.SimpleQueue()
        # Beside that of the job itself, and another one for each reading of the log.
        base = (job.replica_server_id ^ 1 << 29 ^ os.getpid() % 4096 << 8) or 1
        numbers = itertools.count()
        self.parties = Parties(job.name, source, target, lambda: base ^ next(numbers) % 256, source_uuid)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        while not self._idle.empty():
            for connection in self._idle.get():
                if connection.open:
                    connection.close()

    @contextmanager
    def connections(self) -> Iterator[tuple[Connection, TargetConnection]]:
        """One to each side, used by nobody else meanwhile; after an error they are given up."""
        try:
            pair = self._idle.get_nowait()
        except queue.Empty:
            pair = open_source(self._source), open_target(self._target)
        try:
            yield pair
        except BaseException:
            for connection in pair:
                if connection.open:
                    connection.close()
            raise
        self._idle.put(pair)

    def submit(self, work: Callable[[], Found]) -> Future[Found]:
        return self._pool.submit(work)
