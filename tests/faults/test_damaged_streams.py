"""A binary log that arrives damaged: the job stops at the place, with nothing applied beyond, until it is whole."""

import contextlib
import re
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mysql_to_tidb.errors import BinlogCorrupt, BinlogEventUnknown, MigrationError, SourceUnavailable
from mysql_to_tidb.model.states import Until
from tests.lab.comparison import differences
from tests.lab.drive import drive
from tests.lab.install import Kind
from tests.lab.jobs import JobRun, job_fields
from tests.lab.proxy import CHUNK_BYTES, Proxy
from tests.lab.servers import SOURCE_OPTIONS, LabServer, Server

MARK = b"this is the damaged row"
EVENT_TYPES_OF_ROWS = (23, 30)
Damage = Callable[[bytes], bytes]
Expected = type[MigrationError] | tuple[type[MigrationError], ...]


class DamagingProxy(Proxy):
    """Changes what goes through, where it holds the mark."""

    damage: Damage | None = None

    def _pump(self, giver: socket.socket, taker: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := giver.recv(CHUNK_BYTES):
                damaged = self.damage(data) if self.damage and MARK in data else data
                taker.sendall(damaged)
                if not damaged:
                    break
        for end in (giver, taker):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def flip_a_bit(data: bytes) -> bytes:
    place = data.index(MARK) + 5
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


def leave_bytes_out(data: bytes) -> bytes:
    place = data.index(MARK) + 5
    return data[:place] + data[place + 3 :]


def end_in_the_row(data: bytes) -> bytes:
    del data
    return b""


def make_the_event_unknown(data: bytes) -> bytes:
    """Of the event that holds the mark: another type in its header, and the checksum that belongs to it."""
    mark = data.index(MARK)
    for start in range(mark, -1, -1):
        size = int.from_bytes(data[start + 9 : start + 13], "little")
        if data[start + 4] in EVENT_TYPES_OF_ROWS and mark - start < size < 4096:
            event = bytearray(data[start : start + size])
            event[4] = 250
            event[-4:] = zlib.crc32(event[:-4]).to_bytes(4, "little")
            return data[:start] + bytes(event) + data[start + size :]
    raise AssertionError("no event of rows holds the mark")


@pytest.fixture(scope="module", params=list(Kind))
def plain_source(request: pytest.FixtureRequest) -> Iterator[LabServer]:
    """A source that encrypts nothing."""
    server = LabServer(request.param, *SOURCE_OPTIONS, "--loose-tls-version=")
    yield server
    server.discard()


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (flip_a_bit, BinlogCorrupt),
        (make_the_event_unknown, BinlogEventUnknown),
        (leave_bytes_out, (BinlogCorrupt, SourceUnavailable)),
        (end_in_the_row, SourceUnavailable),
    ],
)
def test_a_damaged_log_stops_the_job_until_it_is_whole(
    damage: Damage, expected: Expected, plain_source: LabServer, target: Server, database_name: str, tmp_path: Path
) -> None:
    plain_source.execute(
        f"CREATE DATABASE {database_name}",
        f"CREATE TABLE {database_name}.a (id INT PRIMARY KEY, word VARCHAR(100))",
        f"INSERT INTO {database_name}.a VALUES (1, 'loaded')",
    )
    with DamagingProxy(plain_source) as proxy:
        objects = {"databases": [database_name]}
        fields = job_fields(database_name, plain_source, target, objects=objects)
        fields["source"]["url"] = proxy.url
        job = JobRun(tmp_path, {}, **fields).path
        drive(job, Until.CAUGHT_UP)
        for number, word in enumerate(("followed", MARK.decode(), "after it"), start=2):
            plain_source.execute(f"INSERT INTO {database_name}.a VALUES ({number}, '{word}')")
        proxy.damage = damage
        with pytest.raises(expected) as stopped:
            drive(job, Until.CAUGHT_UP)
        assert re.search(r"binlog\.\d+:\d+", stopped.value.where) or stopped.value.retryable
        arrived = {word for (word,) in target.execute(f"SELECT word FROM {database_name}.a")}
        assert arrived - {"followed"} == {"loaded"}
        proxy.damage = None
        drive(job, Until.CAUGHT_UP)
    assert differences(plain_source, target, database_name) == []
