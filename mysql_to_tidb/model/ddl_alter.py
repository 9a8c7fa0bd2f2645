"""ALTER TABLE with all its clauses, in the order in which a server carries them out."""

from collections.abc import Sequence
from dataclasses import replace

from mysql_to_tidb.model.ddl_columns import (
    CHARACTER_TYPES,
    ColumnChange,
    Surroundings,
    read_column,
    recollated,
)
from mysql_to_tidb.model.ddl_create import read_options
from mysql_to_tidb.model.ddl_indexes import IndexItem, renamed
from mysql_to_tidb.model.ddl_words import NotUnderstood, Words
from mysql_to_tidb.model.definitions import Tokens, render, split_by_commas, tokenize
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.shapes import Altered, ColumnItem, Shape
from mysql_to_tidb.model.tables import Column, Table

_PARTITION_WORDS = {
    "PARTITION", "REORGANIZE", "COALESCE", "EXCHANGE", "TRUNCATE", "REBUILD", "REMOVE", "DISCARD", "IMPORT",
}  # fmt: skip
_WIDER = {"tinytext": "text", "text": "mediumtext", "mediumtext": "longtext"}


def altered(table: Table, clauses: Sequence[Tokens], around: Surroundings) -> tuple[Altered, TableName]:
    """The table after an ALTER, still under its own name, and the name that the ALTER gives it.

    Raises NotUnderstood for every clause whose effect is not certain.
    """
    alter = _Alter(table, around)
    for clause in clauses:
        words = Words(clause)
        alter.read(words)
        if not words.done:
            raise words.unexpected()
    return alter.result(), alter.new_name


