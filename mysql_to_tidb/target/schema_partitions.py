"""Rules for partitions: kept where TiDB can have them, else the table is created without."""

import re
from itertools import pairwise

from mysql_to_tidb.model.definitions import TokenKind, Tokens, name_of, render, split_by_commas
from mysql_to_tidb.target.schema_draft import Rewrites, Severity, TableDraft

_METHOD = re.compile(r"PARTITION BY (LINEAR )?(RANGE COLUMNS|LIST COLUMNS|RANGE|LIST|HASH|KEY|SYSTEM_TIME)\b")

_FUNCTIONS = frozenset(
    {
        *("TO_DAYS", "TO_SECONDS", "DAYOFMONTH", "MONTH", "DAYOFYEAR", "QUARTER", "YEARWEEK", "YEAR", "WEEKDAY"),
        *("DAYOFWEEK", "DAY", "HOUR", "MINUTE", "SECOND", "TIME_TO_SEC", "MICROSECOND", "UNIX_TIMESTAMP"),
        *("FROM_DAYS", "EXTRACT", "ABS", "CEILING", "CEIL", "DATEDIFF", "FLOOR", "MOD"),
    }
)
"""What TiDB takes in a partitioning expression (TiDB documentation, Partitioning, Functions)."""


def partitions(draft: TableDraft) -> Rewrites:
    """The partitions of the source without what only its storage understands."""
    tokens = draft.definition.partitioning
    if not tokens:
        return
    head, subpartitioned, definitions = _divide(_without_algorithm(tokens))
    text = render(head).upper()
    found = _METHOD.match(text)
    reason = _refusal(draft, found[2] if found else "", head)
    if reason:
        meaning = f"the table is created without partitions: {reason}"
        yield draft.rewrite("partitions", render(head), meaning)
        return
    if subpartitioned:
        meaning = "TiDB has no subpartitions: the partitions are kept without them"
        yield draft.rewrite("subpartitions", render(head), meaning, Severity.NOTE)
    if found and found[1]:
        yield draft.rewrite("linear_partitions", render(head), "LINEAR is left out", Severity.NOTE)
    statement = re.sub(r"(?i)^(PARTITION BY )LINEAR ", r"\1", render(head))
    if definitions:
        statement += "\n(" + ",\n ".join(_definition(part) for part in split_by_commas(definitions)) + ")"
    draft.partitioning = statement


def _without_algorithm(tokens: Tokens) -> Tokens:
    """`ALGORITHM = 1` of PARTITION BY KEY says how MySQL 5.1 hashed."""
    place = next((place for place, token in enumerate(tokens) if token.is_word("ALGORITHM")), None)
    return tokens if place is None else tokens[:place] + tokens[place + 3 :]


def _divide(tokens: Tokens) -> tuple[Tokens, bool, Tokens]:
    """What comes before SUBPARTITION or the list of partitions, whether the former is there, and the list."""
    depth, head_end, list_start = 0, len(tokens), None
    for place, token in enumerate(tokens):
        if token.is_word("SUBPARTITION") and not depth:
            head_end = min(head_end, place)
        if token.text == "(" and token.kind is TokenKind.MARK:
            if not depth and tokens[place + 1].is_word("PARTITION"):
                list_start = place
                break
            depth += 1
        elif token.text == ")" and token.kind is TokenKind.MARK:
            depth -= 1
    subpartitioned = head_end < len(tokens)
    if list_start is None:
        return tokens[:head_end], subpartitioned, ()
    return tokens[: min(head_end, list_start)], subpartitioned, tokens[list_start + 1 : -1]


def _refusal(draft: TableDraft, method: str, head: Tokens) -> str:
    """Why TiDB cannot have these partitions; empty where it can."""
    if method in {"", "SYSTEM_TIME"}:
        return "TiDB does not know this kind"
    for token, following in pairwise(head):
        keyword = token.is_word("RANGE", "LIST", "HASH", "KEY", "COLUMNS", "BY")
        calls = token.kind is TokenKind.WORD and following.text == "(" and not keyword
        if calls and token.text.upper() not in _FUNCTIONS:
            return f"TiDB takes no {token.text.upper()}() here"
    names = {name_of(token).lower() for token in head if token.kind in {TokenKind.NAME, TokenKind.WORD}}
    columns = {name for name in names if draft.column(name)}
    if method.endswith("COLUMNS") and any(_reordered(draft, name) for name in columns):
        return "its values are ordered otherwise in the collation that TiDB has"
    for index in draft.indexes:
        covered = {(part.column or "").lower() for part in index.index.parts}
        if index.index.unique and not columns <= covered:
            return f"the unique index {index.index.name} does not contain all partitioning columns"
    return ""


def _reordered(draft: TableDraft, name: str) -> bool:
    """Whether a text column compares otherwise at the target."""
    target = draft.column(name)
    source = next((column for column in draft.source.columns if column.name.lower() == name), None)
    if target is None or source is None or not source.collation or not target.column.collation:
        return False
    return source.collation.partition("_")[2] != target.column.collation.partition("_")[2]


def _definition(tokens: Tokens) -> str:
    """One partition: its name, its values and its comment."""
    kept: list[str] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.is_word("PARTITION"):
            kept.append(f"PARTITION {tokens[place + 1].text}")
            place += 2
        elif token.is_word("VALUES"):
            end = _values_end(tokens, place)
            kept.append(render(tokens[place:end]))
            place = end
        elif token.is_word("DEFAULT"):
            kept.append("DEFAULT")
            place += 1
        elif token.is_word("COMMENT"):
            literal = next(following for following in tokens[place:] if following.kind is TokenKind.STRING)
            kept.append(f"COMMENT = {literal.text}")
            place += 1
        elif token.text == "(":
            break  # subpartitions
        else:
            place += 1
    return " ".join(kept)


def _values_end(tokens: Tokens, start: int) -> int:
    """Behind VALUES LESS THAN (...), VALUES LESS THAN MAXVALUE or VALUES IN (...)."""
    depth = 0
    for place in range(start, len(tokens)):
        token = tokens[place]
        if token.kind is TokenKind.MARK:
            depth += (token.text == "(") - (token.text == ")")
            if token.text == ")" and not depth:
                return place + 1
        if token.is_word("MAXVALUE") and not depth:
            return place + 1
    return len(tokens)
