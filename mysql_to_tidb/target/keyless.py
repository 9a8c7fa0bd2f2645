"""Deletes rows of a table without a key, which are found by all their values, and counted.

Each row for itself costs a scan of the table. TiDB has ids for such rows: there one scan finds many of them;
whatever it cannot settle is left to the single rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pymysql

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.batches import batch_from_images
from mysql_to_tidb.connection import error_number
from mysql_to_tidb.model.changes import RowImage
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.staging.fold import KeylessFold
from mysql_to_tidb.target.conflict import RowsDisagree
from mysql_to_tidb.target.connection import TargetConnection

ROWS_MAX = 500
"""Different rows that one scan looks for."""
CANDIDATES_MAX = 100_000
"""Rows that may look like them at first sight; where there are more, the scan is of no use."""
IDS_MAX = 2_000
"""Ids of one DELETE."""
_UNKNOWN_COLUMN = 1054
CONDITION_CHARACTERS_MAX = 1 << 20
"""How long what it looks for may become; a statement must fit into a packet, with room to spare."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A row that is to go, so many times."""

    image: RowImage
    count: int
    literals: tuple[str, ...]
    condition: str
    """What holds for exactly the rows that equal it."""


def delete_rows(connection: TargetConnection, fold: KeylessFold, *, exact: bool) -> None:
    """Delete as many of each row as the fold has fewer.

    Raises RowsDisagree where they are not there, unless that does not matter to the caller.
    """
    table = fold.mapped.table.name.quoted
    wanted = _wanted(fold)
    row_ids = len(wanted) > 1 and _has_row_ids(connection, table)
    for rows in _slices(wanted):
        if row_ids and _delete_by_row_id(connection, fold, rows):
            continue
        for row in rows:
            deleted = connection.query(f"DELETE FROM {table} WHERE {row.condition} LIMIT {row.count}")
            if exact and deleted != row.count:
                said = f"of {row.count} equal rows that the source changed or deleted, {deleted} are there"
                raise RowsDisagree(fold, said, row.image)


def _wanted(fold: KeylessFold) -> list[_Wanted]:
    fewer = {image: -delta for image, delta in fold.deltas.items() if delta < 0}
    families = families_of(fold.mapped.table)
    batch = batch_from_images(fold.mapped, list(fewer), families)
    literals = zip(
        *(family.to_literals(values) for family, values in zip(families, batch.columns, strict=True)), strict=True
    )
    wanted = []
    for (image, count), row in zip(fewer.items(), literals, strict=True):
        equal = (
            family.equals(quote_name(family.column.name), literal)
            for family, literal in zip(families, row, strict=True)
        )
        wanted.append(_Wanted(image, count, row, " AND ".join(equal)))
    return wanted


def _has_row_ids(connection: TargetConnection, table: str) -> bool:
    """TiDB has them for every table without a clustered primary key (TiDB documentation, `_tidb_rowid`)."""
    try:
        connection.query(f"SELECT _tidb_rowid FROM {table} LIMIT 0")
    except pymysql.MySQLError as error:
        if error_number(error) != _UNKNOWN_COLUMN:
            raise
        return False
    return True


def _delete_by_row_id(connection: TargetConnection, fold: KeylessFold, rows: Sequence[_Wanted]) -> bool:
    """Find the rows in one scan and delete them by id; False, with nothing deleted, where that finds too few.

    Raises RowsDisagree where someone else has deleted them since.
    """
    table = fold.mapped.table.name.quoted
    which = " ".join(f"WHEN {row.condition} THEN {place}" for place, row in enumerate(rows))
    # The alias matters: the whole expression would be the name, cut in the middle of a character.
    # A condition on `which` would be evaluated for every row of the table, with the scan.
    select = (
        f"SELECT _tidb_rowid, CASE {which} END AS place "
        f"FROM {table} WHERE {_first_sight(fold, rows)} LIMIT {CANDIDATES_MAX}"
    )
    with connection.cursor() as cursor:
        cursor.execute(select)
        candidates = cursor.fetchall()
    found: list[list[int]] = [[] for _ in rows]
    for row_id, place in candidates:
        if place is not None:
            found[place].append(row_id)
    if any(len(row_ids) < row.count for row_ids, row in zip(found, rows, strict=True)):
        return False
    chosen = [row_id for row_ids, row in zip(found, rows, strict=True) for row_id in row_ids[: row.count]]
    deleted = 0
    for start in range(0, len(chosen), IDS_MAX):
        ids = ", ".join(map(str, chosen[start : start + IDS_MAX]))
        deleted += connection.query(f"DELETE FROM {table} WHERE _tidb_rowid IN ({ids})")
    if deleted != len(chosen):
        raise RowsDisagree(fold, f"of {len(chosen)} rows just found, {deleted} were there to be deleted")
    return True


def _first_sight(fold: KeylessFold, rows: Sequence[_Wanted]) -> str:
    """A cheap condition that all of the rows meet, and few others: each column has one of their values."""
    conditions = ["TRUE"]
    for place, column in enumerate(fold.mapped.table.stored_columns):
        values = {row.literals[place] for row in rows}
        if column.data_type == "json" or sum(map(len, values)) > CONDITION_CHARACTERS_MAX // 10:
            continue
        name = quote_name(column.name)
        alternatives = [f"{name} IS NULL"] if "NULL" in values else []
        if values - {"NULL"}:
            alternatives.append(f"{name} IN ({', '.join(values - {'NULL'})})")
        conditions.append(f"({' OR '.join(alternatives)})")
    return " AND ".join(conditions)


def _slices(rows: Sequence[_Wanted]) -> Iterator[Sequence[_Wanted]]:
    begin = characters = 0
    for place, row in enumerate(rows):
        if place - begin >= ROWS_MAX or characters > CONDITION_CHARACTERS_MAX:
            yield rows[begin:place]
            begin, characters = place, 0
        characters += len(row.condition)
    yield rows[begin:]
