"""Which tables a job migrates: all, those of chosen databases, or tables chosen one by one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Self

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.names import OWN_SCHEMA, SYSTEM_SCHEMAS, TableName

NEVER_MIGRATED = SYSTEM_SCHEMAS | {OWN_SCHEMA}

_NAME = r"(?:`(?:[^`]|``)+`|[^`.]+)"
_TABLE = re.compile(rf"({_NAME})\.({_NAME})")


def is_system_schema(schema: str) -> bool:
    """Whether a database belongs to a server or to this software; such a one is never migrated."""
    return schema.lower() in NEVER_MIGRATED


@dataclass(frozen=True, slots=True, order=True)
class Pattern:
    """A name in which `*` stands for any characters and `?` for one; in backticks it stands for itself."""

    text: str

    @property
    def literal(self) -> str | None:
        """The one name that this pattern matches; None where it has wildcards."""
        if self.text.startswith("`"):
            return self.text[1:-1].replace("``", "`")
        return None if set(self.text) & {"*", "?"} else self.text

    def matches(self, name: str, *, fold_case: bool) -> bool:
        return bool(_expression(self, fold_case).fullmatch(name))

    def __str__(self) -> str:
        return self.text if self.literal is None else self.literal


@cache
def _expression(pattern: Pattern, fold_case: bool) -> re.Pattern[str]:
    flags = re.DOTALL | (re.IGNORECASE if fold_case else re.NOFLAG)
    if pattern.literal is not None:
        return re.compile(re.escape(pattern.literal), flags)
    wildcards = {"*": ".*", "?": "."}
    return re.compile("".join(wildcards.get(character, re.escape(character)) for character in pattern.text), flags)


@dataclass(frozen=True, slots=True, order=True)
class TablePattern:
    """A table by its database and its name, each of which may have wildcards."""

    schema: Pattern
    table: Pattern

    @classmethod
    def parse(cls, text: str) -> Self:
        """`shop.orders`, `shop.tmp_*`, or with names in backticks where they hold dots or wildcards."""
        found = _TABLE.fullmatch(text.strip())
        if not found:
            raise InvalidJob(
                f"`{text}` is not a table", hint="write DATABASE.TABLE; names that hold a dot in backticks"
            )
        return cls(Pattern(found[1]), Pattern(found[2]))

    @property
    def literal(self) -> TableName | None:
        """The one table that this stands for; None where it has wildcards."""
        if self.schema.literal is None or self.table.literal is None:
            return None
        return TableName(self.schema.literal, self.table.literal)

    def matches(self, name: TableName, *, fold_case: bool) -> bool:
        return self.schema.matches(name.schema, fold_case=fold_case) and self.table.matches(
            name.table, fold_case=fold_case
        )

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class ObjectChoice:
    """What a job was told to migrate; system databases and the tool's own are never part of it.

    Made by `everything`, `of_databases` or `of_tables`.
    """

    all: bool = False
    databases: tuple[Pattern, ...] = ()
    exclude: tuple[TablePattern, ...] = ()
    tables: tuple[TablePattern, ...] = ()

    @classmethod
    def everything(cls, exclude: Iterable[str] = ()) -> Self:
        return cls(all=True, exclude=tuple(map(TablePattern.parse, exclude)))

    @classmethod
    def of_databases(cls, databases: Iterable[str], exclude: Iterable[str] = ()) -> Self:
        """Raises InvalidJob when a name is empty or of a database that is never migrated."""
        chosen = tuple(Pattern(name.strip()) for name in databases)
        if not chosen or not all(pattern.text.strip("`") for pattern in chosen):
            raise InvalidJob("no database is named", hint="name at least one database, or choose all")
        for pattern in chosen:
            _refuse_system(pattern.literal)
        return cls(databases=chosen, exclude=tuple(map(TablePattern.parse, exclude)))

    @classmethod
    def of_tables(cls, tables: Iterable[str]) -> Self:
        """Raises InvalidJob when a name has wildcards: chosen tables are fixed before the start."""
        chosen = tuple(map(TablePattern.parse, tables))
        if not chosen:
            raise InvalidJob("no table is named", hint="name at least one table, or choose databases")
        for pattern in chosen:
            if pattern.literal is None:
                hint = "name each table, put a name with * or ? in it in backticks, or choose databases and exclude"
                raise InvalidJob(f"the table `{pattern}` has a wildcard", hint=hint)
            _refuse_system(pattern.literal.schema)
        return cls(tables=chosen)

    def selects(self, name: TableName, *, fold_case: bool) -> bool:
        """Whether the table is migrated; `fold_case` where the source compares names without case."""
        if is_system_schema(name.schema):
            return False
        if any(pattern.matches(name, fold_case=fold_case) for pattern in self.exclude):
            return False
        if any(pattern.matches(name, fold_case=fold_case) for pattern in self.tables):
            return True
        return self.follows_new_tables(name.schema, fold_case=fold_case)

    def selects_database(self, schema: str, *, fold_case: bool) -> bool:
        """Whether any table of the database may be migrated."""
        chosen = any(pattern.schema.matches(schema, fold_case=fold_case) for pattern in self.tables)
        return not is_system_schema(schema) and (chosen or self.follows_new_tables(schema, fold_case=fold_case))

    def follows_new_tables(self, schema: str, *, fold_case: bool = False) -> bool:
        """Whether tables that are created in the database later belong to the job, those excluded aside."""
        if is_system_schema(schema):
            return False
        return self.all or any(pattern.matches(schema, fold_case=fold_case) for pattern in self.databases)

    def __str__(self) -> str:
        if self.all:
            chosen = "all databases"
        elif self.databases:
            chosen = "databases " + ", ".join(map(str, self.databases))
        else:
            chosen = "tables " + ", ".join(map(str, self.tables))
        return chosen + (" without " + ", ".join(map(str, self.exclude)) if self.exclude else "")


def _refuse_system(schema: str | None) -> None:
    if schema is not None and is_system_schema(schema):
        raise InvalidJob(f"the database `{schema}` is never migrated", hint="choose databases of your own")
