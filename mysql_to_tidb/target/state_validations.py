"""How far the newest validation of a job is, so that the next run goes on there, and what it has found."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from mysql_to_tidb.errors import JobFenced
from mysql_to_tidb.model.jobs import JobRecord
from mysql_to_tidb.model.keys import KeyLiterals
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.target.connection import TargetConnection
from mysql_to_tidb.target.state_access import Row, StateAccess, key_from, key_text, position_values
from mysql_to_tidb.target.transaction import transaction


@dataclass(frozen=True, slots=True)
class TableValidation:
    """One table's row. `report` is text that its writer understands."""

    table: TableName
    definition: str
    start: Position
    """Where the target was when the validation began; what the log does not touch after it is as compared."""
    age_seconds: float
    """Since the validation began."""
    last_key: KeyLiterals | None
    report: str
    complete: bool


def definition_digest(table: Table) -> str:
    """Tells whether a table still has the columns and indexes that were compared."""
    parts = [repr(table.columns), repr(table.indexes)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class ValidationLedger(StateAccess):
    """The validations of one job. A run that begins takes over from any that has not ended."""

    file = "validations"

    def __init__(self, connection: TargetConnection, job: JobRecord, run: str) -> None:
        super().__init__(connection)
        self._job = job
        self._run = run

    def tables(self) -> dict[TableName, TableValidation]:
        rows = self._rows("list", job=self._job.name, job_created_at=self._job.created_at)
        found = (_validation(row) for row in rows)
        return {each.table: each for each in found}

    def begin(self, tables: Iterable[Table], start: Position, report: str) -> None:
        """A validation from the beginning, in place of whatever was known."""
        rows: list[Row] = [
            {
                **self._names(table.name),
                "job_created_at": self._job.created_at,
                "run": self._run,
                "definition": definition_digest(table),
                "report": report,
                **position_values(start),
            }
            for table in tables
        ]
        with transaction(self.connection, f"begin a validation of job {self._job.name}"):
            self._execute("forget", job=self._job.name)
            self._execute_many("add", rows)

    def take_over(self) -> None:
        """Go on with the one that is there; the run that had it cannot move it any more."""
        self._execute("take_over", job=self._job.name, run=self._run)

    def advance(self, table: TableName, last_key: KeyLiterals | None, report: str, *, complete: bool) -> None:
        """Raises JobFenced where another run has taken over."""
        moved = self._execute(
            "advance",
            **self._names(table),
            run=self._run,
            last_key=key_text(last_key),
            report=report,
            complete=complete,
        )
        if not moved:
            raise JobFenced(
                f"another validation of job `{self._job.name}` has taken over", hint="nothing to do: it goes on"
            )

    def _names(self, name: TableName) -> dict[str, object]:
        return {"job": self._job.name, "schema": name.schema, "table": name.table}


def _validation(row: Row) -> TableValidation:
    return TableValidation(
        TableName(row["schema_name"], row["table_name"]),
        row["definition"],
        Position(row["file"], row["offset"], row["gtid_set"]),
        row["age_seconds"],
        key_from(row["last_key"]),
        row["report"],
        bool(row["complete"]),
    )
