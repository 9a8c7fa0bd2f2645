"""Compares a job whose source stands still, as little as needed: what the last validation left, and what changed since.

Rows that the log has not touched since a validation found them equal are equal still; they are only counted.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from mysql_to_tidb.errors import StreamError
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.jobs import JobRecord
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.source.connection import read_identity
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.stages.comparing import Workers
from mysql_to_tidb.stages.running import open_store
from mysql_to_tidb.stages.validate import LOOK_AGAIN_SECONDS, SUSPECTS_MAX, Comparison, Progress
from mysql_to_tidb.target.state_validations import TableValidation, ValidationLedger, definition_digest
from mysql_to_tidb.validate.pairs import TablePair
from mysql_to_tidb.validate.reading import count_rows
from mysql_to_tidb.validate.report import Outcome, TableReport, ValidationReport
from mysql_to_tidb.validate.settle import Suspects, settled
from mysql_to_tidb.validate.since import Touched, touched


def compare_again(
    job: Job, record: JobRecord, workers: Workers, pairs: Mapping[TableName, TablePair]
) -> tuple[ValidationReport, str]:
    """The outcome for all tables, and in words how it was reached."""
    with open_store(workers.parties.target) as store:
        known = ValidationLedger(store.connection, record, "").tables()
    fresh = {name: pair for name, pair in pairs.items() if _is_fresh(pair, known.get(name))}
    changed = _touched_since(workers, fresh, known)
    whole = {
        name: pair
        for name, pair in pairs.items()
        if name not in fresh or name in changed.whole or (name in changed.tables and not pair.table.key)
    }
    progress = {name: Progress(pair.table, TableReport(name)) for name, pair in whole.items()}
    report = Comparison(job.name, workers, None, progress, None).run()
    rest = {name: pair for name, pair in fresh.items() if name not in whole}
    tables = [_counted(workers, pair) for pair in rest.values()]
    compared = {table.name: table for table in (*report.tables, *tables)}
    keys = {name: suspects for name, suspects in changed.keys.items() if name in rest}
    for name, suspects in keys.items():
        compared[name] = _looked_at(workers, compared[name], suspects)
    how = (
        f"{len(whole)} tables compared in full, of {len(rest)} those rows that changed since they were validated "
        f"({sum(len(each.keys) for each in keys.values()):,})"
    )
    return replace(report, tables=tuple(compared[name] for name in pairs)), how


def _is_fresh(pair: TablePair, known: TableValidation | None) -> bool:
    """Whether the last validation has compared all of the table as it is now, and found it equal."""
    if known is None or not known.complete or known.definition != definition_digest(pair.table) or not known.start.file:
        return False
    return TableReport.from_json(pair.name, json.loads(known.report)).outcome is Outcome.EQUAL


def _touched_since(
    workers: Workers, fresh: Mapping[TableName, TablePair], known: Mapping[TableName, TableValidation]
) -> Touched:
    """What the log has touched since the validation of the tables; all of them, where it cannot tell."""
    if not fresh:
        return Touched()
    start = min((known[name].start for name in fresh), key=lambda position: position.order)
    with workers.connections() as (source, _):
        end = current_position(source, read_identity(source))
        try:
            return touched(source, workers.parties, start, end, fresh)
        except StreamError:
            return Touched(tables=set(fresh), whole=set(fresh))


def _counted(workers: Workers, pair: TablePair) -> TableReport:
    with workers.connections() as (source, target):
        here, there = count_rows(source, pair, pair.source), count_rows(target, pair, pair.target)
    problem = "" if here == there else f"{here} rows at the source, {there} at the target"
    return TableReport(pair.name, rows=here, problem=problem, complete=True)


def _looked_at(workers: Workers, report: TableReport, suspects: Suspects) -> TableReport:
    keys = iter(suspects.keys.items())
    while some := dict(islice(keys, SUSPECTS_MAX)):
        part = {report.name: Suspects(suspects.pair, some)}
        with workers.connections() as (source, target):
            verdict = settled(source, target, workers.parties, part, LOOK_AGAIN_SECONDS).verdicts[report.name]
        if verdict.undecided and verdict.differences:
            report = replace(report, pending=report.pending + len(verdict.differences), problem=verdict.undecided)
        else:
            report = report.with_differences(verdict.differences.values())
    return report
