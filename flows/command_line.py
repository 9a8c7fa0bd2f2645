"""The command `mysql-to-tidb`: reads a job file, calls the library or runs the flows, prints the outcome."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import terminal
from mysql_to_tidb.errors import InvalidJob, MigrationError
from mysql_to_tidb.job import Job, load_job
from mysql_to_tidb.model.checks import Outcome, refuse
from mysql_to_tidb.model.states import Until
from mysql_to_tidb.stages.running import is_new, validate_connections

app = typer.Typer(
    name="mysql-to-tidb",
    help="Migrate MySQL and MariaDB to TiDB: existing rows, then every change, exactly once, until you cut over.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

JobFile = Annotated[Path, typer.Argument(metavar="JOB.yaml", help="The job file")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts")]


class ExitCode(IntEnum):
    """What the command tells a script."""

    DONE = 0
    FAILED = 1
    WARNINGS = 3
    CHECK_FAILED = 4
    DIFFERENT = 5
    NO_GO = 6
    INTERRUPTED = 130


@contextmanager
def _reported() -> Iterator[None]:
    """Show an error in the users' words and end with its exit code, never with a traceback."""
    try:
        yield
    except MigrationError as error:
        terminal.show_error(error)
        raise typer.Exit(ExitCode.CHECK_FAILED if error.code == "PRECHECK_FAILED" else ExitCode.FAILED) from None
    except KeyboardInterrupt:
        terminal.err.print("interrupted; `start` goes on from the last commit")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _print_json(content: Any) -> None:
    print(json.dumps(content, default=str, ensure_ascii=False))  # noqa: T201 - what scripts read


@app.command()
def check(job_file: JobFile, as_json: AsJson = False) -> None:
    """Validate the connections and check that the migration can run; writes nothing."""
    with _reported():
        job = load_job(job_file)
        results, outcome = _checked(job)
        if as_json:
            _print_json({"job": job.name, "outcome": outcome, "items": [result.as_json() for result in results]})
        else:
            terminal.out.print(terminal.checks(results, _ignored(job, [result.item for result in results])))
        codes = {Outcome.PASS: ExitCode.DONE, Outcome.WARNING: ExitCode.WARNINGS, Outcome.FAILED: ExitCode.CHECK_FAILED}
        raise typer.Exit(codes[outcome])


@app.command()
def plan(job_file: JobFile, as_json: AsJson = False) -> None:
    """Show what would be created in the target and what it means; writes nothing."""
    with _reported():
        from mysql_to_tidb.stages.plan import plan_job

        job = load_job(job_file)
        source, target = _settings(job)
        made = plan_job(job, source, target)
        if as_json:
            _print_json(made.as_json())
        else:
            terminal.out.print(terminal.plan(made))


@app.command()
def start(
    job_file: JobFile,
    until: Annotated[Until, typer.Option(help="When to stop")] = Until.FOREVER,
) -> None:
    """Run the job in this process, from its beginning or from where it was left."""
    with _reported():
        job = load_job(job_file)
        _run(job, until=until, restart=False)


@app.command()
def restart(
    job_file: JobFile,
    until: Annotated[Until, typer.Option(help="When to stop")] = Until.FOREVER,
) -> None:
    """Run a failed job again; where target and source disagree, the source's rows win."""
    with _reported():
        job = load_job(job_file)
        _run(job, until=until, restart=True)


@app.command()
def status(job_file: JobFile, as_json: AsJson = False) -> None:
    """Show how far the job is."""
    with _reported():
        from mysql_to_tidb.stages.status import read_progress

        job = load_job(job_file)
        progress = read_progress(*_settings(job), job.name)
        if as_json:
            _print_json(progress.as_json())
        else:
            terminal.out.print(terminal.progress(progress))


@app.command(name="list")
def list_jobs(
    job_file: Annotated[
        Path | None, typer.Argument(metavar="[JOB.yaml]", help="A job file that names the target")
    ] = None,
    target: Annotated[str | None, typer.Option(envvar="MYSQL_TO_TIDB_TARGET", help="Or the target's URL")] = None,
    as_json: AsJson = False,
) -> None:
    """Show all jobs of a target."""
    with _reported():
        from mysql_to_tidb.job import Target
        from mysql_to_tidb.stages.status import read_all_progress

        if job_file:
            settings = _settings(load_job(job_file))[1]
        elif target:
            settings = Target(url=target).settings("tidb")
        else:
            raise InvalidJob("which target?", hint="name a job file, or --target mysql://user:${PASSWORD}@host:4000")
        jobs = read_all_progress(settings)
        if as_json:
            _print_json([job.as_json() for job in jobs])
        else:
            terminal.out.print(terminal.jobs(jobs))


