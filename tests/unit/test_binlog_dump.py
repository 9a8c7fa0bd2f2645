"""What we rely on in mysql-replication, and where a stream is told to start."""

import inspect

import pytest
from pymysqlreplication import BinLogStreamReader

from mysql_to_tidb.model.gtids import MysqlGtidSet
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.source.binlog import dump
from tests.lab.binlog_events import UUID_TEXT, identity

TAGGED = f"{UUID_TEXT}:1-5:tag:1"


def test_mysql_replication_opens_a_stream_as_it_did_when_this_was_written() -> None:
    parameters = inspect.signature(BinLogStreamReader.__init__).parameters
    options = {
        "connection_settings",
        "server_id",
        "pymysql_wrapper",
        "slave_heartbeat",
        "report_slave",
        "blocking",
        "enable_logging",
        "auto_position",
        "is_mariadb",
        "log_file",
        "log_pos",
        "resume_stream",
    }
    assert options <= set(parameters)
    source = inspect.getsource(getattr(BinLogStreamReader, dump.OPEN_STREAM))
    for step in ("self.pymysql_wrapper(", "@master_heartbeat_period", "_register_slave()", "_write_bytes(prelude)"):
        assert step in source
    assert "_read_packet" not in source, "it must leave the answer to the dump command to us"


@pytest.mark.parametrize(
    ("mariadb", "gtids", "gtid_set", "by_gtid"),
    [
        (False, True, f"{UUID_TEXT}:1-5", True),
        (False, True, "", False),
        (False, False, f"{UUID_TEXT}:1-5", False),
        (True, True, "0-1-5", True),
        (True, True, "", False),
    ],
)
def test_a_stream_starts_by_gtid_where_there_is_one(mariadb: bool, gtids: bool, gtid_set: str, by_gtid: bool) -> None:
    options = dump.start_options(identity(mariadb=mariadb, gtids=gtids), Position("binlog.000001", 157, gtid_set))
    if by_gtid:
        assert options == {"auto_position": gtid_set, "is_mariadb": mariadb}
    else:
        # Told that this is MariaDB, mysql-replication would forget the place and start with the first file.
        assert options == {"log_file": "binlog.000001", "log_pos": 157, "resume_stream": True}


def test_a_set_with_tags_is_sent_by_ourselves() -> None:
    assert "auto_position" not in dump.start_options(identity(gtids=True), Position("binlog.000001", 157, TAGGED))
    command = dump.tagged_dump_command(MysqlGtidSet.parse(TAGGED), server_id=77)
    assert int.from_bytes(command[:3], "little") == len(command) - 4
    assert command[4:11] == b"\x1e\x04\0\x4d\0\0\0"
    assert MysqlGtidSet.decode(command[27:]).text == TAGGED
