"""The flow `incremental_sync`: follows the source's changes until told to stop."""

from prefect import flow

from mysql_to_tidb.job import Job
from mysql_to_tidb.model.states import Until
from tasks.control import held, through_pauses
from tasks.sync import follow


@flow(name="incremental-sync", flow_run_name="sync {job.name}")
def incremental_sync(job: Job, until: Until = Until.FOREVER) -> None:
    """Apply every change behind the job's checkpoint; the job must have been loaded."""
    with held(job) as epoch:
        through_pauses(job, epoch, lambda: follow(job, epoch, until))
