"""Compares tables without a key: how many there are of each row, whatever order they stand in.

Rows are told into buckets by a hash that both servers compute. Where all of a row can be hashed, only the buckets
whose sums differ are read. What both sides then have more than the other must be what the log says of the time
between the two readings, up to one of its transactions.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pymysql.connections import Connection

from mysql_to_tidb.errors import StreamError
from mysql_to_tidb.model.changes import ChangeKind, RowChanges
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.source.connection import read_identity, source_errors
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.target.connection import TargetConnection
from mysql_to_tidb.validate.log import LogReading
from mysql_to_tidb.validate.pairs import Side, TablePair
from mysql_to_tidb.validate.reading import Sum, errors_of, hash_sql, read_rows
from mysql_to_tidb.validate.report import Kind, RowDifference
from mysql_to_tidb.validate.settle import Parties, decoded, incomparable, target_moment
from mysql_to_tidb.validate.values import Row, canonical_row, rows_of, shown_all

BUCKET_ROWS = 2_000
BUCKETS_MAX = 1 << 16
ROWS_HELD_MAX = 100_000
"""Rows of differing buckets that are read at a time, and rows that may differ in all."""
_WITH_SNAPSHOTS = frozenset({"innodb", "rocksdb", "tokudb"})


@dataclass(slots=True)
class KeylessResult:
    """What one look at a table without a key has shown."""

    rows: int
    surplus: Counter[Row] = field(default_factory=Counter)
    """By the row: how many more of it the source has at the target's position; below zero, how many fewer."""
    undecided: str = ""