class _Alter:
    """Collects the clauses; columns come into their places at the end, as in MySQL's own mysql_prepare_alter_table."""

    def __init__(self, table: Table, around: Surroundings) -> None:
        self.shape = Shape.of(table)
        self.new_name = table.name
        self._around = around
        self._by_origin = {item.column.name.lower(): item for item in self.shape.columns}
        self._dropped: list[str] = []
        self._renamed: dict[str, str] = {}
        self._moved: list[tuple[ColumnItem, ColumnChange]] = []
        self._lines: list[Words] = []
        self._added: list[ColumnChange] = []
        self._charset: tuple[str, str] | None = None

    def read(self, words: Words) -> None:
        """One clause; index clauses wait until all columns are known."""
        if words.at(*_PARTITION_WORDS):
            raise NotUnderstood("a change of partitions")
        if words.accept("ADD"):
            self._add(words)
        elif words.accept("DROP"):
            self._drop(words)
        elif words.accept("MODIFY"):
            words.accept("COLUMN")
            self._change(self._item(words.tokens[words.place].text.strip("`")), words)
        elif words.accept("CHANGE"):
            words.accept("COLUMN")
            self._change(self._item(words.name()), words)
        elif words.accept("RENAME"):
            self._rename(words)
        elif words.accept("ALTER"):
            self._alter(words)
        elif words.accept("CONVERT", "TO"):
            self._convert(words)
        elif not _without_effect(words):
            read_options(words, self.shape, self._around)

    def result(self) -> Altered:
        shape = self.shape
        for name in self._dropped:
            shape.columns.remove(self._by_origin[name.lower()])
            shape.forget_in_indexes(name)
        shape.rename_in_indexes(self._renamed)
        for item, change in self._moved:
            if item.origin is not None and (change.first or change.after):
                shape.columns.remove(item)
        for item, change in self._moved:
            if change.first or change.after or item.origin is None:
                shape.insert(item, change)
        names = [item.column.name.lower() for item in shape.columns]
        if len(set(names)) != len(names):
            raise NotUnderstood("two columns of one name")
        for change in self._added:
            shape.add_keys_of(change)
        for words in self._lines:
            if not shape.add_line(words) or not words.done:
                raise words.unexpected()
        if self._charset:
            self._recollate(*self._charset)
        return shape.altered()

    def _item(self, name: str) -> ColumnItem:
        """A column by its name before the statement."""
        item = self._by_origin.get(name.lower())
        if item is None or name.lower() in (dropped.lower() for dropped in self._dropped):
            raise NotUnderstood(f"the column {name}, which {self.shape.name} does not have")
        return item

    def _add(self, words: Words) -> None:
        if words.at("PARTITION", "PERIOD", "SYSTEM"):
            raise NotUnderstood("a change of partitions or versioning")
        if words.at("PRIMARY", "UNIQUE", "KEY", "INDEX", "FULLTEXT", "SPATIAL", "CONSTRAINT", "FOREIGN", "CHECK"):
            self._lines.append(Words(words.rest))
            words.place = len(words.tokens)
            return
        words.accept("COLUMN")
        if words.at("IF"):
            raise NotUnderstood("ADD COLUMN IF NOT EXISTS")
        several = split_by_commas(words.parenthesis()) if words.at("(") else None
        for definition in map(Words, several) if several else [words]:
            change = read_column(definition, self.shape.collation, self._around)
            self._moved.append((ColumnItem(change.column, change.item, None), change))
            self._added.append(change)

    def _drop(self, words: Words) -> None:
        if words.accept("PRIMARY", "KEY"):
            self.shape.drop_index("PRIMARY")
        elif words.accept("INDEX") or words.accept("KEY"):
            self.shape.drop_index(words.name())
        elif words.accept("FOREIGN", "KEY") or words.accept("CONSTRAINT") or words.accept("CHECK"):
            name = words.name()
            try:
                self.shape.drop_constraint(name)
            except NotUnderstood:
                self.shape.drop_index(name)
        elif words.at("PARTITION", "SYSTEM", "PERIOD", "IF"):
            raise words.unexpected()
        else:
            words.accept("COLUMN")
            if words.at("IF"):
                raise words.unexpected()
            name = words.name()
            self._item(name)
            _ = words.accept("RESTRICT") or words.accept("CASCADE")
            self._dropped.append(name)

    def _change(self, item: ColumnItem, words: Words) -> None:
        old = item.column.name
        change = read_column(words, self.shape.collation, self._around)
        if change.column.name.lower() != old.lower():
            self.shape.rename_column(item, change.column.name)
            self._renamed[old.lower()] = change.column.name
        item.column, item.item = change.column, change.item
        self._moved.append((item, change))
        self._added.append(change)

    def _rename(self, words: Words) -> None:
        if words.accept("COLUMN"):
            item = self._item(words.name())
            words.expect("TO")
            name = words.name()
            self._renamed[item.column.name.lower()] = name
            self.shape.rename_column(item, name)
        elif words.accept("INDEX") or words.accept("KEY"):
            old = words.name().lower()
            words.expect("TO")
            name = words.name()
            self.shape.indexes = [
                renamed(item, name) if item.index.name.lower() == old else item for item in self.shape.indexes
            ]
        else:
            _ = words.accept("TO") or words.accept("AS") or words.accept("=")
            self.new_name = words.table(self.shape.name.schema)

    def _alter(self, words: Words) -> None:
        """ALTER COLUMN SET DEFAULT, DROP DEFAULT; the visibility of an index; the enforcing of a check."""
        if words.accept("INDEX"):
            name, invisible = words.name().lower(), False
            invisible = words.accept("INVISIBLE") or words.accept("IGNORED")
            _ = invisible or words.accept("VISIBLE") or words.accept("NOT", "IGNORED")
            self.shape.indexes = [
                _seen(i, invisible) if i.index.name.lower() == name else i for i in self.shape.indexes
            ]
            return
        if words.accept("CHECK") or words.accept("CONSTRAINT"):
            words.name()
            words.accept("NOT")
            words.expect("ENFORCED")
            return
        words.accept("COLUMN")
        item = self._item(words.name())
        default: Tokens = ()
        if words.accept("SET", "DEFAULT"):
            default = words.value()
            if item.column.data_type == "timestamp" and self._around.time_zone:
                raise NotUnderstood("the default of a TIMESTAMP, which depends on the time zone")
        else:
            words.expect("DROP", "DEFAULT")
        item.item = _with_default(item.item, default)
        told = None if not default or render(default).upper() == "NULL" else render(default).strip("'")
        item.column = replace(item.column, default=told)

    def _convert(self, words: Words) -> None:
        if not words.accept("CHARACTER", "SET"):
            words.expect("CHARSET")
        charset, collation = self._around.collation_of(words.name().lower())
        if words.accept("COLLATE"):
            collation = words.name().lower()
        self._charset = charset, collation
        self.shape.collation = collation

    def _recollate(self, charset: str, collation: str) -> None:
        for item in self.shape.columns:
            if item.column.data_type in CHARACTER_TYPES:
                wider = self._wider(item.column, charset)
                item.column, item.item = recollated(item.column, item.item, charset, collation, wider)

    def _wider(self, column: Column, charset: str) -> str:
        """The type that holds as many characters in the new set (MySQL manual, ALTER TABLE, CONVERT TO)."""
        before = self._around.bytes_per_character.get(column.character_set or "", 1)
        grows = self._around.bytes_per_character.get(charset, 1) > before
        return _WIDER.get(column.data_type, "") if grows else ""


def _without_effect(words: Words) -> bool:
    """Clauses about how the ALTER is done, or about storage."""
    if words.accept_any("ALGORITHM", "LOCK"):
        words.accept("=")
        words.next()
    elif words.accept_any("DISABLE", "ENABLE"):
        words.expect("KEYS")
    elif words.accept_any("WITH", "WITHOUT"):
        words.expect("VALIDATION")
    elif words.accept("ORDER", "BY"):
        words.place = len(words.tokens)
    else:
        return words.accept("FORCE")
    return True


def _seen(item: IndexItem, invisible: bool) -> IndexItem:
    changed = replace(item, invisible=invisible)
    changed.item = changed.printed()
    return changed


def _with_default(item: str, default: Tokens) -> str:
    words = Words(tokenize(item))
    kept: list[str] = []
    while not words.done:
        start = words.place
        if words.accept("DEFAULT"):
            words.value()
        else:
            kept.append(render((words.next(),)) if start == 0 else _spaced(words))
    text = "".join(kept)
    if not default:
        return text
    place = text.rfind(" COMMENT ")
    told = f" DEFAULT {render(default)}"
    return text + told if place < 0 else text[:place] + told + text[place:]


def _spaced(words: Words) -> str:
    token = words.next()
    return (" " if token.spaced else "") + token.text
