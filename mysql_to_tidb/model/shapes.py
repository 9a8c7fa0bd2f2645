"""The shape of a table before a statement, and the statement, to the shape after it: pure, and certain or not at all.

The Column and Index of what a statement leaves alone stay as the source told them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mysql_to_tidb.model.ddl_columns import ColumnChange, renamed_item
from mysql_to_tidb.model.ddl_indexes import IndexItem, index_from, read_index
from mysql_to_tidb.model.ddl_words import NotUnderstood, Words
from mysql_to_tidb.model.definitions import TokenKind, Tokens, name_of, render, split_by_commas, tokenize
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.tables import DEFAULT_STORAGE, Column, Index, IndexPart, Storage, Table


@dataclass(slots=True)
class ColumnItem:
    """A column with its line of SHOW CREATE TABLE; `origin` is its name before the statement, None for a new one."""

    column: Column
    item: str
    origin: str | None


@dataclass(frozen=True, slots=True)
class Altered:
    """A table after a statement, and where its columns come from: old names by new ones."""

    table: Table
    origins: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Shape:
    """A table that is being changed clause by clause."""

    name: TableName
    columns: list[ColumnItem]
    indexes: list[IndexItem]
    others: list[str]
    """Foreign keys, checks and periods, a line each."""
    options: dict[str, str]
    """Table options in upper case."""
    partitioning: str
    collation: str
    engine: str = "InnoDB"
    row_format: str = ""
    storage: Storage = DEFAULT_STORAGE

    @classmethod
    def empty(cls, name: TableName, collation: str) -> "Shape":
        return cls(name, [], [], [], {}, "", collation)

    @classmethod
    def of(cls, table: Table) -> "Shape":
        """Raises NotUnderstood where the table's statement does not have all that the table has."""
        words = Words(tokenize(table.create_statement))
        while not words.done and not words.at("("):
            words.next()
        items = [Words(item) for item in split_by_commas(words.parenthesis())]
        columns = {name_of(i.tokens[0]).lower(): i.tokens for i in items if i.tokens[0].kind is TokenKind.NAME}
        lines = [item.tokens for item in items if item.tokens[0].kind is not TokenKind.NAME]
        others = [line for line in lines if _is_other(line)]
        indexes = {_index_name(line).lower(): line for line in lines if not _is_other(line)}
        if columns.keys() != {column.name.lower() for column in table.columns}:
            raise NotUnderstood(f"the definition of {table.name}")
        options, partitioning = _options_of(words.rest)
        return cls(
            table.name,
            [ColumnItem(c, render(columns[c.name.lower()]), c.name) for c in table.columns],
            [IndexItem(i, render(indexes.get(i.name.lower(), ()))) for i in table.indexes],
            [render(line) for line in others],
            options,
            partitioning,
            table.collation or "",
            table.engine,
            table.row_format,
            table.storage,
        )

    def table(self) -> Table:
        """The shape as a table; estimates are gone. Raises NotUnderstood where it is no table."""
        if not self.columns:
            raise NotUnderstood("a table without columns")
        primary = {
            part.column.lower()
            for item in self.indexes
            if item.index.name == "PRIMARY"
            for part in item.index.parts
            if part.column
        }
        for column in self.columns:
            if column.column.name.lower() in primary and column.column.nullable:
                column.column = replace(column.column, nullable=False)
                column.item = _not_null(column.item)
        self.indexes = [self._settled(item) for item in self.indexes]
        lines = [column.item for column in self.columns] + [item.item for item in self.indexes if item.item]
        statement = f"CREATE TABLE {quote_name(self.name.table)} (\n  " + ",\n  ".join([*lines, *self.others]) + "\n)"
        statement += "".join(f" {option}={value}" for option, value in self.options.items() if value)
        statement += f" {self.partitioning}" if self.partitioning else ""
        return Table(
            name=self.name,
            columns=tuple(column.column for column in self.columns),
            indexes=tuple(sorted((item.index for item in self.indexes), key=lambda index: index.name)),
            engine=self.engine,
            create_statement=statement,
            row_format=self.row_format,
            collation=self.collation,
            storage=self.storage,
        )

    def altered(self) -> Altered:
        origins = {item.column.name: item.origin for item in self.columns if item.origin is not None}
        return Altered(self.table(), origins)

    def place_of(self, name: str) -> int:
        """Raises NotUnderstood for a column that is not there."""
        for place, item in enumerate(self.columns):
            if item.column.name.lower() == name.lower():
                return place
        raise NotUnderstood(f"the column {name}, which {self.name} does not have")

    def insert(self, item: ColumnItem, change: ColumnChange | None) -> None:
        """Put a column where its clause says, else behind all others."""
        if any(other.column.name.lower() == item.column.name.lower() for other in self.columns):
            raise NotUnderstood(f"a second column {item.column.name}")
        if change is not None and change.first:
            self.columns.insert(0, item)
        elif change is not None and change.after:
            self.columns.insert(self.place_of(change.after) + 1, item)
        else:
            self.columns.append(item)

    def add_index(self, item: IndexItem) -> None:
        if any(other.index.name.lower() == item.index.name.lower() for other in self.indexes):
            raise NotUnderstood(f"a second index {item.index.name}")
        for part in item.index.parts:
            if part.column is not None:
                self.place_of(part.column)
        self.indexes.append(item)

    def add_keys_of(self, change: ColumnChange) -> None:
        """PRIMARY KEY and UNIQUE that stand with a column."""
        parts = (IndexPart(change.column.name),)
        if change.primary:
            self.add_index(index_from(Index("PRIMARY", unique=True, parts=parts)))
        if change.unique:
            self.add_index(index_from(Index(self.free_name(change.column.name), unique=True, parts=parts)))

    def free_name(self, wanted: str) -> str:
        """The name that an index without one gets (MySQL source, make_unique_key_name)."""
        taken = {item.index.name.lower() for item in self.indexes}
        candidates = [wanted, *(f"{wanted}_{number}" for number in range(2, 100))]
        start = 1 if wanted.upper() == "PRIMARY" else 0
        return next(name for name in candidates[start:] if name.lower() not in taken)

    def drop_index(self, name: str) -> None:
        kept = [item for item in self.indexes if item.index.name.lower() != name.lower()]
        if len(kept) == len(self.indexes):
            raise NotUnderstood(f"the index {name}, which {self.name} does not have")
        self.indexes = kept

    def add_line(self, words: Words) -> bool:
        """An index or a constraint of CREATE or ADD, if it is one."""
        if words.at("FOREIGN", "CONSTRAINT", "CHECK") and (constraint := self._constraint(words)):
            self.others.append(constraint)
            return True
        item = read_index(words, self.free_name)
        if item is None:
            return False
        self.add_index(item)
        return True

    def _constraint(self, words: Words) -> str:
        """A foreign key or a check as one line; empty where the words are about an index."""
        start, name = words.place, ""
        if words.accept("CONSTRAINT") and not words.at("FOREIGN", "CHECK", "PRIMARY", "UNIQUE"):
            name = words.name()
        if words.accept("CHECK"):
            condition = render(words.parenthesis())
            words.place = len(words.tokens)
            return f"CONSTRAINT {quote_name(name or self._next('chk'))} CHECK ({condition})"
        if not words.accept("FOREIGN", "KEY"):
            words.place = start
            return ""
        index = words.name() if not words.at("(") else ""
        columns = [name_of(token) for token in words.parenthesis() if token.text != ","]
        name = name or self._next("ibfk")
        self._index_for(columns, name if words.tokens[start].is_word("CONSTRAINT") else index)
        words.expect("REFERENCES")
        parent = words.table(self.name.schema)
        parents = [name_of(token) for token in words.parenthesis() if token.text != ","]
        actions = render(words.rest)
        words.place = len(words.tokens)
        listed, listed_parents = (", ".join(map(quote_name, names)) for names in (columns, parents))
        return (
            f"CONSTRAINT {quote_name(name)} FOREIGN KEY ({listed}) REFERENCES {parent.quoted} ({listed_parents})"
            + (f" {actions}" if actions else "")
        )  # fmt: skip

    def _next(self, kind: str) -> str:
        """The name that a constraint without one gets: the table's, then a number (MySQL manual, CREATE TABLE)."""
        prefix = f"{self.name.table}_{kind}_"
        taken = [_constraint_name(line) for line in self.others]
        numbers = [int(name.removeprefix(prefix)) for name in taken if name.removeprefix(prefix).isdecimal()]
        return f"{prefix}{max(numbers, default=0) + 1}"

    def _index_for(self, columns: Sequence[str], name: str) -> None:
        """The index that a foreign key needs, where no other serves it."""
        wanted = [column.lower() for column in columns]
        for item in self.indexes:
            leading = [(part.column or "").lower() for part in item.index.parts[: len(wanted)]]
            if leading == wanted and not any(part.prefix_length for part in item.index.parts[: len(wanted)]):
                return
        parts = tuple(IndexPart(column) for column in columns)
        self.add_index(index_from(Index(self.free_name(name or columns[0]), unique=False, parts=parts)))

    def drop_constraint(self, name: str) -> None:
        kept = [line for line in self.others if _constraint_name(line).lower() != name.lower()]
        if len(kept) == len(self.others):
            raise NotUnderstood(f"the constraint {name}, which {self.name} does not have")
        self.others = kept

    def rename_column(self, item: ColumnItem, name: str) -> None:
        """Raises NotUnderstood where an expression of the table may name the column."""
        old = item.column.name.lower()
        expressions = [*self.others, self.partitioning, *(c.item for c in self.columns if c.column.generated)]
        expressions += [index.item for index in self.indexes if any(part.column is None for part in index.index.parts)]
        if any(name_of(token).lower() == old for text in expressions for token in tokenize(text)):
            raise NotUnderstood(f"the new name of the column {old}, which expressions or constraints use")
        item.column = replace(item.column, name=name)
        item.item = renamed_item(item.item, name)

    def rename_in_indexes(self, names: dict[str, str]) -> None:
        """Have indexes follow new names of columns; old ones in lower case."""
        for item in self.indexes:
            parts = tuple(
                replace(part, column=names.get((part.column or "").lower(), part.column)) for part in item.index.parts
            )
            if parts != item.index.parts:
                item.index = replace(item.index, parts=parts)
                item.item = item.printed()

    def forget_in_indexes(self, column: str) -> None:
        """Take a dropped column out of every index; one that loses its last part goes."""
        kept = []
        for item in self.indexes:
            parts = tuple(part for part in item.index.parts if (part.column or "").lower() != column.lower())
            if parts != item.index.parts:
                item.index = replace(item.index, parts=parts)
                item.item = item.printed() if parts else ""
            if parts:
                kept.append(item)
        self.indexes = kept

    def _settled(self, item: IndexItem) -> IndexItem:
        """Without prefixes that are as long as their columns."""
        columns = {column.column.name.lower(): column.column for column in self.columns}
        parts = []
        for part in item.index.parts:
            column = columns.get((part.column or "").lower())
            covered = (
                column is not None
                and column.data_type in _WHOLE
                and column.characters_max is not None
                and part.prefix_length is not None
                and part.prefix_length >= column.characters_max
            )
            parts.append(replace(part, prefix_length=None) if covered else part)
        if tuple(parts) == item.index.parts:
            return item
        settled = replace(item, index=replace(item.index, parts=tuple(parts)))
        settled.item = settled.printed()
        return settled


