"""Finds the row whose value was refused, once a whole column of values has been."""

from collections.abc import Callable, Sequence

from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.errors import ValueUnrepresentable
from mysql_to_tidb.model.names import quote_name

VALUE_CHARACTERS_MAX = 40
ROW_CHARACTERS_MAX = 300


def naming_the_row(
    error: ValueUnrepresentable,
    families: Sequence[Family],
    rows: int,
    convert: Callable[[int, int], object],
    show: Callable[[int, int], object],
) -> ValueUnrepresentable:
    """The error that the first bad value raises by itself, with what the other columns of its row hold.

    `convert` tries one value, given column and row; `show` gives it as it is known.
    """
    for column in range(len(families)):
        for row in range(rows):
            try:
                convert(column, row)
            except ValueUnrepresentable as found:
                shown = ", ".join(
                    f"{quote_name(family.column.name)} {_short(show(place, row))}"
                    for place, family in enumerate(families)
                )
                message = f"{found.message}; the row has {shown[:ROW_CHARACTERS_MAX]}"
                return ValueUnrepresentable(message, where=error.where, hint=error.hint)
    return error


def _short(value: object) -> str:
    text = "NULL" if value is None else repr(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}..."
