"""Checks a job before anything is written, and shows the outcome where people look."""

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.checks import CheckResult, Outcome
from mysql_to_tidb.stages.precheck import check_job


@task(name="check", task_run_name="check {job.name}", cache_policy=NO_CACHE)
def check(job: Job) -> tuple[list[CheckResult], Outcome]:
    """All precheck items, and what they come to with the job's ignored warnings."""
    results, outcome = check_job(job, source_settings(job), target_settings(job))
    return list(results), outcome


@task(name="report-check", task_run_name="report check of {job.name}", cache_policy=NO_CACHE)
def report_check(job: Job, results: list[CheckResult]) -> None:
    """The precheck as artifacts: a table, and a text that says what to do."""
    rows = [
        {"item": item.item, "outcome": item.outcome.value, "reason": item.reason, "solution": item.solution}
        for item in results
    ]
    create_table_artifact(rows, key="precheck", description=f"Precheck of {job.name}")
    advice = [
        f"- **{item.item}**: {item.reason} {item.solution}" for item in results if item.outcome is not Outcome.PASS
    ]
    text = "\n".join([f"# Precheck of {job.name}", *advice] if advice else [f"# Precheck of {job.name}", "All passed."])
    create_markdown_artifact(text, key="precheck-report", description=f"Precheck of {job.name}")
