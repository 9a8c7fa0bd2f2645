"""Turns differences into what the target is to be given, so that it equals the source at its own position."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.staging.staged import StagedRows, stage_rows
from mysql_to_tidb.target.repair import Repair
from mysql_to_tidb.validate.pairs import TablePair
from mysql_to_tidb.validate.reading import KEYS_MAX, any_of
from mysql_to_tidb.validate.settle import Suspects, Verdict
from mysql_to_tidb.validate.values import Row, batch_of

T = TypeVar("T")


def repair_keyed(repair: Repair, fence: Fence, suspects: Suspects, verdict: Verdict) -> None:
    """Make the rows of the keys that differ those of the source."""
    pair = suspects.pair
    for keys in _slices(list(verdict.differences), KEYS_MAX):
        rows = [row for key in keys if (row := verdict.rows[key]) is not None]
        condition = any_of(pair, [suspects.keys[key] for key in keys])
        repair.replace_keys(fence, pair.target.name, condition, _staged(pair, rows, replace=True))


def repair_keyless(repair: Repair, fence: Fence, pair: TablePair, surplus: Counter[Row]) -> None:
    """Remove what the target has too many of, then add what it has too few of."""
    extra = [(row, -count) for row, count in surplus.items() if count < 0]
    missing = [row for row, count in surplus.items() for _ in range(count)]
    for some in _slices(extra, KEYS_MAX):
        conditions = [(condition, count) for condition, (_, count) in zip(_equal(pair, some), some, strict=True)]
        repair.replace_rows(fence, pair.target.name, conditions, None)
    for rows in _slices(missing, KEYS_MAX):
        repair.replace_rows(fence, pair.target.name, [], _staged(pair, rows, replace=False))


def _staged(pair: TablePair, rows: Sequence[Row], *, replace: bool) -> StagedRows | None:
    if not rows:
        return None
    families = families_of(pair.table)
    return stage_rows(pair.target.name, batch_of(rows, pair.stored, families), families, replace=replace)


def _equal(pair: TablePair, rows: Sequence[tuple[Row, int]]) -> list[str]:
    """For each row a condition that holds for exactly its like."""
    families = [pair.target.families[place] for place in pair.stored]
    batch = batch_of([row for row, _ in rows], pair.stored, families)
    literals = [family.to_literals(values) for family, values in zip(families, batch.columns, strict=True)]
    return [
        " AND ".join(
            family.equals(quote_name(family.column.name), literal)
            for family, literal in zip(families, row, strict=True)
        )
        for row in zip(*literals, strict=True)
    ]


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
