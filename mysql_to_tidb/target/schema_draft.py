"""A table on its way to the target: what the rules change step by step, and how it reads as a statement."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.definitions import (
    TableDefinition,
    Tokens,
    parse_create_table,
    quote_string,
    render,
    string_of,
)
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table


class Severity(StrEnum):
    """How much a rewrite matters to the application."""

    NOTE = "note"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Something of a table that will be different at the target, and what that means."""

    rule: str
    table: TableName
    object: str
    """The column, index, constraint or option that changed."""
    meaning: str
    """What the application will see, in a sentence."""
    severity: Severity = Severity.WARNING


@dataclass(slots=True)
class ColumnDraft:
    """A column as it shall be at the target; its expressions as SQL, empty where there is none."""

    column: Column
    default: Tokens = ()
    on_update: Tokens = ()
    generated: Tokens = ()
    stored: bool = False
    words: frozenset[str] = frozenset()
    """Attributes of the source in upper case."""
    checks: tuple[str, ...] = ()
    auto_random_bits: int = 0

    def render(self) -> str:
        column = self.column
        parts = [quote_name(column.name), column.column_type]
        if column.collation:
            parts.append(f"CHARACTER SET {column.character_set} COLLATE {column.collation}")
        if self.generated:
            parts.append(f"GENERATED ALWAYS AS ({render(self.generated)}) {'STORED' if self.stored else 'VIRTUAL'}")
        if not column.nullable:
            parts.append("NOT NULL")
        elif column.data_type == "timestamp":
            parts.append("NULL")  # without it, a server may make a TIMESTAMP NOT NULL by itself
        if self.default:
            parts.append(f"DEFAULT {render(self.default)}")
        if self.on_update:
            parts.append(f"ON UPDATE {render(self.on_update)}")
        if column.auto_increment:
            parts.append("AUTO_INCREMENT")
        if self.auto_random_bits:
            parts.append(f"/*T![auto_rand] AUTO_RANDOM({self.auto_random_bits}) */")
        if column.comment:
            parts.append(f"COMMENT {quote_string(column.comment)}")
        return " ".join(parts)


@dataclass(slots=True)
class IndexDraft:
    """An index as it shall be at the target."""

    index: Index
    comment: str = ""
    invisible: bool = False
    words: frozenset[str] = frozenset()
    nonclustered: bool = False

    def render(self) -> str:
        if self.index.name == "PRIMARY":
            head = "PRIMARY KEY"
        else:
            head = ("UNIQUE KEY " if self.index.unique else "KEY ") + quote_name(self.index.name)
        text = f"{head} ({', '.join(_part(part) for part in self.index.parts)})"
        if self.comment:
            text += f" COMMENT {quote_string(self.comment)}"
        text += " /*T![clustered_index] NONCLUSTERED */" if self.nonclustered else ""
        return text + (" /*!80000 INVISIBLE */" if self.invisible else "")


def _part(part: IndexPart) -> str:
    if part.column is None:
        return part.expression or ""
    return quote_name(part.column) + (f"({part.prefix_length})" if part.prefix_length else "")


@dataclass(slots=True)
class TableDraft:
    """A table as it shall be at the target, while rules work on it."""

    source: Table
    definition: TableDefinition
    columns: list[ColumnDraft]
    indexes: list[IndexDraft]
    collation: str
    partitioning: str = ""
    comment: str = ""
    auto_increment: str = ""
    storage_options: str = ""
    """As TiDB reads them and others pass over them (TiDB documentation, Comment Syntax)."""

    @classmethod
    def of(cls, table: Table) -> Self:
        """Raises UnsupportedSchema where the statement of the source cannot be taken apart."""
        definition = parse_create_table(table.create_statement)
        columns = []
        for column in table.columns:
            found = definition.columns.get(column.name.lower())
            if found is None:
                raise UnsupportedSchema(f"column {column.name} is not in the table's statement", where=str(table.name))
            draft = ColumnDraft(column, found.default, found.on_update, found.generated, found.stored)
            draft.words, draft.checks = found.words, found.checks
            columns.append(draft)
        indexes = []
        for index in table.indexes:
            told = definition.indexes.get(index.name.lower())
            words = told.words if told else frozenset()
            invisible = bool(words & {"INVISIBLE", "IGNORED"})
            indexes.append(IndexDraft(index, told.comment if told else "", invisible, words))
        comment = definition.options.get("COMMENT", "''")
        return cls(
            source=table,
            definition=definition,
            columns=columns,
            indexes=sorted(indexes, key=lambda draft: draft.index.name != "PRIMARY"),
            collation=table.collation or "utf8mb4_bin",
            comment=string_of(comment),
            auto_increment=definition.options.get("AUTO_INCREMENT", ""),
        )

    @property
    def name(self) -> TableName:
        return self.source.name

    def column(self, name: str | None) -> ColumnDraft | None:
        """The column of that name, upper and lower case alike; None for an expression."""
        wanted = (name or "").lower()
        return next((draft for draft in self.columns if draft.column.name.lower() == wanted), None)

    def table(self) -> Table:
        """The draft as a plain table."""
        indexes = tuple(draft.index for draft in self.indexes)
        columns = tuple(draft.column for draft in self.columns)
        return replace(self.source, columns=columns, indexes=indexes, collation=self.collation)

    def render(self) -> str:
        lines = [column.render() for column in self.columns] + [index.render() for index in self.indexes]
        statement = f"CREATE TABLE IF NOT EXISTS {self.name.quoted} (\n  " + ",\n  ".join(lines) + "\n)"
        statement += f" DEFAULT CHARACTER SET utf8mb4 COLLATE {self.collation}"
        if self.auto_increment:
            statement += f" AUTO_INCREMENT={self.auto_increment}"
        if self.comment:
            statement += f" COMMENT={quote_string(self.comment)}"
        statement += self.storage_options
        return statement + (f"\n{self.partitioning}" if self.partitioning else "")

    def rewrite(self, rule: str, changed: str, meaning: str, severity: Severity = Severity.WARNING) -> Rewrite:
        return Rewrite(rule, self.name, changed, meaning, severity)


Rewrites = Iterator[Rewrite]
"""What a rule yields while it changes a draft."""
