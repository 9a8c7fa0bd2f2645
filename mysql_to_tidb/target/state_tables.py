"""The migrated tables of each job and the chunks of their load, moved in the transaction that loads them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from mysql_to_tidb.errors import JobNotFound
from mysql_to_tidb.model.checkpoints import Chunk, ChunkPart, ChunkState, TableRecord, TableState
from mysql_to_tidb.model.gtids import gtids_together
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.keys import KeyRange
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.progress import TableProgress
from mysql_to_tidb.model.table_text import table_from_json, table_to_json
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.target.state_access import (
    Row,
    StateAccess,
    check_epoch,
    fenced,
    key_from,
    key_text,
    position_from,
    position_values,
)
from mysql_to_tidb.target.transaction import transaction


class TableLedger(StateAccess):
    """Tables and chunks. Methods that take a fence commit by themselves; `advance` belongs to its caller."""

    file = "tables"

    def add(self, fence: Fence, tables: Iterable[Table]) -> None:
        """Take tables into the job, in state pending."""
        with self._fenced(fence):
            self._execute_many("add_table", ({**_names(fence.job, table.name), **_shape(table)} for table in tables))

    def remove(self, fence: Fence, name: TableName) -> None:
        """Forget a table and its chunks; what was migrated of it stays."""
        with self._fenced(fence):
            self._execute("delete_chunks", job=fence.job, names=_pairs([name]))
            self._execute("remove_table", **_names(fence.job, name))

    def redefine(self, fence: Fence, table: Table) -> None:
        """Replace what a table looks like, after a schema change."""
        with self._fenced(fence):
            self._execute("set_definition", **_names(fence.job, table.name), **_shape(table))

    def records(self, job: str) -> list[TableRecord]:
        return [
            TableRecord(table_from_json(row["definition"]), TableState(row["state"]), position_from(row, "snapshot_"))
            for row in self._rows("list_tables", job=job)
        ]

    def progress(self, job: str) -> list[TableProgress]:
        return [_progress(row) for row in self._rows("list_progress", job=job)]

    def set_state(self, fence: Fence, names: Collection[TableName], state: TableState) -> None:
        with self._fenced(fence):
            self._execute("set_table_states", job=fence.job, names=_pairs(names), state=state)

    def plan(self, fence: Fence, ranges: Mapping[TableName, Sequence[KeyRange]]) -> None:
        """Replace the chunks of some tables; a table without a key has one, without bounds."""
        rows: list[Row] = [
            {
                **_names(fence.job, name),
                "number": number,
                "lower": key_text(piece.lower),
                "upper": key_text(piece.upper),
            }
            for name, pieces in ranges.items()
            for number, piece in enumerate(pieces)
        ]
        with self._fenced(fence):
            self._execute("delete_chunks", job=fence.job, names=_pairs(ranges))
            self._execute_many("add_chunk", (row | {"epoch": fence.epoch} for row in rows))
            self._execute("set_table_states", job=fence.job, names=_pairs(ranges), state=TableState.PLANNED)

    def set_snapshot(self, fence: Fence, name: TableName, position: Position) -> None:
        """Before the rows of a table without a key are loaded: the exact position that they belong to."""
        with self._fenced(fence):
            self._execute("set_snapshot", **_names(fence.job, name), **position_values(position))

    def finish(self, fence: Fence, names: Collection[TableName]) -> None:
        """Those of the tables are loaded that have no unfinished chunk."""
        with self._fenced(fence):
            self._execute("set_tables_loaded", job=fence.job, names=_pairs(names))

    def chunks(self, job: str, name: TableName) -> list[Chunk]:
        return [_chunk(row) for row in self._rows("list_chunks", **_names(job, name))]

    def unfinished(self, fence: Fence) -> list[Chunk]:
        """What is left to load. Raises JobFenced where another run has taken over."""
        chunks = [_chunk(row) for row in self._rows("list_unfinished", job=fence.job)]
        for chunk in chunks:
            check_epoch(fence, chunk.epoch)
        return chunks

    def advance(self, chunk: Chunk, part: ChunkPart) -> Chunk:
        """Add a part to a chunk, within the caller's transaction; the chunk as it is then.

        Raises JobFenced where another run has the epoch, or the part has been loaded already.
        """
        return self._move(
            replace(
                chunk,
                last_key=part.last_key or chunk.last_key,
                state=ChunkState.LOADED if part.finished else ChunkState.LOADING,
                sequence=chunk.sequence + 1,
                rows_loaded=chunk.rows_loaded + part.rows,
                bytes_loaded=chunk.bytes_loaded + part.bytes,
                digest=part.digest,
                seen_gtid_set=gtids_together((chunk.seen_gtid_set, part.seen_gtid_set)),
            )
        )

    def hold(self, chunk: Chunk) -> Chunk:
        """Claim a chunk without adding to it, within the caller's transaction. Raises JobFenced."""
        return self._move(replace(chunk, sequence=chunk.sequence + 1))

    def restart(self, chunk: Chunk) -> Chunk:
        """Begin a chunk anew, within the caller's transaction, which removes its rows. Raises JobFenced."""
        anew = Chunk(chunk.job, chunk.table, chunk.number, chunk.range, epoch=chunk.epoch)
        return self._move(replace(anew, sequence=chunk.sequence + 1))

    def _move(self, chunk: Chunk) -> Chunk:
        moved = self._execute(
            "advance_chunk",
            **_names(chunk.job, chunk.table),
            number=chunk.number,
            epoch=chunk.epoch,
            sequence=chunk.sequence - 1,
            last_key=key_text(chunk.last_key),
            state=chunk.state,
            rows_loaded=chunk.rows_loaded,
            bytes_loaded=chunk.bytes_loaded,
            digest=chunk.digest,
            seen_gtid_set=chunk.seen_gtid_set,
        )
        if moved != 1:
            raise fenced(chunk.fence)
        return chunk

    def reread(self, chunk: Chunk) -> Chunk:
        """After a commit whose outcome is unknown, on a new connection: the chunk as it stands.

        Waits until the lost transaction has ended at the target. Raises JobFenced where another run took over.
        """
        with transaction(self.connection, f"chunk {chunk.number} of {chunk.table}"):
            row = self._row("read_decided_chunk", **_names(chunk.job, chunk.table), number=chunk.number)
        if row is None:
            raise JobNotFound(f"job `{chunk.job}` knows no chunk {chunk.number} of {chunk.table}")
        found = _chunk(row)
        if found.state is not ChunkState.LOADED:  # those that are keep the epoch that loaded them
            check_epoch(chunk.fence, found.epoch)
        return found


