"""Rules for the columns of a table: types, character sets, collations, defaults, expressions."""

import re
from dataclasses import replace
from itertools import pairwise

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.definitions import Token, TokenKind, Tokens, quote_string, render, tokenize
from mysql_to_tidb.target.schema_draft import ColumnDraft, Rewrites, Severity, TableDraft

TARGET_COLLATIONS = frozenset(
    {
        "utf8mb4_0900_ai_ci",
        "utf8mb4_0900_bin",
        "utf8mb4_bin",
        "utf8mb4_general_ci",
        "utf8mb4_unicode_ci",
    }
)
"""Those of utf8mb4 that TiDB has (TiDB documentation, Character Set and Collation)."""

VARCHAR_CHARACTERS_MAX = 16383
"""Of a VARCHAR in utf8mb4, TiDB and MySQL alike."""

_WIDER = {"tinytext": "text", "text": "mediumtext", "mediumtext": "longtext", "longtext": "longtext"}
_NOT_GROWING = {"utf8mb4", "utf8mb3", "utf8", "ascii", "utf32"}
"""Character sets whose text is never longer in UTF-8."""

_COMPRESSED = re.compile(r"\s*/\*.*?COMPRESSED.*?\*/", re.IGNORECASE)
"""What MariaDB adds to a type in information_schema."""

_PLAIN_TYPES = re.compile(
    "(tiny|small|medium|big)?int|decimal|float|double|bit|year|date|time|datetime|timestamp"
    "|(var)?char|(var)?binary|(tiny|medium|long)?(text|blob)|enum|set|json|vector"
)
_NO_DEFAULT = re.compile(r"(tiny|medium|long)?(text|blob)|json")

# What TiDB takes as the default of a column (TiDB documentation, Default values of columns).
_NOW = r"(current_timestamp|now|localtime|localtimestamp)(\(\d?\))?|(curdate|current_date)\(\)"
_UPPER_UUID = r"(convert\()?upper\(uuid\(\)\)( using utf8mb4\))?"
_EXPRESSION_DEFAULTS = re.compile(
    rf"{_NOW}|rand\(\)|uuid\(\)|uuid_to_bin\(uuid\(\)(, ?[01])?\)|json_(array|object)\([^()]*\)"
    r"|json_quote\('[^']*'\)|vec_from_text\('[^']*'\)|str_to_date\('[^']*', ?'[^']*'\)"
    rf"|replace\({_UPPER_UUID}, ?'-', ?''\)|upper\(substring_index\(user\(\), ?'@', ?1\)\)"
    r"|date_format\(now\(\), ?'%Y-%m(-%d( %H[.:]%i[.:]%s)?)?'\)",
    re.IGNORECASE,
)


def target_collation(collation: str) -> str:
    """The collation of utf8mb4 that tells apart at least all that `collation` does.

    The same one where the target has it, else a binary one, padding or not as the original does; a
    coarser one would turn different values into duplicates.
    """
    modern = re.sub(r"^utf8(mb3)?_", "utf8mb4_", collation.lower())
    if modern in TARGET_COLLATIONS:
        return modern
    # MySQL's 9.0.0 collations and MariaDB's "nopad" ones compare trailing spaces.
    return "utf8mb4_0900_bin" if re.search(r"_0900_|nopad", modern) else "utf8mb4_bin"


def unsupported_columns(draft: TableDraft) -> Rewrites:
    """Stop at a type that the target has no equivalent for."""
    for column_draft in draft.columns:
        column = column_draft.column
        if not _PLAIN_TYPES.fullmatch(column.data_type):
            where = f"{draft.name}.{column.name}"
            raise UnsupportedSchema(f"TiDB has no type for {column.column_type}", where=where)
    yield from ()


_PRINTED = {"uuid": 36, "inet6": 39, "inet4": 15}
"""Types of MariaDB that become text, with the characters of the longest."""


