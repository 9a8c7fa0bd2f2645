"""The full load's units of work: plan it, load some chunks, finish it."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.states import Stage
from mysql_to_tidb.stages import load
from mysql_to_tidb.stages.load import LoadUnit
from mysql_to_tidb.stages.running import End, enter_stage
from mysql_to_tidb.stages.schema import add_foreign_keys
from tasks.retry import RETRIES, RETRY_DELAYS, is_retryable


@task(
    name="plan-load",
    task_run_name="plan load of {job.name}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_retryable,
    cache_policy=NO_CACHE,
)
def plan_load(job: Job, epoch: int) -> list[LoadUnit]:
    """Cut the tables into chunks; what is left to load."""
    source, target, fence = source_settings(job), target_settings(job), Fence(job.name, epoch)
    enter_stage(target, fence, Stage.LOAD)
    return load.plan_load(source, target, fence, job.limits)


@task(
    name="load-chunks",
    task_run_name="load {unit}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_retryable,
    cache_policy=NO_CACHE,
)
def load_chunks(job: Job, epoch: int, unit: LoadUnit) -> End:
    """Load what is left of some chunks."""
    fence = Fence(job.name, epoch)
    return load.load_unit(source_settings(job), target_settings(job), fence, job.limits, unit)


@task(
    name="finish-load",
    task_run_name="finish load of {job.name}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_retryable,
    cache_policy=NO_CACHE,
)
def finish_load(job: Job, epoch: int) -> None:
    """Fix the position from which on the copy is consistent; foreign keys come into being now."""
    target, fence = target_settings(job), Fence(job.name, epoch)
    load.finish_load(source_settings(job), target, fence)
    add_foreign_keys(target, fence)
