"""Carries schema changes over, in the order of the stream, so that a run may be killed at any moment.

What is going to be done is recorded before the target's DDL, which commits by itself; shapes and checkpoint move
in one transaction after it. A change that is not certain to come out the same stops the job.
"""

import logging
from collections.abc import MutableMapping
from dataclasses import replace
from functools import cached_property

from mysql_to_tidb.errors import DdlRefused, MigrationError, TargetConflict, TargetRefused, UnsupportedSchema
from mysql_to_tidb.job import Job
from mysql_to_tidb.model.changes import Statement
from mysql_to_tidb.model.checkpoints import ApplyMode, Checkpoint
from mysql_to_tidb.model.ddl_statements import SchemaChange, parse_statement
from mysql_to_tidb.model.ddl_words import NotUnderstood
from mysql_to_tidb.model.definitions import Token, TokenKind, name_of, tokenize
from mysql_to_tidb.model.jobs import Fence
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.source.ddl_facts import DdlFacts, read_ddl_facts
from mysql_to_tidb.stages.ddl_plan import Plan, Planner
from mysql_to_tidb.target.connection import open_target, target_errors
from mysql_to_tidb.target.ddl import Step
from mysql_to_tidb.target.schema import create_table_statement
from mysql_to_tidb.target.schema_create import Existing, refuse_incompatible
from mysql_to_tidb.target.state_ddl import PlannedChange, SchemaHistory

SHOWN_CHARACTERS_MAX = 200
STEP_SECONDS_MAX = 7 * 24 * 3600
"""How long one statement of the target may take; a new index of a large table takes its time."""

_log = logging.getLogger(__name__)


