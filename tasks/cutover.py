"""Decides whether applications may be pointed at the target, and shows the evidence where people look."""

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.cutover import CutoverReport
from mysql_to_tidb.stages import cutover as stage
from tasks.retry import RETRIES, RETRY_DELAYS, is_retryable


@task(
    name="cut-over",
    task_run_name="cut {job.name} over",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_retryable,
    cache_policy=NO_CACHE,
)
def cut_over(job: Job, *, dry_run: bool) -> CutoverReport:
    """Check, drain, compare; tried again, it begins anew, which does no harm."""
    return stage.cut_over(job, source_settings(job), target_settings(job), dry_run=dry_run)


@task(name="report-cutover", task_run_name="report cutover of {job.name}", cache_policy=NO_CACHE)
def report_cutover(job: Job, report: CutoverReport) -> None:
    """The decision as a text, the evidence as a table."""
    dry = " (dry run)" if report.dry_run else ""
    lines = [
        f"# {report.decision}: cutover of {job.name}{dry}",
        f"Source at `{report.position}`, target at timestamp `{report.target_timestamp or 'none'}`.",
        *(f"- **{item.item}**: {item.seen}. {item.advice}" for item in report.failed),
    ]
    create_markdown_artifact("\n\n".join(lines), key="cutover-report", description=f"Cutover of {job.name}")
    rows = [{"item": each.item, "finding": each.finding.value, "seen": each.seen} for each in report.items]
    create_table_artifact(rows, key="cutover", description=f"Evidence for the cutover of {job.name}")
