"""The precheck stage: everything that a migration needs, looked at before anything is written."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Self

from mysql_to_tidb.errors import MigrationError
from mysql_to_tidb.job import Job, StartAtFile, StartAtGtid
from mysql_to_tidb.model.checks import CheckResult, Ignored, Outcome, decide
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Mode
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source import facts as source_facts
from mysql_to_tidb.source import precheck as source_items
from mysql_to_tidb.source.advice import grants_on
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.precheck_tables import table_items_for
from mysql_to_tidb.source.row_sizes import longest_rows
from mysql_to_tidb.source.schema import read_databases, read_tables
from mysql_to_tidb.stages.plan import load_seconds
from mysql_to_tidb.stages.running import open_store
from mysql_to_tidb.target import facts as target_facts
from mysql_to_tidb.target import precheck as target_items
from mysql_to_tidb.target.connection import open_target

IGNORABLE_FAILURES = frozenset({"cascading_foreign_keys"})
"""Items that fail because only the user knows better; named in `ignore_warnings` they are warnings."""


@dataclass(frozen=True)
class Request:
    """What is to be checked."""

    choice: ObjectChoice
    mode: Mode
    connections: int
    """That the job opens at each side, at the most."""
    load_connections: int
    start_file: str = ""
    start_gtid: str = ""
    own_tables: Collection[TableName] = ()
    """Tables of the target that the job itself has filled."""
    stored: Callable[[Iterable[Table]], tuple[Table, ...]] = tuple
    """Gives tables the storage options of the job."""

    @classmethod
    def of(cls, job: Job, own_tables: Collection[TableName] = ()) -> Self:
        return cls(
            choice=job.choice,
            mode=job.mode,
            connections=job.limits.connections,
            load_connections=job.limits.load_connections,
            start_file=job.start.file if isinstance(job.start, StartAtFile) else "",
            start_gtid=job.start.gtid if isinstance(job.start, StartAtGtid) else "",
            own_tables=own_tables,
            stored=job.stored,
        )


def check_job(job: Job, source: ServerSettings, target: ServerSettings) -> tuple[tuple[CheckResult, ...], Outcome]:
    """Every item that concerns a job, and what they come to with the warnings that it ignores."""
    results = run_precheck(source, target, Request.of(job, _own_tables(target, job.name)))
    results = tuple(_softened(result, job.ignore_warnings) for result in results)
    return results, decide(results, job.ignore_warnings)


def run_precheck(source: ServerSettings, target: ServerSettings, request: Request) -> tuple[CheckResult, ...]:
    """Every item that concerns a request. Writes nothing and raises nothing: what cannot be read has failed."""
    with ThreadPoolExecutor(2, thread_name_prefix="precheck") as pool:
        source_side = pool.submit(_check_source, source, request)
        target_connection = pool.submit(_check_target_connection, target)
        found = source_side.result()
        connected = target_connection.result()
    results = [*found.results, connected]
    if connected.outcome is Outcome.PASS:
        results += _check_target(target, request, found)
    return tuple(results)


@dataclass(frozen=True)
class SourceSide:
    """What the source was found to be; without facts where it cannot be asked."""

    results: list[CheckResult]
    facts: source_facts.SourceFacts | None = None
    tables: tuple[Table, ...] = ()
    """Those that the user may read."""
    longest_rows: Mapping[TableName, int] = field(default_factory=dict)


def _check_source(settings: ServerSettings, request: Request) -> SourceSide:
    try:
        connection = open_source(settings)
    except MigrationError as error:
        return SourceSide([_failure("source_connection", "source", error)])
    try:
        facts = source_facts.read_facts(connection, settings.kind, request.choice)
        results = [CheckResult("source_connection", Outcome.PASS, f"connected to {facts.version}", where="source")]
        databases: tuple[str, ...] = ()
        tables: tuple[Table, ...] = ()
        try:
            databases = read_databases(connection, request.choice)
            tables = request.stored(read_tables(connection, request.choice))
        except MigrationError as error:
            results.append(_hidden(error, facts, request))
        else:
            results.append(_chosen(tables, request))
        may_read = {table.name: facts.grants.on_table("SELECT", table.name) for table in tables}
        readable = tuple(table for table in tables if may_read[table.name])
        loads = request.mode is not Mode.INCREMENTAL
        longest = longest_rows(connection, readable, mariadb=facts.mariadb) if loads else {}
    except MigrationError as error:
        return SourceSide([_failure("source_connection", "source", error)])
    finally:
        connection.close()
    scope = source_items.Scope(
        mode=request.mode,
        choice=request.choice,
        databases=databases,
        tables=readable,
        unreadable=tuple(table for table in tables if not may_read[table.name]),
        connections=request.connections,
        load_seconds=load_seconds(readable, request.load_connections),
        start_file=request.start_file,
        start_gtid=request.start_gtid,
    )
    items = (*source_items.items_for(scope), *table_items_for(scope))
    results += [result for item in items if (result := item(facts, scope)) is not None]
    return SourceSide(results, facts, readable, longest)


def _hidden(error: MigrationError, facts: source_facts.SourceFacts, request: Request) -> CheckResult:
    """What is named in the job and not there; or there, and not shown to a user without rights."""
    result = _failure("objects", "source", error)
    patterns = (*request.choice.databases, *(table.schema for table in request.choice.tables))
    named = sorted({pattern.literal for pattern in patterns if pattern.literal is not None})
    lacking = [name for name in named if not facts.grants.on_schema("SELECT", name)]
    if not lacking:
        return result
    advice = grants_on(facts, ("SELECT", "SHOW VIEW"), lacking)
    return replace(result, solution=f"{result.solution}: {advice.solution}", documentation=advice.documentation)


def _chosen(tables: tuple[Table, ...], request: Request) -> CheckResult:
    if tables:
        return CheckResult("objects", Outcome.PASS, f"{len(tables)} tables and views are chosen", where="source")
    solution = "check the names, and that the source user may see the tables"
    return CheckResult("objects", Outcome.WARNING, f"there is no table in {request.choice}", solution, "source")


def _check_target_connection(settings: ServerSettings) -> CheckResult:
    try:
        connection = open_target(settings)
    except MigrationError as error:
        return _failure("target_connection", "target", error)
    version = str(connection.server_version)
    connection.close()
    return CheckResult("target_connection", Outcome.PASS, f"connected to {version}", where="target")


def _check_target(settings: ServerSettings, request: Request, source: SourceSide) -> list[CheckResult]:
    try:
        connection = open_target(settings)
        try:
            facts = target_facts.read_facts(connection, [table.name for table in source.tables])
        finally:
            connection.close()
    except MigrationError as error:
        return [_failure("target_connection", "target", error)]
    plan = target_items.Plan.of(request.mode, source.tables, request.connections, request.own_tables)
    plan = replace(plan, longest_rows=source.longest_rows)
    results = [result for item in target_items.ITEMS if (result := item(facts, plan)) is not None]
    return [*results, source_is_target(source.facts, facts)] if source.facts else results


def source_is_target(source: source_facts.SourceFacts, target: target_facts.TargetFacts) -> CheckResult:
    """Whether both connections reached the same server."""
    item = "source_is_target"
    if source.version != target.version or source.identity != target.identity:
        return CheckResult(item, Outcome.PASS, "source and target are different servers", where="target")
    reason = f"source and target are the same server, {source.identity[1]}:{source.identity[2]}"
    return CheckResult(item, Outcome.FAILED, reason, "correct source or target in the job", "target")


def _failure(item: str, where: str, error: MigrationError) -> CheckResult:
    solution = error.hint or "mend what the server says, and check again"
    return CheckResult(item, Outcome.FAILED, error.message, solution, error.where or where)


def _softened(result: CheckResult, ignored: Ignored) -> CheckResult:
    """A failure that the user has taken upon himself by name counts as a warning that is ignored."""
    if result.item in IGNORABLE_FAILURES and ignored != "all" and result.item in ignored:
        return replace(result, outcome=Outcome.WARNING if result.outcome is Outcome.FAILED else result.outcome)
    return result


def _own_tables(target: ServerSettings, name: str) -> list[TableName]:
    """Tables that an earlier run of the job has created; none where the target cannot be asked."""
    try:
        with open_store(target) as store:
            store.read_job(name)
            return [record.table.name for record in store.tables.records(name)]
    except MigrationError:
        return []
