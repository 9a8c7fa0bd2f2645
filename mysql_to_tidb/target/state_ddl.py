"""The schema changes of each job: planned before the target's DDL, which commits by itself, and done after it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mysql_to_tidb.model.checkpoints import Checkpoint
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.table_text import table_from_json, table_to_json
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.target.connection import target_errors
from mysql_to_tidb.target.ddl import Sign, Step
from mysql_to_tidb.target.state_access import StateAccess, position_values
from mysql_to_tidb.target.state_checkpoints import CheckpointLedger
from mysql_to_tidb.target.transaction import transaction


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One schema change of the source, and how far it has come at the target."""

    job: str
    number: int
    position: Position
    """Behind it."""
    statement: str
    steps: tuple[Step, ...]
    before: tuple[Table, ...]
    after: tuple[Table, ...]
    done: bool = False


class SchemaHistory(StateAccess):
    """Rows of `schema_history`; each method commits by itself."""

    file = "schema_history"

    def last(self, job: str) -> PlannedChange | None:
        row = self._row("read_last", job=job)
        if row is None:
            return None
        shapes = json.loads(row["table_definitions"])
        return PlannedChange(
            job=job,
            number=row["number"],
            position=Position(row["file"], row["offset"], row["gtid_set"]),
            statement=row["statement"],
            steps=tuple(map(Step.of, json.loads(row["target_statements"]))),
            before=tuple(map(table_from_json, shapes["before"])),
            after=tuple(map(table_from_json, shapes["after"])),
            done=row["state"] == "done",
        )

    def made(self, job: str) -> set[TableName]:
        """Tables that schema changes have made, renamed or altered."""
        rows = self._rows("list_definitions", job=job)
        shapes = [json.loads(row["table_definitions"])["after"] for row in rows]
        return {table_from_json(text).name for after in shapes for text in after}

    def plan(self, fence: Fence, change: PlannedChange) -> None:
        """Say what is going to be carried out."""
        shapes = {"before": list(map(table_to_json, change.before)), "after": list(map(table_to_json, change.after))}
        with self._fenced(fence):
            self._execute(
                "plan",
                job=change.job,
                number=change.number,
                source_statement=change.statement,
                target_statements=_steps_text(change.steps),
                table_definitions=json.dumps(shapes, ensure_ascii=False),
                **position_values(change.position),
            )

    def set_steps(self, fence: Fence, change: PlannedChange, steps: Sequence[Step]) -> PlannedChange:
        """Record how far it is; the change as it is then. Raises JobFenced."""
        with self._fenced(fence):
            self._execute("replace_steps", job=change.job, number=change.number, target_statements=_steps_text(steps))
        return replace(change, steps=tuple(steps))

    def finish(self, old: Checkpoint, new: Checkpoint, change: PlannedChange) -> None:
        """In one transaction: the new shapes, the checkpoint behind the statement, and that it is done."""
        kept = {table.name for table in change.before} & {table.name for table in change.after}
        with transaction(self.connection, f"the schema change at {change.position}"):
            CheckpointLedger(self.connection).advance(old, new)
            for table in change.before:
                if table.name not in kept:
                    self._execute("remove_chunks", **_names(change.job, table.name))
                    self._execute("remove_table", **_names(change.job, table.name))
            for table in change.after:
                statement = "redefine" if table.name in kept else "add_table"
                shape = {"keyed": bool(table.key), "definition": table_to_json(table)}
                self._execute(statement, **_names(change.job, table.name), **shape)
            self._execute("finish", job=change.job, number=change.number)

    def shows(self, sign: Sign) -> bool:
        """Whether the target is as it is after the step that the sign belongs to."""
        statement = "count_" + sign.kind.replace(" ", "_")
        row = self._row(statement, schema=sign.schema, table=sign.table, name=sign.name)
        return bool(row and row["found"]) is sign.present

    def has_table(self, name: TableName) -> bool:
        return self.shows(Sign("table", name.schema, name.table, "", present=True))

    def gives_a_row(self, query: str) -> bool:
        with target_errors(), self.connection.cursor() as cursor:
            cursor.execute(query)
            return bool(cursor.fetchall())


def _steps_text(steps: Sequence[Step]) -> str:
    return json.dumps([step.fields() for step in steps], ensure_ascii=False)


def _names(job: str, name: TableName) -> dict[str, object]:
    return {"job": job, "schema": name.schema, "table": name.table}
