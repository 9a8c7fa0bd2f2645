"""Puts rows right that a validation found wrong: under the job's fence, with the statements of load and apply.

Only the run that holds the job may repair, so that nothing is applied between the comparison and the repair.
"""

from collections.abc import Sequence

from mysql_to_tidb.errors import TargetConflict
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.staging.staged import StagedRows
from mysql_to_tidb.target.connection import target_errors
from mysql_to_tidb.target.load import load_rows
from mysql_to_tidb.target.state_access import StateAccess


class Repair(StateAccess):
    """Each method is one transaction. Raises JobFenced where another run has taken over."""

    file = "jobs"

    def replace_keys(self, fence: Fence, table: TableName, condition: str, staged: StagedRows | None) -> None:
        """Delete what meets the condition, then load what the source has there.

        Staged with `replace`: a row that holds a unique value of one of them is wrong as well.
        """
        with self._fenced(fence):
            with target_errors(str(table)):
                self.connection.query(f"DELETE FROM {table.quoted} WHERE {condition}")
            if staged is not None:
                load_rows(self.connection, staged)

    def replace_rows(
        self, fence: Fence, table: TableName, surplus: Sequence[tuple[str, int]], staged: StagedRows | None
    ) -> None:
        """Without a key: delete so many of the rows that meet each condition, then load those that are missing.

        Raises TargetConflict where there are fewer than were just counted.
        """
        with self._fenced(fence):
            for condition, rows in surplus:
                with target_errors(str(table)):
                    deleted = self.connection.query(f"DELETE FROM {table.quoted} WHERE {condition} LIMIT {rows}")
                if deleted != rows:
                    raise TargetConflict(f"of {rows} rows just counted, {deleted} were there", where=str(table))
            if staged is not None:
                load_rows(self.connection, staged)
