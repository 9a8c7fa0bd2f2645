"""The job's actions as flows, for those who work from the Prefect UI: pause, resume, delete."""

from typing import Literal

from prefect import flow, get_run_logger

from blocks import target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.stages import actions

JobAction = Literal["pause", "resume", "delete"]


@flow(name="job-action", flow_run_name="{action} {job.name}")
def job_action(job: Job, action: JobAction) -> str:
    """Pause a job wherever it runs, let it go on, or forget it; what it has migrated stays in the target.

    A job that no longer runs anywhere goes on by a new run of the flow `migrate`.
    """
    target = target_settings(job)
    acts = {"pause": actions.pause, "resume": actions.resume, "delete": actions.delete}
    outcome = acts[action](target, job.name)
    get_run_logger().info(outcome)
    return outcome
