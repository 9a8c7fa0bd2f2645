"""Draws checks, plans and progress for people; what scripts read is JSON and not drawn here."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mysql_to_tidb.errors import MigrationError
from mysql_to_tidb.model.checks import CheckResult, Outcome
from mysql_to_tidb.model.cutover import CutoverReport, Decision, Finding
from mysql_to_tidb.model.progress import JobProgress, TableProgress
from mysql_to_tidb.stages.plan import MigrationPlan
from mysql_to_tidb.validate.report import Outcome as Comparison
from mysql_to_tidb.validate.report import RowDifference, TableReport, ValidationReport

TABLES_SHOWN_MAX = 20
DIFFERENCES_SHOWN_MAX = 20

out = Console()
err = Console(stderr=True)

_COMPARISON_STYLES = {Comparison.EQUAL: "green", Comparison.PENDING: "yellow", Comparison.DIFFERENT: "bold red"}
_FINDING_STYLES = {Finding.PASS: "green", Finding.OPEN: "yellow", Finding.FAILED: "bold red"}
_OUTCOME_STYLES = {Outcome.PASS: "green", Outcome.WARNING: "yellow", Outcome.FAILED: "bold red"}


def show_error(error: MigrationError) -> None:
    """`CODE: message`, where, and what to do, on stderr."""
    for line in error.lines():
        err.print(line, markup=False, highlight=False, soft_wrap=True)


def checks(results: Sequence[CheckResult], ignored: Sequence[str]) -> RenderableType:
    """The precheck as a table; below it what to do about each item that did not pass."""
    table = Table(title="Precheck", title_justify="left")
    for heading in ("Item", "Outcome", "Reason"):
        table.add_column(heading, overflow="fold")
    advice: list[Text] = []
    for result in results:
        ignored_warning = result.outcome is Outcome.WARNING and result.item in ignored
        shown = f"{result.outcome} (ignored)" if ignored_warning else str(result.outcome)
        table.add_row(result.item, Text(shown, _OUTCOME_STYLES[result.outcome]), Text(result.reason))
        if result.outcome is not Outcome.PASS and result.solution:
            link = f" ({result.documentation})" if result.documentation else ""
            advice.append(Text(f"{result.item}: {result.solution}{link}"))
    return Group(table, *advice)


def plan(made: MigrationPlan) -> RenderableType:
    """What would be created and what that means, table by table; below it, sizes and times."""
    table = Table(title="Plan", title_justify="left")
    for heading in ("Table", "Action", "Rows", "MB", "What changes"):
        table.add_column(heading, overflow="fold", justify="right" if heading in {"Rows", "MB"} else "left")
    for each in made.tables:
        notes = [f"{rewrite.rule} {rewrite.object}: {rewrite.meaning}" for rewrite in each.rewrites]
        changes = Text("\n".join([each.problem, *notes] if each.problem else notes))
        size = f"{each.bytes_estimate / 1e6:,.1f}"
        table.add_row(Text(str(each.name)), each.action, f"{each.rows_estimate:,}", size, changes)
    size = f"{made.rows_estimate:,} rows, {made.bytes_estimate / 1e6:,.1f} MB"
    lines = [
        f"{size}: about {duration(made.load_seconds)}; {made.retention}",
        *(f"after the load: {statement}" for statement in made.foreign_keys),
        *(f"left out: {rewrite.table} {rewrite.object}: {rewrite.meaning}" for rewrite in made.left_out),
    ]
    return Group(table, *(Text(line) for line in lines))


def progress(job: JobProgress) -> RenderableType:
    """Stage, status and the tables in work, those that are not loaded yet first."""
    title = f"{job.name}: {job.stage}, {job.status}"
    grid = Table(title=title, title_justify="left", caption=Text(_figures(job)), caption_justify="left")
    grid.add_column("Table", overflow="fold")
    for heading in ("State", "Rows", "MB", "%"):
        grid.add_column(heading, justify="left" if heading == "State" else "right")
    ordered = sorted(job.tables, key=lambda table: (table.state == "loaded", -table.rows_estimate))
    for table in ordered[:TABLES_SHOWN_MAX]:
        grid.add_row(*_row(table))
    if len(ordered) > TABLES_SHOWN_MAX:
        grid.add_row(f"and {len(ordered) - TABLES_SHOWN_MAX} more", "", "", "", "")
    if job.error:
        failure = Text(f"{job.error.get('code', '')}: {job.error.get('message', '')}", "bold red")
        return Group(grid, failure, Text(job.error.get("hint", "")))
    return grid


def line(job: JobProgress) -> str:
    """A job in one line, for logs."""
    return f"{job.name}: {job.stage}, {job.status}: {_figures(job)}"


def jobs(found: Sequence[JobProgress]) -> RenderableType:
    """All jobs of a target."""
    table = Table(title="Jobs", title_justify="left")
    for heading in ("Job", "Mode", "Stage", "Status", "Rows", "Changes", "Position"):
        table.add_column(heading, overflow="fold")
    for job in found:
        table.add_row(job.name, job.mode, job.stage, job.status, f"{job.rows:,}", f"{job.changes:,}", job.position)
    return table


def validation(report: ValidationReport) -> RenderableType:
    """What was compared, tables that are not equal first, then the first differing rows with both sides' values."""
    title = f"Validation of {report.job}: {report.outcome}"
    seconds = duration(report.seconds)
    caption = (
        f"{report.rows:,} rows; {report.rows_compared:,} of them now, in {seconds} ({report.rows_per_second:,.0f}/s)"
    )
    grid = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    grid.add_column("Table", overflow="fold")
    for heading in ("Rows", "Missing", "Extra", "Different", "Repaired", "Pending"):
        grid.add_column(heading, justify="right")
    grid.add_column("Outcome", overflow="fold")
    ordered = sorted(report.tables, key=lambda table: (table.outcome is Comparison.EQUAL, str(table.name)))
    for table in ordered[:TABLES_SHOWN_MAX]:
        numbers = (table.rows, table.missing, table.extra, table.different, table.repaired, table.pending)
        outcome = Text(": ".join(filter(None, (table.outcome, table.problem))), _COMPARISON_STYLES[table.outcome])
        grid.add_row(Text(str(table.name)), *(f"{number:,}" for number in numbers), outcome)
    if len(ordered) > TABLES_SHOWN_MAX:
        grid.add_row(f"and {len(ordered) - TABLES_SHOWN_MAX} more", *[""] * 7)
    found = [_difference(table, each) for table in ordered for each in table.differences]
    lines = [Text(line) for line in found[:DIFFERENCES_SHOWN_MAX]]
    if len(found) > DIFFERENCES_SHOWN_MAX:
        lines.append(Text(f"and {len(found) - DIFFERENCES_SHOWN_MAX} more; --json has them"))
    return Group(grid, *lines)


