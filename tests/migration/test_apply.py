"""Windows of changes reach the target whole, once, and only where both sides agree."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from mysql_to_tidb.errors import JobFenced, TargetConflict, TargetConnectionLost
from mysql_to_tidb.model.changes import ImageColumn, MappedTable, RowChanges
from mysql_to_tidb.model.checkpoints import ApplyMode, Checkpoint
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.points import VARIABLE, Point
from mysql_to_tidb.staging.fold import Window
from mysql_to_tidb.target import keyless as target_keyless
from mysql_to_tidb.target.apply import apply_window
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.state_lock import acquire
from tests.lab.lane import LIMITS, Lane, ordered
from tests.lab.proxy import Proxy
from tests.lab.row_changes import VARCHAR, Log, integer, text
from tests.lab.servers import Server

KEYLESS_COLUMNS = [integer("id", nullable=True), text("note", nullable=True)]


@pytest.fixture
def lane(target: Server, database_name: str) -> Iterator[Lane]:
    lane = Lane(target, database_name)
    yield lane
    lane.close()


@pytest.fixture
def keyed(lane: Lane) -> MappedTable:
    """Three rows, 1 to 3, with a unique second column."""
    table = lane.table([integer("id"), text("u", nullable=True), text("note", nullable=True)], ["id"], ["u"])
    lane.apply(lane.log.insert(table, (1, b"a", None), (2, b"b", b"two"), (3, b"c", b"three")))
    return table


@pytest.fixture
def keyless(lane: Lane) -> MappedTable:
    table = lane.table(KEYLESS_COLUMNS)
    lane.apply(lane.log.insert(table, *[(1, b"a")] * 3, (2, None), (None, None), (None, None)))
    return table


def test_a_window_arrives_with_its_checkpoint(lane: Lane, keyed: MappedTable) -> None:
    before = lane.checkpoint
    lane.apply(
        lane.log.update(keyed, (1, b"a", None), (1, b"x", "\t\\\n\0'é".encode())),
        lane.log.delete(keyed, (2, b"b", b"two")),
        lane.log.insert(keyed, (4, None, b"%s")),
    )
    assert lane.rows(keyed) == [(1, b"x", "\t\\\n\0'é".encode()), (3, b"c", b"three"), (4, None, b"%s")]
    assert lane.checkpoint == lane.store.checkpoints.read(lane.database)
    assert (lane.checkpoint.sequence, lane.checkpoint.changes) == (before.sequence + 1, before.changes + 3)
    assert lane.checkpoint.transactions == before.transactions + 1
    assert lane.checkpoint.position.offset > before.position.offset


def test_a_window_without_changes_moves_the_checkpoint(lane: Lane, keyed: MappedTable) -> None:
    window = Window(LIMITS)
    window.advance(lane.log.position())
    after = apply_window(lane.connection, lane.checkpoint, window, ApplyMode.EXACT)
    assert after.position == window.position
    assert after.source_committed_at == lane.checkpoint.source_committed_at
    assert lane.store.checkpoints.read(lane.database) == after


def test_a_window_in_mid_transaction_is_not_applied(lane: Lane, keyed: MappedTable) -> None:
    window = Window(LIMITS)
    window.add(lane.log.insert(keyed, (9, None, None)))
    with pytest.raises(ValueError, match="between two source transactions"):
        apply_window(lane.connection, lane.checkpoint, window, ApplyMode.EXACT)


def test_unique_values_and_keys_may_change_places(lane: Lane, keyed: MappedTable) -> None:
    log = lane.log
    lane.apply(
        log.update(keyed, (1, b"a", None), (1, b"-", None)),
        log.update(keyed, (2, b"b", b"two"), (2, b"a", b"two")),
        log.update(keyed, (1, b"-", None), (1, b"b", None)),
        log.update(keyed, (3, b"c", b"three"), (9, b"c", b"three")),
        log.update(keyed, (1, b"b", None), (3, b"b", None)),
        log.update(keyed, (9, b"c", b"three"), (1, b"c", b"three")),
    )
    assert lane.rows(keyed) == [(1, b"c", b"three"), (2, b"a", b"two"), (3, b"b", None)]


def test_keys_that_differ_only_by_case_follow_their_row(lane: Lane) -> None:
    table = lane.table([text("name"), integer("n")], ["name"])
    log = lane.log
    lane.apply(log.insert(table, (b"Ann", 1), ("Zoë".encode(), 2)))
    lane.apply(log.update(table, (b"Ann", 1), (b"ANN", 1)), log.update(table, (b"ANN", 1), (b"ann", 3)))
    assert lane.rows(table) == [("Zoë".encode(), 2), (b"ann", 3)]
    lane.apply(
        log.delete(table, (b"ann", 3)), log.insert(table, (b"aNN", 4)), log.update(table, (b"aNN", 4), (b"x", 4))
    )
    assert lane.rows(table) == [("Zoë".encode(), 2), (b"x", 4)]


def test_many_keys_are_deleted_slice_by_slice(lane: Lane) -> None:
    table = lane.table([integer("a"), integer("b"), text("note")], ["b", "a"])
    images = [(number, number % 7, b"x") for number in range(4_500)]
    lane.apply(lane.log.insert(table, *images))
    lane.apply(lane.log.delete(table, *images[1:]))
    assert lane.rows(table) == [images[0]]


def test_a_table_whose_form_changes_within_a_window_is_applied_step_by_step(lane: Lane, keyed: MappedTable) -> None:
    wider = replace(keyed, image=(*keyed.image[:2], ImageColumn(VARCHAR, (800).to_bytes(2, "little"))))
    lane.apply(
        lane.log.update(keyed, (1, b"a", None), (1, b"z", b"once")),
        lane.log.update(wider, (1, b"z", b"once"), (1, b"z", b"twice")),
        lane.log.delete(wider, (2, b"b", b"two")),
    )
    assert lane.rows(keyed) == [(1, b"z", b"twice"), (3, b"c", b"three")]


MISSING: dict[str, Callable[[Log, MappedTable], RowChanges]] = {
    "update": lambda log, table: log.update(table, (2, b"b", b"two"), (2, b"b", b"2")),
    "delete": lambda log, table: log.delete(table, (2, b"b", b"two")),
    "key": lambda log, table: log.update(table, (2, b"b", b"two"), (7, b"b", b"two")),
}


@pytest.mark.parametrize("kind", MISSING)
def test_a_row_that_is_missing_is_found_and_named(lane: Lane, keyed: MappedTable, kind: str) -> None:
    lane.execute("DELETE FROM {t} WHERE id = 2")
    before = lane.rows(keyed)
    change = lane.log.update(keyed, (1, b"a", None), (1, b"a", b"one"))
    with pytest.raises(TargetConflict) as caught:
        lane.apply(change, MISSING[kind](lane.log, keyed))
    assert "1 rows that the source changed or deleted are not there" in caught.value.message
    assert "key 2: source: " in caught.value.message
    assert "target: no such row" in caught.value.message
    assert str(keyed.table.name) in caught.value.where
    assert lane.rows(keyed) == before
    assert lane.store.checkpoints.read(lane.database) == lane.checkpoint


def test_a_row_that_should_be_new_is_found_and_named(lane: Lane, keyed: MappedTable) -> None:
    lane.execute("INSERT INTO {t} VALUES (8, 'h', 'stranger')")
    before = lane.rows(keyed)
    with pytest.raises(TargetConflict) as caught:
        lane.apply(lane.log.insert(keyed, (7, b"g", b"seven"), (8, None, b"eight")))
    assert "key 8: source: (8, NULL, 'eight'), target: (8, h, stranger)" in caught.value.message
    assert "key 7" not in caught.value.message
    assert lane.rows(keyed) == before
    assert lane.store.checkpoints.read(lane.database) == lane.checkpoint


def test_a_unique_value_that_another_row_has_is_found_and_named(lane: Lane, keyed: MappedTable) -> None:
    lane.execute("UPDATE {t} SET u = 'g' WHERE id = 3")
    with pytest.raises(TargetConflict, match="Duplicate entry 'g'"):
        lane.apply(lane.log.insert(keyed, (7, b"g", None)))
    assert len(lane.rows(keyed)) == 3


def test_at_most_ten_rows_are_named(lane: Lane, keyed: MappedTable) -> None:
    images = [(number, None, b"x" * 100) for number in range(100, 5_000)]
    lane.apply(lane.log.insert(keyed, *images))
    lane.execute("DELETE FROM {t} WHERE id % 100 = 50")
    with pytest.raises(TargetConflict) as caught:
        lane.apply(lane.log.delete(keyed, *images))
    assert caught.value.message.count("no such row") == 10
    assert "key 150: source: deleted" in caught.value.message
    lane.apply(lane.log.delete(keyed, *images), mode=ApplyMode.OVERWRITE)
    assert len(lane.rows(keyed)) == 3


@pytest.mark.parametrize("mode", [ApplyMode.CONVERGENT, ApplyMode.OVERWRITE])
def test_elsewhere_the_window_wins_over_what_is_there(lane: Lane, keyed: MappedTable, mode: ApplyMode) -> None:
    """Missing rows, rows from the future, and a unique value that a row of the future has."""
    lane.execute("DELETE FROM {t} WHERE id = 2")
    lane.execute("INSERT INTO {t} VALUES (8, 'h', 'ahead'), (9, 'i', 'ahead'), (10, 'j', 'ahead')")
    lane.apply(
        lane.log.update(keyed, (2, b"b", b"two"), (2, b"h", b"2")),
        lane.log.insert(keyed, (8, None, b"eight"), (9, b"i", b"nine")),
        lane.log.delete(keyed, (9, b"i", b"nine")),
        lane.log.insert(keyed, (11, b"j", None)),
        mode=mode,
    )
    assert lane.rows(keyed) == ordered(
        [(1, b"a", None), (11, b"j", None), (2, b"h", b"2"), (3, b"c", b"three"), (8, None, b"eight")]
    )


def test_rows_without_a_key_are_counted_out_and_in(lane: Lane, keyless: MappedTable) -> None:
    lane.apply(
        lane.log.delete(keyless, (1, b"a"), (None, None)),
        lane.log.update(keyless, (1, b"a"), (1, b"A"), (2, None), (2, b"")),
        lane.log.insert(keyless, (5, b"n"), (5, b"n")),
    )
    assert lane.rows(keyless) == ordered([(1, b"a"), (1, b"A"), (2, b""), (None, None), (5, b"n"), (5, b"n")])


@pytest.mark.parametrize("mode", [ApplyMode.CONVERGENT, ApplyMode.EXACT])
def test_a_row_without_a_key_that_is_missing_is_named(lane: Lane, keyless: MappedTable, mode: ApplyMode) -> None:
    lane.execute("DELETE FROM {t} WHERE id = 1 LIMIT 2")
    lane.execute("INSERT INTO {t} VALUES (1, 'A'), (1, 'a ')")
    before = lane.rows(keyless)
    with pytest.raises(TargetConflict) as caught:
        lane.apply(lane.log.delete(keyless, (1, b"a"), (1, b"a")), mode=mode)
    assert "of 2 equal rows that the source changed or deleted, 1 are there" in caught.value.message
    assert "source: (1, 'a')" in caught.value.message
    assert lane.rows(keyless) == before
    lane.apply(lane.log.delete(keyless, (1, b"a"), (1, b"a")), mode=ApplyMode.OVERWRITE)
    assert lane.rows(keyless) == ordered(row for row in before if row != (1, b"a"))


def test_many_rows_without_a_key_are_found_together(
    lane: Lane, keyless: MappedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that look alike to a collation stay, as do further copies of those that go."""
    monkeypatch.setattr(target_keyless, "ROWS_MAX", 3)
    monkeypatch.setattr(target_keyless, "IDS_MAX", 2)
    lane.apply(lane.log.insert(keyless, (1, b"A"), (1, b"a "), (1, "á".encode()), *[(7, b"x")] * 5, (8, b"%s'\\")))
    before = lane.rows(keyless)
    gone = [(1, b"a"), (1, b"a"), (2, None), (7, b"x"), (7, b"x"), (7, b"x"), (None, None), (8, b"%s'\\")]
    lane.apply(lane.log.delete(keyless, *gone))
    for row in gone:
        before.remove(row)
    assert lane.rows(keyless) == before


