"""The servers that a bench measures between: a source of its own, and the target that tests have too."""

import contextlib
import os
from collections.abc import Iterator

from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, TARGET_OPTIONS, LabServer, Server


@contextlib.contextmanager
def lab() -> Iterator[tuple[Server, Server]]:
    """A MySQL that is started as source, and the target: the TiDB of TIDB_URL, else a MySQL that stands in."""
    with _started(*SOURCE_OPTIONS) as source:
        if url := os.environ.get("TIDB_URL"):
            yield source, Server.at(url)
            return
        with _started(*TARGET_OPTIONS) as target:
            yield source, target


@contextlib.contextmanager
def _started(*options: str) -> Iterator[Server]:
    server = LabServer(Kind.MYSQL, *options)
    try:
        yield server
    finally:
        server.discard()
