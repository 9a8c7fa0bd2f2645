"""Rules for the indexes of a table: kinds, expressions, lengths, numbers."""

import re
from dataclasses import replace
from itertools import pairwise

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.definitions import TokenKind, Tokens, render, tokenize
from mysql_to_tidb.model.tables import Index, IndexPart
from mysql_to_tidb.target.schema_draft import IndexDraft, Rewrites, Severity, TableDraft
from mysql_to_tidb.target.schema_types import translate_expression

INDEX_BYTES_MAX = 3072
"""Of all parts of one index (TiDB: max-index-length, by default)."""
INDEXES_MAX = 64
COLUMNS_MAX = 1017
CHARACTER_BYTES = 4
"""What an index reserves for one character of utf8mb4."""

_FUNCTIONS = re.compile(r"lower|upper|md5|reverse|cast|json_\w+", re.IGNORECASE)
"""What TiDB indexes without an experimental setting (TiDB documentation, CREATE INDEX, Expression index)."""

_FIXED_BYTES = {
    "tinyint": 1,
    "smallint": 2,
    "mediumint": 3,
    "int": 4,
    "bigint": 8,
    "float": 4,
    "double": 8,
    "year": 1,
    "date": 3,
    "time": 3,
    "datetime": 8,
    "timestamp": 4,
    "bit": 8,
    "enum": 2,
    "set": 8,
    "decimal": 30,
}


def unsupported_indexes(draft: TableDraft) -> Rewrites:
    """TiDB has neither FULLTEXT nor SPATIAL indexes."""
    for index_draft in list(draft.indexes):
        if index_draft.index.kind not in {"FULLTEXT", "SPATIAL", "RTREE", "VECTOR"}:
            continue
        draft.indexes.remove(index_draft)
        meaning = f"the {index_draft.index.kind} index is left out; queries that need it fail or scan the table"
        yield draft.rewrite("index_kind", index_draft.index.name, meaning)


def whole_text_indexes(draft: TableDraft) -> Rewrites:
    """MariaDB keeps UNIQUE over whole texts by a hidden hash; TiDB indexes a text by a prefix only."""
    for index_draft in list(draft.indexes):
        if not any(_whole_text(draft, part) for part in index_draft.index.parts):
            continue
        if index_draft.index.name == "PRIMARY":
            raise UnsupportedSchema("TiDB has no primary key over a whole TEXT or BLOB", where=str(draft.name))
        draft.indexes.remove(index_draft)
        meaning = "UNIQUE over a whole TEXT or BLOB is left out; nothing keeps new rows unique"
        yield draft.rewrite("whole_text_index", index_draft.index.name, meaning)


def _whole_text(draft: TableDraft, part: IndexPart) -> bool:
    column = draft.column(part.column)
    if column is None or part.prefix_length:
        return False
    return column.column.data_type.endswith(("text", "blob"))


def functional_indexes(draft: TableDraft) -> Rewrites:
    """Indexes over expressions, where TiDB can have them."""
    for index_draft in list(draft.indexes):
        parts = index_draft.index.parts
        if all(part.column is not None for part in parts):
            continue
        expressions = [tokenize(part.expression or "") for part in parts if part.column is None]
        if all(map(_indexable, expressions)):
            translated = tuple(_translated(part, f"{draft.name}.{index_draft.index.name}") for part in parts)
            index_draft.index = replace(index_draft.index, parts=translated)
            continue
        draft.indexes.remove(index_draft)
        meaning = f"the index over {', '.join(map(render, expressions))} is left out, as TiDB cannot have it"
        if index_draft.index.unique:
            meaning += "; nothing keeps new rows unique"
        yield draft.rewrite("functional_index", index_draft.index.name, meaning)


def _indexable(expression: Tokens) -> bool:
    """Whether all functions of an expression are among those that TiDB indexes."""
    return all(
        _FUNCTIONS.fullmatch(token.text)
        for token, following in pairwise(expression)
        if token.kind is TokenKind.WORD and following.text == "(" and not following.spaced
        if token.text.lower() not in {"char", "binary", "decimal", "datetime", "time"}
    )


def _translated(part: IndexPart, where: str) -> IndexPart:
    if part.column is not None:
        return part
    return replace(part, expression=render(translate_expression(tokenize(part.expression or ""), where)))


