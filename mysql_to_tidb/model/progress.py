"""How far a job is, as people and scripts are told."""

from dataclasses import asdict, dataclass, field
from typing import Any

from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.states import Mode, Stage, Status


@dataclass(frozen=True, slots=True)
class TableProgress:
    """One table of a job."""

    name: TableName
    state: str
    rows: int
    rows_estimate: int
    bytes: int

    @property
    def percent(self) -> float:
        """0 to 100; a table that is loaded is at 100, one that is not stays below."""
        if self.state == "loaded":
            return 100.0
        return min(99.0, 100.0 * self.rows / self.rows_estimate) if self.rows_estimate else 0.0


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A whole job. Times in seconds; None where there is nothing to say yet."""

    name: str
    mode: Mode
    stage: Stage
    status: Status
    tables: tuple[TableProgress, ...] = ()
    rows: int = 0
    bytes: int = 0
    percent: float = 0.0
    seconds: float = 0.0
    """Since the load began, until it ended or until now."""
    rows_per_second: float = 0.0
    remaining_seconds: float | None = None
    changes: int = 0
    transactions: int = 0
    changes_per_second: float = 0.0
    lag_seconds: float | None = None
    position: str = ""
    gtid_set: str = ""
    consistent_since: str = ""
    """The position from which on the target always stands between two source transactions."""
    requested: str = "run"
    error: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        plain = asdict(self)
        plain["tables"] = [
            {
                "table": str(table.name),
                "state": table.state,
                "rows": table.rows,
                "rows_estimate": table.rows_estimate,
                "bytes": table.bytes,
                "percent": round(table.percent, 1),
            }
            for table in self.tables
        ]
        return plain