def compare_keyless(
    source: Connection, target: TargetConnection, parties: Parties, pair: TablePair, *, followed: bool = True
) -> KeylessResult:
    """Count the rows of both sides, the target first.

    To a copy that is not `followed` nothing is under way: what equals the source now is right.
    """
    buckets = max(1, min(BUCKETS_MAX, pair.table.rows_estimate // BUCKET_ROWS))
    identity = read_identity(source)
    begin = _end_of_log(source, identity, parties)
    with target_moment(target, parties.job) as checkpoint:
        there = _Reader(target, pair, pair.target, buckets)
        target_sums = there.sums()
        with source_errors(where=str(pair.name)), source.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        # What a snapshot shows was in the log before it was opened; another engine shows what is there when it is read.
        end = _end_of_log(source, identity, parties)
        here = _Reader(source, pair, pair.source, buckets)
        source_sums = here.sums()
        rows = sum(each.rows for each in source_sums.values())
        result = KeylessResult(rows)
        _read_surplus(here, there, source_sums, target_sums, result)
        source.rollback()
        if pair.table.engine.lower() not in _WITH_SNAPSHOTS:
            end = _end_of_log(source, identity, parties)
    if checkpoint is None or begin is None or end is None:
        return result
    if not result.surplus and (not followed or checkpoint.position.reaches(begin)):
        return result
    result.undecided = incomparable(parties, identity, checkpoint)
    if result.undecided or checkpoint.position.reaches(end):
        return result
    log = LogReading(parties.source, identity, checkpoint.position, end, parties.server_id(), {pair.name: pair.table})
    _take_changes_off(log, pair, result, begin)
    return result


def _end_of_log(source: Connection, identity: ServerIdentity, parties: Parties) -> Position | None:
    """None where the job follows no log."""
    return current_position(source, identity) if parties.source_uuid else None


class _Reader:
    """One side in its own snapshot."""

    def __init__(self, connection: Connection, pair: TablePair, side: Side, buckets: int) -> None:
        self._connection, self._pair, self._side = connection, pair, side
        # What has no form, being too long for the server, has no bucket either.
        self._bucket = f"COALESCE(CRC32({side.bucket_form}) % {buckets}, 0)"

    def sums(self) -> dict[int, Sum]:
        """By bucket. Without a form of whole rows, the digest says nothing."""
        whole = self._side.form if self._pair.summed else None
        hashed = f"COALESCE(SUM(COALESCE({hash_sql(whole)}, 1{'0' * 30})), 0)" if whole else f"1{'0' * 30}"
        with errors_of(self._pair, self._side), self._connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {self._bucket} AS bucket, COUNT(*), {hashed} FROM {self._side.name.quoted} GROUP BY bucket"
            )
            return {int(bucket): Sum(int(rows), int(digest)) for bucket, rows, digest in cursor.fetchall()}

    def rows(self, buckets: Sequence[int]) -> Counter[Row]:
        condition = f"{self._bucket} IN ({', '.join(map(str, buckets))})"
        batch = read_rows(self._connection, self._pair, self._side, f"WHERE {condition}")
        return Counter(canonical_row(row, self._side.families) for row in rows_of(batch))


def _read_surplus(
    here: _Reader, there: _Reader, source: dict[int, Sum], target: dict[int, Sum], result: KeylessResult
) -> None:
    """Of the buckets that differ, what the source has more or less of."""
    differing = [
        bucket
        for bucket in sorted({*source, *target})
        if source.get(bucket) != target.get(bucket) or not (bucket in source and source[bucket].holds)
    ]
    for buckets in _grouped(
        differing, lambda bucket: sum(side[bucket].rows for side in (source, target) if bucket in side)
    ):
        surplus = here.rows(buckets)
        surplus.subtract(there.rows(buckets))
        result.surplus.update({row: count for row, count in surplus.items() if count})
        result.surplus = Counter({row: count for row, count in result.surplus.items() if count})
        if len(result.surplus) > ROWS_HELD_MAX:
            result.undecided = f"more than {ROWS_HELD_MAX} rows look different; load the table again"
            return


def _grouped(buckets: Sequence[int], rows_of_bucket: Callable[[int], int]) -> Iterator[list[int]]:
    """Buckets that are read together."""
    group: list[int] = []
    rows = 0
    for bucket in buckets:
        rows += rows_of_bucket(bucket)
        group.append(bucket)
        if rows >= ROWS_HELD_MAX:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _take_changes_off(log: LogReading, pair: TablePair, result: KeylessResult, begin: Position) -> None:
    """Subtract the changes of each transaction in turn; what is left at the best moment is the difference.

    The source was read at a moment between `begin` and the end of the log; which one, the rows themselves tell.
    """
    left, differing = result.surplus, sum(map(abs, result.surplus.values()))
    best: Counter[Row] | None = None
    fewest = -1
    try:
        for change in log.changes():
            beyond = change.position.reaches(begin)
            if isinstance(change, RowChanges):
                if beyond and best is None:
                    fewest, best = differing, left.copy()
                for row, count in _counts(change, pair):
                    differing += abs(left[row] - count) - abs(left[row])
                    left[row] -= count
            elif beyond and (best is None or differing < fewest):
                fewest, best = differing, left.copy()
            if not fewest:
                break
    except StreamError as error:
        result.undecided = f"{error} ({error.where})"
    if log.reshaped:
        result.undecided = "its definition has been changed since"
    result.surplus = Counter({row: count for row, count in (left if best is None else best).items() if count})


def _counts(change: RowChanges, pair: TablePair) -> Iterator[tuple[Row, int]]:
    families = pair.source.families
    for number, row in enumerate(decoded(change, change.images, pair, range(len(families)))):
        added = change.kind is ChangeKind.INSERT or (change.kind is ChangeKind.UPDATE and number % 2 == 1)
        yield canonical_row(row, families), 1 if added else -1


def keyless_differences(pair: TablePair, surplus: Counter[Row]) -> list[RowDifference]:
    """What people are told: rows by all their values, and how many of each."""
    names = [column.name for column in pair.source.columns]
    return [
        RowDifference(Kind.MISSING if count > 0 else Kind.EXTRA, shown_all(names, row), rows=abs(count))
        for row, count in surplus.items()
    ]
