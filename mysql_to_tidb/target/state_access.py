"""What all parts of the state share: named statements, fenced transactions, positions in columns."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from pymysql.cursors import DictCursor

from mysql_to_tidb.errors import JobFenced, JobNotFound
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.keys import KeyLiterals
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.target.connection import TargetConnection, target_errors
from mysql_to_tidb.target.sql import statements
from mysql_to_tidb.target.transaction import transaction

Row = dict[str, Any]


class StateAccess:
    """Runs the statements of one file of `target/sql`."""

    file: ClassVar[str]

    def __init__(self, connection: TargetConnection) -> None:
        self.connection = connection

    def _execute(self, statement: str, **values: object) -> int:
        """Run a statement; the number of rows that it changed."""
        with target_errors(f"{statement} in the state of jobs"), self.connection.cursor() as cursor:
            return int(cursor.execute(statements(self.file)[statement], values))

    def _execute_many(self, statement: str, rows: Iterable[Row]) -> None:
        """Run an INSERT for many rows, as few statements as the driver makes of it."""
        with target_errors(f"{statement} in the state of jobs"), self.connection.cursor() as cursor:
            cursor.executemany(statements(self.file)[statement], list(rows))

    def _rows(self, statement: str, **values: object) -> list[Row]:
        with target_errors(f"{statement} in the state of jobs"), self.connection.cursor(DictCursor) as cursor:
            cursor.execute(statements(self.file)[statement], values)
            return list(cursor.fetchall())

    def _row(self, statement: str, **values: object) -> Row | None:
        rows = self._rows(statement, **values)
        return rows[0] if rows else None

    @contextmanager
    def _fenced(self, fence: Fence) -> Iterator[None]:
        """A transaction in which no newer run can take over; raises JobFenced if one has already."""
        with transaction(self.connection, f"the state of job {fence.job}"):
            with self.connection.cursor(DictCursor) as cursor:
                cursor.execute(statements("jobs")["lock_epoch"], {"job": fence.job})
                held = cursor.fetchone()
            check_epoch(fence, None if held is None else held["epoch"])
            yield


def check_epoch(fence: Fence, epoch: int | None) -> None:
    """Raises JobFenced unless `epoch`, just read, is the fence's own; JobNotFound where there is none."""
    if epoch is None:
        raise job_not_found(fence.job)
    if epoch != fence.epoch:
        raise fenced(fence)


def job_not_found(job: str) -> JobNotFound:
    return JobNotFound(f"the target knows no job `{job}`")


def fenced(fence: Fence) -> JobFenced:
    return JobFenced(f"another run of job `{fence.job}` has taken over", where=f"epoch {fence.epoch}")


def position_values(position: Position) -> dict[str, object]:
    return {"file": position.file, "offset": position.offset, "gtid_set": position.gtid_set}


def position_from(row: Mapping[str, Any], prefix: str) -> Position | None:
    """The position in the columns `<prefix>file`, `<prefix>offset` and `<prefix>gtid_set`; None where NULL."""
    if row[f"{prefix}file"] is None:
        return None
    return Position(row[f"{prefix}file"], row[f"{prefix}offset"], row[f"{prefix}gtid_set"] or "")


def key_text(key: KeyLiterals | None) -> str | None:
    return None if key is None else json.dumps(key, ensure_ascii=False)


def key_from(text: str | None) -> KeyLiterals | None:
    return None if text is None else tuple(json.loads(text))
