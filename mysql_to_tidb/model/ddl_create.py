"""CREATE TABLE, and the options that it shares with ALTER TABLE."""

from collections.abc import Sequence

from mysql_to_tidb.model.ddl_columns import ColumnChange, Surroundings, read_column
from mysql_to_tidb.model.ddl_words import NotUnderstood, Words
from mysql_to_tidb.model.definitions import TokenKind, Tokens, render, string_of
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.shapes import ColumnItem, Shape
from mysql_to_tidb.model.tables import Table

_IGNORED_OPTIONS = {
    "ROW_FORMAT", "KEY_BLOCK_SIZE", "STATS_PERSISTENT", "STATS_AUTO_RECALC", "STATS_SAMPLE_PAGES", "MAX_ROWS",
    "MIN_ROWS", "AVG_ROW_LENGTH", "CHECKSUM", "TABLE_CHECKSUM", "PACK_KEYS", "DELAY_KEY_WRITE", "COMPRESSION",
    "TABLESPACE", "ENCRYPTION", "ENCRYPTED", "PAGE_CHECKSUM", "TRANSACTIONAL", "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL", "ENCRYPTION_KEY_ID",
}  # fmt: skip
"""Of the storage of the source, which the target has not."""


def read_options(words: Words, shape: Shape, around: Surroundings) -> None:
    """Table options as far as they are understood, to the end or to the first that is none."""
    charset = collation = ""
    while not words.done:
        words.accept(",")
        words.accept("DEFAULT")
        if words.accept("CHARACTER", "SET") or words.accept("CHARSET"):
            words.accept("=")
            charset = _name(words)
        elif words.accept("COLLATE"):
            words.accept("=")
            collation = _name(words)
        elif words.accept("COMMENT"):
            words.accept("=")
            shape.options["COMMENT"] = render((words.next(),))
        elif words.accept("AUTO_INCREMENT"):
            words.accept("=")
            shape.options["AUTO_INCREMENT"] = str(words.number())
        elif words.accept_any("ENGINE", "TYPE"):
            words.accept("=")
            shape.engine = _name(words)
            if shape.engine.lower() in {"federated", "connect", "spider", "merge", "mrg_myisam", "blackhole", "csv"}:
                raise NotUnderstood(f"the engine {shape.engine}")
        elif words.accept_any(*_IGNORED_OPTIONS):
            words.accept("=")
            words.next()
        else:
            raise words.unexpected()
    if charset:
        shape.collation = collation or around.collation_of(charset)[1]
    elif collation:
        around.charset_of(collation)
        shape.collation = collation


def _name(words: Words) -> str:
    return words.name() if words.at_name_or_word() else string_of(words.next().text)


def created(
    name: TableName,
    items: Sequence[Tokens],
    options: Tokens,
    partitioning: Tokens,
    collation: str,
    around: Surroundings,
) -> Table:
    """The table that a CREATE TABLE makes; `collation` is the database's. Raises NotUnderstood."""
    shape = Shape.empty(name, collation)
    read_options(Words(options), shape, around)
    lines: list[ColumnChange | Tokens] = []
    for item in items:
        if item[0].kind is TokenKind.NAME or not _is_line(item):
            change = read_column(Words(item), shape.collation, around)
            shape.insert(ColumnItem(change.column, change.item, None), None)
            lines.append(change)
        else:
            lines.append(item)
    for line in lines:  # indexes get their names in the order of the statement, once all columns are there
        if isinstance(line, ColumnChange):
            shape.add_keys_of(line)
        elif not shape.add_line(words := Words(line)) or not words.done:
            raise words.unexpected()
    shape.partitioning = render(partitioning)
    return shape.table()


def _is_line(item: Tokens) -> bool:
    """Whether an item of CREATE TABLE is an index or a constraint, not a column."""
    return item[0].is_word(
        "PRIMARY", "UNIQUE", "KEY", "INDEX", "CONSTRAINT", "FOREIGN", "CHECK", "FULLTEXT", "SPATIAL", "VECTOR"
    ) or (item[0].is_word("PERIOD") and len(item) > 1 and item[1].is_word("FOR"))


def like(name: TableName, table: Table) -> Table:
    """What CREATE TABLE ... LIKE makes: everything but foreign keys and the next number."""
    shape = Shape.of(table)
    shape.name = name
    shape.others = [line for line in shape.others if " FOREIGN KEY " not in line]
    shape.options.pop("AUTO_INCREMENT", None)
    return shape.table()