@app.command()
def validate(
    job_file: JobFile,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what differs; the job must not be running")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every row of source and target, whether the job runs or not; exit 0 only if all are equal."""
    with _reported():
        from mysql_to_tidb.stages import validate as stage
        from mysql_to_tidb.validate.report import Outcome as Comparison

        job = load_job(job_file)
        report = (stage.repair if repair else stage.validate)(job, *_settings(job))
        if as_json:
            _print_json(report.as_json())
        else:
            terminal.out.print(terminal.validation(report))
        raise typer.Exit(ExitCode.DONE if report.outcome is Comparison.EQUAL else ExitCode.DIFFERENT)


@app.command()
def cutover(
    job_file: JobFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; change nothing")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Call a cutover off: the sync goes on")] = False,
    as_json: AsJson = False,
) -> None:
    """Prove that the source stands still and that the target has all of it: GO (exit 0) or NO-GO (exit 6)."""
    with _reported():
        from mysql_to_tidb.model.cutover import Decision
        from mysql_to_tidb.stages import actions
        from mysql_to_tidb.stages import cutover as stage

        job = load_job(job_file)
        source, target = _settings(job)
        if abort:
            terminal.out.print(stage.abort(target, job.name))
            if not actions.is_running(target, job.name):
                _run(job, until=Until.FOREVER, restart=False)
            return
        report = stage.cut_over(job, source, target, dry_run=dry_run)
        if as_json:
            _print_json(report.as_json())
        else:
            terminal.out.print(terminal.cutover(report))
        raise typer.Exit(ExitCode.NO_GO if report.decision is Decision.NO_GO else ExitCode.DONE)


def _action(name: str, job_file: Path) -> None:
    with _reported():
        from mysql_to_tidb.stages import actions

        job = load_job(job_file)
        act: Callable[..., str] = getattr(actions, name)
        terminal.out.print(act(_settings(job)[1], job.name))


@app.command()
def pause(job_file: JobFile) -> None:
    """Pause the job, wherever it runs, behind its next commit."""
    _action("pause", job_file)


@app.command()
def resume(job_file: JobFile) -> None:
    """Let a paused job go on: where it still runs, or else in this process."""
    with _reported():
        from mysql_to_tidb.stages import actions

        job = load_job(job_file)
        target = _settings(job)[1]
        terminal.out.print(actions.resume(target, job.name))
        if not actions.is_running(target, job.name):
            _run(job, until=Until.FOREVER, restart=False)


@app.command()
def delete(job_file: JobFile) -> None:
    """Forget the job, in any status; what it has migrated stays in the target."""
    _action("delete", job_file)


@app.command()
def setup(
    notification: Annotated[
        str | None, typer.Option(help="Name of a saved notification block, which alerts go to")
    ] = None,
) -> None:
    """Make the Prefect server of PREFECT_API_URL ready: blocks, work pool, deployments, alerts; any time again."""
    with _reported():
        from deployments.setup import set_up

        for line in set_up(notification):
            terminal.out.print(line, markup=False, highlight=False, soft_wrap=True)


def _settings(job: Job) -> tuple[Any, Any]:
    if job.source.block or job.target.block:
        from blocks import source_settings, target_settings

        return source_settings(job), target_settings(job)
    return job.source_settings(), job.target_settings()


def _checked(job: Job) -> tuple[Any, Outcome]:
    from mysql_to_tidb.stages.precheck import check_job

    source, target = _settings(job)
    return check_job(job, source, target)


def _ignored(job: Job, items: list[str]) -> list[str]:
    return items if job.ignore_warnings == "all" else list(job.ignore_warnings)


def _refuse_hopeless(job: Job) -> None:
    """Say what cannot work before Prefect is started, which takes its time; the flow checks again."""
    source, target = _settings(job)
    validate_connections(source, target)
    if is_new(target, job.name):
        refuse(*_checked(job))


def _run(job: Job, *, until: Until, restart: bool) -> None:
    """Run the flow `migrate` in this process; the last line on stdout is its summary as JSON."""
    _refuse_hopeless(job)
    for name, value in {
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }.items():
        os.environ.setdefault(name, value)
    from flows.live import shown_progress
    from flows.migrate import migrate

    with shown_progress(job):
        summary = migrate(job.concealed(), until=until, restart=restart)
    _print_json(summary)


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except MigrationError as error:
        terminal.show_error(error)
        sys.exit(ExitCode.FAILED)
