"""The lab itself: servers start, die and come back; the proxy does what networks do."""

from collections.abc import Callable

import pymysql
import pytest

from tests.lab.install import Kind
from tests.lab.proxy import Proxy
from tests.lab.servers import LabServer, Server


@pytest.mark.parametrize("kind", list(Kind))
def test_a_killed_server_keeps_what_was_committed(start_server: Callable[..., LabServer], kind: Kind) -> None:
    server = start_server(kind, "--binlog-format=STATEMENT")
    assert server.execute("SELECT @@global.binlog_format") == [("STATEMENT",)]
    server.execute("CREATE DATABASE lab", "CREATE TABLE lab.t (a INT PRIMARY KEY)", "INSERT INTO lab.t VALUES (1)")
    server.kill()
    assert not server.answers()
    server.start()
    assert server.execute("SELECT a FROM lab.t") == [(1,)]


def test_every_source_logs_rows_under_a_server_id_of_its_own(source: Server, database_name: str) -> None:
    assert source.execute("SELECT @@log_bin, @@global.binlog_format") == [(1, "ROW")]
    source.execute(f"CREATE DATABASE {database_name}")


def test_the_target_answers_under_its_url(target: Server, database_name: str) -> None:
    assert Server.at(target.url).execute(f"CREATE DATABASE {database_name}", "SELECT 1") == [(1,)]


def test_a_proxy_cuts_refuses_and_stalls(proxy: Proxy) -> None:
    connection = proxy.connect()
    proxy.cut()
    with pytest.raises(pymysql.OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    proxy.refuse()
    assert not proxy.answers()
    proxy.let_through()
    stalled = proxy.connect(read_timeout=0.3)
    proxy.stall()
    with pytest.raises(pymysql.OperationalError), stalled.cursor() as cursor:
        cursor.execute("SELECT 1")
    proxy.let_through()
    assert proxy.execute("SELECT 1") == [(1,)]
