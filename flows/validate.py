"""The flow `validate`: every row and column of a job compared, while changes flow."""

from typing import Any

from prefect import flow

from mysql_to_tidb.errors import NotEqual
from mysql_to_tidb.job import Job
from mysql_to_tidb.validate.report import Outcome
from tasks.validate import compare, report_validation


@flow(name="validate", flow_run_name="validate {job.name}")
def validate(job: Job, repair: bool = False) -> dict[str, Any]:
    """Compare source and target; fails unless all is equal. With `repair`, rows that differ are put right.

    A repair needs a job that is not running.
    """
    report = compare(job, repair=repair)
    report_validation(job, report)
    if report.outcome is not Outcome.EQUAL:
        raise NotEqual(
            f"{report.differing} rows differ and {report.pending} could not be compared", where=f"job {job.name}"
        )
    return report.as_json()
