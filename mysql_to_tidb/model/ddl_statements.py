"""Takes schema changes apart as far as their kind, their tables and their clauses."""

from collections.abc import Callable
from dataclasses import dataclass

from mysql_to_tidb.model.ddl_words import NotUnderstood, Words, words_of
from mysql_to_tidb.model.definitions import Tokens, split_by_commas, tokenize
from mysql_to_tidb.model.names import TableName, quote_name


@dataclass(frozen=True, slots=True)
class CreateTable:
    name: TableName
    if_not_exists: bool = False
    replace: bool = False
    like: TableName | None = None
    items: tuple[Tokens, ...] = ()
    options: Tokens = ()
    partitioning: Tokens = ()


@dataclass(frozen=True, slots=True)
class AlterTable:
    name: TableName
    clauses: tuple[Tokens, ...]


@dataclass(frozen=True, slots=True)
class DropTables:
    names: tuple[TableName, ...]


@dataclass(frozen=True, slots=True)
class RenameTables:
    pairs: tuple[tuple[TableName, TableName], ...]


@dataclass(frozen=True, slots=True)
class TruncateTable:
    name: TableName


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    """Also ALTER DATABASE; `character_set` and `collation` as far as they are given."""

    schema: str
    character_set: str
    collation: str
    alter: bool = False


@dataclass(frozen=True, slots=True)
class DropDatabase:
    schema: str


@dataclass(frozen=True, slots=True)
class CreateView:
    name: TableName
    invoker: bool
    body: Tokens
    """From the list of columns, or AS, to the end."""


@dataclass(frozen=True, slots=True)
class DropViews:
    names: tuple[TableName, ...]


SchemaChange = (
    CreateTable
    | AlterTable
    | DropTables
    | RenameTables
    | TruncateTable
    | CreateDatabase
    | DropDatabase
    | CreateView
    | DropViews
)

_NOTHING_TO_CARRY = {
    "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "CHECKSUM", "FLUSH", "RESET", "GRANT", "REVOKE", "SET", "INSTALL",
    "UNINSTALL", "KILL", "PURGE", "CACHE", "CHANGE", "START", "STOP", "SHUTDOWN", "CLONE", "LOCK", "UNLOCK",
    "BINLOG", "SHOW", "USE",
}  # fmt: skip
_NOT_MIGRATED = {
    "USER", "ROLE", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT", "SERVER", "TABLESPACE", "LOGFILE", "RESOURCE",
    "UNDO", "INSTANCE", "PACKAGE", "AGGREGATE",
}  # fmt: skip
_KINDS = {"TABLE", "TABLES", "VIEW", "INDEX", "DATABASE", "SCHEMA", "SEQUENCE", *_NOT_MIGRATED}


def parse_statement(text: str, schema: str, sql_mode: int | None) -> SchemaChange | None:
    """What a statement changes; None where it is about no tables (accounts, routines, maintenance).

    Raises NotUnderstood. Version comments are read as what they hold.
    """
    words = Words(words_of(text, sql_mode))
    if words.at(*_NOTHING_TO_CARRY):
        return None
    verb = words.name().upper()
    head = _head(words)
    kind = words.accept_any(*_KINDS)
    if kind in _NOT_MIGRATED:
        return None
    parse = _PARSERS.get((verb, {"SCHEMA": "DATABASE", "TABLES": "TABLE"}.get(kind, kind)))
    if parse is None:
        raise NotUnderstood(f"{verb} {kind or words.unexpected()}")
    return parse(words, schema, head)


def _head(words: Words) -> Tokens:
    """What stands between the verb and the kind of object: OR REPLACE, UNIQUE, DEFINER = ..., ALGORITHM = ..."""
    start = words.place
    while not words.done and not words.at(*_KINDS):
        if words.at_sequence("DEFINER", "=") or words.at_sequence("ALGORITHM", "="):
            words.place += 2
            _account(words)
        elif (
            words.at("OR", "REPLACE", "UNIQUE", "FULLTEXT", "SPATIAL", "ONLINE", "OFFLINE", "IGNORE")
            or words.at("SQL", "SECURITY", "INVOKER", "TEMPORARY", "VECTOR")
            or words.at("DEFINER")
        ):
            words.next()
        else:
            break
    return words.tokens[start : words.place]


