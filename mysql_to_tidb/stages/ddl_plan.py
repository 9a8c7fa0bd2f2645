"""From a schema change of the source to the shapes after it and the steps at the target."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from mysql_to_tidb.errors import DdlRefused
from mysql_to_tidb.model.changes import Statement
from mysql_to_tidb.model.ddl_alter import altered
from mysql_to_tidb.model.ddl_columns import Surroundings
from mysql_to_tidb.model.ddl_create import created, like
from mysql_to_tidb.model.ddl_statements import (
    AlterTable,
    CreateDatabase,
    CreateTable,
    CreateView,
    DropDatabase,
    DropTables,
    DropViews,
    RenameTables,
    SchemaChange,
    TruncateTable,
)
from mysql_to_tidb.model.ddl_words import NotUnderstood, is_strict
from mysql_to_tidb.model.definitions import render
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.ddl_facts import DdlFacts, converted, database_collation, surroundings
from mysql_to_tidb.target.ddl import Step, alter_plan, create_step, drop_step, table_sign
from mysql_to_tidb.target.ddl_values import Doubt
from mysql_to_tidb.target.schema_compare import type_of
from mysql_to_tidb.target.schema_types import target_collation, translate_expression

_GHOST_HINT = (
    "tools that change a schema by a shadow table can be followed where whole databases are chosen; "
    "else create a new job once the tool is through"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a statement; a table that is in `before` only is gone, one in `after` only is new."""

    before: tuple[Table, ...] = ()
    after: tuple[Table, ...] = ()
    steps: tuple[Step, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    anew: tuple[Step, ...] = ()
    fresh: tuple[Table, ...] = field(default=())
    """New tables, which the target must not have with rows in them."""


class Planner:
    """Knows the job's tables as they are at the statement, and reads from the source what only it knows."""

    def __init__(
        self,
        choice: ObjectChoice,
        tables: Mapping[TableName, Table],
        source: ServerSettings,
        facts: Callable[[], DdlFacts],
    ) -> None:
        self._choice = choice
        self._tables = tables
        self._source = source
        self._facts = facts
        self._collations: dict[str, str] = {}
        """Default collations of databases as statements have set them."""

    def selects(self, name: TableName) -> bool:
        return name in self._tables or self._choice.selects(name, fold_case=self._facts().folds_case)

    def follows(self, schema: str) -> bool:
        return self._choice.follows_new_tables(schema, fold_case=self._facts().folds_case)

    def plan(self, change: SchemaChange, statement: Statement, *, consistent: bool) -> Plan | None:
        """None where nothing is to be done. Raises NotUnderstood, UnsupportedSchema, and DdlRefused."""
        self._refuse_folded_names(change)
        match change:
            case CreateTable():
                plan = self._create(change, statement, consistent=consistent)
            case AlterTable():
                plan = self._alter(change, statement)
            case DropTables():
                plan = self._drop([name for name in change.names if name in self._tables])
            case RenameTables():
                plan = self._rename(change.pairs, self._tables)
            case TruncateTable():
                plan = self._truncate(change.name)
            case CreateDatabase():
                plan = self._database(change)
            case DropDatabase():
                plan = self._drop_database(change.schema)
            case CreateView():
                plan = self._view(change)
            case DropViews():
                plan = self._drop_views(change.names)
        return plan

    def _refuse_folded_names(self, change: SchemaChange) -> None:
        """Where the source compares names without case, one in capitals may mean a table that has none."""
        if not self._facts().folds_case:
            return
        names: list[TableName] = []
        match change:
            case RenameTables():
                names += [name for pair in change.pairs for name in pair]
            case DropTables() | DropViews():
                names += change.names
            case CreateDatabase() | DropDatabase():
                names.append(TableName(change.schema, ""))
            case _:
                names.append(change.name)
        for name in names:
            if str(name) != str(name).lower() and name not in self._tables:
                raise NotUnderstood(f"the name {name} at a source that compares names without case")

    def _around(self, statement: Statement) -> Surroundings:
        return surroundings(self._source, self._facts(), statement.sql_mode, statement.time_zone)

    def _create(self, change: CreateTable, statement: Statement, *, consistent: bool) -> Plan | None:
        name = change.name
        present = self._tables.get(name)
        if not self.selects(name) or (present is not None and change.if_not_exists):
            return None
        table = self._created(change, statement)
        if present is None:
            return Plan(after=(table,), steps=(create_step(table),), fresh=(table,))
        if change.replace:
            return Plan((present,), (table,), (drop_step(name), create_step(table)))
        if not consistent and same_columns(present, table):
            return None  # created while the load was being prepared, which has seen it
        raise DdlRefused(f"{name} is created, and the job has it already")

    def _created(self, change: CreateTable, statement: Statement) -> Table:
        if change.like is not None:
            model = self._tables.get(change.like)
            if model is None:
                raise NotUnderstood(f"LIKE {change.like}, a table that does not belong to the job")
            return like(change.name, model)
        collation = self._database_collation(change.name.schema, statement)
        around = self._around(statement)
        return created(change.name, change.items, change.options, change.partitioning, collation, around)

    def _database_collation(self, schema: str, statement: Statement) -> str:
        number = statement.database_collation
        if number is not None and schema == statement.schema and number in self._facts().collations_by_number:
            return self._facts().collations_by_number[number]
        return self._collations.get(schema) or database_collation(self._source, schema)

    def _alter(self, change: AlterTable, statement: Statement) -> Plan | None:
        table = self._known(change.name)
        if table is None:
            return None
        after, new_name = altered(table, change.clauses, self._around(statement))
        strict, now = is_strict(statement.sql_mode), self._now(statement, after.table)
        plan = alter_plan(table, after.table, after.origins, strict=strict, now=now)
        shaped = Plan((table,), (after.table,), plan.steps, plan.doubts, plan.anew)
        if new_name == table.name:
            return shaped
        self._refuse_folded_names(RenameTables(((table.name, new_name),)))
        renamed = self._rename(((table.name, new_name),), {**self._tables, table.name: after.table})
        if renamed is None:
            raise NotUnderstood(f"the new name {new_name}")
        return replace(
            shaped,
            after=renamed.after,
            steps=plan.steps + renamed.steps,
            anew=plan.anew + renamed.steps if plan.anew else (),
        )

    def _now(self, statement: Statement, table: Table) -> str:
        """The time of the statement in UTC and in the time zone of its session."""
        time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=statement.began_at_microseconds)
        text = time.strftime("%Y-%m-%d %H:%M:%S.%f")
        zone = statement.time_zone
        if not zone and any(column.data_type == "datetime" for column in table.columns):
            zone = "SYSTEM"
        local = converted(self._source, text, "+00:00", zone) if zone else text
        return f"{text}|{local if '.' in local else local + '.000000'}"

    def _known(self, name: TableName) -> Table | None:
        """The job's table of that name, None where it has none and should have none."""
        table = self._tables.get(name)
        if table is None and self.selects(name):
            raise NotUnderstood(f"{name}, a table that the job does not know")
        return table

    def _drop(self, names: list[TableName]) -> Plan | None:
        if not names:
            return None
        return Plan(before=tuple(self._tables[name] for name in names), steps=tuple(map(drop_step, names)))

    def _truncate(self, name: TableName) -> Plan | None:
        table = self._known(name)
        if table is None:
            return None
        return Plan((table,), (table,), (Step(f"TRUNCATE TABLE {name.quoted}"),))

    def _rename(self, pairs: tuple[tuple[TableName, TableName], ...], tables: Mapping[TableName, Table]) -> Plan | None:
        """Follow each pair in turn, as a server does."""
        now = dict(tables)
        touched: set[TableName] = set()
        moves: list[tuple[TableName, TableName]] = []
        for old, new in pairs:
            table = now.pop(old, None)
            if table is None:
                if self.selects(new):
                    raise DdlRefused(f"{old} becomes {new}, and its rows are not in the target", hint=_GHOST_HINT)
                continue
            if not self._choice.selects(new, fold_case=self._facts().folds_case):
                raise DdlRefused(f"{old} becomes {new}, which does not belong to the job", hint=_GHOST_HINT)
            now[new] = replace(table, name=new)
            moves.append((old, new))
            touched |= {old, new}
        if not moves:
            return None
        before = tuple(table for name, table in tables.items() if name in touched)
        after = tuple(table for name, table in now.items() if name in touched)
        return Plan(before, after, _rename_steps(moves, tables.keys(), now.keys()))

    def _database(self, change: CreateDatabase) -> Plan | None:
        facts = self._facts()
        collation = change.collation or facts.default_collations.get(change.character_set, "")
        collation = collation or ("" if change.alter else facts.server_collation)
        if collation:
            self._collations[change.schema] = collation
        if not collation or not self.follows(change.schema):
            return None
        verb = "ALTER DATABASE" if change.alter else "CREATE DATABASE IF NOT EXISTS"
        told = f"CHARACTER SET utf8mb4 COLLATE {target_collation(collation)}"
        return Plan(steps=(Step(f"{verb} {quote_name(change.schema)} {told}"),))

    def _drop_database(self, schema: str) -> Plan | None:
        """What else the target has in a database of that name stays, and the database with it."""
        self._collations.pop(schema, None)
        names = [name for name in self._tables if name.schema == schema]
        return self._drop(names)

    def _drop_views(self, names: tuple[TableName, ...]) -> Plan | None:
        steps = tuple(Step(f"DROP VIEW IF EXISTS {name.quoted}") for name in names if self.selects(name))
        return Plan(steps=steps) if steps else None

    def _view(self, change: CreateView) -> Plan | None:
        if not self.selects(change.name):
            return None
        security = "INVOKER" if change.invoker else "DEFINER"
        body = render(translate_expression(change.body, str(change.name)))
        statement = f"CREATE OR REPLACE SQL SECURITY {security} VIEW {change.name.quoted} {body}"
        return Plan(steps=(Step(statement),))


def same_columns(one: Table, other: Table) -> bool:
    """Whether two tables have the same columns, types and keys."""
    shapes = [[(c.name.lower(), type_of(c), c.character_set, c.nullable) for c in t.columns] for t in (one, other)]
    return shapes[0] == shapes[1] and one.key == other.key


def _rename_steps(
    moves: list[tuple[TableName, TableName]], old_names: Collection[TableName], new_names: Collection[TableName]
) -> tuple[Step, ...]:
    """All in one statement where a name shows whether it has been carried out, else one by one."""
    gone = [old for old, _ in moves if old in old_names and old not in new_names]
    if gone:
        pairs = ", ".join(f"{old.quoted} TO {new.quoted}" for old, new in moves)
        return (Step(f"RENAME TABLE {pairs}", table_sign(gone[0], present=False)),)
    return tuple(
        Step(f"RENAME TABLE {old.quoted} TO {new.quoted}", table_sign(old, present=False)) for old, new in moves
    )