def translated_types(draft: TableDraft) -> Rewrites:
    """Types that TiDB has not, or not quite, become those that hold the same values."""
    for column_draft in draft.columns:
        column = column_draft.column
        if column.data_type in _PRINTED:
            characters = _PRINTED[column.data_type]
            data_type = "char" if column.data_type == "uuid" else "varchar"
            text = f"{data_type}({characters})"
            meaning = f"{column.column_type} becomes {text} with the text that MariaDB prints; it is compared as text"
            yield draft.rewrite("type", column.name, meaning)
            column_draft.column = replace(
                column,
                data_type=data_type,
                column_type=text,
                character_set="utf8mb4",
                collation="utf8mb4_bin",
                characters_max=characters,
            )
        elif column.data_type == "vector":
            meaning = (
                f"{column.column_type} becomes vector: TiDB's takes exactly so many numbers, MySQL's at most so many"
            )
            yield draft.rewrite("type", column.name, meaning, Severity.NOTE)
            column_draft.column = replace(column, column_type="vector")
        elif (plain := _COMPRESSED.sub("", column.column_type)) != column.column_type:
            yield draft.rewrite("type", column.name, "the column is not COMPRESSED any more", Severity.NOTE)
            column_draft.column = replace(column, column_type=plain)
        elif column.data_type in {"float", "double"} and "(" in column.column_type:
            # Each server rounds to decimal digits in its own way, so the last bits would differ.
            plain = re.sub(r"\(.*?\)", "", column.column_type)
            meaning = f"{column.column_type} becomes {plain}: values stay as they are, new ones are no longer rounded"
            yield draft.rewrite("type", column.name, meaning, Severity.NOTE)
            column_draft.column = replace(column, column_type=plain)
        elif "zerofill" in column.column_type:
            yield draft.rewrite(
                "zerofill", column.name, "TiDB prints the number without zeros before it", Severity.NOTE
            )


def type_spelling(draft: TableDraft) -> Rewrites:
    """Types in the target's spelling: labels escaped as they must be, YEAR without its width."""
    for column_draft in draft.columns:
        column = column_draft.column
        if column.data_type == "year":
            column_draft.column = replace(column, column_type="year")
        elif column.members:
            spelled = f"{column.data_type}({','.join(map(quote_string, column.members))})"
            column_draft.column = replace(column, column_type=spelled)
    yield from ()


def text_widths(draft: TableDraft) -> Rewrites:
    """Texts that may need more room in UTF-8 than they have in their character set."""
    for column_draft in draft.columns:
        column = column_draft.column
        grows = column.character_set is not None and column.character_set not in _NOT_GROWING
        wider = _WIDER.get(column.data_type) if grows else None
        if column.data_type == "varchar" and (column.characters_max or 0) > VARCHAR_CHARACTERS_MAX:
            wider = "mediumtext"
        if wider is None or wider == column.data_type:
            continue
        meaning = f"{column.column_type} becomes {wider}, as its text can be longer in utf8mb4"
        yield draft.rewrite("widened_text", column.name, meaning, Severity.NOTE)
        column_draft.column = replace(column, data_type=wider, column_type=wider)


def collations(draft: TableDraft) -> Rewrites:
    """All text becomes utf8mb4, in the same collation or in a finer one."""
    for column_draft in draft.columns:
        column = column_draft.column
        if not column.collation or not column.character_set:
            continue
        collation = target_collation(column.collation)
        if column.character_set not in {"utf8mb4", "utf8mb3", "utf8"}:
            meaning = f"character set {column.character_set} becomes utf8mb4; the text stays the same"
            yield draft.rewrite("character_set", column.name, meaning, Severity.NOTE)
        if _finer(column.collation, collation):
            meaning = (
                f"collation {column.collation} becomes {collation}, as TiDB lacks it: comparisons, ORDER BY and "
                "UNIQUE go by the exact characters, upper and lower case told apart"
            )
            yield draft.rewrite("collation", column.name, meaning)
        column_draft.column = replace(column, character_set="utf8mb4", collation=collation)
    draft.collation = target_collation(draft.collation)


def _finer(source: str, target: str) -> bool:
    """Whether values that are equal at the source may differ at the target."""
    return re.sub(r"^\w+?_", "", source) != re.sub(r"^\w+?_", "", target) and not source.endswith("_bin")


def visibility(draft: TableDraft) -> Rewrites:
    """TiDB has no invisible columns."""
    for column_draft in draft.columns:
        column = column_draft.column
        if not column.invisible:
            continue
        if column.name == "my_row_id" and column.auto_increment:
            meaning = "the generated invisible primary key becomes an ordinary column"
        else:
            meaning = "the invisible column becomes visible"
        meaning += ": SELECT * returns it, INSERT without a column list must give it"
        yield draft.rewrite("invisible_column", column.name, meaning)
        column_draft.column = replace(column, extra=re.sub("(?i),? ?invisible", "", column.extra))


def checks(draft: TableDraft) -> Rewrites:
    """CHECK constraints are not carried over: TiDB does not enforce them unless told to."""
    for column_draft in draft.columns:
        for check in column_draft.checks:
            if check.lower().startswith("json_valid("):
                meaning = "the column is LONGTEXT as in MariaDB; nothing checks that new documents are JSON"
            else:
                meaning = f"CHECK ({check}) is left out; new rows are not checked"
            yield draft.rewrite("check", column_draft.column.name, meaning)
    for constraint in draft.definition.checks:
        meaning = f"CHECK ({constraint.expression}) is left out; new rows are not checked"
        yield draft.rewrite("check", constraint.name, meaning)
    for period in draft.definition.periods:
        yield draft.rewrite("period", period, "the period is left out; its two columns stay")


