"""The flow `precheck`: validates connections and everything that a migration needs; writes nothing."""

from typing import Any

from prefect import flow

from mysql_to_tidb.job import Job
from mysql_to_tidb.model.checks import Outcome, refuse
from tasks.precheck import check, report_check, report_plan


@flow(name="precheck", flow_run_name="precheck {job.name}")
def precheck(job: Job) -> list[dict[str, Any]]:
    """Check the job; fails unless every item passes or its warning is ignored."""
    results, outcome = check(job)
    report_check(job, results)
    if outcome is not Outcome.FAILED:
        report_plan(job)
    refuse(results, outcome)
    return [result.as_json() for result in results]