def _names(job: str, name: TableName) -> dict[str, object]:
    return {"job": job, "schema": name.schema, "table": name.table}


def _pairs(names: Iterable[TableName]) -> tuple[tuple[str, str], ...]:
    return tuple((name.schema, name.table) for name in names)


def _shape(table: Table) -> dict[str, object]:
    return {
        "keyed": bool(table.key),
        "rows_estimate": table.rows_estimate,
        "bytes_estimate": table.bytes_estimate,
        "definition": table_to_json(table),
    }


def _chunk(row: Row) -> Chunk:
    return Chunk(
        job=row["job"],
        table=TableName(row["schema_name"], row["table_name"]),
        number=row["number"],
        range=KeyRange(key_from(row["lower_bound"]), key_from(row["upper_bound"])),
        last_key=key_from(row["last_key"]),
        state=ChunkState(row["state"]),
        epoch=row["epoch"],
        sequence=row["sequence"],
        rows_loaded=row["rows_loaded"],
        bytes_loaded=row["bytes_loaded"],
        digest=row["digest"],
        seen_gtid_set=row["seen_gtid_set"] or "",
    )


def _progress(row: Row) -> TableProgress:
    return TableProgress(
        name=TableName(row["schema_name"], row["table_name"]),
        state=row["state"],
        rows=int(row["rows_loaded"]),
        rows_estimate=row["rows_estimate"],
        bytes=int(row["bytes_loaded"]),
    )
