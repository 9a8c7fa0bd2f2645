"""Runs a job by the library alone, without Prefect, so that many short runs can be tried: `drive JOB.yaml UNTIL`.

With RESTART in the environment, the source's rows win over what is in the target; with RETRY, what may pass by itself
is tried again, as Prefect's tasks do.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mysql_to_tidb.errors import MigrationError
from mysql_to_tidb.job import load_job
from mysql_to_tidb.model.states import Mode, Until
from mysql_to_tidb.stages import load, sync
from mysql_to_tidb.stages.begin import begin, let_source_win
from mysql_to_tidb.stages.running import End, running
from mysql_to_tidb.stages.schema import add_foreign_keys, create_tables

RETRIES = 200
PAUSE_SECONDS = 0.5


def drive(path: Path, until: Until, *, restart: bool = False, retries: int = 0) -> None:
    """What the flow `migrate` does, its chunks one after another."""
    job = load_job(path)
    source, target = job.source_settings(), job.target_settings()
    with running(job, target) as fence:
        if restart:
            let_source_win(source, target, fence)
        begin(job, source, target, fence)
        create_tables(job, source, target, fence)
        if job.mode is not Mode.INCREMENTAL:
            for unit in load.plan_load(source, target, fence, job.limits):
                persist(partial(load.load_unit, source, target, fence, job.limits, unit), retries)
            load.finish_load(source, target, fence)
            add_foreign_keys(target, fence)
        if until is not Until.LOADED:
            persist(partial(sync.follow, job, source, target, fence, until), retries)


def persist(work: Callable[[], End], retries: int) -> None:
    """Do it again while its errors say that this can help."""
    for _ in range(retries):
        try:
            work()
        except MigrationError as error:
            if not error.retryable:
                raise
            print(f"{error}; trying again", file=sys.stderr, flush=True)
            time.sleep(PAUSE_SECONDS)
        else:
            return
    work()


if __name__ == "__main__":
    try:
        drive(
            Path(sys.argv[1]),
            Until(sys.argv[2]),
            restart="RESTART" in os.environ,
            retries=RETRIES if "RETRY" in os.environ else 0,
        )
    except MigrationError as error:
        sys.exit("\n".join(error.lines()))