def _account(words: Words) -> None:
    """`user`@`host` and all its other spellings, or the value of ALGORITHM."""
    last = words.next()
    if words.accept("@") or last.text.endswith("@") or (not words.done and words.rest[0].text.startswith("@")):
        words.next()
    if words.at("("):
        words.parenthesis()


def _has(head: Tokens, *texts: str) -> bool:
    return any(token.is_word(*texts) for token in head)


def _create_table(words: Words, schema: str, head: Tokens) -> SchemaChange:
    if_not_exists = words.accept("IF", "NOT", "EXISTS")
    name, replace = words.table(schema), _has(head, "REPLACE")
    if words.accept("LIKE"):
        like = words.table(schema)
        _end(words)
        return CreateTable(name, if_not_exists, replace, like)
    if words.at_sequence("(", "LIKE"):
        inner = Words(words.parenthesis())
        inner.expect("LIKE")
        return CreateTable(name, if_not_exists, replace, inner.table(schema))
    items = tuple(split_by_commas(words.parenthesis()))
    start = words.place
    while not words.done and not words.at("PARTITION", "SELECT", "AS", "START", "WITH", "TABLE", "VALUES"):
        words.next()
    options = words.tokens[start : words.place]
    partitioning: Tokens = ()
    if words.at("PARTITION"):
        partitioning = words.rest
        if _sequence_at_end(partitioning, "START", "TRANSACTION"):
            partitioning = partitioning[:-2]
        if _has(partitioning, "SELECT"):
            raise NotUnderstood("CREATE TABLE ... PARTITION BY ... SELECT")
    elif not words.done:
        words.expect("START", "TRANSACTION")  # MySQL 8.0.21: CREATE TABLE ... SELECT, whose rows follow
        _end(words)
    return CreateTable(name, if_not_exists, replace, None, items, options, partitioning)


def _sequence_at_end(tokens: Tokens, *texts: str) -> bool:
    return len(tokens) > len(texts) and all(
        token.is_word(text) for token, text in zip(tokens[-len(texts) :], texts, strict=True)
    )


def _alter_table(words: Words, schema: str, _head: Tokens) -> SchemaChange:
    if words.accept("IF", "EXISTS"):
        raise NotUnderstood("ALTER TABLE IF EXISTS")
    name = words.table(schema)
    _skip_waiting(words)
    return AlterTable(name, tuple(split_by_commas(words.rest)))


def _skip_waiting(words: Words) -> None:
    """WAIT n and NOWAIT of MariaDB."""
    if words.accept("WAIT"):
        words.number()
    words.accept("NOWAIT")


def _create_index(words: Words, schema: str, head: Tokens) -> SchemaChange:
    if _has(head, "REPLACE"):
        raise NotUnderstood("CREATE OR REPLACE INDEX")
    if words.accept("IF", "NOT", "EXISTS"):
        raise NotUnderstood("CREATE INDEX IF NOT EXISTS")
    name = words.name()
    using: Tokens = ()
    if words.at("USING"):
        using = words.rest[:2]
        words.place += 2
    words.expect("ON")
    table = words.table(schema)
    _skip_waiting(words)
    kind = tuple(token for token in head if token.is_word("UNIQUE", "FULLTEXT", "SPATIAL"))
    parts_start = words.place
    words.parenthesis()
    tail = _without_locks(words)
    clause = (
        *tokenize("ADD"), *kind, *tokenize(f"INDEX {quote_name(name)}"), *using, *words.tokens[parts_start:tail]
    )  # fmt: skip
    return AlterTable(table, (clause,))


def _without_locks(words: Words) -> int:
    """Where the options of the index end and ALGORITHM or LOCK begin; the latter are read."""
    while not words.done and not words.at("ALGORITHM", "LOCK", "WAIT", "NOWAIT"):
        words.next()
    end = words.place
    _read_locks(words)
    return end


