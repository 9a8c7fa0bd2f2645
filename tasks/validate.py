"""Compares source and target, and shows what was found where people look."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.stages import validate as stage
from mysql_to_tidb.validate.report import ValidationReport
from tasks.retry import RETRIES, RETRY_DELAYS, is_retryable

DIFFERENCES_SHOWN_MAX = 1_000


@task(
    name="compare",
    task_run_name="compare {job.name}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_retryable,
    cache_policy=NO_CACHE,
)
def compare(job: Job, *, repair: bool) -> ValidationReport:
    """Compare every row; tried again, it goes on where it was."""
    work = stage.repair if repair else stage.validate
    return work(job, source_settings(job), target_settings(job))


@task(name="report-validation", task_run_name="report validation of {job.name}", cache_policy=NO_CACHE)
def report_validation(job: Job, report: ValidationReport) -> None:
    """The outcome as artifacts: a text, and tables of what was compared and of what differs."""
    counts = f"{report.rows:,} rows compared, {report.differing:,} differ, {report.repaired:,} repaired"
    lines = [
        f"# Validation of {job.name}: {report.outcome}",
        f"{counts}, {report.pending:,} pending. Source at `{report.position}`.",
        *(f"- **{table.name}**: {table.problem}" for table in report.tables if table.problem),
    ]
    create_markdown_artifact("\n\n".join(lines), key="validation-report", description=f"Validation of {job.name}")
    kept = ("rows", "missing", "extra", "different", "repaired", "pending", "outcome")
    tables = [{"table": str(table.name), **{k: table.as_json()[k] for k in kept}} for table in report.tables]
    create_table_artifact(tables, key="validation", description=f"Tables compared of {job.name}")
    frame = report.frame().head(DIFFERENCES_SHOWN_MAX)
    if not frame.empty:
        found: list[Any] = frame.astype(object).where(frame.notna(), None).to_dict("records")
        create_table_artifact(found, key="validation-differences", description=f"Rows of {job.name} that differ")
