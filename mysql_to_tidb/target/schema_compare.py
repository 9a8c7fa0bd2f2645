"""Says in what a table that exists at the target differs from the one that is needed there."""

import re
from collections.abc import Iterator

from mysql_to_tidb.model.tables import Column, Index, Table

_WIDTHS: dict[str, tuple[str, ...]] = {
    "integer": ("tinyint", "smallint", "mediumint", "int", "bigint"),
    "text": ("tinytext", "text", "mediumtext", "longtext"),
    "blob": ("tinyblob", "blob", "mediumblob", "longblob"),
}
"""Types of which each holds all values of those before it."""

_OCTETS_MAX = {"tiny": 255, "": 65535, "medium": 2**24 - 1, "long": 2**32 - 1}


def type_of(column: Column) -> str:
    """A column's type in one spelling for all servers: `int unsigned`, `varchar(20)`, `datetime(3)`."""
    kind = column.data_type
    if kind in _WIDTHS["integer"]:
        text = kind
    elif column.members:
        text = f"{kind}({','.join(repr(member) for member in column.members)})"
    elif kind in {"time", "datetime", "timestamp"}:
        text = f"{kind}({column.fraction_digits})" if column.fraction_digits else kind
    elif kind in {"char", "varchar", "binary", "varbinary"}:
        text = f"{kind}({column.characters_max})"
    elif kind in {"decimal", "float", "double", "bit", "vector"}:
        text = re.sub(r"\s*(unsigned|zerofill)", "", column.column_type)
    else:
        text = kind
    return f"{text} unsigned" if column.unsigned and kind != "year" else text


def differences(wanted: Table, found: Table) -> tuple[str, ...]:
    """Why a table that has just been created is not what was meant; empty where it is."""
    names = [column.name for column in wanted.columns]
    if names != [column.name for column in found.columns]:
        return (f"its columns are {', '.join(column.name for column in found.columns)}",)
    return (*_column_differences(wanted, found), *_index_differences(wanted, found))


def _column_differences(wanted: Table, found: Table) -> Iterator[str]:
    for meant, present in zip(wanted.columns, found.columns, strict=True):
        if type_of(meant) != type_of(present):
            yield f"column {meant.name} is {type_of(present)}, not {type_of(meant)}"
        if meant.collation != present.collation:
            yield f"column {meant.name} has the collation {present.collation}, not {meant.collation}"
        if meant.nullable != present.nullable:
            yield f"column {meant.name} {'accepts' if present.nullable else 'refuses'} NULL"
        if meant.generated != present.generated:
            yield f"column {meant.name} is {'' if present.generated else 'not '}generated"
        if meant.auto_increment != present.auto_increment:
            yield f"column {meant.name} is {'' if present.auto_increment else 'not '}AUTO_INCREMENT"


def _index_differences(wanted: Table, found: Table) -> Iterator[str]:
    meant = {_shape(index): index.name for index in wanted.indexes}
    present = {_shape(index): index.name for index in found.indexes}
    for shape in meant.keys() - present.keys():
        yield f"index {meant[shape]} is missing or different"
    for shape in present.keys() - meant.keys():
        yield f"index {present[shape]} is not meant to be there"


def _shape(index: Index) -> tuple[object, ...]:
    """What makes an index what it is; servers print expressions in words of their own."""
    parts = tuple(((part.column or "()").lower(), part.prefix_length) for part in index.parts)
    return (index.name.lower(), index.unique, parts)


def incompatibilities(wanted: Table, found: Table) -> tuple[str, ...]:
    """Why a table that was there before the job cannot take its rows; empty where it can.

    It can when every column is there with a type that holds every value, when the key is the same, and
    when columns and unique indexes of its own cannot get in the way.
    """
    present = {column.name.lower(): column for column in found.columns}
    reasons = []
    for column in wanted.columns:
        other = present.pop(column.name.lower(), None)
        if other is None:
            reasons.append(f"column {column.name} is missing")
        else:
            reasons += _obstacles(column, other)
    for extra in present.values():
        if not (extra.nullable or extra.default is not None or extra.generated or extra.auto_increment):
            reasons.append(f"its own column {extra.name} is NOT NULL and has no default")
    return (*reasons, *_key_obstacles(wanted, found))


