"""The servers that tests run against, and a database name of each test's own."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator

import hypothesis
import pytest

from tests.lab.install import Kind, ServerMissing, describe
from tests.lab.prefect_server import PrefectServer
from tests.lab.proxy import Proxy
from tests.lab.servers import SOURCE_OPTIONS, TARGET_OPTIONS, LabServer, Server

SOURCE_MYSQL_URL = "SOURCE_MYSQL_URL"
SOURCE_MARIADB_URL = "SOURCE_MARIADB_URL"
TIDB_URL = "TIDB_URL"

# A busy machine is no reason to fail.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")


def pytest_report_header() -> list[str]:
    """Which server plays which part."""
    parts = {
        "source MySQL": (SOURCE_MYSQL_URL, Kind.MYSQL),
        "source MariaDB": (SOURCE_MARIADB_URL, Kind.MARIADB),
        "target": (TIDB_URL, Kind.MYSQL),
    }
    stand_in = "" if os.environ.get(TIDB_URL) else " as a stand-in for TiDB; TIDB_URL names a real one"
    lines = [f"{part}: {_described(variable, kind)}" for part, (variable, kind) in parts.items()]
    return [*lines[:2], lines[2] + stand_in]


def _described(variable: str, kind: Kind) -> str:
    if url := os.environ.get(variable):
        server = Server.at(url)
        return f"{server.version} at {server.settings.address}" if server.answers() else f"{variable} does not answer"
    return describe(kind)


@pytest.fixture(scope="session")
def source_mysql() -> Iterator[Server]:
    yield from _server(SOURCE_MYSQL_URL, Kind.MYSQL, SOURCE_OPTIONS)


@pytest.fixture(scope="session")
def source_mariadb() -> Iterator[Server]:
    yield from _server(SOURCE_MARIADB_URL, Kind.MARIADB, SOURCE_OPTIONS)


@pytest.fixture(scope="session")
def target() -> Iterator[Server]:
    """The TiDB that TIDB_URL names, else a MySQL in its stead."""
    yield from _server(TIDB_URL, Kind.MYSQL, TARGET_OPTIONS)


@pytest.fixture(params=list(Kind))
def source(request: pytest.FixtureRequest) -> Server:
    """Each kind of source in turn."""
    server: Server = request.getfixturevalue(f"source_{request.param}")
    return server


@pytest.fixture
def start_server() -> Iterator[Callable[..., LabServer]]:
    """Starts a server with options of the test's own: `start_server(Kind.MYSQL, "--binlog-format=STATEMENT")`.

    Later options win, so that `--skip-log-bin` turns off what every source has on.
    """
    started: list[LabServer] = []

    def start(kind: Kind = Kind.MYSQL, *options: str) -> LabServer:
        with _missing_server_is_explained():
            started.append(LabServer(kind, *SOURCE_OPTIONS, *options))
        return started[-1]

    yield start
    for server in started:
        server.discard()


@pytest.fixture
def database_name(request: pytest.FixtureRequest) -> Iterator[str]:
    """A name that no other test uses; what has been made under it is dropped wherever the test has servers."""
    name = f"test_{secrets.token_hex(4)}"
    fixtures = {"source_mysql", "source_mariadb", "source", "target"}.intersection(request.fixturenames)
    servers: list[Server] = [request.getfixturevalue(fixture) for fixture in sorted(fixtures)]
    yield name
    for server in servers:
        server.execute("SET lock_wait_timeout = 30", f"DROP DATABASE IF EXISTS `{name}`")


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A real Prefect server for all tests that run flows."""
    with PrefectServer(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture
def proxy(target: Server) -> Iterator[Proxy]:
    """A way to the target that a test can cut, stall or close."""
    with Proxy(target) as proxy:
        yield proxy


def _server(variable: str, kind: Kind, options: tuple[str, ...]) -> Iterator[Server]:
    """The server that the environment names, which must answer, else one of our own for this session."""
    if url := os.environ.get(variable):
        yield Server.at(url)
        return
    with _missing_server_is_explained():
        server = LabServer(kind, *options)
    yield server
    server.discard()


@contextlib.contextmanager
def _missing_server_is_explained() -> Iterator[None]:
    """Skips the test where a developer lacks a server; in CI that is a failure."""
    try:
        yield
    except ServerMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
