"""One round: a workload is carried from a source to a target while it runs, and both sides are compared."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from mysql_to_tidb.errors import JobNotFound, MigrationError
from mysql_to_tidb.job import load_job
from mysql_to_tidb.model.states import Until
from mysql_to_tidb.stages.validate import validate
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.validate.report import Outcome
from tests.fuzz.workload import Workload
from tests.fuzz.writer import Writer, execute
from tests.lab.comparison import TableResult, compare
from tests.lab.drive import drive
from tests.lab.jobs import job_fields
from tests.lab.servers import Server

PAUSE_SECONDS = 0.005

Interference = Callable[[Workload, Server], None]
"""Something that is done to the target just before the comparison."""


@dataclass(frozen=True)
class Verdict:
    """What a round came to."""

    workload: Workload
    tables: int
    rows: int
    changes: int
    """Statements that the source took."""
    problems: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        kind = self.workload.kind
        counted = f"{self.tables:2} tables {self.rows:5} rows {self.changes:5} changes"
        return f"seed {self.workload.seed:<11} {kind:8} {counted}  {'equal' if self.equal else 'NOT EQUAL'}"


def play(
    workload: Workload, source: Server, target: Server, folder: Path, *, before_comparison: Interference | None = None
) -> Verdict:
    """Build the schema, load and follow it under changes, and compare.

    Raises AssertionError where the source refuses a statement, which is a mistake of the workload.
    """
    first, changes = workload.writes()
    problems: list[str] = []
    with settings_of(workload, source), contextlib.closing(source.connect()) as connection:
        taken = execute(connection, [*workload.session_statements(), *workload.create_statements()])
        for transaction in first:
            taken += execute(connection, transaction)
        execute(connection, workload.statistics_statements())
        job = write_job(workload, source, target, folder)
        half = len(changes) // 2
        try:
            # Slow enough that the load is still under way, then as fast as it goes.
            taken += _drive_under(Writer(connection, changes[:half], pause_seconds=PAUSE_SECONDS), job)
            taken += _drive_under(Writer(connection, changes[half:], pause_seconds=0), job)
            drive(job, Until.CAUGHT_UP)
        except MigrationError as error:
            problems += error.lines()
    results: list[TableResult] = []
    if not problems:
        if before_comparison:
            before_comparison(workload, target)
        results = compare(source, target, workload.database)
        problems += [line for result in results for line in result.differences]
        # The product's own validation must see it likewise.
        problems += validated(job) if not problems else []
    return Verdict(workload, len(workload.tables()), sum(r.source_rows for r in results), taken, tuple(problems))


def validated(job_file: Path) -> list[str]:
    """What the job's validation finds wrong, table by table."""
    job = load_job(job_file)
    report = validate(job, job.source_settings(), job.target_settings())
    return [
        f"{table.name} is {table.outcome} to the validation: {table.problem or table.differences}"
        for table in report.tables
        if table.outcome is not Outcome.EQUAL
    ]


def _drive_under(writer: Writer, job: Path) -> int:
    """Bring the job up to the source while it is written to; statements that the source took."""
    with writer:
        drive(job, Until.CAUGHT_UP)
        writer.finish()
    return writer.statements


def write_job(workload: Workload, source: Server, target: Server, folder: Path) -> Path:
    """The job file of a workload."""
    objects = {"databases": [workload.database]}
    fields = job_fields(workload.database, source, target, objects=objects, spec=workload.spec())
    path = folder / f"{workload.database}.yaml"
    path.write_text(yaml.safe_dump(json.loads(json.dumps(fields))))
    return path


@contextlib.contextmanager
def settings_of(workload: Workload, source: Server) -> Iterator[None]:
    """The source's settings as the workload wants them, and afterwards as they were."""
    before = {}
    for name, value in workload.global_settings().items():
        ((before[name],),) = source.execute(f"SELECT @@global.{name}")
        source.execute(f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        for name, value in before.items():
            source.execute(f"SET GLOBAL {name} = {value}")


def forget(workload: Workload, source: Server, target: Server) -> None:
    """Drop what a round has left on both sides."""
    for server in (source, target):
        server.execute(f"DROP DATABASE IF EXISTS `{workload.database}`")
    with contextlib.closing(open_target(target.settings)) as connection:
        store = StateStore(connection)
        store.schema.create()
        with contextlib.suppress(JobNotFound):
            store.delete_job(workload.database)


def remove_a_row(workload: Workload, target: Server) -> None:
    """What every comparison must find: the first table of the target that has rows loses one of them."""
    for table in workload.tables():
        name = f"`{workload.database}`.{table.quoted}"
        ((rows,),) = target.execute(f"SELECT COUNT(*) FROM {name}")
        if rows:
            target.execute(f"DELETE FROM {name} LIMIT 1")
            return
