"""Finds out which rows target and source disagree on, and says what each side has."""

from collections.abc import Sequence

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.batches import batch_from_images, key_literals
from mysql_to_tidb.errors import TargetConflict
from mysql_to_tidb.model.changes import MappedTable, RowImage
from mysql_to_tidb.staging.fold import Fold, KeyedFold, Window
from mysql_to_tidb.staging.keys import RawKey, key_columns_sql
from mysql_to_tidb.target.connection import TargetConnection, target_errors

KEYS_SHOWN_MAX = 10
VALUE_SHOWN_CHARACTERS_MAX = 60


class RowsDisagree(Exception):
    """Raised within the transaction of a window, so that it is rolled back; what it means is found out after."""

    def __init__(self, fold: Fold, said: str, image: RowImage | None = None) -> None:
        super().__init__(said)
        self.fold = fold
        self.said = said
        self.image = image
        """Of a table without a key, the row in question."""


def explained(connection: TargetConnection, disagreement: RowsDisagree, window: Window) -> TargetConflict:
    """The disagreement with the rows that it is about. The window must have been rolled back.

    Only what the first step of the window found can still be looked at: later ones start from its result.
    """
    fold = disagreement.fold
    lines = [f"{fold.mapped.table.name}: {disagreement.said}"]
    if disagreement.image is not None:
        lines.append(f"source: {_shown(_row_literals(fold.mapped, disagreement.image))}")
    elif isinstance(fold, KeyedFold) and fold in window.steps[0].values():
        with target_errors(str(fold.mapped.table.name)):
            lines += _rows_at_odds(connection, fold)
    return TargetConflict("; ".join(lines), where=f"{fold.mapped.table.name}, changes up to {window.position}")


def _rows_at_odds(connection: TargetConnection, fold: KeyedFold) -> list[str]:
    expected = [key for key, (existed, _) in fold.rows.items() if existed]
    unexpected = [key for key, (existed, image) in fold.rows.items() if not existed and image is not None]
    found = _odd_keys(connection, fold.mapped, expected, there=False)
    found += _odd_keys(connection, fold.mapped, unexpected, there=True)
    shown = []
    for key in found[:KEYS_SHOWN_MAX]:
        image = fold.rows[key][1]
        target_row = _target_row(connection, fold.mapped, key)
        source_row = "deleted" if image is None else _shown(_row_literals(fold.mapped, image))
        (literal,) = key_literals(fold.mapped, [key])
        shown.append(f"key {literal}: source: {source_row}, target: {target_row}")
    return shown


def _odd_keys(
    connection: TargetConnection, mapped: MappedTable, keys: Sequence[RawKey], *, there: bool
) -> list[RawKey]:
    """Of `keys`, the first few that are (or are not) there, by halving: a count is free of any rounding of keys."""
    odd: list[RawKey] = []
    open_ranges = [keys] if keys else []
    while open_ranges and len(odd) < KEYS_SHOWN_MAX:
        part = open_ranges.pop()
        count = _count(connection, mapped, part)
        if count == (0 if there else len(part)):
            continue
        if len(part) == 1:
            odd += part
        else:
            middle = len(part) // 2
            open_ranges += [part[middle:], part[:middle]]
    return odd


def _count(connection: TargetConnection, mapped: MappedTable, keys: Sequence[RawKey]) -> int:
    literals = ", ".join(key_literals(mapped, keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COUNT(*) FROM {mapped.table.name.quoted} WHERE {key_columns_sql(mapped)} IN ({literals})"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _target_row(connection: TargetConnection, mapped: MappedTable, key: RawKey) -> str:
    columns = ", ".join(family.select_expression() for family in families_of(mapped.table))
    (literal,) = key_literals(mapped, [key])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {mapped.table.name.quoted} WHERE {key_columns_sql(mapped)} = {literal}")
        row = cursor.fetchone()
    return _shown(["NULL" if value is None else str(value) for value in row]) if row else "no such row"


def _row_literals(mapped: MappedTable, image: RowImage) -> list[str]:
    families = families_of(mapped.table)
    batch = batch_from_images(mapped, [image], families)
    return [family.to_literals(values)[0] for family, values in zip(families, batch.columns, strict=True)]


def _shown(values: Sequence[str]) -> str:
    short = [
        value if len(value) <= VALUE_SHOWN_CHARACTERS_MAX else value[:VALUE_SHOWN_CHARACTERS_MAX] + "..."
        for value in values
    ]
    return f"({', '.join(short)})"
