"""What a schema change does to rows that are there, as far as source and target are sure to do the same."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mysql_to_tidb.model.definitions import TokenKind, quote_string, tokenize
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.tables import Column
from mysql_to_tidb.target.schema_compare import holds, type_of
from mysql_to_tidb.target.schema_draft import ColumnDraft

_INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}
_INTEGER_CHARACTERS_MAX = 20
_NOW = ("CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP")
_UNIVERSAL = {"utf8mb4"}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Rows for which it is not certain that the target does what the source did."""

    query: str
    """Gives a row if there are such rows at the target."""
    reason: str


def doubts_of_added(table: TableName, draft: ColumnDraft | None) -> Iterator[Doubt]:
    """About the values that a new column gets in the rows that are there."""
    if draft is None or draft.generated:
        return
    column = draft.column
    if column.auto_increment:
        yield _any_row(table, f"the rows are numbered in {column.name} in an order of the source's own")
    elif draft.default and not _is_literal(draft) and not _is_now(draft):
        yield _any_row(table, f"the default of {column.name} gives other values at each server")


def doubts_of_changed(table: TableName, old: Column, new: Column, *, strict: bool) -> Iterator[Doubt]:
    """About the values of a column that stays."""
    name = quote_name(old.name)
    if old.nullable and not new.nullable:
        yield Doubt(f"SELECT 1 FROM {table.quoted} WHERE {name} IS NULL LIMIT 1", f"{old.name} has been NULL in some")
    if old.generated != new.generated:
        yield _any_row(table, f"{old.name} becomes {'' if new.generated else 'not '}generated")
    elif old.generated and old.generation_expression != new.generation_expression:
        yield _any_row(table, f"{old.name} is computed otherwise")
    elif new.auto_increment and not old.auto_increment:
        yield Doubt(f"SELECT 1 FROM {table.quoted} WHERE {name} = 0 LIMIT 1", f"{old.name} gets numbers")
    if _loses_characters(old, new) and not strict:
        yield _any_row(table, f"the character set of {old.name} becomes {new.character_set} without strict mode")
    if type_of(old) != type_of(new) and not holds(old, new):
        yield from _doubts_of_conversion(table, old, new, strict=strict)


def _doubts_of_conversion(table: TableName, old: Column, new: Column, *, strict: bool) -> Iterator[Doubt]:
    if _is_exact(old, new) or (strict and _fits_or_fails(old, new)):
        return
    if strict and old.data_type == new.data_type == "varchar":
        longer = f"CHAR_LENGTH({quote_name(old.name)}) > {new.characters_max}"
        yield Doubt(f"SELECT 1 FROM {table.quoted} WHERE {longer} LIMIT 1", f"{old.name} is longer in some")
        return
    yield _any_row(table, f"the values of {old.name} are converted from {old.column_type} to {new.column_type}")


def _is_exact(old: Column, new: Column) -> bool:
    """Conversions that are the same everywhere."""
    kind, other = old.data_type, new.data_type
    if kind in _INTEGERS and other in {"char", "varchar"} and "zerofill" not in old.column_type:
        return (new.characters_max or 0) >= _INTEGER_CHARACTERS_MAX
    if kind == other == "decimal":
        whole = (old.numeric_precision or 0) - (old.numeric_scale or 0)
        new_whole = (new.numeric_precision or 0) - (new.numeric_scale or 0)
        same_sign = old.unsigned == new.unsigned or old.unsigned
        return whole <= new_whole and (old.numeric_scale or 0) <= (new.numeric_scale or 0) and same_sign
    if kind == "enum" and other in {"char", "varchar"}:
        return max(map(len, old.members)) <= (new.characters_max or 0)
    if kind == other == "enum":
        return set(old.members) <= set(new.members)
    return kind == "date" and other == "datetime"


def _fits_or_fails(old: Column, new: Column) -> bool:
    """Narrower types of whose values each either stays the same or stops the statement."""
    if old.data_type in _INTEGERS and new.data_type in _INTEGERS:
        return True
    scales = old.numeric_scale or 0, new.numeric_scale or 0
    return old.data_type == new.data_type == "decimal" and scales[0] <= scales[1]


def _loses_characters(old: Column, new: Column) -> bool:
    """Whether the new character set may lack characters; all are utf8mb4 at the target."""
    before, after = old.character_set, new.character_set
    return before != after and before is not None and after not in _UNIVERSAL and before != "ascii"


def _any_row(table: TableName, reason: str) -> Doubt:
    return Doubt(f"SELECT 1 FROM {table.quoted} LIMIT 1", reason)


def _is_literal(draft: ColumnDraft) -> bool:
    tokens = draft.default
    plain = all(token.kind is not TokenKind.NAME and token.text != "(" for token in tokens)
    return plain and len(tokens) <= 2 and not _is_now(draft)


def _is_now(draft: ColumnDraft) -> bool:
    return (
        bool(draft.default) and draft.default[0].is_word(*_NOW) and draft.column.data_type in {"datetime", "timestamp"}
    )


def filled_now(draft: ColumnDraft, now: str) -> ColumnDraft | None:
    """The column with the time of the source as its default; None where its default is not the time.

    `now` is that time as `YYYY-MM-DD hh:mm:ss.ffffff`, in UTC and in the zone of the session, with a `|` in between.
    """
    if not _is_now(draft):
        return None
    in_utc, in_zone = now.split("|")
    text = in_utc if draft.column.data_type == "timestamp" else in_zone
    digits = draft.column.fraction_digits
    text = text[: 20 + digits] if digits else text[:19]
    return replace(draft, default=tokenize(f" {quote_string(text)}"), on_update=())
