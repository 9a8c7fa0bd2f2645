"""What SHOW CREATE TABLE says, taken apart: defaults, expressions, comments, foreign keys, partitions.

A server prints these exactly and in one regular form; information_schema alters some of them (defaults of
binary columns, quotes in expressions). Version comments (`/*!80023 INVISIBLE */`) are read as what they hold.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.tables import Table

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<version>/\*M?!\d*|\*/)
    |(?P<comment>/\*.*?\*/|--(?=\s|$)[^\n]*|\#[^\n]*)
    |(?P<name>`(?:[^`]|``)*`)
    |(?P<string>'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")
    |(?P<number>\d+\.\d+(?:[eE][-+]?\d+)?)
    |(?P<word>[\w$@]+)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_ACTIONS = "CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION"
_ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "Z": "\x1a"}
_ESCAPE = re.compile(r"\\(.)|''|\"\"", re.DOTALL)


class TokenKind(Enum):
    NAME = auto()
    STRING = auto()
    NUMBER = auto()
    WORD = auto()
    MARK = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a statement; `spaced` where white space stood before it."""

    text: str
    kind: TokenKind
    spaced: bool = False

    def is_word(self, *words: str) -> bool:
        return self.kind is TokenKind.WORD and self.text.upper() in words


Tokens = tuple[Token, ...]


def tokenize(statement: str) -> Tokens:
    """The words of a statement; comments vanish, except that the contents of version comments stay."""
    tokens: list[Token] = []
    spaced = False
    for found in _TOKEN.finditer(statement):
        kind = found.lastgroup or "mark"
        if kind in {"space", "version", "comment"}:
            spaced = True
            continue
        tokens.append(Token(found[0], TokenKind[kind.upper()], spaced))
        spaced = False
    return tuple(tokens)


def render(tokens: Sequence[Token]) -> str:
    """Tokens as SQL again, on one line."""
    return "".join((" " if token.spaced else "") + token.text for token in tokens).strip()


def name_of(token: Token) -> str:
    """The identifier that a token stands for, without its backticks."""
    return token.text[1:-1].replace("``", "`") if token.kind is TokenKind.NAME else token.text


def string_of(literal: str) -> str:
    """The text that a quoted literal stands for (MySQL manual, String Literals)."""
    quote = literal[0]

    def unescape(found: re.Match[str]) -> str:
        escaped = found[1]
        if escaped is None:
            return quote if found[0][0] == quote else found[0]
        return _ESCAPES.get(escaped, escaped)

    return _ESCAPE.sub(unescape, literal[1:-1])


def quote_string(text: str) -> str:
    """A text as a literal, for a session without NO_BACKSLASH_ESCAPES."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("\0", "\\0").replace("\n", "\\n")
    return "'" + escaped.replace("\r", "\\r") + "'"


def members_of(column_type: str, *, escaped: bool = True) -> tuple[str, ...]:
    """The labels of an ENUM or SET out of its column type, in order; TiDB escapes nothing but quotes there."""
    if not escaped:
        return tuple(label.replace("''", "'") for label in re.findall(r"'((?:[^']|'')*)'", column_type, re.DOTALL))
    return tuple(string_of(token.text) for token in tokenize(column_type) if token.kind is TokenKind.STRING)


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """What only the statement tells exactly about a column; expressions are SQL, as printed."""

    name: str
    default: Tokens = ()
    on_update: Tokens = ()
    generated: Tokens = ()
    """The expression of a generated column, without its outer parentheses."""
    stored: bool = False
    checks: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    """All other attributes, in upper case: INVISIBLE, COMPRESSED, COLUMN_FORMAT, SRID, ..."""


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """What only the statement tells about an index."""

    name: str
    parts: tuple[Tokens, ...] = ()
    words: frozenset[str] = frozenset()
    """Attributes in upper case: INVISIBLE, IGNORED, OVERLAPS, PARSER, ..."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key; `parent_schema` is empty where parent and child share a database."""

    name: str
    columns: tuple[str, ...]
    parent_schema: str
    parent_table: str
    parent_columns: tuple[str, ...]
    on_delete: str = ""
    on_update: str = ""

    @property
    def cascades(self) -> bool:
        """Whether a change of the parent changes rows of the child."""
        return bool({"CASCADE", "SET NULL", "SET DEFAULT"} & {self.on_delete, self.on_update})