class SchemaChanges:
    """The schema changes that one run of a job meets; `tables` is changed in place."""

    def __init__(
        self, job: Job, source: ServerSettings, target: ServerSettings, fence: Fence,
        tables: MutableMapping[TableName, Table],
    ) -> None:  # fmt: skip
        self._job = job
        self._fence = fence
        self._source = source
        self._target = target
        self._tables = tables
        self._planner = Planner(job.choice, tables, source, lambda: self._facts)

    def concerns(self, statement: Statement) -> bool:
        """Whether the statement may change a migrated table or make one that belongs to the job."""
        try:
            change = parse_statement(statement.text, statement.schema, statement.sql_mode)
        except NotUnderstood:
            return any(self._planner.selects(name) for name in _possible_names(statement))
        if change is None:
            return False
        return any(self._planner.selects(name) for name in _possible_names(statement)) or self._about_database(change)

    def _about_database(self, change: SchemaChange) -> bool:
        schema = getattr(change, "schema", "")
        return bool(schema) and (self._planner.follows(schema) or any(name.schema == schema for name in self._tables))

    def carry_out(self, statement: Statement, checkpoint: Checkpoint, mode: ApplyMode) -> Checkpoint:
        """Do at the target what the statement did, all before it having been applied; the checkpoint behind it.

        Raises DdlRefused, with everything as before the statement or a part of its steps recorded as done.
        """
        connection = open_target(self._target, read_timeout_seconds=STEP_SECONDS_MAX)
        try:
            history = SchemaHistory(connection)
            last = history.last(self._fence.job)
            if last is not None and _is_carried_out(last, statement):
                return checkpoint
            resumed = last is not None and not last.done
            if last is None or last.done:
                number = 1 if last is None else last.number + 1
                planned = self._planned(statement, number, history, mode)
                if not (planned.steps or planned.before or planned.after):
                    return checkpoint
                reached(Point.BEFORE_DDL_PLANNED)
                history.plan(self._fence, planned)
                reached(Point.AFTER_DDL_PLANNED)
            else:
                planned = self._resumed(last, statement)
            try:
                planned = self._run(history, planned, statement, resumed=resumed)
                self._verify(history, planned)
            except (TargetRefused, TargetConflict, UnsupportedSchema) as error:
                raise self._refusal(statement, error.message) from error
            return self._finish(history, planned, statement, checkpoint)
        finally:
            connection.close()

    @cached_property
    def _facts(self) -> DdlFacts:
        return read_ddl_facts(self._source)

    def _planned(self, statement: Statement, number: int, history: SchemaHistory, mode: ApplyMode) -> PlannedChange:
        key = str(statement.start)
        try:
            plan = self._plan(statement, history, mode)
        except (NotUnderstood, UnsupportedSchema, DdlRefused) as error:
            if key not in self._job.ddl.skip:
                raise self._refusal(statement, _reason(error), getattr(error, "hint", "")) from error
            plan = Plan()
        steps = self._chosen_steps(key, plan.steps)
        return PlannedChange(
            self._fence.job, number, statement.position, statement.text, steps, plan.before, plan.after
        )

    def _plan(self, statement: Statement, history: SchemaHistory, mode: ApplyMode) -> Plan:
        change = parse_statement(statement.text, statement.schema, statement.sql_mode)
        consistent = mode is not ApplyMode.CONVERGENT
        plan = self._planner.plan(change, statement, consistent=consistent) if change else None
        if plan is None:
            return Plan()
        if not consistent:
            made = history.made(self._fence.job)
            for table in plan.before:
                if table.name not in made:
                    raise DdlRefused(
                        f"{table.name} was changed while it was being loaded",
                        hint="delete the job, drop its tables at the target, and start it again",
                    )
        chosen = str(statement.start) in {*self._job.ddl.skip, *self._job.ddl.replace}
        return plan if chosen else self._without_doubts(plan, history)

    def _without_doubts(self, plan: Plan, history: SchemaHistory) -> Plan:
        """The plan with which no row of the target can come out otherwise than at the source."""
        for table in plan.fresh:
            if history.has_table(table.name) and history.gives_a_row(f"SELECT 1 FROM {table.name.quoted} LIMIT 1"):
                raise DdlRefused(f"the target has a table {table.name} with rows of its own")
        reasons = [doubt.reason for doubt in plan.doubts if history.gives_a_row(doubt.query)]
        empty = plan.anew and not any(
            history.gives_a_row(f"SELECT 1 FROM {table.name.quoted} LIMIT 1") for table in plan.before
        )
        if empty:
            return replace(plan, steps=plan.anew)
        if reasons:
            raise NotUnderstood(f"it is not certain that the target does the same to its rows: {'; '.join(reasons)}")
        return plan

    def _chosen_steps(self, key: str, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if key in self._job.ddl.skip:
            return ()
        replacement = self._job.ddl.replace.get(key)
        return steps if replacement is None else (Step(replacement),)

    def _resumed(self, planned: PlannedChange, statement: Statement) -> PlannedChange:
        """A change that an earlier run has begun, with what the user has chosen since."""
        if planned.statement != statement.text:
            raise self._refusal(statement, f"a run before this one has begun another one: {_shown(planned.statement)}")
        left = tuple(step for step in planned.steps if not step.done)
        done = tuple(step for step in planned.steps if step.done)
        return replace(planned, steps=done + self._chosen_steps(str(statement.start), left))

    def _run(
        self, history: SchemaHistory, change: PlannedChange, statement: Statement, *, resumed: bool
    ) -> PlannedChange:
        for place, step in enumerate(change.steps):
            if step.done:
                continue
            reached(Point.BEFORE_DDL_STEP)
            carried_out = resumed and step.sign is not None and history.shows(step.sign)
            if not carried_out:
                self._run_step(history, step, statement)
            resumed = False
            reached(Point.AFTER_DDL_STEP)
            steps = (*change.steps[:place], replace(step, done=True), *change.steps[place + 1 :])
            change = history.set_steps(self._fence, change, steps)
        return change

    def _run_step(self, history: SchemaHistory, step: Step, statement: Statement) -> None:
        view = " VIEW " in step.statement[:60]
        try:
            with target_errors(str(statement.start)), history.connection.cursor() as cursor:
                if view and statement.schema:
                    history.connection.select_db(statement.schema)
                cursor.execute(step.statement)
        except (TargetRefused, TargetConflict) as error:
            if view:
                _log.warning("the view of %s is left out: %s", statement.start, error.message)
            elif step.sign is None or not history.shows(step.sign):
                raise

    def _verify(self, history: SchemaHistory, change: PlannedChange) -> None:
        """Raises TargetRefused where a table of the target cannot take the rows that follow."""
        existing = Existing(history.connection, {table.name.schema for table in change.after})
        for table in change.after if change.steps else ():
            present = existing.find(table.name)
            if present is None:
                raise TargetRefused(f"the target has no table {table.name}")
            refuse_incompatible(create_table_statement(table).table, present)

    def _finish(
        self, history: SchemaHistory, change: PlannedChange, statement: Statement, checkpoint: Checkpoint
    ) -> Checkpoint:
        moved = replace(
            checkpoint,
            sequence=checkpoint.sequence + 1,
            position=statement.position,
            source_committed_at=statement.committed_at,
            transactions=checkpoint.transactions + 1,
        )
        reached(Point.BEFORE_DDL_DONE)
        history.finish(checkpoint, moved, change)
        reached(Point.AFTER_DDL_DONE)
        for table in change.before:
            self._tables.pop(table.name, None)
        self._tables.update({table.name: table for table in change.after})
        return moved

    def _refusal(self, statement: Statement, reason: str, hint: str = "") -> DdlRefused:
        key = str(statement.start)
        choices = (
            f'with the same change made at the target by hand, skip it (ddl: {{skip: ["{key}"]}} in the job file), '
            f'or have another statement run in its stead (ddl: {{replace: {{"{key}": "..."}}}}), or create the table '
            "anew in a new job; everything before it is in the target"
        )
        return DdlRefused(
            f"a schema change of the source was not carried out at the target: {reason} ({_shown(statement.text)})",
            where=f"{statement.start} to {statement.position}",
            hint=f"{hint}; or: {choices}" if hint else choices,
        )


def _is_carried_out(last: PlannedChange, statement: Statement) -> bool:
    """CREATE TABLE ... SELECT is met again where its rows were not committed: there is no place in between."""
    at_its_start = statement.position == statement.start
    return last.done and at_its_start and last.position == statement.start and last.statement == statement.text


def _reason(error: Exception) -> str:
    if isinstance(error, MigrationError):
        return error.message
    return f"what it does is not certain: {error}"


def _shown(text: str) -> str:
    return text[:SHOWN_CHARACTERS_MAX].encode("utf-8", "replace").decode()


def _possible_names(statement: Statement) -> list[TableName]:
    """Everything in the statement that could be a table's name, qualified or not."""
    tokens = tokenize(statement.text)
    found = []
    for place, token in enumerate(tokens):
        if token.kind is TokenKind.STRING and token.text[0] == '"':
            token = Token(f"`{token.text[1:-1]}`", TokenKind.NAME)  # noqa: PLW2901 - a name under ANSI_QUOTES
        if token.kind not in {TokenKind.NAME, TokenKind.WORD}:
            continue
        qualified = place + 2 < len(tokens) and tokens[place + 1].text == "."
        schema = name_of(token) if qualified else statement.schema
        found.append(TableName(schema, name_of(tokens[place + 2] if qualified else token)))
    return found
