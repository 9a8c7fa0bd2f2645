"""The named moments at which a run may be killed, so that anyone can prove that it recovers.

`MYSQL_TO_TIDB_KILL_AT=point` or `point:nth` makes the process send itself SIGKILL when it reaches that
point for the nth time: no handler runs, no buffer is flushed, as if the machine had lost its power.
"""

import os
import signal
from enum import StrEnum
from itertools import count

from mysql_to_tidb.errors import InvalidJob

VARIABLE = "MYSQL_TO_TIDB_KILL_AT"


class Point(StrEnum):
    """Each value is what `MYSQL_TO_TIDB_KILL_AT` takes."""

    POSITION_TAKEN = "position-taken"
    BEFORE_SCHEMA_CREATE = "before-schema-create"
    AFTER_SCHEMA_CREATE = "after-schema-create"
    BEFORE_CHUNKS_PLANNED = "before-chunks-planned"
    AFTER_CHUNKS_PLANNED = "after-chunks-planned"
    BEFORE_LOAD_COMMIT = "before-load-commit"
    AFTER_LOAD_COMMIT = "after-load-commit"
    BEFORE_SNAPSHOT_CLEARED = "before-snapshot-cleared"
    AFTER_SNAPSHOT_CLEARED = "after-snapshot-cleared"
    BEFORE_LOAD_FINISHED = "before-load-finished"
    AFTER_LOAD_FINISHED = "after-load-finished"
    BEFORE_SYNC_APPLY = "before-sync-apply"
    BEFORE_SYNC_COMMIT = "before-sync-commit"
    AFTER_SYNC_COMMIT = "after-sync-commit"
    BEFORE_SLICE_COMMIT = "before-slice-commit"
    AFTER_SLICE_COMMIT = "after-slice-commit"
    BEFORE_DDL_PLANNED = "before-ddl-planned"
    AFTER_DDL_PLANNED = "after-ddl-planned"
    BEFORE_DDL_STEP = "before-ddl-step"
    AFTER_DDL_STEP = "after-ddl-step"
    BEFORE_DDL_DONE = "before-ddl-done"
    AFTER_DDL_DONE = "after-ddl-done"
    AFTER_VALIDATION_RECORDED = "after-validation-recorded"
    AFTER_REPAIR_COMMIT = "after-repair-commit"
    AFTER_CUTOVER_DRAINED = "after-cutover-drained"
    BEFORE_CUTOVER_RECORDED = "before-cutover-recorded"
    AFTER_CUTOVER_RECORDED = "after-cutover-recorded"


def _chosen(text: str) -> tuple[Point, int] | None:
    if not text:
        return None
    name, _, nth = text.partition(":")
    try:
        point, number = Point(name), int(nth or 1)
    except ValueError:
        number = 0
    if number < 1:
        names = ", ".join(Point)
        raise InvalidJob(f"{VARIABLE}={text} names no point", hint=f"use POINT or POINT:NTH, with one of: {names}")
    return point, number


_kill_at = _chosen(os.environ.get(VARIABLE, ""))
_times_reached = count(1)


def reached(point: Point) -> None:
    """Say that the run is at this point; where the environment asks for it, the process ends here."""
    if _kill_at and point is _kill_at[0] and next(_times_reached) == _kill_at[1]:
        os.kill(os.getpid(), signal.SIGKILL)