def index_order(draft: TableDraft) -> Rewrites:
    """TiDB keeps every index in ascending order."""
    for index_draft in draft.indexes:
        parts = index_draft.index.parts
        if not any(part.descending for part in parts):
            continue
        meaning = "DESC is lost: the index is ascending; ORDER BY with mixed directions may have to sort"
        yield draft.rewrite("descending_index", index_draft.index.name, meaning, Severity.NOTE)
        ascending = tuple(replace(part, descending=False, expression=_ascending(part)) for part in parts)
        index_draft.index = replace(index_draft.index, parts=ascending)


def _ascending(part: IndexPart) -> str | None:
    return re.sub(r"(?i)\s+desc$", "", part.expression) if part.expression else None


def overlaps(draft: TableDraft) -> Rewrites:
    """WITHOUT OVERLAPS of MariaDB becomes plain UNIQUE."""
    for index_draft in draft.indexes:
        if "OVERLAPS" in index_draft.words:
            meaning = "WITHOUT OVERLAPS becomes UNIQUE; overlapping periods of new rows are not refused"
            yield draft.rewrite("without_overlaps", index_draft.index.name, meaning)


def index_lengths(draft: TableDraft) -> Rewrites:
    """Indexes that are too long in utf8mb4 are shortened, which a unique one would not survive as such."""
    for index_draft in draft.indexes:
        index = index_draft.index
        needed = sum(_bytes(draft, part) for part in index.parts)
        if needed <= INDEX_BYTES_MAX:
            continue
        if index.name == "PRIMARY":
            message = f"the primary key needs {needed} bytes in utf8mb4, TiDB allows {INDEX_BYTES_MAX}"
            hint = "shorten its columns, or raise max-index-length of TiDB and create the table there beforehand"
            raise UnsupportedSchema(message, where=str(draft.name), hint=hint)
        index_draft.index = _shortened(draft, index)
        meaning = (
            f"the index needs {needed} bytes in utf8mb4, TiDB allows {INDEX_BYTES_MAX}: it covers shorter prefixes"
        )
        if index.unique:
            meaning += " and is no longer UNIQUE; nothing keeps new rows unique"
        yield draft.rewrite("index_length", index.name, meaning)


def _bytes(draft: TableDraft, part: IndexPart) -> int:
    """What an index reserves for one part; expressions are left to the target."""
    found = draft.column(part.column)
    if found is None:
        return 0
    column = found.column
    if column.data_type in _FIXED_BYTES:
        return _FIXED_BYTES[column.data_type]
    length = part.prefix_length or column.characters_max or 0
    return length * CHARACTER_BYTES if column.collation else length


def _shortened(draft: TableDraft, index: Index) -> Index:
    """The same index, not unique, with the long parts cut so that all fit."""
    sizes = [_bytes(draft, part) for part in index.parts]
    share = INDEX_BYTES_MAX
    while sum(min(size, share) for size in sizes) > INDEX_BYTES_MAX:
        share -= CHARACTER_BYTES
    parts = []
    for part, size in zip(index.parts, sizes, strict=True):
        column = draft.column(part.column)
        width = CHARACTER_BYTES if column is not None and column.column.collation else 1
        parts.append(replace(part, prefix_length=share // width) if size > share else part)
    return replace(index, unique=False, parts=tuple(parts))


def auto_increment_index(draft: TableDraft) -> Rewrites:
    """AUTO_INCREMENT behind another column of its index counts per group in MyISAM, per table in TiDB."""
    for column_draft in draft.columns:
        name = column_draft.column.name
        leading = {(index.index.parts[0].column or "").lower() for index in draft.indexes}
        if not column_draft.column.auto_increment or name.lower() in leading:
            continue
        draft.indexes.append(IndexDraft(Index(f"{name}_auto_increment", unique=False, parts=(IndexPart(name),))))
        meaning = "numbers are given per table, no longer per group of the index's first column"
        yield draft.rewrite("auto_increment_group", name, meaning)


def limits(draft: TableDraft) -> Rewrites:
    """Stop at a table that is larger than TiDB allows."""
    if len(draft.columns) > COLUMNS_MAX:
        message = f"the table has {len(draft.columns)} columns, TiDB allows {COLUMNS_MAX}"
        hint = "raise table-column-count-limit of TiDB and create the table there beforehand, or exclude it"
        raise UnsupportedSchema(message, where=str(draft.name), hint=hint)
    if len(draft.indexes) > INDEXES_MAX:
        message = f"the table has {len(draft.indexes)} indexes, TiDB allows {INDEXES_MAX}"
        hint = "raise index-limit of TiDB and create the table there beforehand, or drop indexes"
        raise UnsupportedSchema(message, where=str(draft.name), hint=hint)
    yield from ()
