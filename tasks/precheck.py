"""Checks and plans a job before anything is written, and shows the outcome where people look."""

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from blocks import source_settings, target_settings
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.checks import CheckResult, Outcome
from mysql_to_tidb.stages.plan import TablePlan, plan_job
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


@task(name="report-plan", task_run_name="report plan of {job.name}", cache_policy=NO_CACHE)
def report_plan(job: Job) -> None:
    """The plan as artifacts: a row for each table, and a text with the sum and what happens after the load."""
    made = plan_job(job, source_settings(job), target_settings(job))
    create_table_artifact([_row(table) for table in made.tables], key="plan", description=f"Plan of {job.name}")
    size = f"{made.rows_estimate:,} rows, {made.bytes_estimate / 1e6:,.1f} MB"
    lines = [
        f"# Plan of {job.name}",
        f"{size}: about {made.load_seconds / 60:,.0f} minutes; {made.retention}.",
        *(f"- after the load: `{statement}`" for statement in made.foreign_keys),
        *(f"- left out: {rewrite.table} {rewrite.object}: {rewrite.meaning}" for rewrite in made.left_out),
    ]
    create_markdown_artifact("\n".join(lines), key="plan-report", description=f"Plan of {job.name}")


def _row(table: TablePlan) -> dict[str, str]:
    notes = [f"{rewrite.rule} {rewrite.object}: {rewrite.meaning}" for rewrite in table.rewrites]
    return {
        "table": str(table.name),
        "action": table.action,
        "rows": f"{table.rows_estimate:,}",
        "MB": f"{table.bytes_estimate / 1e6:,.1f}",
        "what changes": "; ".join([table.problem, *notes] if table.problem else notes),
        "statement": table.statement,
    }
