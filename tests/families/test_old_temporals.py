"""Dates and times of tables that were made before MySQL 5.6 arrive as well; MariaDB still makes such tables."""

import secrets
from collections.abc import Callable

import pytest
from hypothesis import given

from mysql_to_tidb.errors import SchemaMismatch
from tests.families.journey import Journey, Kind, journey_between
from tests.families.strategies import Rows, few_examples, rows
from tests.families.test_temporals import date_times, dates, times, timestamps
from tests.lab.install import Kind as ServerKind
from tests.lab.servers import LabServer, Server

StartServer = Callable[..., LabServer]


def test_old_dates_and_times_arrive(start_server: StartServer, target: Server) -> None:
    source = start_server(ServerKind.MARIADB, "--mysql56-temporal-format=OFF")
    with journey_between(source, target, f"columns_{secrets.token_hex(4)}") as journey:
        route = journey.route(Kind("DATE"), Kind("DATETIME"), Kind("TIME"), Kind("TIMESTAMP NULL"))

        @given(rows=rows(dates(), date_times(0), times(0), timestamps(0)))
        @few_examples
        def carry(rows: Rows) -> None:
            route.carry([*rows, ("'0000-00-00'",) * 2 + ("'-838:59:59'", "'0000-00-00'")])

        carry()
        refuses_fractions(journey)


def refuses_fractions(journey: Journey) -> None:
    """How many digits an old type has is not in the log."""
    route = journey.route(Kind("DATETIME(3)"))
    with pytest.raises(SchemaMismatch, match="c0"):
        route.carry([("'2020-01-01 00:00:00.123'",)])