_WHOLE = {"char", "varchar", "binary", "varbinary"}


def _not_null(item: str) -> str:
    words = list(tokenize(item))
    for place, word in enumerate(words):
        if word.is_word("NULL") and not words[place - 1].is_word("NOT", "DEFAULT", "SET"):
            words[place : place + 1] = tokenize(" NOT NULL")
            return render(words)
    return item + " NOT NULL"


def _is_other(line: Tokens) -> bool:
    words = Words(line)
    if words.accept("CONSTRAINT"):
        words.next()
    return words.at("FOREIGN", "CHECK", "PERIOD")


def _constraint_name(line: str) -> str:
    tokens = tokenize(line)
    return name_of(tokens[1]) if tokens[0].is_word("CONSTRAINT") else ""


def _index_name(line: Tokens) -> str:
    for token in line:
        if token.kind is TokenKind.NAME:
            return name_of(token)
        if token.text == "(":
            break
    return "PRIMARY"


def _options_of(tokens: Tokens) -> tuple[dict[str, str], str]:
    """Options and partitioning behind the parenthesis of SHOW CREATE TABLE."""
    place = next((place for place, token in enumerate(tokens) if token.is_word("PARTITION")), len(tokens))
    words, options = Words(tokens[:place]), {}
    while not words.done:
        option = words.name().upper()
        if words.accept("="):
            start = words.place
            _ = words.parenthesis() if words.at("(") else words.next()
            options[option] = render(words.tokens[start : words.place])
    if any(token.is_word("VERSIONING") for token in tokens[:place]):
        raise NotUnderstood("a table WITH SYSTEM VERSIONING")
    return options, render(tokens[place:])