@dataclass(frozen=True, slots=True)
class CheckConstraint:
    name: str
    expression: str


@dataclass(slots=True)
class TableDefinition:
    """A CREATE TABLE statement, taken apart."""

    columns: dict[str, ColumnDefinition] = field(default_factory=dict)
    indexes: dict[str, IndexDefinition] = field(default_factory=dict)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[CheckConstraint] = field(default_factory=list)
    periods: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    """Table options in upper case and their values as written."""
    partitioning: Tokens = ()
    """From PARTITION BY to the end; empty for a table without partitions."""

    @property
    def system_versioned(self) -> bool:
        return "SYSTEM VERSIONING" in self.options


@lru_cache(maxsize=4096)
def parse_create_table(statement: str) -> TableDefinition:
    """Take a statement apart as a server printed it, identifiers in backticks.

    Raises UnsupportedSchema when it does not have that form.
    """
    tokens = tokenize(statement)
    opening = next((place for place, token in enumerate(tokens) if token.text == "("), None)
    if opening is None or not tokens[0].is_word("CREATE"):
        raise UnsupportedSchema(f"not a CREATE TABLE statement: {statement[:80]}")
    closing = _closing(tokens, opening)
    definition = TableDefinition()
    for item in split_by_commas(tokens[opening + 1 : closing]):
        _read_item(item, definition)
    _read_options(tokens[closing + 1 :], definition)
    return definition


def foreign_keys_of(table: Table) -> tuple[ForeignKey, ...]:
    """The foreign keys of a table, each with the schema of its parent."""
    keys = parse_create_table(table.create_statement).foreign_keys
    return tuple(key if key.parent_schema else replace(key, parent_schema=table.name.schema) for key in keys)


