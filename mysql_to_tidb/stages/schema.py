"""The schema stage: databases, tables and views come into being at the target; foreign keys after the load."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from mysql_to_tidb.job import Job
from mysql_to_tidb.model.checkpoints import TableState
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.schema import read_collations, read_tables
from mysql_to_tidb.stages.running import open_store
from mysql_to_tidb.target import schema_create
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.schema_draft import Rewrite

CONNECTIONS_MAX = 4
TABLES_PER_CONNECTION_MIN = 20
"""Fewer are not worth another connection."""


def create_tables(job: Job, source: ServerSettings, target: ServerSettings, fence: Fence) -> int:
    """Create what the target lacks of the job's tables, then their views; how many tables the job has.

    Raises UnsupportedSchema and TargetRefused, naming the table. Called again it goes on.
    """
    with open_store(target) as store:
        records = store.tables.records(job.name)
        pending = [record.table for record in records if record.state is TableState.PENDING]
        if records and not pending:
            return len(records)
        reached(Point.BEFORE_SCHEMA_CREATE)
        collations, views = _databases_and_views(job, source)
        create(target, collations, pending, views)
        reached(Point.AFTER_SCHEMA_CREATE)
        if pending:
            store.tables.set_state(fence, [table.name for table in pending], TableState.CREATED)
    return len(records)


def add_foreign_keys(target: ServerSettings, fence: Fence) -> tuple[Rewrite, ...]:
    """Add the foreign keys between the job's tables, once all are loaded; what was left out and why."""
    with open_store(target) as store:
        tables = [record.table for record in store.tables.records(fence.job)]
    connection = open_target(target)
    try:
        return schema_create.add_foreign_keys(connection, tables)
    finally:
        connection.close()


def create(
    target: ServerSettings, collations: dict[str, str], tables: Sequence[Table], views: Sequence[Table]
) -> tuple[Rewrite, ...]:
    """Create databases, tables and views over a few connections at a time; what had to change."""
    connection = open_target(target)
    try:
        schema_create.create_databases(connection, collations)
        rewrites = _create_tables(target, tables)
        return (*rewrites, *schema_create.create_views(connection, views))
    finally:
        connection.close()


def _create_tables(target: ServerSettings, tables: Sequence[Table]) -> list[Rewrite]:
    lanes = max(1, min(CONNECTIONS_MAX, len(tables) // TABLES_PER_CONNECTION_MIN))
    with ThreadPoolExecutor(lanes, thread_name_prefix="create-tables") as pool:
        shares = [tables[lane::lanes] for lane in range(lanes)]
        return [rewrite for rewrites in pool.map(_create_share, [target] * lanes, shares) for rewrite in rewrites]


def _create_share(target: ServerSettings, tables: Sequence[Table]) -> tuple[Rewrite, ...]:
    connection = open_target(target)
    try:
        return schema_create.create_tables(connection, tables)
    finally:
        connection.close()


def _databases_and_views(job: Job, source: ServerSettings) -> tuple[dict[str, str], list[Table]]:
    connection = open_source(source)
    try:
        views = [table for table in read_tables(connection, job.choice) if table.kind is TableKind.VIEW]
        return read_collations(connection, job.choice), views
    finally:
        connection.close()
