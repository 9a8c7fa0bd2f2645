"""Finds the keys whose rows look different when source and target are read one after the other.

What looks equal is right, though the two were not read at the same moment: a row that is equal now either has not
changed since the target's checkpoint, or is touched by the changes that are under way, whose keys are all looked at in
the end. What looks different may only be late; `settle` tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from pymysql.connections import Connection

from mysql_to_tidb.model.keys import KeyLiterals, KeyRange
from mysql_to_tidb.validate.pairs import TablePair
from mysql_to_tidb.validate.reading import keyed_rows, literals_by_key, read_range, read_sum, upper_bound
from mysql_to_tidb.validate.values import Key, same_rows, unequal

PIECES = 16
"""Into how many pieces a range is cut whose sums differ."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One range: how many rows the source has in it, and how to find those that look different."""

    rows: int
    suspects: dict[Key, KeyLiterals] = field(default_factory=dict)


def ranges(connection: Connection, pair: TablePair, rows: int, keys: KeyRange) -> Iterator[KeyRange]:
    """A range in pieces of `rows` rows of the source, found by looking, whatever type the key has."""
    lower = keys.lower
    upper = upper_bound(connection, pair, keys, rows)
    while upper is not None and upper != keys.upper:
        yield KeyRange(lower, upper)
        lower = upper
        upper = upper_bound(connection, pair, KeyRange(lower, keys.upper), rows)
    yield KeyRange(lower, keys.upper)


def compare_range(source: Connection, target: Connection, pair: TablePair, keys: KeyRange, rows: int) -> Compared:
    """Compare a range of about `rows` rows: by sums where both servers can, else row by row.

    The target is read first, so that the source is never older.
    """
    if not pair.summed:
        return _compare_rows(source, target, pair, keys)
    there = read_sum(target, pair, pair.target, keys)
    here = read_sum(source, pair, pair.source, keys)
    if here == there and here.holds:
        return Compared(here.rows)
    if rows <= pair.rows_read_max:
        return _compare_rows(source, target, pair, keys)
    part = max(pair.rows_read_max, rows // PIECES)
    found = [compare_range(source, target, pair, piece, part) for piece in ranges(source, pair, part, keys)]
    suspects = {key: literals for each in found for key, literals in each.suspects.items()}
    return Compared(sum(each.rows for each in found), suspects)


def _compare_rows(source: Connection, target: Connection, pair: TablePair, keys: KeyRange) -> Compared:
    there = read_range(target, pair, pair.target, keys)
    here = read_range(source, pair, pair.source, keys)
    if here.num_rows == there.num_rows and all(here.column(p).equals(there.column(p)) for p in pair.source.key):
        flags = _unequal_rows(here, there, pair)
        suspects = literals_by_key(here.filter(flags), pair.source) if flags is not None else {}
        return Compared(here.num_rows, suspects)
    source_rows, target_rows = keyed_rows(here, pair.source), keyed_rows(there, pair.target)
    literals = literals_by_key(there, pair.target) | literals_by_key(here, pair.source)
    families = pair.source.families
    suspects = {
        key: literals[key]
        for key in literals
        if not same_rows(source_rows.get(key, []), target_rows.get(key, []), families)
    }
    return Compared(here.num_rows, suspects)


def _unequal_rows(here: pa.RecordBatch, there: pa.RecordBatch, pair: TablePair) -> pa.Array | None:
    flags = None
    for place, family in enumerate(pair.source.families):
        column = unequal(here.column(place), there.column(place), family)
        if column is not None:
            flags = column if flags is None else pc.or_(flags, column)
    return flags
