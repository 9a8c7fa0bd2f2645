"""Reads query events: what was executed where and how, and what that means for migrated tables.

Layout: mysql-server, libs/mysql/binlog/event/statement_events.h (Query_event); MariaDB, Replication
Protocol, QUERY_EVENT.
"""

import codecs
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pymysql.charset import charset_by_id

QUERY_START = 19
_POST_HEADER = struct.Struct("<IIBHH")
"""Thread, seconds it took, length of the default database, error code, length of the status variables."""

LOAD_POST_HEADER_BYTES = 13
"""EXECUTE_LOAD_QUERY has more behind that: file id, where its name stands in the text, duplicate handling."""


class Meaning(StrEnum):
    """What a statement does, as far as following the log is concerned."""

    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SAVEPOINT = "savepoint"
    ROLLBACK_TO = "rollback to"
    XA_START = "xa start"
    XA_END = "xa end"
    XA_FINISH = "xa finish"
    CHANGE = "change"
    """Changes rows, or may: it was logged as a statement."""
    CREATE_TEMPORARY = "create temporary"
    DROP_TEMPORARY = "drop temporary"
    OTHER = "other"
    """DDL, accounts, maintenance: for the caller to judge."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query event."""

    text: bytes
    schema: str
    variables: bytes
    """The block of status variables."""


def read_query(event: bytes, end: int, *, load: bool = False) -> Query:
    """Raises IndexError, struct.error or UnicodeDecodeError when the event is damaged."""
    _, _, schema_bytes, _, variables_bytes = _POST_HEADER.unpack_from(event, QUERY_START)
    start = QUERY_START + _POST_HEADER.size + (LOAD_POST_HEADER_BYTES if load else 0)
    schema = start + variables_bytes
    text = schema + schema_bytes + 1
    if text > end:
        raise IndexError("cut short")
    return Query(event[text:end], event[schema : text - 1].decode(), event[start:schema])


def is_begin(event: bytes, end: int) -> bool:
    """Whether the statement is just BEGIN, by far the most frequent."""
    text = QUERY_START + _POST_HEADER.size + 1 + event[27] + (event[30] | event[31] << 8)
    return end - text == 5 and event[text:end] == b"BEGIN"


@dataclass(slots=True)
class StatusVariables:
    """What a statement ran under, as far as it matters for reading and repeating it."""

    sql_mode: int | None = None
    client_charset: int | None = None
    time_zone: str = ""
    database_collation: int | None = None
    """Number of the default collation of the default database."""
    microseconds: int = 0
    """Of the time at which it began, behind the whole seconds in the event's header."""


_FIXED_SIZES = {
    0: 4,
    1: 8,
    3: 4,
    4: 6,
    7: 2,
    8: 2,
    9: 8,
    10: 4,
    13: 3,
    16: 1,
    17: 8,
    18: 2,
    19: 1,
    20: 1,
    128: 3,
    129: 8,
}
"""Codes whose values always have the same size (Query_event::Query_event_post_header, Q_..._CODE)."""
_SQL_MODE, _CATALOG, _CHARSET, _TIME_ZONE, _CATALOG_WITHOUT_ZERO, _INVOKER, _UPDATED_DATABASES = 1, 2, 4, 5, 6, 11, 12
_DATABASE_COLLATION, _MICROSECONDS, _MARIADB_MICROSECONDS = 8, 13, 128
_TOO_MANY_DATABASES = 254


def read_status_variables(block: bytes) -> StatusVariables:
    """Stops at a code that it does not know: the codes are in order of age, those needed are the oldest."""
    result, place = StatusVariables(), 0
    while place < len(block):
        code, start = block[place], place + 1
        place = _behind_variable(block, code, start)
        if not place:
            break
        value = block[start:place]
        if code == _SQL_MODE:
            result.sql_mode = int.from_bytes(value, "little")
        elif code == _CHARSET:
            result.client_charset = int.from_bytes(value[:2], "little")
        elif code == _TIME_ZONE:
            result.time_zone = value[1:].decode("ascii", "replace")
        elif code == _DATABASE_COLLATION:
            result.database_collation = int.from_bytes(value, "little")
        elif code in {_MICROSECONDS, _MARIADB_MICROSECONDS}:
            result.microseconds = int.from_bytes(value, "little")
    return result


def _behind_variable(block: bytes, code: int, start: int) -> int:
    """Where the variable ends; 0 when that is not known."""
    if code in _FIXED_SIZES:
        return start + _FIXED_SIZES[code]
    measure = _MEASURES.get(code)
    return measure(block, start) if measure and start < len(block) else 0


def _behind_two_strings(block: bytes, start: int) -> int:
    second = start + 1 + block[start]
    return second + 1 + block[second] if second < len(block) else 0


