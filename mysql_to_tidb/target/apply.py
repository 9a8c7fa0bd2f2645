"""Applies a window of changes in one target transaction, together with the checkpoint behind it.

Rows that were there are deleted, all tables first, then the last images are loaded: keys and unique values
may move between rows in any order. The counts of both prove that target and source agree.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.batches import batch_from_images, key_literals
from mysql_to_tidb.errors import TargetConflict
from mysql_to_tidb.model.changes import RowImage
from mysql_to_tidb.model.checkpoints import ApplyMode, Checkpoint
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.staging.fold import Fold, KeyedFold, KeylessFold, Window
from mysql_to_tidb.staging.keys import key_columns_sql
from mysql_to_tidb.staging.staged import stage_rows
from mysql_to_tidb.target.conflict import RowsDisagree, explained
from mysql_to_tidb.target.connection import TargetConnection
from mysql_to_tidb.target.keyless import delete_rows
from mysql_to_tidb.target.load import load_rows
from mysql_to_tidb.target.state_checkpoints import CheckpointLedger
from mysql_to_tidb.target.transaction import transaction

KEYS_MAX = 2_000
"""Keys of one DELETE; the longest key has 3072 bytes, and a statement must fit into a packet."""
ROWS_MAX = 20_000
"""Rows of one LOAD DATA; what a statement of TiDB needs grows with them, and a source transaction may be huge."""

Item = TypeVar("Item")


def apply_window(connection: TargetConnection, checkpoint: Checkpoint, window: Window, mode: ApplyMode) -> Checkpoint:
    """Apply a window, or a slice of a large source transaction, behind `checkpoint`; the checkpoint as it is then.

    The checkpoint is moved first, which keeps other runs out, and committed with the rows or not at all. After
    TargetConnectionLost, `CheckpointLedger.was_committed` on a new connection tells which.
    Raises JobFenced, TargetConflict where target and source disagree, TargetRefused, ValueUnrepresentable.
    """
    reached_checkpoint = _behind(checkpoint, window)
    try:
        with transaction(connection, f"changes up to {reached_checkpoint.position}"):
            CheckpointLedger(connection).advance(checkpoint, reached_checkpoint)
            for step in window.steps:
                _apply_step(connection, list(step.values()), mode)
            reached(Point.BEFORE_SLICE_COMMIT if window.is_slice else Point.BEFORE_SYNC_COMMIT)
    except RowsDisagree as disagreement:
        raise explained(connection, disagreement, window) from disagreement
    reached(Point.AFTER_SLICE_COMMIT if window.is_slice else Point.AFTER_SYNC_COMMIT)
    return reached_checkpoint


def _behind(checkpoint: Checkpoint, window: Window) -> Checkpoint:
    if not (window.complete or window.is_slice):
        raise ValueError("a window can only be applied between two source transactions, or cut")
    return replace(
        checkpoint,
        sequence=checkpoint.sequence + 1,
        position=window.position or checkpoint.position,
        source_committed_at=window.committed_at or checkpoint.source_committed_at,
        applied_at=time.time(),
        transactions=checkpoint.transactions + window.transactions,
        changes=checkpoint.changes + window.changes,
        partial_changes=window.partial_changes,
    )


def _apply_step(connection: TargetConnection, folds: Sequence[Fold], mode: ApplyMode) -> None:
    for fold in folds:
        if isinstance(fold, KeyedFold):
            _delete_keys(connection, fold, mode)
        else:
            delete_rows(connection, fold, exact=mode is not ApplyMode.OVERWRITE)
    for fold in folds:
        _load(connection, fold, mode)


def _delete_keys(connection: TargetConnection, fold: KeyedFold, mode: ApplyMode) -> None:
    """Delete what the window found there; where the target may be ahead or behind, whatever it touched."""
    exact = mode is ApplyMode.EXACT
    gone = [key for key, (existed, _) in fold.rows.items() if existed or not exact]
    head = f"DELETE FROM {fold.mapped.table.name.quoted} WHERE {key_columns_sql(fold.mapped)} IN "
    for keys in _slices(gone, KEYS_MAX):
        deleted = connection.query(f"{head}({', '.join(key_literals(fold.mapped, keys))})")
        if exact and deleted != len(keys):
            raise RowsDisagree(fold, f"{len(keys) - deleted} rows that the source changed or deleted are not there")


def _load(connection: TargetConnection, fold: Fold, mode: ApplyMode) -> None:
    # A table without a key is exact from its snapshot on, unless the user wants the source to win.
    exact = mode is ApplyMode.EXACT or (mode is ApplyMode.CONVERGENT and isinstance(fold, KeylessFold))
    families = families_of(fold.mapped.table)
    for images in _slices(_last_images(fold), ROWS_MAX):
        batch = batch_from_images(fold.mapped, images, families)
        try:
            load_rows(connection, stage_rows(fold.mapped.table.name, batch, families, replace=not exact))
        except TargetConflict as error:
            raise RowsDisagree(fold, error.message) from error


def _last_images(fold: Fold) -> list[RowImage]:
    if isinstance(fold, KeyedFold):
        return [image for _, image in fold.rows.values() if image is not None]
    return [image for image, delta in fold.deltas.items() for _ in range(delta)]


def _slices(items: Sequence[Item], items_max: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), items_max):
        yield items[start : start + items_max]
