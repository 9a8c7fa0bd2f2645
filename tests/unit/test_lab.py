"""The lab itself: servers start, die and come back; the proxy does what networks do."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pymysql
import pytest

from tests.lab.comparison import differences
from tests.lab.demo import processes
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


COLUMNS = """(
    id INT PRIMARY KEY, a FLOAT, b DOUBLE, c DECIMAL(20,4), d DATETIME(6), e BIT(64), f BINARY(4), g ENUM('x','y'),
    h SET('x','y'), i TEXT, j BLOB, k JSON, l TIME(3), m TIMESTAMP NULL
)"""
VALUES = """(
    {id}, 0.1, 1e100, 1.5, '2024-02-29 12:00:00.123456', 18446744073709551615, 'ab', 'y', 'x,y', 'ä€😀',
    x'00ff', '{json}', '-10:11:12.5', '2024-01-01 00:00:00'
)"""


def test_the_comparison_knows_equal_values_and_tells_others_apart(
    source_mysql: Server, target: Server, database_name: str
) -> None:
    for server, json in ((source_mysql, '{"b": 1.0, "a": [null]}'), (target, '{"a": [null], "b": 1}')):
        server.execute(f"CREATE DATABASE {database_name}")
        server.execute(f"CREATE TABLE {database_name}.t {COLUMNS}", f"CREATE TABLE {database_name}.keyless (a INT)")
        for row in range(1, 4):
            server.execute(f"INSERT INTO {database_name}.t VALUES {VALUES.format(id=row, json=json)}")
        server.execute(f"INSERT INTO {database_name}.keyless VALUES (1), (1), (NULL)")
    assert differences(source_mysql, target, database_name) == []

    target.execute(f"UPDATE {database_name}.t SET a = 0.10000001, k = '[]' WHERE id = 1")
    target.execute(f"DELETE FROM {database_name}.t WHERE id = 2", f"UPDATE {database_name}.t SET id = 9 WHERE id = 3")
    target.execute(f"DELETE FROM {database_name}.keyless LIMIT 1", f"CREATE TABLE {database_name}.other (a INT)")
    found = differences(source_mysql, target, database_name)
    assert [line.removeprefix(database_name)[:30] for line in found] == [
        ".keyless lacks at the target: ",
        ".other is missing at the sourc",
        ".t differs at id '1': a is 0.1",
        ".t lacks at the target: id '2'",
        ".t lacks at the target: id '3'",
        ".t has only at the target: id ",
    ]


def test_stopping_the_demo_ends_its_processes_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FOLDER", tmp_path / "demo")
    monkeypatch.setattr(processes, "PROCESSES", tmp_path / "demo" / "processes")
    ours = processes.start("ours", ["sleep", "60"])
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        (processes.PROCESSES / "gone").write_text(f"{stranger.pid} 1")  # its number was once one of ours
        assert processes.stop_all() == ["ours"]
        assert ours.wait(1) < 0
        assert stranger.poll() is None
        stranger.kill()
    assert processes.stop_all() == []
