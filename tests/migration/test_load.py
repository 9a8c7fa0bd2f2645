"""Rows of the full load arrive whole, once, together with the ledger row that counts them."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.batches import batch_from_images
from mysql_to_tidb.errors import JobFenced, TargetConflict, TargetConnectionLost, TargetRefused
from mysql_to_tidb.model.changes import ImageColumn, MappedTable, RowImage
from mysql_to_tidb.model.checkpoints import Chunk, ChunkPart, ChunkState
from mysql_to_tidb.model.keys import KeyRange
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Column
from mysql_to_tidb.points import VARIABLE, Point
from mysql_to_tidb.staging.staged import StagedRows, stage_rows
from mysql_to_tidb.target import load
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.load import clear_table, load_chunk_part, load_rows
from mysql_to_tidb.target.state_lock import acquire
from mysql_to_tidb.target.transaction import transaction
from tests.lab.lane import Lane
from tests.lab.proxy import Proxy
from tests.lab.row_changes import integer, text
from tests.lab.servers import Server

PART = ChunkPart(rows=2, bytes=8, last_key=("2",), digest="d")


@pytest.fixture
def lane(target: Server, database_name: str) -> Iterator[Lane]:
    lane = Lane(target, database_name)
    yield lane
    lane.close()


@pytest.fixture
def table(lane: Lane) -> MappedTable:
    return lane.table([integer("id"), text("u", nullable=True)], ["id"], ["u"])


@pytest.fixture
def chunk(lane: Lane, table: MappedTable) -> Chunk:
    """The only chunk of the table."""
    lane.store.tables.add(lane.fence, [table.table])
    lane.store.tables.plan(lane.fence, {table.table.name: [KeyRange()]})
    [chunk] = lane.store.tables.unfinished(lane.fence)
    return chunk


def staged(table: MappedTable, images: Sequence[RowImage], *, replace: bool = True) -> StagedRows:
    families = families_of(table.table)
    return stage_rows(table.table.name, batch_from_images(table, images, families), families, replace=replace)


def test_rows_that_are_there_give_way_to_those_of_the_source(lane: Lane, table: MappedTable) -> None:
    lane.execute("INSERT INTO {t} VALUES (1, 'old'), (5, 'b'), (6, 'c')")
    load_rows(lane.connection, staged(table, [(1, b"a"), (2, b"b"), (3, None)]))
    assert lane.rows(table) == [(1, b"a"), (2, b"b"), (3, None), (6, b"c")]


@pytest.mark.parametrize("row", [(1, b"new"), (2, b"a")])
def test_a_row_that_should_be_new_and_is_not_is_a_conflict(lane: Lane, table: MappedTable, row: RowImage) -> None:
    lane.execute("INSERT INTO {t} VALUES (1, 'a')")
    with pytest.raises(TargetConflict, match=r"1 new rows meet .* Duplicate entry") as caught:
        load_rows(lane.connection, staged(table, [(7, None), row], replace=False))
    assert str(table.table.name) in caught.value.where


@pytest.mark.parametrize("replacing", [True, False])
def test_a_value_that_the_target_would_change_is_refused(lane: Lane, replacing: bool) -> None:
    """LOAD DATA LOCAL cuts it and goes on with a warning, unless it replaces."""
    wide = lane.table([integer("id"), text("u")], ["id"])
    lane.execute("ALTER TABLE {t} MODIFY u varchar(3) NOT NULL")
    with pytest.raises(TargetRefused, match="for column 'u' at row 2") as caught, transaction(lane.connection, "test"):
        load_rows(lane.connection, staged(wide, [(1, b"abc"), (2, b"abcd")], replace=replacing))
    assert caught.value.where == f"{wide.table.name}, row 2 of those sent: 2\tabcd"
    assert lane.rows(wide) == []


@pytest.mark.parametrize("replacing", [True, False])
def test_rows_that_load_data_cannot_store_are_inserted(lane: Lane, replacing: bool) -> None:
    """TiDB's LOAD DATA takes no partial and no impossible date, its INSERT does."""
    table = lane.table([integer("id"), integer("day")], ["id"])
    day = Column("day", "date", "date")
    lane.execute("ALTER TABLE {t} MODIFY day date")
    table = MappedTable(
        replace(table.table, columns=(table.table.columns[0], day)), (table.image[0], ImageColumn(10, b""))
    )
    days = [(2020, 1, 1), (2021, 2, 31), (0, 0, 0), (2020, 0, 10)]
    images = [
        (number, (year << 9 | month << 5 | day).to_bytes(3, "little")) for number, (year, month, day) in enumerate(days)
    ]
    rows = staged(table, images, replace=replacing)
    assert rows.rows == 4
    assert len(rows.inserts) == 1
    load_rows(lane.connection, rows)
    with lane.connection.cursor() as cursor:
        cursor.execute(f"SELECT id, CAST(day AS CHAR) FROM {table.table.name.quoted} ORDER BY id")
        assert list(cursor.fetchall()) == [(0, "2020-01-01"), (1, "2021-02-31"), (2, "0000-00-00"), (3, "2020-00-10")]


def test_a_part_arrives_with_its_ledger_row(lane: Lane, table: MappedTable, chunk: Chunk) -> None:
    after = load_chunk_part(lane.connection, chunk, PART, staged(table, [(1, b"a"), (2, b"b")]))
    assert after == lane.store.tables.reread(chunk)
    assert (after.rows_loaded, after.last_key, after.digest) == (2, ("2",), "d")
    last = load_chunk_part(lane.connection, after, ChunkPart(0, 0, None, "d", finished=True), None)
    assert last == lane.store.tables.reread(chunk)
    assert (last.state, last.last_key, last.rows_loaded) == (ChunkState.LOADED, ("2",), 2)
    assert lane.rows(table) == [(1, b"a"), (2, b"b")]


