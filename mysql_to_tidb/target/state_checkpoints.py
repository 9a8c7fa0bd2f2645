"""Up to where the changes of each job have been applied, moved in the transaction that applies them."""

from mysql_to_tidb.errors import JobNotFound
from mysql_to_tidb.model.checkpoints import Checkpoint
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.target.state_access import Row, StateAccess, check_epoch, fenced, position_values
from mysql_to_tidb.target.transaction import transaction


class CheckpointLedger(StateAccess):
    """One row for each job. Only the newest epoch can move it, and only one window at a time."""

    file = "checkpoints"

    def create(self, fence: Fence, position: Position) -> None:
        self._execute("create", job=fence.job, epoch=fence.epoch, **position_values(position))

    def read(self, job: str) -> Checkpoint | None:
        """None before the job has a start position."""
        row = self._row("read", job=job)
        return None if row is None else _checkpoint(row)

    def take(self, fence: Fence) -> Checkpoint:
        """The checkpoint that a run begins with, once no commit of an earlier one is under way any more.

        Raises JobFenced; JobNotFound where the job has no start position.
        """
        with transaction(self.connection, f"the checkpoint of job {fence.job}"):
            row = self._row("read_decided", job=fence.job)
        if row is None:
            raise JobNotFound(f"job `{fence.job}` has no checkpoint")
        check_epoch(fence, row["epoch"])
        return _checkpoint(row)

    def advance(self, old: Checkpoint, new: Checkpoint) -> None:
        """Move the checkpoint by one window, within the caller's transaction.

        Raises JobFenced where another run has the epoch, or the window has been applied already.
        """
        moved = self._execute(
            "advance",
            job=old.job,
            epoch=old.epoch,
            sequence=old.sequence,
            source_committed_at=new.source_committed_at,
            applied_at=new.applied_at,
            transactions=new.transactions,
            changes=new.changes,
            partial_changes=new.partial_changes,
            lag_seconds=new.lag_seconds,
            **position_values(new.position),
        )
        if moved != 1:
            raise fenced(old.fence)

    def was_committed(self, before: Checkpoint) -> bool:
        """After a commit whose outcome is unknown, on a new connection: whether the window after `before` is in.

        Waits until the lost transaction has ended at the target. Raises JobFenced where another run took over.
        """
        return self.take(before.fence).sequence > before.sequence


def _checkpoint(row: Row) -> Checkpoint:
    return Checkpoint(
        job=row["job"],
        epoch=row["epoch"],
        sequence=row["sequence"],
        position=Position(row["file"], row["offset"], row["gtid_set"]),
        source_committed_at=row["source_committed_at"],
        applied_at=row["applied_at"],
        transactions=row["transactions"],
        changes=row["changes"],
        partial_changes=row["partial_changes"],
    )
