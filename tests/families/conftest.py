"""One journey for each kind of source, for all tests of a session."""

import secrets
from collections.abc import Iterator

import pytest

from tests.families.journey import Journey, journey_between
from tests.lab.install import Kind
from tests.lab.servers import Server


@pytest.fixture(scope="session")
def mysql_journey(source_mysql: Server, target: Server) -> Iterator[Journey]:
    with journey_between(source_mysql, target, f"columns_{secrets.token_hex(4)}") as journey:
        yield journey


@pytest.fixture(scope="session")
def mariadb_journey(source_mariadb: Server, target: Server) -> Iterator[Journey]:
    with journey_between(source_mariadb, target, f"columns_{secrets.token_hex(4)}") as journey:
        yield journey


@pytest.fixture(scope="session", params=list(Kind))
def journey(request: pytest.FixtureRequest) -> Journey:
    """From each kind of source in turn."""
    found: Journey = request.getfixturevalue(f"{request.param}_journey")
    return found
