"""Judges the statements that the sync meets: those that concern migrated tables stop it."""

from collections.abc import Mapping

from mysql_to_tidb.errors import DdlRefused
from mysql_to_tidb.model.changes import Statement
from mysql_to_tidb.model.definitions import Token, TokenKind, name_of, tokenize
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.objects import ObjectChoice
from mysql_to_tidb.model.tables import Table

SHOWN_CHARACTERS_MAX = 200

_NOTHING_TO_CARRY = {
    "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "CHECKSUM", "FLUSH", "RESET", "GRANT", "REVOKE", "SET", "INSTALL",
    "UNINSTALL", "KILL", "PURGE", "CACHE", "CHANGE", "START", "STOP", "SHUTDOWN", "CLONE", "LOCK", "UNLOCK",
}  # fmt: skip
_NOT_MIGRATED = {
    "USER", "ROLE", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT", "SERVER", "TABLESPACE", "LOGFILE", "RESOURCE",
    "UNDO", "INSTANCE", "SPATIAL", "PACKAGE", "DEFINER", "AGGREGATE",
}  # fmt: skip


def refuse_if_concerned(statement: Statement, choice: ObjectChoice, tables: Mapping[TableName, Table]) -> None:
    """Raises DdlRefused where the statement may change a migrated table or make one that belongs to the job."""
    tokens = tokenize(statement.text)
    if not tokens or not _is_about_tables(tokens):
        return
    named = _names(tokens, statement.schema)
    concerned = [name for name in named if name in tables or choice.follows_new_tables(name.schema)]
    if not concerned:
        return
    raise DdlRefused(
        f"the source ran a schema change that concerns {concerned[0]}, and it was not carried out at the target: "
        f"{statement.text[:SHOWN_CHARACTERS_MAX]}",
        where=f"{statement.start} to {statement.position}",
        hint="everything before it is in the target; make the same change at both sides in a new job",
    )


def _is_about_tables(tokens: tuple[Token, ...]) -> bool:
    words = [token.text.upper() for token in tokens[:6] if token.kind is TokenKind.WORD]
    return not (words and (words[0] in _NOTHING_TO_CARRY or set(words[1:4]) & _NOT_MIGRATED))


def _names(tokens: tuple[Token, ...], schema: str) -> list[TableName]:
    """Everything in the statement that could be a table's name, qualified or not."""
    found = []
    for place, token in enumerate(tokens):
        if token.kind not in {TokenKind.NAME, TokenKind.WORD}:
            continue
        qualified = place + 2 < len(tokens) and tokens[place + 1].text == "."
        found.append(
            TableName(name_of(token), name_of(tokens[place + 2])) if qualified else TableName(schema, name_of(token))
        )
    return found
