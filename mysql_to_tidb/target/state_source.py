"""Which server the positions of a job belong to, and how they are carried over to a replica of it."""

from dataclasses import dataclass

from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.target.state_access import StateAccess


@dataclass(frozen=True, slots=True)
class KnownByGtids:
    """Everything that a job remembers of the source's history, as sets of GTIDs."""

    checkpoint: str
    start: str
    consistent: str | None
    """None where the job has no such position yet."""
    overwrite: str | None
    snapshots: dict[TableName, str]


class SourceMoves(StateAccess):
    """Puts the positions of a job, all at once, into the form in which another server understands them."""

    file = "source_moves"

    def seen(self, job: str) -> list[str]:
        """The sets of GTIDs that rows may show which the load has read."""
        return [str(row["seen_gtid_set"]) for row in self._rows("list_seen", job=job)]

    def move(self, fence: Fence, source_uuid: str, known: KnownByGtids) -> None:
        """From here on the job follows that server. Raises JobFenced."""
        with self._fenced(fence):
            self._execute(
                "move_job",
                job=fence.job,
                source_uuid=source_uuid,
                start=known.start,
                consistent=known.consistent,
                overwrite=known.overwrite,
            )
            self._execute("move_checkpoint", job=fence.job, gtid_set=known.checkpoint)
            for name, gtid_set in known.snapshots.items():
                self._execute("move_snapshot", job=fence.job, schema=name.schema, table=name.table, gtid_set=gtid_set)
