"""What is left of row changes once they are folded."""

import random
from dataclasses import replace

import pytest

from mysql_to_tidb.errors import BinlogContradiction
from mysql_to_tidb.model.changes import ImageColumn, RowImage
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.staging.fold import KeyedFold, KeylessFold, Window, WindowLimits
from tests.lab.row_changes import Log, integer, mapped, text

NAME = TableName("shop", "orders")
KEYED = mapped(NAME, [integer("id"), text("note", nullable=True)], ["id"])
COMPOSITE = mapped(NAME, [integer("a"), text("note"), integer("b")], ["b", "a"])
KEYLESS = mapped(NAME, [integer("id"), text("note", nullable=True)])
LIMITS = WindowLimits(changes_max=100, bytes_max=100_000)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def window() -> Window:
    return Window(LIMITS)


def rows(window: Window) -> dict[object, tuple[bool, RowImage | None]]:
    fold = window.steps[-1][NAME]
    assert isinstance(fold, KeyedFold)
    return fold.rows


def deltas(window: Window) -> dict[RowImage, int]:
    fold = window.steps[-1][NAME]
    assert isinstance(fold, KeylessFold)
    return fold.deltas


def test_an_inserted_row_was_not_there_before(window: Window, log: Log) -> None:
    window.add(log.insert(KEYED, (1, b"a"), (2, b"b")))
    assert rows(window) == {1: (False, (1, b"a")), 2: (False, (2, b"b"))}


def test_an_updated_or_deleted_row_was_there_before(window: Window, log: Log) -> None:
    window.add(log.update(KEYED, (1, b"a"), (1, b"b")))
    window.add(log.delete(KEYED, (2, None)))
    assert rows(window) == {1: (True, (1, b"b")), 2: (True, None)}


def test_only_the_first_and_the_last_of_many_changes_count(window: Window, log: Log) -> None:
    window.add(log.insert(KEYED, (1, b"a")))
    window.add(log.update(KEYED, (1, b"a"), (1, b"b")))
    window.add(log.delete(KEYED, (1, b"b")))
    assert rows(window) == {1: (False, None)}
    window.add(log.insert(KEYED, (1, b"c")))
    assert rows(window) == {1: (False, (1, b"c"))}


def test_a_row_that_is_deleted_and_inserted_again_was_there(window: Window, log: Log) -> None:
    window.add(log.delete(KEYED, (1, b"a")))
    window.add(log.insert(KEYED, (1, b"b")))
    assert rows(window) == {1: (True, (1, b"b"))}


def test_a_changed_key_leaves_one_row_and_makes_another(window: Window, log: Log) -> None:
    window.add(log.update(KEYED, (1, b"a"), (2, b"a"), (2, b"a"), (3, b"a")))
    assert rows(window) == {1: (True, None), 2: (False, None), 3: (False, (3, b"a"))}


def test_keys_that_change_places_are_both_there_before_and_after(window: Window, log: Log) -> None:
    window.add(log.update(KEYED, (1, b"a"), (9, b"a"), (2, b"b"), (1, b"b"), (9, b"a"), (2, b"a")))
    assert rows(window) == {1: (True, (1, b"b")), 9: (False, None), 2: (True, (2, b"a"))}


def test_a_key_of_several_columns_is_taken_in_the_order_of_its_index(window: Window, log: Log) -> None:
    window.add(log.insert(COMPOSITE, (1, b"x", 2)))
    assert rows(window) == {(2, 1): (False, (1, b"x", 2))}


def test_keys_that_differ_only_by_case_are_two_keys_of_one_row(window: Window, log: Log) -> None:
    """All that were there are deleted before any is loaded, so that the target may hold them for equal."""
    table = mapped(NAME, [text("name")], ["name"])
    window.add(log.update(table, (b"a",), (b"A",)))
    window.add(log.update(table, (b"A",), (b"a ",)))
    assert rows(window) == {b"a": (True, None), b"A": (False, None), b"a ": (False, (b"a ",))}


@pytest.mark.parametrize("first", ["insert", "update"])
def test_a_row_cannot_be_inserted_twice(window: Window, log: Log, first: str) -> None:
    images = [(1, b"a")] * (2 if first == "update" else 1)
    window.add(getattr(log, first)(KEYED, *images))
    with pytest.raises(BinlogContradiction, match=r"key 1 of shop.orders is inserted, and is there") as caught:
        window.add(log.insert(KEYED, (1, b"b")))
    assert caught.value.where == "shop.orders at binlog.000001:110"


def test_a_row_that_is_gone_cannot_change(window: Window, log: Log) -> None:
    window.add(log.delete(KEYED, (1, b"a")))
    with pytest.raises(BinlogContradiction, match="is deleted, and is gone"):
        window.add(log.delete(KEYED, (1, b"a")))
    with pytest.raises(BinlogContradiction, match="is updated, and is gone"):
        window.add(log.update(KEYED, (1, b"a"), (1, b"b")))


def test_a_key_cannot_change_to_one_that_is_there(window: Window, log: Log) -> None:
    window.add(log.insert(COMPOSITE, (1, b"a", 1)))
    with pytest.raises(BinlogContradiction, match=r"key \(1, 1\) of shop.orders is what another"):
        window.add(log.update(COMPOSITE, (1, b"b", 2), (1, b"b", 1)))