def defaults(draft: TableDraft) -> Rewrites:
    """Defaults that TiDB cannot have are left out; the rows that are copied carry their values."""
    for column_draft in draft.columns:
        default = column_draft.default
        if not default or render(default).upper() == "NULL":
            if _NO_DEFAULT.fullmatch(column_draft.column.data_type):
                column_draft.default = ()
            continue
        column_draft.default = _target_default(column_draft)
        if not column_draft.default:
            consequence = "is NULL" if column_draft.column.nullable else "fails"
            meaning = f"DEFAULT {render(default)} is left out; an INSERT without this column {consequence}"
            yield draft.rewrite("default", column_draft.column.name, meaning)


def _target_default(draft: ColumnDraft) -> Tokens:
    """The default as the target takes it; empty where it takes none of this kind."""
    tokens = _without_introducers(_without_parentheses(draft.default))
    literal = not any(token.text == "(" or token.kind is TokenKind.NAME for token in tokens) and len(tokens) <= 2
    if literal and not tokens[0].is_word("CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIME", "LOCALTIMESTAMP", "NOW"):
        return () if _NO_DEFAULT.fullmatch(draft.column.data_type) else tokens
    expression = render(tokens)
    if not _EXPRESSION_DEFAULTS.fullmatch(expression):
        return ()
    if re.fullmatch(_NOW, expression, re.IGNORECASE):
        if draft.column.data_type in {"datetime", "timestamp"}:
            return tokens if _now_digits(expression) == draft.column.fraction_digits else ()
        if draft.column.data_type != "date":
            return ()
        tokens = tokenize("curdate()")  # for a DATE, TiDB takes no now()
    first = replace(tokens[0], spaced=False)
    return (Token("(", TokenKind.MARK), first, *tokens[1:], Token(")", TokenKind.MARK))


def _now_digits(expression: str) -> int:
    found = re.search(r"\((\d)\)", expression)
    return int(found[1]) if found else 0


def _without_parentheses(tokens: Tokens) -> Tokens:
    while len(tokens) > 2 and tokens[0].text == "(" and tokens[-1].text == ")" and _one_group(tokens):
        tokens = tokens[1:-1]
    return tokens


def _one_group(tokens: Tokens) -> bool:
    """Whether the first parenthesis is closed by the last token."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if not depth:
            return place == len(tokens) - 1
    return False


def generated_columns(draft: TableDraft) -> Rewrites:
    """Expressions of generated columns in the target's words; the target computes them anew."""
    for column_draft in draft.columns:
        if column_draft.column.generated and not column_draft.generated:
            where = f"{draft.name}.{column_draft.column.name}"
            raise UnsupportedSchema(f"TiDB has no column AS {column_draft.column.generation_expression}", where=where)
        column_draft.generated = translate_expression(
            column_draft.generated, f"{draft.name}.{column_draft.column.name}"
        )
    yield from ()


_LOSSY_LITERAL = re.compile(r"[^\x20-\x7e]|[?\\]|x[0-9A-F]{2}")


def translate_expression(tokens: Tokens, where: str) -> Tokens:
    """An expression for columns that are utf8mb4 now: without introducers, with collations that exist.

    Raises UnsupportedSchema for a literal of another character set that servers print with loss (MySQL as
    `_latin1'?'`, MariaDB as `_latin1'xE9'`).
    """
    for token, following in pairwise(tokens):
        introducer = _introducer(token, following)
        faithful = introducer in {"", "_utf8mb4", "_utf8mb3", "_utf8", "_binary"}
        if not faithful and _LOSSY_LITERAL.search(following.text):
            message = f"the source prints the literal {introducer}{following.text} with loss"
            hint = "write it as CONVERT(... USING utf8mb4) at the source, or exclude the table"
            raise UnsupportedSchema(message, where=where, hint=hint)
    translated: list[Token] = []
    for token in _without_introducers(tokens):
        before = translated[-1] if translated else None
        if before is not None and before.is_word("COLLATE"):
            translated.append(replace(token, text=target_collation(token.text)))
        elif before is not None and before.is_word("CHARSET"):
            translated.append(replace(token, text="utf8mb4"))
        else:
            translated.append(token)
    return tuple(translated)


def _introducer(token: Token, following: Token) -> str:
    adjacent = token.kind is TokenKind.WORD and token.text.startswith("_") and following.kind is TokenKind.STRING
    return token.text.lower() if adjacent else ""


def _without_introducers(tokens: Tokens) -> Tokens:
    kept: list[Token] = []
    spaced = False
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else token
        if _introducer(token, following) not in {"", "_binary"}:
            spaced = token.spaced
            continue
        kept.append(replace(token, spaced=token.spaced or spaced))
        spaced = False
    return tuple(kept)
