"""What the target remembers of tables and their chunks, and who may move them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mysql_to_tidb.errors import (
    JobFenced,
)
from mysql_to_tidb.model.checkpoints import Chunk, ChunkPart, ChunkState, TableState
from mysql_to_tidb.model.keys import KeyRange
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_lock import JobLock
from mysql_to_tidb.target.transaction import transaction

JOB = "target-state"
NAME = TableName("shop", "orders")
TABLE = Table(
    NAME,
    (Column("id", "int", "int", nullable=False), Column("it's", "varchar", "varchar(10)", members=("ä%s",))),
    (Index("PRIMARY", unique=True, parts=(IndexPart("id"),)),),
    rows_estimate=1000,
    bytes_estimate=50_000,
)
G0 = Position("binlog.000007", 4_294_967_296 + 157, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5")


def test_tables_and_chunks_come_back_as_they_were(take: Callable[[], JobLock], store: StateStore) -> None:
    fence = take().fence
    store.tables.add(fence, [TABLE])
    [record] = store.tables.records(JOB)
    assert (record.table, record.state, record.snapshot) == (TABLE, TableState.PENDING, None)
    ranges = [KeyRange(None, ("10", "'a\\\\ä%s'")), KeyRange(("10", "'a\\\\ä%s'"), None)]
    store.tables.plan(fence, {NAME: ranges})
    chunks = store.tables.chunks(JOB, NAME)
    assert [chunk.range for chunk in chunks] == ranges
    assert chunks == store.tables.unfinished(fence)
    assert store.tables.records(JOB)[0].state is TableState.PLANNED
    store.tables.set_state(fence, [NAME], TableState.LOADING)
    store.tables.set_snapshot(fence, NAME, G0)
    assert store.tables.records(JOB)[0].snapshot == G0
    assert store.tables.records(JOB)[0].state is TableState.LOADING
    store.tables.redefine(fence, replace(TABLE, indexes=()))
    assert store.tables.records(JOB)[0].table == replace(TABLE, indexes=())
    store.tables.remove(fence, NAME)
    assert store.tables.records(JOB) == store.tables.chunks(JOB, NAME) == []


def test_a_table_is_loaded_when_all_its_chunks_are(take: Callable[[], JobLock], store: StateStore) -> None:
    fence = take().fence
    store.tables.add(fence, [TABLE])
    store.tables.plan(fence, {NAME: [KeyRange(None, ("5",)), KeyRange(("5",), None)]})
    first, second = store.tables.unfinished(fence)
    first = _advance(store, first, ChunkPart(3, 30, ("3",), "d1"))
    assert (first.rest, first.state) == (KeyRange(("3",), ("5",)), ChunkState.LOADING)
    first = _advance(store, first, ChunkPart(0, 0, None, "d1", finished=True))
    assert (first.last_key, first.state, first.rows_loaded, first.digest) == (("3",), ChunkState.LOADED, 3, "d1")
    assert store.tables.chunks(JOB, NAME)[0] == first
    store.tables.finish(fence, [NAME])
    assert store.tables.records(JOB)[0].state is TableState.PLANNED
    _advance(store, second, ChunkPart(4, 40, ("9",), "d2", finished=True))
    store.tables.finish(fence, [NAME])
    [progress] = store.tables.progress(JOB)
    assert (progress.rows, progress.bytes, progress.state, progress.rows_estimate) == (7, 70, "loaded", 1000)


def test_a_chunk_belongs_to_the_newest_run(take: Callable[[], JobLock], store: StateStore) -> None:
    old = take().fence
    store.tables.add(old, [TABLE])
    store.tables.plan(old, {NAME: [KeyRange(None, ("5",)), KeyRange(("5",), None)]})
    first, second = store.tables.unfinished(old)
    _advance(store, first, ChunkPart(3, 30, ("3",), finished=True))
    new = take().fence
    with pytest.raises(JobFenced):
        _advance(store, second, ChunkPart(3, 30, ("8",)))
    with pytest.raises(JobFenced):
        store.tables.reread(second)
    with pytest.raises(JobFenced):
        store.tables.unfinished(old)
    [left] = store.tables.unfinished(new)
    assert left == replace(second, epoch=new.epoch)
    assert store.tables.reread(replace(first, epoch=new.epoch)).state is ChunkState.LOADED
    _advance(store, left, ChunkPart(3, 30, ("8",)))
    with pytest.raises(JobFenced):  # the same part once more
        _advance(store, left, ChunkPart(3, 30, ("8",)))
    assert store.tables.reread(left).sequence == left.sequence + 1


def _advance(store: StateStore, chunk: Chunk, part: ChunkPart) -> Chunk:
    with transaction(store.connection, "test"):
        return store.tables.advance(chunk, part)
