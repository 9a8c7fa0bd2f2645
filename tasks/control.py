"""What a run does besides migrating: hold the job, wait out a pause, say how it ended."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.states import Status
from mysql_to_tidb.stages import running
from mysql_to_tidb.stages.begin import let_source_win
from mysql_to_tidb.stages.running import End, Watch, open_store
from mysql_to_tidb.stages.status import read_progress

PAUSE_LOOK_SECONDS = 1.0


def is_new(job: Job) -> bool:
    """Whether the target knows no job of this name yet."""
    return running.is_new(target_settings(job), job.name)


@contextmanager
def held(job: Job, *, restart: bool = False) -> Iterator[int]:
    """Hold the job while it runs; the epoch that its writers show.

    With `restart`, all that the source has changed so far wins over whatever is in the target.
    """
    target = target_settings(job)
    with running.running(job, target) as fence:
        if restart:
            let_source_win(source_settings(job), target, fence)
        yield fence.epoch


def through_pauses(job: Job, epoch: int, step: Callable[[], End]) -> None:
    """Run a step until it is through; where it comes back for a pause, wait for the resume in between."""
    while (end := step()) is not End.REACHED:
        if end is End.PAUSED:
            wait_for_resume(job, epoch)


def wait_for_resume(job: Job, epoch: int) -> None:
    """Stay paused, holding the job, until the user wants it to go on."""
    target, fence = target_settings(job), Fence(job.name, epoch)
    running.set_status(target, fence, Status.PAUSED)
    with open_store(target) as store:
        watch = Watch(store, fence)
        while watch.pause_requested():
            time.sleep(PAUSE_LOOK_SECONDS)
    running.set_status(target, fence, Status.RUNNING)


def finish(job: Job, epoch: int, status: Status) -> None:
    """Record how a run that met no error leaves the job."""
    running.set_status(target_settings(job), Fence(job.name, epoch), status)


def summary(job: Job) -> dict[str, Any]:
    """What the command line prints last, for scripts."""
    progress = read_progress(source_settings(job), target_settings(job), job.name)
    return {
        "name": progress.name,
        "stage": progress.stage.value,
        "status": progress.status.value,
        "rows": progress.rows,
        "changes": progress.changes,
        "seconds": round(progress.seconds, 3),
        "rows_per_second": round(progress.rows_per_second, 1),
        "position": progress.position,
        "lag_seconds": progress.lag_seconds,
    }
