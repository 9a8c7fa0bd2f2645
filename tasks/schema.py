"""Begins a job and creates its tables in the target."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.states import Stage
from mysql_to_tidb.stages.begin import begin
from mysql_to_tidb.stages.running import enter_stage
from mysql_to_tidb.stages.schema import create_tables
from tasks.retry import RETRIES, RETRY_DELAYS, is_retryable


@task(
    name="create-schema",
    task_run_name="create schema of {job.name}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_retryable,
    cache_policy=NO_CACHE,
)
def create_schema(job: Job, epoch: int) -> int:
    """Take the start position, then create what the target lacks; how many tables the job has."""
    source, target, fence = source_settings(job), target_settings(job), Fence(job.name, epoch)
    enter_stage(target, fence, Stage.SCHEMA)
    begin(job, source, target, fence)
    return create_tables(job, source, target, fence)
