"""Ranges of a table's key, as SQL: the pieces in which a table is read."""

from collections.abc import Sequence
from dataclasses import dataclass

KeyLiterals = tuple[str, ...]
"""One value of a key: an SQL literal for each of its columns."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """All keys behind `lower` up to and including `upper`; None is the end of the table."""

    lower: KeyLiterals | None = None
    upper: KeyLiterals | None = None

    def condition(self, key: Sequence[str]) -> str:
        """The range as an SQL condition over the key's column expressions.

        Written out column by column: a comparison of row constructors would not use the index
        (MySQL manual, Range Optimization of Row Constructor Expressions).
        """
        parts = []
        if self.lower is not None:
            parts.append(_beyond(key, self.lower, ">"))
        if self.upper is not None:
            parts.append(f"({_beyond(key, self.upper, '<')} OR {_equal(key, self.upper)})")
        return " AND ".join(parts) or "TRUE"


def _beyond(key: Sequence[str], bound: KeyLiterals, comparison: str) -> str:
    """`(a > x) OR (a = x AND b > y) OR ...`, in brackets."""
    cases = []
    for place, (column, literal) in enumerate(zip(key, bound, strict=True)):
        last = f"{column} {comparison} {literal}"
        cases.append(f"({_equal(key[:place], bound[:place])} AND {last})" if place else last)
    return "(" + " OR ".join(cases) + ")"


def _equal(key: Sequence[str], bound: KeyLiterals) -> str:
    return "(" + " AND ".join(f"{name} = {value}" for name, value in zip(key, bound, strict=True)) + ")"
