"""The plan of a job: what would be created table by table, what that means, and how long it may take."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.facts import read_facts
from mysql_to_tidb.source.precheck import hours_kept
from mysql_to_tidb.source.schema import read_collations, read_tables
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.schema import (
    create_database_statement,
    create_table_statement,
    create_view_statement,
    foreign_key_statements,
)
from mysql_to_tidb.target.schema_compare import incompatibilities
from mysql_to_tidb.target.schema_create import Existing
from mysql_to_tidb.target.schema_draft import Rewrite

LOAD_BYTES_PER_SECOND = 5_000_000
"""What one connection loads, as a cautious guess; measured on a small machine, which holds both servers too."""


@dataclass(frozen=True)
class TablePlan:
    """What becomes of one table or view."""

    name: TableName
    kind: TableKind
    action: str
    """create, use (it is there and fits), or refuse."""
    statement: str = ""
    rewrites: tuple[Rewrite, ...] = ()
    problem: str = ""
    """Why it is refused, and what to do."""
    rows_estimate: int = 0
    bytes_estimate: int = 0
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class MigrationPlan:
    """Everything that a job would do to the target before and after its load."""

    databases: tuple[str, ...]
    """CREATE DATABASE statements."""
    tables: tuple[TablePlan, ...]
    foreign_keys: tuple[str, ...]
    """ALTER TABLE statements, run once all is loaded."""
    left_out: tuple[Rewrite, ...]
    """Foreign keys that cannot be added."""
    load_seconds: float
    hours_kept: float | None
    """How long the source keeps its binary logs; None: until they are purged by hand."""

    @property
    def retention(self) -> str:
        """Whether binary logs are kept for long enough, in a sentence."""
        if self.hours_kept is None:
            return "the source keeps its binary logs until they are purged by hand"
        kept = f"the source keeps its binary logs for {self.hours_kept:,.0f} h"
        if self.hours_kept * 3600 < self.load_seconds:
            return f"{kept}, which is less than the load takes: raise the retention before the start"
        return f"{kept}, {self.hours_kept * 3600 / max(self.load_seconds, 1):,.0f} times what the load takes"

    @property
    def rows_estimate(self) -> int:
        return sum(table.rows_estimate for table in self.tables)

    @property
    def bytes_estimate(self) -> int:
        return sum(table.bytes_estimate for table in self.tables)

    def as_json(self) -> dict[str, Any]:
        figures = {"rows_estimate": self.rows_estimate, "bytes_estimate": self.bytes_estimate}
        return asdict(self) | figures | {"retention": self.retention}


def plan_job(job: Job, source: ServerSettings, target: ServerSettings) -> MigrationPlan:
    """The plan of a job, its storage options among it; writes nothing. Raises as `make_plan`."""
    return make_plan(source, target, job.choice, job.limits.load_connections, job.stored)


def make_plan(
    source: ServerSettings,
    target: ServerSettings,
    choice: ObjectChoice,
    load_connections: int = 4,
    stored: Callable[[Iterable[Table]], tuple[Table, ...]] = tuple,
) -> MigrationPlan:
    """Work out what a job would do; writes nothing. Raises the errors of both connections, and InvalidJob.

    `stored` gives tables the storage options that they shall have.
    """
    connection = open_source(source)
    try:
        facts = read_facts(connection, source.kind, choice)
        tables = stored(read_tables(connection, choice))
        collations = read_collations(connection, choice)
    finally:
        connection.close()
    target_connection = open_target(target)
    try:
        existing = Existing(target_connection, collations)
    finally:
        target_connection.close()
    statements, left_out = foreign_key_statements(table for table in tables if table.kind is TableKind.TABLE)
    return MigrationPlan(
        databases=tuple(create_database_statement(schema, name) for schema, name in sorted(collations.items())),
        tables=tuple(_plan(table, existing) for table in tables),
        foreign_keys=tuple(key.statement for key in statements),
        left_out=left_out,
        load_seconds=load_seconds(tables, load_connections),
        hours_kept=hours_kept(facts),
    )


def load_seconds(tables: Iterable[Table], connections: int) -> float:
    """How long a full load may take; a guess from the sizes that the source estimates."""
    return sum(table.bytes_estimate for table in tables) / (LOAD_BYTES_PER_SECOND * connections)


def _plan(table: Table, existing: Existing) -> TablePlan:
    try:
        ddl = create_view_statement(table) if table.kind is TableKind.VIEW else create_table_statement(table)
    except UnsupportedSchema as error:
        return _planned(table, "refuse", problem=f"{error.where}: {error.message}; {error.hint}")
    present = existing.find(table.name)
    if present is None or table.kind is TableKind.VIEW:
        return _planned(table, "create", statement=ddl.statement, rewrites=ddl.rewrites)
    reasons = incompatibilities(ddl.table, present) if present.kind is TableKind.TABLE else ("it is a view",)
    if reasons:
        return _planned(table, "refuse", problem=f"the target's table does not fit: {'; '.join(reasons)}")
    return _planned(table, "use", rewrites=ddl.rewrites)


def _planned(
    table: Table, action: str, *, statement: str = "", rewrites: tuple[Rewrite, ...] = (), problem: str = ""
) -> TablePlan:
    return TablePlan(
        name=table.name,
        kind=table.kind,
        action=action,
        statement=statement,
        rewrites=rewrites,
        problem=problem,
        rows_estimate=table.rows_estimate,
        bytes_estimate=table.bytes_estimate,
        key=tuple(column.name for column in table.key_columns),
    )