def _behind_databases(block: bytes, start: int) -> int:
    """A count, then names with a zero behind each."""
    place = start + 1
    for _ in range(0 if block[start] == _TOO_MANY_DATABASES else block[start]):
        place = block.find(0, place) + 1
    return place


_MEASURES: dict[int, Callable[[bytes, int], int]] = {
    _CATALOG: lambda block, start: start + 1 + block[start] + 1,
    _TIME_ZONE: lambda block, start: start + 1 + block[start],
    _CATALOG_WITHOUT_ZERO: lambda block, start: start + 1 + block[start],
    _INVOKER: _behind_two_strings,
    _UPDATED_DATABASES: _behind_databases,
}


_SKIPPED = re.compile(
    rb"(?:[\s(]+|/\*M?!\d*|\*/|/\*.*?\*/|--(?=\s|$)[^\n]*|#[^\n]*)*+",
    re.DOTALL,
)
"""White space and comments; of comments for certain versions only the marks, as the server runs what is inside."""
_WORD = re.compile(rb"[A-Za-z]+")

_MEANINGS: tuple[tuple[tuple[bytes, ...], Meaning], ...] = (
    ((b"BEGIN", b"NOT"), Meaning.CHANGE),
    ((b"BEGIN",), Meaning.BEGIN),
    ((b"START", b"TRANSACTION"), Meaning.BEGIN),
    ((b"COMMIT",), Meaning.COMMIT),
    ((b"ROLLBACK", b"TO"), Meaning.ROLLBACK_TO),
    ((b"ROLLBACK",), Meaning.ROLLBACK),
    ((b"SAVEPOINT",), Meaning.SAVEPOINT),
    ((b"XA", b"START"), Meaning.XA_START),
    ((b"XA", b"BEGIN"), Meaning.XA_START),
    ((b"XA", b"END"), Meaning.XA_END),
    ((b"XA", b"COMMIT"), Meaning.XA_FINISH),
    ((b"XA", b"ROLLBACK"), Meaning.XA_FINISH),
    ((b"XA",), Meaning.CHANGE),
    ((b"CREATE", b"TEMPORARY"), Meaning.CREATE_TEMPORARY),
    ((b"CREATE", b"OR", b"REPLACE", b"TEMPORARY"), Meaning.CREATE_TEMPORARY),
    ((b"DROP", b"TEMPORARY"), Meaning.DROP_TEMPORARY),
    *(
        ((verb,), Meaning.CHANGE)
        for verb in b"INSERT UPDATE DELETE REPLACE LOAD WITH CALL SELECT DO TABLE VALUES HANDLER EXECUTE".split()
    ),
)
"""By first words; the first that fits counts, and OTHER where none does."""


def leading_words(text: bytes) -> list[bytes]:
    """Up to four words at the start of a statement, in upper case."""
    words: list[bytes] = []
    place = 0
    while len(words) < 4:
        found = _WORD.match(text, _end(_SKIPPED.match(text, place)))
        if not found:
            break
        words.append(found.group().upper())
        place = found.end()
    return words


def _end(match: re.Match[bytes] | None) -> int:
    return match.end() if match else 0


def meaning_of(text: bytes) -> Meaning:
    """What the statement means; one that does not start with a word may change anything."""
    words = tuple(leading_words(text))
    if not words:
        return Meaning.CHANGE
    return next((meaning for first, meaning in _MEANINGS if words[: len(first)] == first), Meaning.OTHER)


def savepoint_name(text: bytes) -> bytes:
    """The name at the end of SAVEPOINT and ROLLBACK TO, in lower case: its case does not matter."""
    found = re.search(rb"(`(?:[^`]|``)*`|[^\s`]+)\s*$", text)
    return found.group(1).strip(b"`").lower() if found else b""


_LATIN1_HOLES = {0xDC00 + byte: byte for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
"""MySQL's latin1 is cp1252 with these five bytes as themselves."""


def decoded(text: bytes, client_charset: int | None) -> str:
    """The statement as text; bytes that its character set does not have are kept as surrogates."""
    codec = _codec_of(client_charset)
    result = text.decode(codec, "surrogateescape")
    return result.translate(_LATIN1_HOLES) if codec == "cp1252" else result


def _codec_of(charset: int | None) -> str:
    """Python's codec for a character set by the number of one of its collations.

    Numbers from 1024 are MariaDB's NOPAD twins of older ones; all that are not known are of UTF-8, as every
    collation is that was added since. Character sets that Python lacks are read as far as they are ASCII.
    """
    if charset is None:
        return "utf-8"
    try:
        codec = charset_by_id(charset - 1024 if 1024 < charset < 2048 else charset).encoding
    except KeyError:
        return "utf-8"
    try:
        return codecs.lookup(codec).name if codec != "binary" else "utf-8"
    except LookupError:
        return "ascii"
