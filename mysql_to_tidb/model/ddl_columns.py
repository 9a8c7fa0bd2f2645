"""One column as a user writes it in CREATE or ALTER TABLE: what the server makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mysql_to_tidb.model.ddl_words import NotUnderstood, Words
from mysql_to_tidb.model.definitions import TokenKind, Tokens, quote_string, render, string_of, tokenize
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.tables import Column

_SYNONYMS = {
    "INT": "int", "INTEGER": "int", "INT4": "int", "TINYINT": "tinyint", "INT1": "tinyint", "SMALLINT": "smallint",
    "INT2": "smallint", "MEDIUMINT": "mediumint", "INT3": "mediumint", "MIDDLEINT": "mediumint", "BIGINT": "bigint",
    "INT8": "bigint", "DECIMAL": "decimal", "DEC": "decimal", "NUMERIC": "decimal", "FIXED": "decimal",
    "FLOAT": "float", "FLOAT4": "float", "DOUBLE": "double", "FLOAT8": "double", "BIT": "bit", "YEAR": "year",
    "DATE": "date", "TIME": "time", "DATETIME": "datetime", "TIMESTAMP": "timestamp", "CHAR": "char",
    "CHARACTER": "char", "VARCHAR": "varchar", "VARCHARACTER": "varchar", "BINARY": "binary",
    "VARBINARY": "varbinary", "TINYTEXT": "tinytext", "TEXT": "text", "MEDIUMTEXT": "mediumtext",
    "LONGTEXT": "longtext", "TINYBLOB": "tinyblob", "BLOB": "blob", "MEDIUMBLOB": "mediumblob",
    "LONGBLOB": "longblob", "ENUM": "enum", "SET": "set",
}  # fmt: skip
_INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}
_FRACTIONS = {"time", "datetime", "timestamp"}
CHARACTER_TYPES = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
_FIXED_LENGTHS = {"char", "varchar", "binary", "varbinary"}
_DIGITS_AFTER_FLOAT = 24
"""FLOAT(p) with a higher p is a DOUBLE (MySQL manual, Numeric Type Syntax)."""


@dataclass(frozen=True)
class Surroundings:
    """What a statement ran under, as far as it decides what a column becomes."""

    default_collations: Mapping[str, str]
    """Of each character set of the server."""
    bytes_per_character: Mapping[str, int]
    mariadb: bool = False
    reals_are_floats: bool = False
    explicit_timestamps: bool = True
    """Whether a TIMESTAMP is an ordinary column (explicit_defaults_for_timestamp)."""
    time_zone: str = ""
    in_utc: Callable[[str, str], str] = field(default=lambda text, zone: text)
    """A local time of a time zone in UTC."""

    def charset_of(self, collation: str) -> str:
        """Raises NotUnderstood for a collation that names no character set."""
        charset = collation.partition("_")[0]
        if charset == "utf8" and "utf8" not in self.default_collations:
            charset = "utf8mb3"
        if charset not in self.default_collations or charset == "binary":
            raise NotUnderstood(f"the collation {collation}")
        return charset

    def collation_of(self, charset: str) -> tuple[str, str]:
        """Character set and its default collation, in the server's spelling. Raises NotUnderstood."""
        name = "utf8mb3" if charset == "utf8" and "utf8" not in self.default_collations else charset
        if name not in self.default_collations or name == "binary":
            raise NotUnderstood(f"the character set {charset}")
        return name, self.default_collations[name]


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column as a clause describes it."""

    column: Column
    item: str
    """As SHOW CREATE TABLE would print it, identifiers in backticks."""
    primary: bool = False
    unique: bool = False
    first: bool = False
    after: str = ""


@dataclass(slots=True)
class _Told:
    """The attributes of a column, while they are being read."""

    unsigned: bool = False
    charset: str = ""
    collation: str = ""
    nullable: bool | None = None
    default: Tokens = ()
    on_update: Tokens = ()
    generated: Tokens = ()
    stored: bool = False
    auto_increment: bool = False
    comment: str = ""
    invisible: bool = False
    checks: list[str] = field(default_factory=list)
    primary: bool = False
    unique: bool = False
    first: bool = False
    after: str = ""


def read_column(words: Words, table_collation: str, around: Surroundings) -> ColumnChange:
    """A column definition, with FIRST or AFTER where it has one. Raises NotUnderstood."""
    name = words.name()
    column, told = _read_type(words, name, around)
    while not words.done:
        _read_attribute(words, told)
    if told.auto_increment or told.primary:
        told.nullable = False
    if column.data_type in CHARACTER_TYPES:
        column = _with_collation(column, told, table_collation, around)
    elif told.charset or told.collation:
        raise NotUnderstood(f"a character set for the column {name}")
    if column.data_type == "timestamp":
        _settle_timestamp(told, around)
    column = replace(
        column,
        nullable=told.nullable is not False,
        extra="auto_increment" if told.auto_increment else "INVISIBLE" if told.invisible else "",
        comment=told.comment,
        generation_expression=render(told.generated),
        default=_default_text(told.default),
    )
    return ColumnChange(
        column, print_column(column, told), told.primary, told.unique, told.first, told.after
    )  # fmt: skip


def print_column(column: Column, told: _Told) -> str:
    parts = [quote_name(column.name), column.column_type]
    if column.collation:
        parts.append(f"CHARACTER SET {column.character_set} COLLATE {column.collation}")
    if told.generated:
        parts.append(f"GENERATED ALWAYS AS ({render(told.generated)}) {'STORED' if told.stored else 'VIRTUAL'}")
    parts.append("NULL" if column.nullable else "NOT NULL")
    if told.default:
        parts.append(f"DEFAULT {render(told.default)}")
    if told.on_update:
        parts.append(f"ON UPDATE {render(told.on_update)}")
    if told.auto_increment:
        parts.append("AUTO_INCREMENT")
    if told.comment:
        parts.append(f"COMMENT {quote_string(told.comment)}")
    if told.invisible:
        parts.append("INVISIBLE")
    return " ".join([*parts, *(f"CHECK ({check})" for check in told.checks)])


def renamed_item(item: str, name: str) -> str:
    """The same column under another name."""
    return render((*tokenize(quote_name(name)), *tokenize(item)[1:]))


def recollated(column: Column, item: str, charset: str, collation: str, wider: str) -> tuple[Column, str]:
    """The column in another character set, as CONVERT TO makes it; `wider` is its type if that grows, else empty."""
    words = list(tokenize(item))
    start = next((place for place, word in enumerate(words) if word.is_word("CHARACTER")), None)
    if start is not None:
        del words[start : start + 3]
    start = next((place for place, word in enumerate(words) if word.is_word("COLLATE")), None)
    if start is not None:
        del words[start : start + 2]
    end = 2
    if len(words) > end and words[end].text == "(":
        while words[end].text != ")":
            end += 1
        end += 1
    kind = tokenize(f" {wider}") if wider else tuple(words[1:end])
    told = tokenize(f" CHARACTER SET {charset} COLLATE {collation}")
    changed = replace(column, character_set=charset, collation=collation, octets_max=None)
    if wider:
        changed = replace(changed, data_type=wider, column_type=wider, characters_max=None)
    return changed, render((words[0], *kind, *told, *words[end:]))


def _default_text(default: Tokens) -> str | None:
    if not default or render(default).upper() == "NULL":
        return None
    return string_of(default[0].text) if default[0].kind is TokenKind.STRING else render(default)


def _read_type(words: Words, name: str, around: Surroundings) -> tuple[Column, _Told]:
    told = _Told()
    said = words.name().upper()
    if said in {"BOOL", "BOOLEAN"}:
        return Column(name, "tinyint", "tinyint(1)"), told
    if said == "SERIAL":
        told.unsigned, told.nullable, told.auto_increment, told.unique = True, False, True, True
        return Column(name, "bigint", "bigint unsigned"), told
    if said == "JSON":
        if not around.mariadb:
            return Column(name, "json", "json"), told
        told.charset, told.collation = "utf8mb4", "utf8mb4_bin"
        told.checks.append(f"json_valid({quote_name(name)})")
        return Column(name, "longtext", "longtext"), told
    if said == "REAL":
        kind = "float" if around.reals_are_floats else "double"
    elif said in _SYNONYMS:
        kind = _SYNONYMS[said]
    else:
        raise NotUnderstood(f"the type {said}")
    if said == "DOUBLE":
        words.accept("PRECISION")
    if said in {"CHAR", "CHARACTER"} and words.accept("VARYING"):
        kind = "varchar"
    arguments = words.parenthesis() if words.at("(") else ()
    return _typed(Column(name, kind, kind), arguments, words, told), told


def _typed(column: Column, arguments: Tokens, words: Words, told: _Told) -> Column:
    """The column with length, digits or labels."""
    kind = column.data_type
    while sign := words.accept_any("UNSIGNED", "SIGNED", "ZEROFILL"):
        told.unsigned = told.unsigned or sign != "SIGNED"
    if kind in {"enum", "set"}:
        return _labelled(column, arguments)
    numbers = [int(token.text) for token in arguments if token.text.isdecimal()]
    if arguments and len(numbers) * 2 - 1 != len(arguments):
        raise NotUnderstood(f"{kind}({render(arguments)})")
    if kind in _INTEGERS or kind in {"decimal", "float", "double"}:
        return _numeric(column, numbers, " unsigned" if told.unsigned else "")
    if kind in _FRACTIONS:
        digits = f"({numbers[0]})" if numbers and numbers[0] else ""
        return replace(column, column_type=kind + digits, fraction_digits=numbers[0] if numbers else 0)
    if kind in _FIXED_LENGTHS or kind == "bit":
        if not numbers and kind.startswith("var"):
            raise NotUnderstood(f"{kind} without a length")
        length = numbers[0] if numbers else 1
        return replace(column, column_type=f"{kind}({length})", characters_max=None if kind == "bit" else length)
    if numbers and kind != "year":
        raise NotUnderstood(f"{kind}({render(arguments)}), whose type depends on its length")
    return column


def _labelled(column: Column, arguments: Tokens) -> Column:
    members = tuple(string_of(token.text).rstrip(" ") for token in arguments if token.kind is TokenKind.STRING)
    if len(members) * 2 - 1 != len(arguments):
        raise NotUnderstood(f"the labels {render(arguments)}")
    spelled = f"{column.data_type}({','.join(quote_string(member) for member in members)})"
    return replace(column, column_type=spelled, members=members)


def _numeric(column: Column, numbers: list[int], suffix: str) -> Column:
    kind = column.data_type
    if kind in _INTEGERS:
        return replace(column, column_type=kind + (f"({numbers[0]})" if numbers else "") + suffix)
    if kind == "decimal":
        precision, scale = [*numbers, *(10, 0)[len(numbers) :]]
        spelled = f"decimal({precision},{scale}){suffix}"
        return replace(column, column_type=spelled, numeric_precision=precision, numeric_scale=scale)
    if len(numbers) == 1:
        kind, numbers = ("float" if numbers[0] <= _DIGITS_AFTER_FLOAT else "double"), []
    digits = f"({numbers[0]},{numbers[1]})" if numbers else ""
    return replace(column, data_type=kind, column_type=kind + digits + suffix)


def _read_attribute(words: Words, told: _Told) -> None:
    readers = (_read_value, _read_key, _read_place, _read_rare_attribute)
    if not any(read(words, told) for read in readers):
        raise words.unexpected()


def _read_value(words: Words, told: _Told) -> bool:
    """What values the column takes, and which it gets by itself."""
    if words.accept("NOT", "NULL"):
        told.nullable = False
    elif words.accept("NULL"):
        told.nullable = True
    elif words.accept("DEFAULT"):
        told.default = words.value()
    elif words.accept("ON", "UPDATE"):
        told.on_update = words.value()
    elif words.accept("CHARACTER", "SET") or words.accept("CHARSET"):
        told.charset = _text(words)
    elif words.accept("COLLATE"):
        told.collation = _text(words)
    else:
        return False
    return True


def _read_key(words: Words, told: _Told) -> bool:
    if words.accept("AUTO_INCREMENT"):
        told.auto_increment = True
    elif words.accept("PRIMARY", "KEY") or words.accept("KEY"):
        told.primary = True
    elif words.accept("UNIQUE"):
        words.accept("KEY")
        told.unique = True
    else:
        return False
    return True


def _read_place(words: Words, told: _Told) -> bool:
    if words.accept("FIRST"):
        told.first = True
    elif words.accept("AFTER"):
        told.after = words.name()
    elif words.accept("COMMENT"):
        told.comment = words.string()
    elif words.accept("GENERATED", "ALWAYS") or words.at("AS"):
        words.expect("AS")
        told.generated = words.parenthesis()
    else:
        return False
    return True


def _read_rare_attribute(words: Words, told: _Told) -> bool:
    """Kinds of generated columns, visibility, storage, checks."""
    if words.accept("VIRTUAL"):
        told.stored = False
    elif words.accept_any("STORED", "PERSISTENT"):
        told.stored = True
    elif words.accept("INVISIBLE"):
        told.invisible = True
    elif words.accept("VISIBLE"):
        told.invisible = False
    elif words.accept_any("COLUMN_FORMAT", "STORAGE"):
        words.name()
    elif words.at("CONSTRAINT", "CHECK"):
        if words.accept("CONSTRAINT") and not words.at("CHECK"):
            words.name()
        words.expect("CHECK")
        told.checks.append(render(words.parenthesis()))
        words.accept("NOT")
        words.accept("ENFORCED")
    else:
        return False
    return True


def _text(words: Words) -> str:
    words.accept("=")
    return (words.name() if words.at_name_or_word() else words.string()).lower()


def _with_collation(column: Column, told: _Told, table_collation: str, around: Surroundings) -> Column:
    if told.charset:
        charset, collation = around.collation_of(told.charset)
        collation = told.collation or collation
    else:
        collation = told.collation or table_collation
        charset = around.charset_of(collation)
    if charset == "utf8mb3" and collation.startswith("utf8_") and "utf8" not in around.default_collations:
        collation = collation.replace("utf8_", "utf8mb3_", 1)
    return replace(column, character_set=charset, collation=collation)


def _settle_timestamp(told: _Told, around: Surroundings) -> None:
    """Defaults of a TIMESTAMP: kept in UTC, and clear only where the server adds none by itself."""
    if told.nullable is None and not around.explicit_timestamps:
        raise NotUnderstood("a TIMESTAMP column that says neither NULL nor NOT NULL")
    if told.nullable is False and not told.default and not around.explicit_timestamps:
        raise NotUnderstood("a TIMESTAMP column without a default")
    literal = told.default[0] if len(told.default) == 1 else None
    if literal is None or literal.kind is not TokenKind.STRING or not around.time_zone:
        return
    text = string_of(literal.text)
    if not text.startswith("0000-00-00"):
        told.default = tokenize(quote_string(around.in_utc(text, around.time_zone)))
