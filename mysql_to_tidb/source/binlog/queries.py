"""Decides what the statements in the log mean for the transaction that is being read."""

from collections.abc import Callable, Iterable, Iterator

from mysql_to_tidb.errors import BinlogEventUnknown, BinlogStatementChange, StreamError
from mysql_to_tidb.model.changes import Change, Statement, TransactionEnd
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog.compression import mariadb_uncompressed
from mysql_to_tidb.source.binlog.headers import BODY
from mysql_to_tidb.source.binlog.progress import Progress
from mysql_to_tidb.source.binlog.statements import (
    Meaning,
    Query,
    decoded,
    is_begin,
    meaning_of,
    read_query,
    read_status_variables,
    savepoint_name,
)
from mysql_to_tidb.source.binlog.tables import MappedTables
from mysql_to_tidb.source.binlog.transaction import Transaction

TEXT_CHARACTERS_MAX = 200
_XA_HINT = "exclude the tables that distributed transactions change, then create a new job"


class QueryHandler:
    """Works on the same progress, tables and transaction as the walker."""

    def __init__(
        self,
        progress: Progress,
        tables: MappedTables,
        transaction: Transaction,
        table_of: Callable[[TableName], Table | None],
    ) -> None:
        self._progress = progress
        self._tables = tables
        self._transaction = transaction
        self._table_of = table_of
        self._prepared: set[bytes] = set()
        """Distributed transactions that wait for their end and changed no migrated table."""
        self._handlers: dict[Meaning, Callable[[Query, bytes], Iterable[Change]]] = {
            Meaning.BEGIN: self._begin,
            Meaning.XA_START: self._begin,
            Meaning.XA_END: self._ignore,
            Meaning.XA_FINISH: self._finish_distributed,
            Meaning.COMMIT: self._commit,
            Meaning.ROLLBACK: self._roll_back,
            Meaning.SAVEPOINT: self._savepoint,
            Meaning.ROLLBACK_TO: self._roll_back_to,
            Meaning.CHANGE: self._logged_as_statement,
            # A temporary table that hides a migrated one would make later statements look as if they meant that.
            Meaning.CREATE_TEMPORARY: self._logged_as_statement,
            Meaning.DROP_TEMPORARY: self._ignore,
            Meaning.OTHER: self._statement,
        }

    def query(self, event: bytes, end: int) -> Iterable[Change]:
        """QUERY."""
        if is_begin(event, end):
            return self._begin(None, event)
        return self._handle(read_query(event, end), event)

    def compressed_query(self, event: bytes, end: int) -> Iterable[Change]:
        """MariaDB's QUERY_COMPRESSED."""
        query = read_query(event, end)
        return self._handle(Query(mariadb_uncompressed(query.text), query.schema, query.variables), event)

    def load_query(self, event: bytes, end: int) -> Iterable[Change]:
        """EXECUTE_LOAD_QUERY: a LOAD DATA whose file was in the events before it."""
        return self._handle(read_query(event, end, load=True), event)

    def xa_prepare(self, event: bytes, end: int) -> Iterable[Change]:
        """XA_PREPARE: whether it is the commit as well, format, sizes of both parts of the id, the id.

        (mysql-server, libs/mysql/binlog/event/control_events.h, XA_prepare_event)
        """
        if not event[BODY]:
            if not self._transaction.is_empty:
                table = self._transaction.some_table
                raise BinlogEventUnknown(
                    f"{table} was changed by a distributed transaction (XA), whose outcome is known only later",
                    hint=_XA_HINT,
                )
            number, global_bytes, branch_bytes = (
                int.from_bytes(event[place : place + 4], "little") for place in (BODY + 1, BODY + 5, BODY + 9)
            )
            start = BODY + 13
            behind = start + global_bytes
            names = event[start:behind].hex(), event[behind : behind + branch_bytes].hex()
            self._prepared.add(f"X'{names[0]}',X'{names[1]}',{number}".encode())
        return self.commit(event, end)

    def commit(self, event: bytes, _end: int) -> Iterator[Change]:
        """XID, or a statement that has the same effect."""
        if not self._transaction.is_empty and not self._progress.in_transaction:
            raise StreamError(
                "changes came without the begin of their transaction: the start lies within one",
                hint="start from a position between two transactions, such as SHOW MASTER STATUS gives",
            )
        position, time = self._progress.finish(event)
        yield from self._transaction.changes(position)
        self._tables.forget_surplus()
        yield TransactionEnd(position, time)

    def _handle(self, query: Query, event: bytes) -> Iterable[Change]:
        return self._handlers[meaning_of(query.text)](query, event)

    def _begin(self, _query: Query | None, event: bytes) -> Iterable[Change]:
        if self._progress.in_transaction or not self._progress.opening:
            self._progress.begin(event)
        self._progress.in_transaction = True
        return ()

    def _ignore(self, _query: Query, event: bytes) -> Iterable[Change]:
        """Changes nothing that is migrated; outside a transaction it is one by itself."""
        return () if self._progress.in_transaction else self.commit(event, 0)

    def _commit(self, _query: Query, event: bytes) -> Iterable[Change]:
        return self.commit(event, 0)

    def _roll_back(self, _query: Query, event: bytes) -> Iterable[Change]:
        self._transaction.roll_back()
        return self.commit(event, 0)

    def _savepoint(self, query: Query, _event: bytes) -> Iterable[Change]:
        self._transaction.savepoint(savepoint_name(query.text))
        return ()

    def _roll_back_to(self, query: Query, _event: bytes) -> Iterable[Change]:
        self._transaction.roll_back_to(savepoint_name(query.text))
        return ()

    def _statement(self, query: Query, event: bytes) -> Iterator[Change]:
        """DDL as a rule, which is a transaction of its own, or the first part of CREATE TABLE ... SELECT."""
        if not self._transaction.is_empty:
            raise StreamError("a statement other than a change of rows stands behind changes in one transaction")
        start = self._progress.start_of(event)
        if self._progress.in_transaction:
            # What follows belongs to it: there is no place behind the statement from which to go on.
            position, time = start, float(int.from_bytes(event[:4], "little"))
        else:
            position, time = self._progress.finish(event)
        variables = read_status_variables(query.variables)
        yield Statement(
            text=decoded(query.text, variables.client_charset),
            schema=query.schema,
            position=position,
            start=start,
            committed_at=time,
            sql_mode=variables.sql_mode,
            time_zone=variables.time_zone,
            database_collation=variables.database_collation,
            began_at_microseconds=int.from_bytes(event[:4], "little") * 1_000_000 + variables.microseconds,
        )
        self._tables.forget()

    def _logged_as_statement(self, query: Query, event: bytes) -> Iterable[Change]:
        # Its parser takes long to load, and rows are hardly ever logged as text.
        from mysql_to_tidb.source.binlog.touches import may_touch

        variables = read_status_variables(query.variables)
        text = decoded(query.text, variables.client_charset)
        if may_touch(text, query.schema, self._table_of):
            raise BinlogStatementChange(
                "rows were changed by a statement that was logged as text, not as rows: "
                + text[:TEXT_CHARACTERS_MAX].encode("utf-8", "replace").decode()
            )
        return self._ignore(query, event)

    def _finish_distributed(self, query: Query, event: bytes) -> Iterable[Change]:
        what, _, name = query.text.partition(b" X'")
        name = b"X'" + name.strip()
        if name not in self._prepared and what.upper().endswith(b"COMMIT"):
            raise BinlogEventUnknown(
                "a distributed transaction (XA) was committed that had been prepared before the job looked",
                hint="create a new job when XA RECOVER at the source is empty",
            )
        self._prepared.discard(name)
        return self.commit(event, 0)
