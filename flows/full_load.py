"""The flow `full_load`: every chunk a task, as many at a time as the job's specification says."""

from typing import Any

from prefect import flow, unmapped
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner

from mysql_to_tidb.job import Job
from mysql_to_tidb.stages.running import End
from tasks.control import held, through_pauses
from tasks.load import finish_load, load_chunks, plan_load


@flow(name="full-load", flow_run_name="load {job.name}")
def full_load(job: Job) -> None:
    """Load what is left of the job's tables; the job must have begun."""
    with held(job) as epoch:
        through_pauses(job, epoch, lambda: _load(job, epoch))
        finish_load(job, epoch)


def _load(job: Job, epoch: int) -> End:
    units = plan_load(job, epoch)
    futures = load_chunks.map(unmapped(job), unmapped(epoch), units)
    wait(futures)
    ends = [future.result() for future in futures]
    return End.PAUSED if End.PAUSED in ends else End.REACHED


def load_with_connections(job: Job) -> None:
    """Run the flow with as many chunks in work at a time as the job's specification allows."""
    runner: Any = ThreadPoolTaskRunner(max_workers=job.limits.load_connections)
    full_load.with_options(task_runner=runner)(job)
