"""What a validation found: for people as a table, for scripts as JSON, for analysis as a pandas frame."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from mysql_to_tidb.model.names import TableName

if TYPE_CHECKING:
    import pandas as pd

DIFFERENCES_SHOWN_MAX = 1_000
"""Differences of one table that are kept with their values; all of them are counted."""


class Outcome(StrEnum):
    """What it comes to; only `equal` is success."""

    EQUAL = "equal"
    DIFFERENT = "different"
    PENDING = "pending"
    """No difference was found, but not everything could be compared."""


class Kind(StrEnum):
    """How a row differs."""

    MISSING = "missing"
    """The source has it, the target lacks it."""
    EXTRA = "extra"
    """Only the target has it."""
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """One column of a differing row; the values as text, None for NULL."""

    column: str
    source: str | None
    target: str | None


@dataclass(frozen=True, slots=True)
class RowDifference:
    """One row, told by its key; without a key, by all its values."""

    kind: Kind
    key: str
    values: tuple[ValueDifference, ...] = ()
    """The columns that differ; empty where the whole row does."""
    rows: int = 1
    """More than one only without a key: how many equal rows one side has more than the other."""


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table."""

    name: TableName
    rows: int = 0
    """Compared so far, as the source counts them."""
    missing: int = 0
    extra: int = 0
    different: int = 0
    repaired: int = 0
    """Of those, the rows that are equal again."""
    pending: int = 0
    """Rows that could not be compared yet."""
    problem: str = ""
    """Why the table, or the pending rows, could not be compared."""
    differences: tuple[RowDifference, ...] = ()
    """The first ones found."""
    complete: bool = False
    """Whether every row has been looked at."""

    @property
    def differing(self) -> int:
        """Rows that still differ."""
        return self.missing + self.extra + self.different - self.repaired

    @property
    def outcome(self) -> Outcome:
        if self.differing:
            return Outcome.DIFFERENT
        return Outcome.PENDING if self.pending or self.problem or not self.complete else Outcome.EQUAL

    def compared(self, rows: int) -> Self:
        """With so many more rows looked at."""
        return replace(self, rows=self.rows + rows)

    def with_differences(self, found: Iterable[RowDifference], *, repaired: bool = False) -> Self:
        """With these differences counted, and kept as long as there are not too many."""
        counts: Counter[Kind] = Counter()
        shown = list(self.differences)
        for difference in found:
            counts[difference.kind] += difference.rows
            if len(shown) < DIFFERENCES_SHOWN_MAX:
                shown.append(difference)
        return replace(
            self,
            missing=self.missing + counts[Kind.MISSING],
            extra=self.extra + counts[Kind.EXTRA],
            different=self.different + counts[Kind.DIFFERENT],
            repaired=self.repaired + (counts.total() if repaired else 0),
            differences=tuple(shown),
        )

    def as_json(self) -> dict[str, Any]:
        plain = asdict(self)
        return plain | {"name": str(self.name), "differing": self.differing, "outcome": self.outcome.value}

    @classmethod
    def from_json(cls, name: TableName, fields: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        differences = tuple(
            RowDifference(
                Kind(each["kind"]),
                each["key"],
                tuple(ValueDifference(**value) for value in each["values"]),
                each["rows"],
            )
            for each in fields["differences"]
        )
        numbers = {key: fields[key] for key in ("rows", "missing", "extra", "different", "repaired", "pending")}
        return cls(
            name=name, problem=fields["problem"], complete=fields["complete"], differences=differences, **numbers
        )


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """A whole job."""

    job: str
    tables: tuple[TableReport, ...]
    seconds: float
    """Of this run; what an earlier one had compared already is not compared again."""
    rows_compared: int
    """By this run."""
    position: str = ""
    """The source's position when the last doubt was settled: each row was equal at some moment up to it."""

    @property
    def outcome(self) -> Outcome:
        found = {table.outcome for table in self.tables}
        return next((each for each in (Outcome.DIFFERENT, Outcome.PENDING) if each in found), Outcome.EQUAL)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def differing(self) -> int:
        return sum(table.differing for table in self.tables)

    @property
    def repaired(self) -> int:
        return sum(table.repaired for table in self.tables)

    @property
    def pending(self) -> int:
        return sum(table.pending for table in self.tables)

    @property
    def rows_per_second(self) -> float:
        return self.rows_compared / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return {
            "job": self.job,
            "outcome": self.outcome.value,
            "rows": self.rows,
            "differing": self.differing,
            "repaired": self.repaired,
            "pending": self.pending,
            "seconds": round(self.seconds, 3),
            "rows_compared": self.rows_compared,
            "rows_per_second": round(self.rows_per_second, 1),
            "position": self.position,
            "tables": [table.as_json() for table in self.tables],
        }

    def frame(self) -> "pd.DataFrame":
        """One line for each differing value (or whole row), for analysis with pandas."""
        import pandas as pd

        lines = [
            {
                "table": str(table.name),
                "kind": difference.kind.value,
                "key": difference.key,
                "rows": difference.rows,
                "column": value.column if value else None,
                "source": value.source if value else None,
                "target": value.target if value else None,
            }
            for table in self.tables
            for difference in table.differences
            for value in (difference.values or (None,))
        ]
        return pd.DataFrame(lines, columns=["table", "kind", "key", "rows", "column", "source", "target"])
