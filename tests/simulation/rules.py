"""The rules that make a migration exact; each can be left out, to see that it is needed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """All hold, unless a test breaks one."""

    start_before_rows: bool = True
    """The start position is fixed before the first row is read."""
    start_behind_commits: bool = True
    """It holds what readers can see, not what has only been written to the log."""
    consistent_behind_rows: bool = True
    """The copy counts as consistent from the end of the log on, as it is after the last row was read."""
    load_replaces: bool = True
    """A loaded row takes the place of what has its key or its unique value."""
    part_with_ledger: bool = True
    """Loaded rows and their ledger row are committed together."""
    snapshot_is_exact: bool = True
    """A table without a key is read at a moment at which the end of the log and what readers see agree."""
    snapshot_begins_anew: bool = True
    """What a broken load left in such a table is removed first."""
    snapshot_hides_changes: bool = True
    """Changes that its snapshot shows already are passed over."""
    slices_are_counted: bool = True
    """The checkpoint says how many changes of a large transaction the target has."""
    touched_rows_deleted: bool = True
    """Before the copy is consistent, whatever a window touched is deleted, not only what was there before it."""
    deletes_first: bool = True
    """A window deletes all its rows before it writes any, so that unique values can move."""
    exact_once_consistent: bool = True
    """From the consistent position on, each row must be found as the log says."""
    checkpoint_with_rows: bool = True
    """Applied rows and checkpoint are committed together."""
    fenced: bool = True
    """A writer shows its epoch in each transaction."""
    lost_commit_asked_for: bool = True
    """After a commit whose outcome is unknown the ledger is asked before anything is repeated."""
    lost_commit_awaited: bool = True
    """It is asked in a way that waits until the lost transaction has been decided; else a run fences itself out."""