def _read_locks(words: Words) -> None:
    while words.accept_any("ALGORITHM", "LOCK"):
        words.accept("=")
        words.name()
    _skip_waiting(words)
    _end(words)


def _drop_index(words: Words, schema: str, _head: Tokens) -> SchemaChange:
    if words.accept("IF", "EXISTS"):
        raise NotUnderstood("DROP INDEX IF EXISTS")
    name = words.name()
    words.expect("ON")
    table = words.table(schema)
    _read_locks(words)
    return AlterTable(table, (tokenize(f"DROP INDEX {quote_name(name)}"),))


def _names(words: Words, schema: str) -> tuple[TableName, ...]:
    words.accept("IF", "EXISTS")
    names = [words.table(schema)]
    while words.accept(","):
        names.append(words.table(schema))
    _skip_waiting(words)
    _ = words.accept("CASCADE") or words.accept("RESTRICT")
    _end(words)
    return tuple(names)


def _rename_tables(words: Words, schema: str, _head: Tokens) -> SchemaChange:
    words.accept("IF", "EXISTS")
    pairs = []
    more = True
    while more:
        old = words.table(schema)
        _skip_waiting(words)
        words.expect("TO")
        pairs.append((old, words.table(schema)))
        more = words.accept(",")
    _end(words)
    return RenameTables(tuple(pairs))


def _truncate(words: Words, schema: str, _head: Tokens) -> SchemaChange:
    words.accept("TABLE")
    name = words.table(schema)
    _skip_waiting(words)
    _end(words)
    return TruncateTable(name)


def _database(words: Words, schema: str, head: Tokens, *, alter: bool = False) -> SchemaChange:
    if _has(head, "REPLACE"):
        raise NotUnderstood("CREATE OR REPLACE DATABASE")
    words.accept("IF", "NOT", "EXISTS")
    name = words.name() if not words.at("CHARACTER", "CHARSET", "COLLATE", "DEFAULT") else schema
    character_set = collation = ""
    while not words.done:
        words.accept("DEFAULT")
        if words.accept("CHARACTER", "SET") or words.accept("CHARSET"):
            words.accept("=")
            character_set = _charset(words)
        elif words.accept("COLLATE"):
            words.accept("=")
            collation = _charset(words)
        elif words.accept_any("ENCRYPTION", "COMMENT"):
            words.accept("=")
            words.string()
        else:
            raise words.unexpected()
    return CreateDatabase(name, character_set, collation, alter)


def _charset(words: Words) -> str:
    if not words.at_name_or_word():
        return words.string().lower()
    return words.name().lower()


def _drop_database(words: Words, _schema: str, _head: Tokens) -> SchemaChange:
    words.accept("IF", "EXISTS")
    name = words.name()
    _end(words)
    return DropDatabase(name)


def _create_view(words: Words, schema: str, head: Tokens) -> SchemaChange:
    words.accept("IF", "NOT", "EXISTS")
    name = words.table(schema)
    return CreateView(name, _has(head, "INVOKER"), words.rest)


def _end(words: Words) -> None:
    if not words.done:
        raise words.unexpected()


_PARSERS: dict[tuple[str, str], Callable[[Words, str, Tokens], SchemaChange]] = {
    ("CREATE", "TABLE"): _create_table,
    ("ALTER", "TABLE"): _alter_table,
    ("CREATE", "INDEX"): _create_index,
    ("DROP", "INDEX"): _drop_index,
    ("DROP", "TABLE"): lambda words, schema, _: DropTables(_names(words, schema)),
    ("RENAME", "TABLE"): _rename_tables,
    ("TRUNCATE", "TABLE"): _truncate,
    ("TRUNCATE", ""): _truncate,
    ("CREATE", "DATABASE"): _database,
    ("ALTER", "DATABASE"): lambda words, schema, head: _database(words, schema, head, alter=True),
    ("DROP", "DATABASE"): _drop_database,
    ("CREATE", "VIEW"): _create_view,
    ("ALTER", "VIEW"): _create_view,
    ("DROP", "VIEW"): lambda words, schema, _: DropViews(_names(words, schema)),
}