def test_a_missing_one_of_many_rows_without_a_key_is_named(lane: Lane, keyless: MappedTable) -> None:
    lane.execute("DELETE FROM {t} WHERE id = 2")
    before = lane.rows(keyless)
    with pytest.raises(TargetConflict, match=r"of 1 equal rows .*, 0 are there; source: \(2, NULL\)"):
        lane.apply(lane.log.delete(keyless, (1, b"a"), (2, None), (None, None)))
    assert lane.rows(keyless) == before


def test_rows_that_only_a_prefix_key_tells_apart_are_found(lane: Lane) -> None:
    """Such a key tells nothing apart for sure, and TiDB gives such a table no row ids."""
    table = lane.table([text("name"), integer("n")])
    lane.execute("DROP TABLE {t}")
    lane.execute("CREATE TABLE {t} (name varchar(100) COLLATE utf8mb4_general_ci, n int, PRIMARY KEY (name(5)))")
    lane.apply(lane.log.insert(table, (b"ann", 1), (b"bob", 2), (b"eve", 3)))
    lane.apply(lane.log.update(table, (b"ann", 1), (b"bob", 1), (b"bob", 2), (b"ann", 2)))
    assert lane.rows(table) == [(b"ann", 2), (b"bob", 1), (b"eve", 3)]


