"""The flow `cutover`: GO or NO-GO, with the evidence."""

from typing import Any

from prefect import flow

from mysql_to_tidb.errors import CutoverRefused
from mysql_to_tidb.job import Job
from tasks.cutover import cut_over, report_cutover


@flow(name="cutover", flow_run_name="cut {job.name} over")
def cutover(job: Job, dry_run: bool = True) -> dict[str, Any]:
    """Prove that the source stands still and that the target has all of it; fails on NO-GO.

    After GO the job is paused. A dry run only looks.
    """
    report = cut_over(job, dry_run=dry_run)
    report_cutover(job, report)
    if report.failed:
        item = report.failed[0]
        raise CutoverRefused(f"NO-GO: {item.item}: {item.seen}", where=f"job {job.name}", hint=item.advice)
    return report.as_json()
