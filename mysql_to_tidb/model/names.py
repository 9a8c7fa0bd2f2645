"""Names of databases, tables and columns, and the only place that quotes them."""

from dataclasses import dataclass

SYSTEM_SCHEMAS = frozenset({"mysql", "information_schema", "performance_schema", "sys"})
OWN_SCHEMA = "mysql_to_tidb"
"""Where the target keeps the state of every job; never migrated, whatever is chosen."""


def quote_name(name: str) -> str:
    """An identifier as SQL: backticks doubled (MySQL manual, Schema Object Names)."""
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A table and the database that it is in."""

    schema: str
    table: str

    @property
    def quoted(self) -> str:
        return f"{quote_name(self.schema)}.{quote_name(self.table)}"

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"