def cutover(report: CutoverReport) -> RenderableType:
    """GO or NO-GO, with everything that speaks for it and against it."""
    dry = " (dry run)" if report.dry_run else ""
    grid = Table(title=f"Cutover of {report.job}{dry}", title_justify="left")
    for heading in ("Item", "Finding", "Seen"):
        grid.add_column(heading, overflow="fold")
    for item in report.items:
        grid.add_row(item.item, Text(item.finding, _FINDING_STYLES[item.finding]), Text(item.seen))
    lines = [Text(f"{item.item}: {item.advice}") for item in report.failed if item.advice]
    if report.target_timestamp:
        lines.append(
            Text(f"The target's timestamp, from which a feed back to the source starts: {report.target_timestamp}")
        )
    styles = {Decision.GO: "bold green", Decision.NO_GO: "bold red", Decision.UNDECIDED: "yellow"}
    verdict = "nothing speaks against it so far" if report.decision is Decision.UNDECIDED else report.decision.value
    return Group(
        grid, *lines, Text(f"{verdict}, at {report.position}, in {duration(report.seconds)}", styles[report.decision])
    )


def _difference(table: TableReport, difference: RowDifference) -> str:
    times = f" ({difference.rows} times)" if difference.rows > 1 else ""
    values = "; ".join(
        f"{value.column} is {_value(value.source)} at the source, {_value(value.target)} at the target"
        for value in difference.values
    )
    return f"{table.name}: {difference.kind}{times}: {difference.key}{': ' if values else ''}{values}"


def _value(text: str | None) -> str:
    return "NULL" if text is None else repr(text)


def _row(table: TableProgress) -> tuple[str, ...]:
    return str(table.name), table.state, f"{table.rows:,}", f"{table.bytes / 1e6:,.1f}", f"{table.percent:.0f}"


def _figures(job: JobProgress) -> str:
    figures = [f"{job.rows:,} rows ({job.percent:.0f} %), {job.rows_per_second:,.0f} rows/s"]
    if job.remaining_seconds is not None:
        figures.append(f"about {duration(job.remaining_seconds)} left")
    if job.position:
        figures.append(f"{job.changes:,} changes followed, {job.changes_per_second:,.0f}/s, at {job.position}")
    if job.lag_seconds is not None:
        figures.append(f"lag {job.lag_seconds:.1f} s")
    if job.consistent_since:
        figures.append(f"consistent since {job.consistent_since}")
    return "; ".join(figures)


def duration(seconds: float) -> str:
    """`3 h 20 min`, `5 min 10 s`, `12 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