def test_a_part_is_counted_as_it_is_staged(lane: Lane, table: MappedTable, chunk: Chunk) -> None:
    with pytest.raises(ValueError, match="count 2 rows, and 1 are staged"):
        load_chunk_part(lane.connection, chunk, PART, staged(table, [(1, b"a")]))


def test_a_part_that_is_refused_leaves_no_trace(lane: Lane, table: MappedTable, chunk: Chunk) -> None:
    lane.execute("ALTER TABLE {t} MODIFY u varchar(1)")
    with pytest.raises(TargetRefused):
        load_chunk_part(lane.connection, chunk, PART, staged(table, [(1, b"a"), (2, b"bb")]))
    assert lane.store.tables.reread(chunk) == chunk
    assert lane.rows(table) == []


def test_a_run_that_has_been_replaced_loads_nothing(lane: Lane, table: MappedTable, chunk: Chunk) -> None:
    with acquire(lane.server.settings, lane.database, "newer"), pytest.raises(JobFenced):
        load_chunk_part(lane.connection, chunk, PART, staged(table, [(1, b"a"), (2, b"b")]))
    assert lane.rows(table) == []


def test_a_part_is_not_loaded_twice(lane: Lane, table: MappedTable, chunk: Chunk) -> None:
    load_chunk_part(lane.connection, chunk, PART, staged(table, [(1, b"a"), (2, b"b")]))
    with pytest.raises(JobFenced):
        load_chunk_part(lane.connection, chunk, PART, staged(table, [(1, b"a"), (2, b"b")]))


def test_a_part_whose_connection_is_cut_leaves_no_trace(
    lane: Lane, table: MappedTable, chunk: Chunk, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "reached", lambda _: proxy.cut())
    with pytest.raises(TargetConnectionLost):
        load_chunk_part(open_target(proxy.settings), chunk, PART, staged(table, [(1, b"a"), (2, b"b")]))
    assert lane.store.tables.reread(chunk) == chunk
    assert lane.rows(table) == []


@pytest.mark.parametrize("point", [Point.BEFORE_LOAD_COMMIT, Point.AFTER_LOAD_COMMIT])
def test_a_load_that_is_killed_around_its_commit_goes_on_where_it_was(
    lane: Lane, table: MappedTable, chunk: Chunk, point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, point)
    rows = [(1, b"a"), (2, b"b")]
    _killed(_load, lane.server.settings, chunk, table, rows)
    committed = point is Point.AFTER_LOAD_COMMIT
    assert lane.rows(table) == (rows if committed else [])
    assert lane.store.tables.reread(chunk).rest == (KeyRange(("2",)) if committed else KeyRange())


def test_a_snapshot_load_that_broke_off_begins_with_an_empty_table(
    lane: Lane, chunk: Chunk, table: MappedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "CLEARED_ROWS_MAX", 2)
    assert clear_table(lane.connection, chunk) == chunk
    images = [(number, None) for number in range(5)]
    chunk = load_chunk_part(lane.connection, chunk, ChunkPart(5, 9, None, "d"), staged(table, images))
    chunk = clear_table(lane.connection, chunk)
    assert lane.rows(table) == []
    assert chunk == lane.store.tables.reread(chunk)
    assert (chunk.state, chunk.rows_loaded, chunk.digest) == (ChunkState.PENDING, 0, "")
    load_chunk_part(lane.connection, chunk, ChunkPart(5, 9, None, "d"), staged(table, images))


@pytest.mark.parametrize("point", [Point.BEFORE_SNAPSHOT_CLEARED, Point.AFTER_SNAPSHOT_CLEARED])
@pytest.mark.parametrize("nth", [1, 3])
def test_clearing_that_is_killed_is_begun_again(
    lane: Lane, chunk: Chunk, table: MappedTable, point: Point, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"{point}:{nth}")
    images = [(number, None) for number in range(3)]
    load_chunk_part(lane.connection, chunk, ChunkPart(3, 9, None, "d"), staged(table, images))
    _killed(_clear, lane.server.settings, lane.store.tables.reread(chunk))
    with acquire(lane.server.settings, lane.database, "next") as lock:
        [left] = lane.store.tables.unfinished(lock.fence)
        assert clear_table(lane.connection, left).state is ChunkState.PENDING
    assert lane.rows(table) == []


def test_a_run_that_has_been_replaced_clears_nothing(lane: Lane, chunk: Chunk, table: MappedTable) -> None:
    after = load_chunk_part(lane.connection, chunk, PART, staged(table, [(1, b"a"), (2, b"b")]))
    with acquire(lane.server.settings, lane.database, "newer"), pytest.raises(JobFenced):
        clear_table(lane.connection, after)
    assert len(lane.rows(table)) == 2


def _killed(what: Callable[..., None], *arguments: object) -> None:
    process = multiprocessing.get_context("spawn").Process(target=what, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _load(settings: ServerSettings, chunk: Chunk, table: MappedTable, images: list[RowImage]) -> None:
    load_chunk_part(open_target(settings), chunk, PART, staged(table, images))


def _clear(settings: ServerSettings, chunk: Chunk) -> None:
    load.CLEARED_ROWS_MAX = 2
    clear_table(open_target(settings), chunk)