def test_after_a_restart_the_last_change_wins(log: Log) -> None:
    window = Window(LIMITS, contradictions_allowed=True)
    window.add(log.insert(KEYED, (1, b"a")))
    window.add(log.insert(KEYED, (1, b"b")))
    window.add(log.delete(KEYED, (2, b"a")))
    window.add(log.update(KEYED, (2, b"a"), (1, b"c")))
    assert rows(window) == {1: (False, (1, b"c")), 2: (True, None)}


def test_rows_without_a_key_are_counted(window: Window, log: Log) -> None:
    window.add(log.insert(KEYLESS, (1, b"a"), (1, b"a"), (2, None)))
    window.add(log.update(KEYLESS, (1, b"a"), (1, b"b")))
    window.add(log.delete(KEYLESS, (2, None), (3, b"c"), (3, b"c")))
    assert deltas(window) == {(1, b"a"): 1, (2, None): 0, (1, b"b"): 1, (3, b"c"): -2}


def test_a_table_whose_images_change_form_begins_a_new_step(window: Window, log: Log) -> None:
    other = replace(KEYED, image=(KEYED.image[0], ImageColumn(15, b"\x08\x00")))
    window.add(log.insert(KEYED, (1, b"a")))
    window.add(log.delete(other, (1, b"a")))
    assert [step[NAME].mapped for step in window.steps] == [KEYED, other]
    assert rows(window) == {1: (True, None)}


def test_an_equal_table_map_goes_on_in_the_same_step(window: Window, log: Log) -> None:
    window.add(log.insert(KEYED, (1, b"a")))
    window.add(log.delete(replace(KEYED, table=replace(KEYED.table)), (1, b"a")))
    assert len(window.steps) == 1
    assert rows(window) == {1: (False, None)}


def test_a_window_stands_between_transactions_once_the_last_has_ended(window: Window, log: Log) -> None:
    assert window.complete
    assert window.is_empty
    window.add(log.insert(KEYED, (1, b"a")))
    assert not window.complete
    end = log.end(committed_at=5.0)
    window.end(end)
    assert window.complete
    assert (window.position, window.committed_at, window.transactions) == (end.position, 5.0, 1)
    later = log.position()
    window.advance(later)
    assert (window.position, window.committed_at, window.transactions) == (later, 5.0, 1)
    assert not window.is_empty


def test_a_window_is_full_at_its_changes(log: Log) -> None:
    window = Window(WindowLimits(changes_max=3, bytes_max=1 << 30))
    window.add(log.update(KEYED, (1, b"a"), (1, b"b"), (2, b"a"), (2, b"b")))
    assert (window.changes, window.is_full) == (2, False)
    window.add(log.insert(KEYED, (3, b"a")))
    assert (window.changes, window.is_full) == (3, True)


def test_a_window_is_full_at_its_bytes(log: Log) -> None:
    window = Window(WindowLimits(changes_max=1 << 30, bytes_max=1_000_000))
    blob = replace(KEYED, image=(KEYED.image[0], ImageColumn(252, b"\x04")))
    window.add(log.insert(blob, (1, b"a" * 999_000), (2, None)))
    assert not window.is_full
    window.add(log.insert(blob, (3, b"a" * 999)))
    assert window.is_full


def test_a_large_transaction_is_cut_and_its_changes_are_counted(log: Log) -> None:
    limits = WindowLimits(changes_max=2, bytes_max=1 << 30, atomic_changes_max=3)
    window = Window(limits)
    window.add(log.insert(KEYED, (1, b"a"), (2, b"a")))
    window.end(log.end())
    window.add(log.insert(KEYED, (3, b"a"), (4, b"a")))
    assert (window.is_full, window.is_overfull, window.partial_changes) == (True, False, 2)
    window.add(log.insert(KEYED, (5, b"a"), (6, b"a")))
    assert window.is_overfull
    window.cut()
    assert (window.is_slice, window.complete, window.partial_changes) == (True, False, 4)
    following = Window(limits, begun_changes=window.partial_changes)
    assert not following.complete
    following.pass_over(log.insert(KEYED, (7, b"a")))
    following.add(log.update(KEYED, (6, b"a"), (6, b"b"), (5, b"a"), (5, b"b")))
    assert (following.is_overfull, following.partial_changes) == (True, 7)
    following.end(log.end())
    assert (following.is_overfull, following.partial_changes, following.changes) == (False, 0, 2)


def test_a_transaction_that_is_not_large_is_never_cut(log: Log) -> None:
    window = Window(WindowLimits(changes_max=1, bytes_max=1, atomic_changes_max=2))
    for number in range(5):
        window.add(log.insert(KEYED, (number, b"a")))
        assert not window.is_overfull
        window.end(log.end())


@pytest.mark.parametrize("seed", range(30))
def test_folding_leaves_what_the_changes_leave(seed: int, log: Log) -> None:
    chance = random.Random(seed)
    before = {key: (key, b"0") for key in range(10)}
    now = dict(before)
    window = Window(LIMITS)
    for step in range(chance.randrange(1, 60)):
        key, value = chance.randrange(20), b"%d" % step
        if key not in now:
            now[key] = (key, value)
            window.add(log.insert(KEYED, now[key]))
        elif chance.random() < 0.4:
            window.add(log.delete(KEYED, now.pop(key)))
        else:
            old, to = now.pop(key), chance.choice([key, key, *(set(range(20)) - set(now))])
            now[to] = (to, value)
            window.add(log.update(KEYED, old, now[to]))
    folded = dict(before)
    for key, (existed, image) in rows(window).items():
        assert existed == (key in before)
        folded.pop(key, None)
        if image is not None:
            folded[key] = image
    assert folded == now
