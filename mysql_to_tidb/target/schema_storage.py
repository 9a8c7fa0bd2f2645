"""The storage options of TiDB that a job asks for: where they can be, how they are written, whether they came about."""

import re
from collections.abc import Iterator
from dataclasses import replace

from pymysql.connections import Connection

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.tables import DEFAULT_STORAGE, Storage, Table
from mysql_to_tidb.target.connection import is_tidb, target_errors
from mysql_to_tidb.target.schema_draft import IndexDraft, Rewrites, Severity, TableDraft

_HINT = "correct `storage` in the job file"


def storage_options(draft: TableDraft) -> Rewrites:
    """Options that TiDB would refuse are refused here, with the reason."""
    wanted = draft.source.storage
    if wanted.auto_random_bits:
        yield from _auto_random(draft, wanted)
    if wanted.nonclustered:
        yield from _nonclustered(draft)
    if wanted.shard_row_id_bits or wanted.pre_split_regions:
        yield from _shards(draft, wanted)


def _auto_random(draft: TableDraft, wanted: Storage) -> Rewrites:
    """TiDB refuses it anywhere but in the first column of a clustered primary key (error 8216)."""
    primary = _primary_key(draft)
    column = draft.column(primary.index.parts[0].column) if primary else None
    if column is None or column.column.data_type != "bigint":
        raise _refused(draft, "auto_random_bits needs a primary key that begins with a BIGINT column")
    if wanted.nonclustered:
        raise _refused(draft, "auto_random_bits and nonclustered exclude each other")
    if column.default:
        raise _refused(draft, f"auto_random_bits needs a column without a default, but {column.column.name} has one")
    column.auto_random_bits = wanted.auto_random_bits
    column.column = replace(column.column, extra=re.sub("(?i)auto_increment", "", column.column.extra).strip())
    draft.auto_increment = ""  # ids that are loaded count as used
    meaning = (
        "ids of new rows are random and mostly beyond 2^53: not in the order in which rows were made, and too long "
        "for the numbers of JavaScript"
    )
    yield draft.rewrite("auto_random", column.column.name, meaning)


def _nonclustered(draft: TableDraft) -> Rewrites:
    primary = _primary_key(draft)
    if primary is None:
        raise _refused(draft, "nonclustered needs a primary key")
    primary.nonclustered = True
    meaning = "rows are kept by a hidden row id: reading one by its primary key takes a step more"
    yield draft.rewrite("nonclustered", "PRIMARY", meaning, Severity.NOTE)


def _shards(draft: TableDraft, wanted: Storage) -> Rewrites:
    """TiDB refuses it where the primary key itself is the place of a row (error 8200)."""
    if _primary_key(draft) is not None and not wanted.nonclustered:
        raise _refused(draft, "shard_row_id_bits needs a table without a primary key, or nonclustered")
    if wanted.pre_split_regions > wanted.shard_row_id_bits:
        raise _refused(draft, "pre_split_regions cannot be more than shard_row_id_bits")
    draft.storage_options = f" /*T! {' '.join(_shard_words(wanted))} */"
    meaning = f"new rows are spread over {2**wanted.shard_row_id_bits} places instead of queueing at one"
    yield draft.rewrite("shard_row_id_bits", "SHARD_ROW_ID_BITS", meaning, Severity.NOTE)


def _shard_words(wanted: Storage) -> Iterator[str]:
    if wanted.shard_row_id_bits:
        yield f"SHARD_ROW_ID_BITS={wanted.shard_row_id_bits}"
    if wanted.pre_split_regions:
        yield f"PRE_SPLIT_REGIONS={wanted.pre_split_regions}"


def _primary_key(draft: TableDraft) -> IndexDraft | None:
    return next((each for each in draft.indexes if each.index.name == "PRIMARY"), None)


def _refused(draft: TableDraft, message: str) -> UnsupportedSchema:
    return UnsupportedSchema(message, where=str(draft.name), hint=_HINT)


def missing_options(connection: Connection, table: Table) -> tuple[str, ...]:
    """Which of the options that a table should have the target's table lacks. Raises as `target_errors`."""
    if table.storage == DEFAULT_STORAGE or not is_tidb(connection):
        return ()
    with target_errors(str(table.name)), connection.cursor() as cursor:
        cursor.execute(f"SHOW CREATE TABLE {table.name.quoted}")
        statement = str(cursor.fetchall()[0][1])
    wanted = list(_shard_words(table.storage))
    if table.storage.auto_random_bits:
        wanted.append(f"AUTO_RANDOM({table.storage.auto_random_bits})")
    if table.storage.nonclustered:
        wanted.append("NONCLUSTERED")
    return tuple(f"it lacks {words}" for words in wanted if words not in statement)
