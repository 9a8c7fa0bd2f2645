"""What a user may do, from SHOW GRANTS as MySQL, MariaDB and TiDB print it for the present session.

Roles that are active are expanded there by the servers themselves. Rights to single columns do not count.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from mysql_to_tidb.model.definitions import Token, TokenKind, name_of, render, split_by_commas, tokenize
from mysql_to_tidb.model.names import TableName

ALL = "ALL PRIVILEGES"

_SYNONYMS = {
    "ALL": ALL,
    "BINLOG MONITOR": "REPLICATION CLIENT",  # MariaDB 10.5
    "REPLICATION REPLICA": "REPLICATION SLAVE",
    "DELETE VERSIONING ROWS": "DELETE HISTORY",
}
_IMPLIED_BY = {
    "REPLICATION CLIENT": {"SUPER"},
    "RELOAD": {"FLUSH_TABLES"},  # of RELOAD, only the flush is needed here
}
"""Rights that are as good as the one named, for what this software does with it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One line of SHOW GRANTS; `*` stands for every database or table."""

    privileges: frozenset[str]
    schema: str
    """May hold the wildcards of GRANT: `%`, `_` and their escapes."""
    table: str
    revoked: bool = False
    """A partial revoke (MySQL manual, Privilege Restriction Using Partial Revokes)."""

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """None for a line that grants roles, proxies or routines."""
        tokens = tokenize(line)
        verb = tokens[0].text.upper() if tokens else ""
        on = next((place for place, token in enumerate(tokens) if token.is_word("ON")), None)
        if verb not in {"GRANT", "REVOKE"} or on is None or tokens[on + 1].is_word("FUNCTION", "PROCEDURE", "PACKAGE"):
            return None
        privileges = frozenset(_privilege(part) for part in split_by_commas(tokens[1:on]))
        schema, separator, table = (*tokens[on + 1 : on + 4], None, None)[:3]
        if schema is None or separator is None or table is None or separator.text != ".":
            return None  # GRANT PROXY ON user
        return cls(privileges - {""}, name_of(schema), name_of(table), revoked=verb == "REVOKE")


def _privilege(part: tuple[Token, ...]) -> str:
    """The name of a privilege in one spelling; empty for one that is given for single columns."""
    if any(token.kind is TokenKind.MARK and token.text == "(" for token in part):
        return ""
    name = render(part).upper()
    return _SYNONYMS.get(name, name)


@dataclass(frozen=True, slots=True)
class Grants:
    """All that a user may do in the present session."""

    grants: tuple[Grant, ...]
    literal_schemas: bool = False
    """Whether `_` and `%` in database names stand for themselves (MySQL with `partial_revokes`)."""

    @classmethod
    def parse(cls, lines: Iterable[str], *, literal_schemas: bool = False) -> Self:
        parsed = (Grant.parse(line) for line in lines)
        return cls(tuple(grant for grant in parsed if grant is not None), literal_schemas)

    def globally(self, privilege: str) -> bool:
        """Whether the privilege is given on `*.*`, in whole or with exceptions."""
        return any(self._gives(grant, privilege) for grant in self.grants if grant.schema == grant.table == "*")

    def on_schema(self, privilege: str, schema: str) -> bool:
        """Whether it holds for every table of a database."""
        if self.globally(privilege) and not self._revoked(privilege, schema):
            return True
        return any(
            self._gives(grant, privilege) and self._matches(grant, schema)
            for grant in self.grants
            if grant.table == "*" and grant.schema != "*"
        )

    def on_table(self, privilege: str, name: TableName) -> bool:
        """Whether it holds for one table."""
        return self.on_schema(privilege, name.schema) or any(
            self._gives(grant, privilege) and grant.schema == name.schema and grant.table == name.table
            for grant in self.grants
        )

    def revoked_schemas(self, privilege: str) -> list[str]:
        """Databases on which a global right is revoked, and not given again."""
        names = sorted({grant.schema for grant in self.grants if grant.revoked})
        return [name for name in names if self._revoked(privilege, name) and not self.on_schema(privilege, name)]

    def _gives(self, grant: Grant, privilege: str) -> bool:
        good_enough = {privilege, ALL} | _IMPLIED_BY.get(privilege, set())
        return not grant.revoked and bool(grant.privileges & good_enough)

    def _revoked(self, privilege: str, schema: str) -> bool:
        taken = (grant for grant in self.grants if grant.revoked and grant.schema == schema)
        return any(grant.privileges & {privilege, ALL} for grant in taken)

    def _matches(self, grant: Grant, schema: str) -> bool:
        if self.literal_schemas or grant.schema == schema:
            return grant.schema == schema
        return bool(re.fullmatch(_expression(grant.schema), schema, re.DOTALL))


def _expression(pattern: str) -> str:
    r"""A database pattern of GRANT as a regular expression; `\_` and `\%` stand for themselves."""
    pieces = re.findall(r"\\[_%]|.", pattern, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(piece, re.escape(piece.removeprefix("\\"))) for piece in pieces)