def _obstacles(column: Column, other: Column) -> Iterator[str]:
    if column.generated != other.generated:
        yield f"column {column.name} is {'' if other.generated else 'not '}generated"
    if column.nullable and not other.nullable:
        yield f"column {column.name} refuses NULL"
    if not holds(column, other):
        yield f"column {column.name} is {type_of(other)}, which cannot hold every {type_of(column)}"
    if column.collation and other.collation not in {column.collation, "utf8mb4_bin", "utf8mb4_0900_bin"}:
        yield f"column {column.name} has the collation {other.collation}, not {column.collation}"


def holds(column: Column, other: Column) -> bool:
    """Whether `other` takes every value of `column` and gives it back as it was."""
    kind, wider = column.data_type, other.data_type
    for types in _WIDTHS.values():
        if kind in types and wider in types:
            return types.index(kind) <= types.index(wider) and _sign_fits(column, other)
    fits = _FITS.get(kind)
    return type_of(column) == type_of(other) or (fits is not None and fits(column, other))


def _sign_fits(column: Column, other: Column) -> bool:
    """Signs must agree, except that a wider signed integer holds an unsigned one."""
    if column.data_type not in _WIDTHS["integer"] or column.unsigned == other.unsigned:
        return True
    return column.unsigned and column.data_type != other.data_type


def _text_fits(column: Column, other: Column) -> bool:
    characters = column.characters_max or 0
    if other.data_type in {"varchar", column.data_type}:
        return characters <= (other.characters_max or 0)
    return other.data_type in _WIDTHS["text"] and characters * 4 <= _octets_max(other)


def _octets_max(column: Column) -> int:
    return _OCTETS_MAX[re.sub(r"(text|blob)$", "", column.data_type)]


def _bytes_fit(column: Column, other: Column) -> bool:
    if other.data_type == "varbinary":
        return (column.characters_max or 0) <= (other.characters_max or 0)
    return other.data_type in _WIDTHS["blob"] and (column.characters_max or 0) <= _octets_max(other)


def _members_fit(column: Column, other: Column) -> bool:
    """The same labels in the same places; more may follow."""
    return column.data_type == other.data_type and other.members[: len(column.members)] == column.members


def _digits_fit(column: Column, other: Column) -> bool:
    return column.data_type == other.data_type and column.fraction_digits <= other.fraction_digits


def _decimal_fits(column: Column, other: Column) -> bool:
    if other.data_type != "decimal":
        return False
    scale, other_scale = column.numeric_scale or 0, other.numeric_scale or 0
    whole, other_whole = (column.numeric_precision or 0) - scale, (other.numeric_precision or 0) - other_scale
    # More digits after the point would come back as other text, which validation would have to explain away.
    return scale == other_scale and whole <= other_whole and (column.unsigned or not other.unsigned)


_FITS = {
    "char": _text_fits,
    "varchar": _text_fits,
    "varbinary": _bytes_fit,
    "enum": _members_fit,
    "set": _members_fit,
    "time": _digits_fit,
    "datetime": _digits_fit,
    "timestamp": _digits_fit,
    "decimal": _decimal_fits,
}
"""For types that may be wider at the target: whether the other column is."""


def _key_obstacles(wanted: Table, found: Table) -> Iterator[str]:
    key, other_key = _key_names(wanted), _key_names(found)
    if key != other_key:
        yield f"its key is ({', '.join(sorted(other_key)) or 'none'}), not ({', '.join(sorted(key)) or 'none'})"
    allowed = {_shape(index)[2] for index in wanted.indexes if index.unique}
    for index in found.indexes:
        if index.unique and _shape(index)[2] not in allowed and _covered(index) != other_key:
            yield f"its own unique index {index.name} may refuse rows"


def _key_names(table: Table) -> frozenset[str]:
    return frozenset(column.name.lower() for column in table.key_columns)


def _covered(index: Index) -> frozenset[str]:
    return frozenset((part.column or "").lower() for part in index.parts)
