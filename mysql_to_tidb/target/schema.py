"""From a table of the source to the target's CREATE TABLE, and the report of what had to change."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.definitions import ForeignKey, foreign_keys_of, render, tokenize
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.target import schema_indexes, schema_partitions, schema_storage, schema_types
from mysql_to_tidb.target.schema_draft import Rewrite, Rewrites, Severity, TableDraft
from mysql_to_tidb.target.schema_types import target_collation, translate_expression


def storage(draft: TableDraft) -> Rewrites:
    """Engines and versioning: all tables of the target are transactional and hold their present rows only."""
    if draft.definition.system_versioned:
        yield draft.rewrite("system_versioning", "SYSTEM VERSIONING", "only present rows are kept, history is left out")
    engine = draft.source.engine
    if engine.lower() not in {"innodb", ""}:
        yield draft.rewrite("engine", engine, "the table becomes a transactional, stored one", Severity.NOTE)


RULES: tuple[Callable[[TableDraft], Rewrites], ...] = (
    storage,
    schema_types.translated_types,
    schema_types.unsupported_columns,
    schema_types.type_spelling,
    schema_types.text_widths,
    schema_types.collations,
    schema_types.visibility,
    schema_types.checks,
    schema_types.defaults,
    schema_types.generated_columns,
    schema_indexes.unsupported_indexes,
    schema_indexes.whole_text_indexes,
    schema_indexes.functional_indexes,
    schema_indexes.overlaps,
    schema_indexes.index_order,
    schema_indexes.index_lengths,
    schema_indexes.auto_increment_index,
    schema_indexes.limits,
    schema_partitions.partitions,
    schema_storage.storage_options,
)
"""In the order in which they work; each sees what those before it have changed."""


@dataclass(frozen=True, slots=True)
class TableDdl:
    """How a table is created at the target."""

    statement: str
    rewrites: tuple[Rewrite, ...]
    table: Table
    """The table as it is meant to be at the target; its statement is still the source's."""


def create_table_statement(table: Table) -> TableDdl:
    """The statement that creates a table at the target, without its foreign keys.

    Raises UnsupportedSchema, naming table and column, where the table cannot be carried rightly.
    """
    families_of(table)
    draft, rewrites = _applied(table)
    return TableDdl(draft.render(), rewrites, draft.table())


def column_statement(table: Table, column_name: str) -> str:
    """One column of a table as it stands in the target's CREATE or ALTER TABLE."""
    draft, _ = _applied(table)
    found = draft.column(column_name)
    if found is None:
        raise UnsupportedSchema(f"there is no column {column_name}", where=str(table.name))
    return found.render()


def drafted(table: Table) -> TableDraft:
    """The table as it stands at the target, part by part. Raises UnsupportedSchema."""
    return _applied(table)[0]


def _applied(table: Table) -> tuple[TableDraft, tuple[Rewrite, ...]]:
    draft = TableDraft.of(table)
    return draft, tuple(rewrite for rule in RULES for rewrite in rule(draft))


def create_database_statement(schema: str, collation: str) -> str:
    """The statement that creates a database, unless it is there."""
    return (
        f"CREATE DATABASE IF NOT EXISTS {quote_name(schema)} "
        f"CHARACTER SET utf8mb4 COLLATE {target_collation(collation or 'utf8mb4_bin')}"
    )


def create_view_statement(view: Table) -> TableDdl:
    """The statement that creates or replaces a view; the user of the target becomes its definer.

    Raises UnsupportedSchema where the source does not show the definition.
    """
    tokens = tokenize(view.create_statement)
    body = next((place for place, token in enumerate(tokens) if token.is_word("AS")), None)
    if body is None:
        hint = "grant SHOW VIEW to the source user, or exclude the view"
        raise UnsupportedSchema("the source does not show the view's definition", where=str(view.name), hint=hint)
    invoker = "SQL SECURITY INVOKER" in render(tokens[:body]).upper()
    names = ", ".join(quote_name(column.name) for column in view.columns)
    select = translate_expression(tokens[body + 1 :], str(view.name))
    statement = (
        f"CREATE OR REPLACE SQL SECURITY {'INVOKER' if invoker else 'DEFINER'} VIEW {view.name.quoted} "
        f"({names}) AS {render(select)}"
    )
    meaning = "the view's definer is the user that the job has at the target"
    rewrite = Rewrite("definer", view.name, "DEFINER", meaning, Severity.NOTE)
    return TableDdl(statement, () if invoker else (rewrite,), view)


@dataclass(frozen=True, slots=True)
class ForeignKeyDdl:
    """How a foreign key is added once its tables are loaded."""

    table: TableName
    name: str
    statement: str


def foreign_key_statements(tables: Iterable[Table]) -> tuple[tuple[ForeignKeyDdl, ...], tuple[Rewrite, ...]]:
    """ALTER TABLE for every foreign key between these tables, and a report of those that are left out."""
    tables = list(tables)
    present = {table.name for table in tables}
    statements: list[ForeignKeyDdl] = []
    left_out: list[Rewrite] = []
    for table in tables:
        for key in foreign_keys_of(table):
            parent = TableName(key.parent_schema, key.parent_table)
            if parent in present:
                statements.append(ForeignKeyDdl(table.name, key.name, _foreign_key(table.name, key)))
                continue
            meaning = f"the foreign key is left out, as {parent} does not belong to the job"
            left_out.append(Rewrite("foreign_key", table.name, key.name, meaning))
    return tuple(statements), tuple(left_out)


def _foreign_key(child: TableName, key: ForeignKey) -> str:
    columns, parent_columns = (", ".join(map(quote_name, names)) for names in (key.columns, key.parent_columns))
    statement = (
        f"ALTER TABLE {child.quoted} ADD CONSTRAINT {quote_name(key.name)} FOREIGN KEY ({columns}) "
        f"REFERENCES {TableName(key.parent_schema, key.parent_table).quoted} ({parent_columns})"
    )
    if key.on_delete:
        statement += f" ON DELETE {key.on_delete}"
    return statement + (f" ON UPDATE {key.on_update}" if key.on_update else "")
