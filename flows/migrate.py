"""The flow `migrate`: a whole job, from the precheck to the last change that is asked for."""

from typing import Any

from prefect import flow

from flows.full_load import load_with_connections
from flows.incremental_sync import incremental_sync
from flows.precheck import precheck
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.states import Mode, Status, Until
from tasks.control import finish, held, is_new, summary
from tasks.schema import create_schema
from tasks.signs import observed


@flow(name="migrate", flow_run_name="migrate {job.name}")
def migrate(job: Job, until: Until = Until.FOREVER, restart: bool = False) -> dict[str, Any]:
    """Run a job from its beginning, or from where it was left; its figures at the end.

    `until` says when to stop by itself: once loaded, once caught up, or never. With `restart`, the source's
    rows win over whatever stands in the target.
    """
    with observed(job):
        return _migrate(job, until, restart=restart)


def _migrate(job: Job, until: Until, *, restart: bool) -> dict[str, Any]:
    if is_new(job):
        precheck(job)
    with held(job, restart=restart) as epoch:
        create_schema(job, epoch)
        if job.mode is not Mode.INCREMENTAL:
            load_with_connections(job)
        if until is not Until.LOADED or job.mode is Mode.FULL:
            incremental_sync(job, until)
        finish(job, epoch, Status.FINISHED if job.mode is Mode.FULL else Status.PAUSED)
    return summary(job)