def split_by_commas(tokens: Sequence[Token]) -> list[Tokens]:
    """The parts between the commas that are in no parentheses."""
    parts: list[Tokens] = []
    part: list[Token] = []
    depth = 0
    for token in tokens:
        if token.kind is TokenKind.MARK:
            depth += (token.text == "(") - (token.text == ")")
            if token.text == "," and not depth:
                parts.append(tuple(part))
                part = []
                continue
        part.append(token)
    return [*parts, tuple(part)] if part else parts


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Where the parenthesis that opens at `opening` closes."""
    depth = 0
    for place in range(opening, len(tokens)):
        if tokens[place].kind is TokenKind.MARK:
            depth += (tokens[place].text == "(") - (tokens[place].text == ")")
            if not depth:
                return place
    raise UnsupportedSchema("a parenthesis of a CREATE TABLE statement is not closed")


def _read_item(item: Tokens, definition: TableDefinition) -> None:
    """One line of a CREATE TABLE: a column, an index, a constraint or a period."""
    if item[0].kind is TokenKind.NAME:
        column = _column(item)
        definition.columns[column.name.lower()] = column
        return
    name = ""
    if item[0].is_word("CONSTRAINT"):
        name, item = name_of(item[1]), item[2:]
    if item[0].is_word("FOREIGN"):
        definition.foreign_keys.append(_foreign_key(name, item))
    elif item[0].is_word("CHECK"):
        definition.checks.append(CheckConstraint(name, render(item[2 : _closing(item, 1)])))
    elif item[0].is_word("PERIOD"):
        definition.periods.append(render(item))
    else:
        index = _index(item)
        definition.indexes[index.name.lower()] = index


class _Reader:
    """Walks over the tokens of one column."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.place = 0

    def done(self) -> bool:
        return self.place >= len(self.tokens)

    def next(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def at(self, *texts: str) -> bool:
        return not self.done() and self.tokens[self.place].text.upper() in texts

    def parenthesis(self) -> Tokens:
        """What is between the parentheses that open here."""
        start = self.place
        self.place = _closing(self.tokens, start) + 1
        return self.tokens[start + 1 : self.place - 1]

    def value(self) -> Tokens:
        """A literal, a signed number, a function call or an expression in parentheses."""
        start = self.place
        if self.at("("):
            self.parenthesis()
            return self.tokens[start : self.place]
        if self.at("-", "+"):
            self.next()
        head = self.next()
        if head.kind is TokenKind.WORD and not self.done():
            following = self.tokens[self.place]
            if following.text == "(":
                self.parenthesis()
            elif following.kind is TokenKind.STRING and not following.spaced:
                self.next()  # b'101', x'ff', _utf8mb4'text'
        return self.tokens[start : self.place]


def _column(item: Tokens) -> ColumnDefinition:
    reader = _Reader(item)
    name = name_of(reader.next())
    default: Tokens = ()
    on_update: Tokens = ()
    generated: Tokens = ()
    checks: list[str] = []
    words: set[str] = set()
    while not reader.done():
        token = reader.next()
        if token.is_word("DEFAULT"):
            default = reader.value()
        elif token.is_word("ON") and reader.at("UPDATE"):
            reader.next()
            on_update = reader.value()
        elif token.is_word("AS") and reader.at("("):
            generated = reader.parenthesis()
        elif token.is_word("CHECK") and reader.at("("):
            checks.append(render(reader.parenthesis()))
        elif token.is_word("COMMENT"):
            reader.next()
        elif token.text == "(":
            reader.place -= 1
            reader.parenthesis()
        elif token.kind is TokenKind.WORD:
            words.add(token.text.upper())
    stored = bool(words & {"STORED", "PERSISTENT"})
    return ColumnDefinition(name, default, on_update, generated, stored, tuple(checks), frozenset(words))


def _index(item: Tokens) -> IndexDefinition:
    opening = next(place for place, token in enumerate(item) if token.text == "(")
    closing = _closing(item, opening)
    name = next((name_of(token) for token in item[:opening] if token.kind is TokenKind.NAME), "PRIMARY")
    parts = split_by_commas(item[opening + 1 : closing])
    tail = item[closing + 1 :]
    words = frozenset(token.text.upper() for token in item if token.kind is TokenKind.WORD)
    comment = ""
    for token, following in pairwise(tail):
        if token.is_word("COMMENT"):
            comment = string_of(following.text)
    return IndexDefinition(name, tuple(parts), words, comment)


def _names(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(name_of(token) for token in tokens if token.kind is TokenKind.NAME)


def _foreign_key(name: str, item: Tokens) -> ForeignKey:
    """FOREIGN KEY [name] (columns) REFERENCES [schema.]table (columns) [ON DELETE x] [ON UPDATE x]."""
    openings = [place for place, token in enumerate(item) if token.text == "("]
    references = next(place for place, token in enumerate(item) if token.is_word("REFERENCES"))
    parent = _names(item[references + 1 : openings[1]])
    end = _closing(item, openings[1])
    actions = render(item[end + 1 :]).upper()
    on_delete, on_update = (re.search(rf"ON {kind} ({_ACTIONS})", actions) for kind in ("DELETE", "UPDATE"))
    return ForeignKey(
        name=name,
        columns=_names(item[openings[0] : references]),
        parent_schema=parent[0] if len(parent) > 1 else "",
        parent_table=parent[-1],
        parent_columns=_names(item[openings[1] : end]),
        on_delete=on_delete[1] if on_delete else "",
        on_update=on_update[1] if on_update else "",
    )


def _read_options(tokens: Tokens, definition: TableDefinition) -> None:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.is_word("PARTITION"):
            definition.partitioning = tokens[place:]
            return
        if token.is_word("WITH") and tokens[place + 1].is_word("SYSTEM"):
            definition.options["SYSTEM VERSIONING"] = ""
            place += 3
        elif token.is_word("DEFAULT"):
            place += 1
        elif place + 2 < len(tokens) and tokens[place + 1].text == "=":
            value = tokens[place + 2]
            if value.text == "(":
                end = _closing(tokens, place + 2)
                definition.options[name_of(token).upper()] = render(tokens[place + 2 : end + 1])
                place = end + 1
            else:
                definition.options[name_of(token).upper()] = value.text
                place += 3
        else:
            definition.options[token.text.upper()] = ""
            place += 1
