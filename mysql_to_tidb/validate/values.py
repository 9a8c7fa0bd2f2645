"""Values in the one form in which both sides are compared, and as text for people."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mysql_to_tidb.columns import Family, schema_of
from mysql_to_tidb.columns.json import Json

Row = tuple[object, ...]
"""One row as plain Python values."""
Key = tuple[object, ...]

SHOWN_CHARACTERS_MAX = 200
_decode = json.JSONDecoder().decode
_INTEGERS = range(-(1 << 63), 1 << 64)


def canonical_json(text: str) -> str:
    """A text that two documents share exactly when they hold the same values.

    TiDB writes 1 for 1.0, holds decimals and integers beyond 64 bits as doubles and orders members its own
    way; all numbers are compared by their value, dates as the strings that both print.
    """
    return json.dumps(_plain(json.loads(text)), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int) and value in _INTEGERS:
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def same_json(source: str | None, target: str | None) -> bool:
    """Whether two documents hold the same values."""
    if source is None or target is None or source == target:
        return source == target
    # Python takes true for 1, and a number beyond 64 bits only for its exact like.
    plain = "true" not in source and "false" not in source and "true" not in target and "false" not in target
    return (plain and _decode(source) == _decode(target)) or canonical_json(source) == canonical_json(target)


def unequal(source: pa.Array, target: pa.Array, family: Family) -> pa.Array | None:
    """Flags of the places at which two columns of the same length differ; None for nowhere."""
    if source.equals(target):
        return None
    if isinstance(family, Json):
        pairs = zip(source.to_pylist(), target.to_pylist(), strict=True)
        flags = pa.array([not same_json(one, other) for one, other in pairs], pa.bool_())
        return flags if flags.true_count else None
    equal = pc.equal(source, target).fill_null(False)
    both_null = pc.and_(source.is_null(), target.is_null())
    return pc.invert(pc.or_(equal, both_null))


def rows_of(batch: pa.RecordBatch) -> list[Row]:
    """The rows of a batch, their values as they are."""
    return list(zip(*(values.to_pylist() for values in batch.columns), strict=True))


def batch_of(rows: Sequence[Row], places: Sequence[int], families: Sequence[Family]) -> pa.RecordBatch:
    """A batch of the columns at `places`, whose families are given; the opposite of `rows_of`."""
    arrays = [
        pa.array([row[place] for row in rows], family.arrow_type)
        for place, family in zip(places, families, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(families))


def canonical_row(row: Row, families: Sequence[Family]) -> Row:
    """The row in a form that is equal where the values are."""
    return tuple(
        canonical_json(value) if isinstance(family, Json) and isinstance(value, str) else value
        for value, family in zip(row, families, strict=True)
    )


def same_rows(source: Sequence[Row], target: Sequence[Row], families: Sequence[Family]) -> bool:
    """Whether both sides have the same rows of one key."""
    if len(source) != len(target):
        return False
    return all(
        one == other or canonical_row(one, families) == canonical_row(other, families)
        for one, other in zip(source, target, strict=True)
    )


def shown(value: object) -> str | None:
    """A value as people read it, None for NULL."""
    if value is None:
        return None
    text = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "..."


def shown_all(names: Sequence[str], values: Sequence[object]) -> str:
    """`id=5, name=x`."""
    return ", ".join(
        f"{name}={'NULL' if value is None else shown(value)}" for name, value in zip(names, values, strict=True)
    )
