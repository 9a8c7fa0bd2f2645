"""GTID sets behave as sets of numbers do, and read and print as MySQL and MariaDB write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.model.gtids import MariadbGtidSet, MysqlGtidSet, TransactionSource, gtids_beyond, gtids_together
from mysql_to_tidb.model.positions import Position

ONE, TWO = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "ffffffff-71ca-11e1-9e33-c80aa9429562"
SOURCES = [TransactionSource(uuid, tag) for uuid in (ONE, TWO) for tag in ("", "tag", "z_9")]

transactions = st.sets(st.tuples(st.sampled_from(SOURCES), st.integers(1, 30)), max_size=40)
Transactions = set[tuple[TransactionSource, int]]


def gtid_set(numbers: Transactions) -> MysqlGtidSet:
    result = MysqlGtidSet()
    for source, number in numbers:
        result.add(source, number)
    return result


def numbers_of(gtids: MysqlGtidSet) -> Transactions:
    return {
        (source, number)
        for source, runs in gtids.intervals().items()
        for first, last in runs
        for number in range(first, last + 1)
    }


@given(transactions, transactions)
def test_the_operations_are_those_of_sets(left: Transactions, right: Transactions) -> None:
    one, two = gtid_set(left), gtid_set(right)
    assert numbers_of(one) == left
    assert numbers_of(one.union(two)) == left | right
    assert numbers_of(one.subtract(two)) == left - right
    assert one.contains(two) == (left >= right)


@given(transactions)
def test_text_and_bytes_lead_back_to_the_same_set(numbers: Transactions) -> None:
    gtids = gtid_set(numbers)
    assert numbers_of(MysqlGtidSet.parse(gtids.text)) == numbers
    assert numbers_of(MysqlGtidSet.decode(gtids.encoded())) == numbers
    assert MysqlGtidSet.parse(gtids.text).text == gtids.text


@given(transactions, st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(1, 30))))
def test_the_text_is_right_after_each_transaction(
    start: Transactions, more: list[tuple[TransactionSource, int]]
) -> None:
    gtids, numbers = gtid_set(start), set(start)
    for source, number in more:
        gtids.add(source, number)
        numbers.add((source, number))
        assert numbers_of(MysqlGtidSet.parse(gtids.text)) == numbers


def test_a_set_that_grows_by_one_is_not_formatted_anew() -> None:
    gtids = MysqlGtidSet.parse(f"{ONE}:1-3:5-7:tag:1,{TWO}:4")
    for number in range(8, 12):
        gtids.add(TransactionSource(ONE, ""), number)
        assert gtids.text == f"{ONE}:1-3:5-{number}:tag:1,{TWO}:4"
    gtids.add(TransactionSource(TWO, ""), 5)
    assert gtids.text == f"{ONE}:1-3:5-11:tag:1,{TWO}:4-5"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("", ""),
        (f" {ONE.upper()}:1-3 ,\n{TWO}:7", f"{ONE}:1-3,{TWO}:7"),
        (f"{ONE}:3:1:2", f"{ONE}:1-3"),
        (f"{ONE}:Tag:1,{ONE}:9", f"{ONE}:9:tag:1"),
        (f"{ONE}:a:1:b:2", f"{ONE}:a:1:b:2"),
    ],
)
def test_all_ways_to_write_a_set_are_read(written: str, canonical: str) -> None:
    assert str(MysqlGtidSet.parse(written)) == canonical


@pytest.mark.parametrize("text", ["nonsense", f"{ONE}:0", f"{ONE}:5-3", f"{ONE}:1-x", f"{ONE}:ta-g:1", f"{ONE}:-1"])
def test_what_is_no_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        MysqlGtidSet.parse(text)


@given(transactions.filter(bool), st.data())
def test_bytes_that_are_cut_are_refused(numbers: Transactions, data: st.DataObject) -> None:
    encoded = gtid_set(numbers).encoded()
    with pytest.raises(ValueError, match=r"\S"):
        MysqlGtidSet.decode(encoded[: data.draw(st.integers(8, len(encoded) - 1))])


def test_mariadb_keeps_the_last_of_each_domain() -> None:
    gtids = MariadbGtidSet.parse("1-10-5, 0-10-7")
    gtids.add(0, 11, 8)
    assert str(gtids) == "0-11-8,1-10-5"
    gtids.add(2, 1, 1)
    assert str(gtids) == "0-11-8,1-10-5,2-1-1"


def test_mariadb_sets_compare_domain_by_domain() -> None:
    older, newer = MariadbGtidSet.parse("0-1-5,1-1-9"), MariadbGtidSet.parse("0-2-6,1-1-9")
    assert newer.contains(older)
    assert not older.contains(newer)
    assert older.union(newer).text == newer.text
    assert newer.subtract(older).text == "0-2-6"
    assert not MariadbGtidSet().contains(older)


@pytest.mark.parametrize("text", ["0-1", "a-b-c", "0-1-2-3"])
def test_what_is_no_mariadb_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        MariadbGtidSet.parse(text)


@pytest.mark.parametrize(
    ("text", "other", "beyond"),
    [
        ("", "", ""),
        ("", f"{ONE}:1-5", ""),
        (f"{ONE}:1-5", f"{ONE}:1-5", ""),
        (f"{ONE}:1-7", f"{ONE}:1-5", f"{ONE}:6-7"),
        (f"{ONE}:1-5", "", f"{ONE}:1-5"),
        ("0-1-5,1-2-3", "0-7-9", "1-2-3"),
        ("0-1-5", "", "0-1-5"),
        ("0-1-5", "0-2-4", "0-1-5"),
    ],
)
def test_what_is_beyond_another_set_is_told_by_text(text: str, other: str, beyond: str) -> None:
    assert gtids_beyond(text, other) == beyond


def test_sets_come_together_by_text() -> None:
    assert gtids_together(["", f"{ONE}:1-5", f"{ONE}:7,{TWO}:1", f"{ONE}:6"]) == f"{ONE}:1-7,{TWO}:1"
    assert gtids_together(["0-1-5", "", "1-1-1,0-2-7", "0-1-6"]) == "0-2-7,1-1-1"
    assert gtids_together([]) == ""


def test_sets_of_different_kinds_of_servers_are_not_compared() -> None:
    with pytest.raises(ValueError, match="UUID"):
        gtids_beyond("0-1-5", f"{ONE}:1")
    with pytest.raises(ValueError, match="UUID"):
        gtids_together(["0-1-5", f"{ONE}:1"])


def test_positions_of_different_servers_are_compared_by_their_gtids() -> None:
    of_another = Position("", 0, f"{ONE}:1-5")
    assert Position("binlog.000009", 4, f"{ONE}:1-5,{TWO}:1").reaches(of_another)
    assert not Position("binlog.000009", 4, f"{ONE}:1-4").reaches(of_another)
    assert of_another.reaches(Position("binlog.000001", 4, f"{ONE}:2-3"))
    assert not of_another.reaches(Position("binlog.000001", 4))
    assert Position("binlog.000002", 4).reaches(Position("binlog.000001", 900, f"{ONE}:1-5"))
