"""Follows the source's changes: one long-running task, tried again where the error says that this can help."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.states import Stage, Until
from mysql_to_tidb.stages import sync
from mysql_to_tidb.stages.running import End, enter_stage
from tasks.retry import RETRIES, RETRY_DELAYS, is_retryable


@task(
    name="follow",
    task_run_name="follow changes of {job.name}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_retryable,
    cache_policy=NO_CACHE,
)
def follow(job: Job, epoch: int, until: Until) -> End:
    """Apply changes until the goal is reached or a pause is asked for."""
    source, target, fence = source_settings(job), target_settings(job), Fence(job.name, epoch)
    enter_stage(target, fence, Stage.SYNC)
    return sync.follow(job, source, target, fence, until)