def test_a_run_that_has_been_replaced_applies_nothing(lane: Lane, keyed: MappedTable) -> None:
    before = lane.rows(keyed)
    with acquire(lane.server.settings, lane.database, "newer"), pytest.raises(JobFenced):
        lane.apply(lane.log.insert(keyed, (7, None, None)))
    assert lane.rows(keyed) == before


def test_a_window_is_not_applied_twice(lane: Lane, keyless: MappedTable) -> None:
    window = lane.window(lane.log.insert(keyless, (9, b"once")))
    after = apply_window(lane.connection, lane.checkpoint, window, ApplyMode.EXACT)
    with pytest.raises(JobFenced):
        apply_window(lane.connection, lane.checkpoint, window, ApplyMode.EXACT)
    assert lane.store.checkpoints.take(lane.fence) == after
    assert lane.rows(keyless).count((9, b"once")) == 1


def test_a_commit_whose_answer_is_lost_is_not_repeated(
    lane: Lane, keyless: MappedTable, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = open_target(proxy.settings)
    commit = connection.commit

    def commit_and_lose_the_answer() -> None:
        commit()
        proxy.cut()
        connection.ping(reconnect=False)

    monkeypatch.setattr(connection, "commit", commit_and_lose_the_answer)
    with pytest.raises(TargetConnectionLost):
        apply_window(connection, lane.checkpoint, lane.window(lane.log.insert(keyless, (9, b"x"))), ApplyMode.EXACT)
    assert lane.store.checkpoints.was_committed(lane.checkpoint)
    assert lane.rows(keyless).count((9, b"x")) == 1


def test_a_window_whose_connection_is_cut_before_its_commit_leaves_nothing(
    lane: Lane, keyless: MappedTable, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = open_target(proxy.settings)
    monkeypatch.setattr("mysql_to_tidb.target.apply.reached", lambda _: proxy.cut())
    with pytest.raises(TargetConnectionLost):
        apply_window(connection, lane.checkpoint, lane.window(lane.log.insert(keyless, (9, b"x"))), ApplyMode.EXACT)
    assert not lane.store.checkpoints.was_committed(lane.checkpoint)
    assert lane.rows(keyless).count((9, b"x")) == 0


@pytest.mark.parametrize("point", [Point.BEFORE_SYNC_COMMIT, Point.AFTER_SYNC_COMMIT])
def test_a_run_that_is_killed_around_its_commit_goes_on_exactly_once(
    lane: Lane, keyless: MappedTable, point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key nothing but the checkpoint would keep the row from being there twice, or not at all."""
    monkeypatch.setenv(VARIABLE, point)
    window = lane.window(lane.log.insert(keyless, (9, b"x")), lane.log.delete(keyless, (2, None)))
    killed = multiprocessing.get_context("spawn").Process(
        target=_apply, args=(lane.server.settings, lane.checkpoint, window)
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    with acquire(lane.server.settings, lane.database, "next") as lock:
        checkpoint = lane.store.checkpoints.take(lock.fence)
        committed = point is Point.AFTER_SYNC_COMMIT
        assert checkpoint.sequence == lane.checkpoint.sequence + committed
        if not committed:
            apply_window(lane.connection, checkpoint, window, ApplyMode.EXACT)
    assert lane.rows(keyless) == ordered([(1, b"a"), (1, b"a"), (1, b"a"), (9, b"x"), (None, None), (None, None)])


def _apply(settings: ServerSettings, checkpoint: Checkpoint, window: Window) -> None:
    apply_window(open_target(settings), checkpoint, window, ApplyMode.EXACT)
