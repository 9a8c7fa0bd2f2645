"""Transactions too large for memory come from disk as if they had never been there."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.errors import LocalStorageFailed, StreamError
from mysql_to_tidb.model.changes import Change
from mysql_to_tidb.source.binlog.event_types import EventType
from mysql_to_tidb.source.binlog.spool import SpoolLimits
from mysql_to_tidb.source.binlog.walker import Walker
from tests.lab.binlog_events import START, EventLog, identity, insert, new_log, numbers_in, payload, table_of, walk


def spooled(events: EventLog, memory_bytes: int = 0, folder: str = "") -> list[Change]:
    """What a walk makes of the events, each of which has arrived alone."""
    walker = Walker(START, identity(), table_of, SpoolLimits(folder, memory_bytes))
    return [change for event in events.events for change in walker.walk([event])]


STEPS = st.lists(
    st.one_of(
        st.integers(0, 1000),
        st.sampled_from(["SAVEPOINT a", "SAVEPOINT b", "ROLLBACK TO a", "ROLLBACK TO b", "commit", "ROLLBACK"]),
    ),
    max_size=40,
)


@given(STEPS, st.integers(0, 3_000))
def test_every_course_of_transactions_is_the_same_from_disk(steps: list[int | str], memory_bytes: int) -> None:
    events, savepoints = new_log(), set[str]()
    events.query("BEGIN")
    for step in steps:
        if isinstance(step, int):
            insert(events, step, step + 1)
        elif step == "commit":
            events.xid()
        elif not step.startswith("ROLLBACK TO") or step[-1] in savepoints:
            events.query(step)
        if step in {"commit", "ROLLBACK"}:
            events.query("BEGIN")
            savepoints.clear()
        elif isinstance(step, str):
            if step == "ROLLBACK TO a" and "b" in savepoints and "a" in savepoints:
                savepoints.discard("b")
            if step.startswith("SAVEPOINT"):
                savepoints.add(step[-1])
    events.xid()
    assert _outcome(lambda: spooled(events, memory_bytes)) == _outcome(lambda: walk(events.events))


def _outcome(walked: Callable[[], list[Change]]) -> list[Change] | str:
    try:
        return walked()
    except StreamError as error:
        return error.message


def test_a_compressed_transaction_is_spooled_while_it_is_unpacked() -> None:
    inner = EventLog(checksums=False)
    inner.query("BEGIN")
    for number in range(60_000):
        insert(inner, number)
    inner.xid()
    events = new_log()
    events.add(EventType.TRANSACTION_PAYLOAD, payload(inner.events))
    assert numbers_in(spooled(events, 10_000)) == list(range(60_000))


def test_a_table_that_cannot_roll_back_is_remembered_on_disk_too() -> None:
    events = new_log()
    events.query("BEGIN")
    events.table_map(8, "shop", "legacy", b"\3")
    events.rows(EventType.WRITE_ROWS, 8, 1, b"\xfe\1\0\0\0")
    insert(events, 1)
    events.query("ROLLBACK")
    with pytest.raises(StreamError, match="MyISAM"):
        spooled(events)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    events = new_log()
    events.query("BEGIN")
    insert(events, 1)
    with pytest.raises(LocalStorageFailed, match="No such file") as raised:
        spooled(events, 0, str(tmp_path / "absent"))
    assert str(tmp_path) in raised.value.where


def test_a_disk_that_is_full_stops_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every write to this device fails as one to a full disk.
    full = Path("/dev/full")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full.open("r+b", buffering=0))
    events = new_log()
    events.query("BEGIN")
    insert(events, 1)
    with pytest.raises(LocalStorageFailed, match="No space left"):
        spooled(events)
