"""A table's definition as JSON text, and back without loss."""

import json
from dataclasses import asdict
from typing import Any

from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Storage, Table, TableKind


def table_to_json(table: Table) -> str:
    """Every field of the table under its own name."""
    return json.dumps(asdict(table), ensure_ascii=False)


def table_from_json(text: str) -> Table:
    """The table that `table_to_json` wrote; raises TypeError where the text has fields of another version."""
    fields: dict[str, Any] = json.loads(text)
    return Table(
        **fields
        | {
            "name": TableName(**fields["name"]),
            "columns": tuple(_column(column) for column in fields["columns"]),
            "indexes": tuple(_index(index) for index in fields["indexes"]),
            "kind": TableKind(fields["kind"]),
            "storage": Storage(**fields.get("storage", {})),
        }
    )


def _column(fields: dict[str, Any]) -> Column:
    return Column(**fields | {"members": tuple(fields["members"])})


def _index(fields: dict[str, Any]) -> Index:
    return Index(**fields | {"parts": tuple(IndexPart(**part) for part in fields["parts"])})
