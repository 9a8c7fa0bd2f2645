"""One index as a user writes it in CREATE or ALTER TABLE: what the server makes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mysql_to_tidb.model.ddl_words import NotUnderstood, Words
from mysql_to_tidb.model.definitions import Tokens, quote_string, render, split_by_commas
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.tables import Index, IndexPart

_KINDS = {"FULLTEXT", "SPATIAL", "VECTOR"}


@dataclass(slots=True)
class IndexItem:
    """An index with its line of SHOW CREATE TABLE."""

    index: Index
    item: str
    comment: str = ""
    invisible: bool = False

    def printed(self) -> str:
        """The line that belongs to the index as it is now."""
        index = self.index
        if index.name == "PRIMARY":
            head = "PRIMARY KEY"
        else:
            kind = "UNIQUE " if index.unique else f"{index.kind} " if index.kind in _KINDS else ""
            head = f"{kind}KEY {quote_name(index.name)}"
        text = f"{head} ({', '.join(map(_part, index.parts))})"
        text += f" COMMENT {quote_string(self.comment)}" if self.comment else ""
        return text + (" INVISIBLE" if self.invisible else "")


def index_from(index: Index, comment: str = "", *, invisible: bool = False) -> IndexItem:
    item = IndexItem(index, "", comment, invisible)
    item.item = item.printed()
    return item


def renamed(item: IndexItem, name: str) -> IndexItem:
    """The same index under another name."""
    changed = replace(item, index=replace(item.index, name=name))
    changed.item = changed.printed()
    return changed


def read_index(words: Words, free_name: Callable[[str], str]) -> IndexItem | None:
    """An index of CREATE TABLE or ADD; None where the words are about something else. Raises NotUnderstood."""
    start, name = words.place, ""
    if words.accept("CONSTRAINT") and not words.at("PRIMARY", "UNIQUE"):
        name = words.name()
    primary = words.accept("PRIMARY", "KEY")
    unique = primary or words.accept("UNIQUE")
    kind = "" if unique else words.accept_any(*_KINDS)
    if not primary and not words.accept_any("KEY", "INDEX") and not (unique or kind):
        words.place = start
        return None
    if words.at("IF"):
        raise NotUnderstood("an index IF NOT EXISTS")
    if not words.at("(", "USING") and not primary:
        name = words.name()
    if words.accept("USING"):
        words.next()
    parts = tuple(map(_read_part, split_by_commas(words.parenthesis())))
    comment, invisible = _read_options(words)
    if primary:
        name = "PRIMARY"
    name = name or free_name(parts[0].column or "functional_index")
    return index_from(Index(name, unique, parts, kind or "BTREE"), comment, invisible=invisible)


def _read_part(tokens: Tokens) -> IndexPart:
    words = Words(tokens)
    if words.at("("):
        expression = f"({render(words.parenthesis())})"
        part = IndexPart(None, expression=expression)
    else:
        name = words.name()
        length = Words(words.parenthesis()).number() if words.at("(") else None
        part = IndexPart(name, prefix_length=length)
    descending = words.accept("DESC")
    _ = descending or words.accept("ASC")
    if not words.done:
        raise words.unexpected()
    return replace(part, descending=descending)


def _read_options(words: Words) -> tuple[str, bool]:
    comment, invisible = "", False
    while not words.done:
        if words.accept("COMMENT"):
            comment = words.string()
        elif words.accept("USING") or words.accept("WITH", "PARSER"):
            words.next()
        elif words.accept("KEY_BLOCK_SIZE"):
            words.accept("=")
            words.number()
        elif words.accept("INVISIBLE") or words.accept("IGNORED"):
            invisible = True
        elif words.accept("VISIBLE") or words.accept("NOT", "IGNORED"):
            invisible = False
        else:
            raise words.unexpected()
    return comment, invisible


def _part(part: IndexPart) -> str:
    text = part.expression or "" if part.column is None else quote_name(part.column)
    text += f"({part.prefix_length})" if part.prefix_length else ""
    return text + (" DESC" if part.descending else "")
