"""Sources whose binary logs are made as differently as they can be."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.lab.follower import Follower
from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, LabServer, Server

SMALL_FILES = "--max-binlog-size=4096"
GTIDS = ("--gtid-mode=ON", "--enforce-gtid-consistency=ON")

SOURCES: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "mysql by file": (Kind.MYSQL, ("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", SMALL_FILES)),
    "mysql compressed": (
        Kind.MYSQL,
        (*GTIDS, "--binlog-transaction-compression=ON", "--binlog-row-metadata=FULL", SMALL_FILES),
    ),
    "mysql without checksums": (Kind.MYSQL, (*GTIDS, "--binlog-checksum=NONE")),
    "mariadb": (Kind.MARIADB, (SMALL_FILES, "--binlog-row-metadata=FULL")),
    "mariadb compressed": (
        Kind.MARIADB,
        ("--log-bin-compress=ON", "--log-bin-compress-min-len=10", "--binlog-row-metadata=MINIMAL"),
    ),
}


@pytest.fixture(scope="session", params=SOURCES)
def any_source(request: pytest.FixtureRequest) -> Iterator[LabServer]:
    """Each of the sources in turn."""
    kind, options = SOURCES[request.param]
    server = LabServer(kind, *SOURCE_OPTIONS, *options)
    yield server
    server.discard()


@pytest.fixture
def follow(database_name: str) -> Iterator[Callable[[Server], Follower]]:
    """Follows a database on a server from now on."""
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(contextlib.closing(Follower(server, database_name)))
