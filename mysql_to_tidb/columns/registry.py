"""Finds the family of a column, and refuses the columns that no family can carry."""

from collections.abc import Sequence

import pyarrow as pa

from mysql_to_tidb.columns.address import Inet4, Inet6, Uuid
from mysql_to_tidb.columns.binary import Binary, FixedBinary
from mysql_to_tidb.columns.bit import Bit
from mysql_to_tidb.columns.decimal import Decimal
from mysql_to_tidb.columns.enum_set import Enum, Set
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.columns.floating import Floating
from mysql_to_tidb.columns.integer import Integer
from mysql_to_tidb.columns.json import Json
from mysql_to_tidb.columns.temporal import Date, DateTime, Time, Timestamp, Year
from mysql_to_tidb.columns.text import Text
from mysql_to_tidb.columns.vector import Vector
from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.tables import Column, Table

FAMILIES: tuple[type[Family], ...] = (
    Integer,
    Decimal,
    Floating,
    Bit,
    Text,
    Binary,
    FixedBinary,
    Json,
    Enum,
    Set,
    Date,
    DateTime,
    Timestamp,
    Time,
    Year,
    Uuid,
    Inet4,
    Inet6,
    Vector,
)

_FAMILY_OF_TYPE = {data_type: family for family in FAMILIES for data_type in family.data_types}


def family_of(column: Column) -> Family:
    """The family that carries this column.

    Raises UnsupportedSchema, naming the column and its type, where there is none.
    """
    family = _FAMILY_OF_TYPE.get(column.data_type.lower())
    if family is None or column.column_type.lower().startswith("year(2)"):
        raise UnsupportedSchema(
            f"column {quote_name(column.name)} has the type {column.column_type}, which TiDB does not have",
            hint="change the column at the source, or exclude the table from the job",
        )
    return family(column)


def families_of(table: Table) -> tuple[Family, ...]:
    """The families of the columns that are copied, in the order of `table.stored_columns`.

    Raises UnsupportedSchema, saying in which table.
    """
    try:
        return tuple(family_of(column) for column in table.stored_columns)
    except UnsupportedSchema as error:
        raise UnsupportedSchema(error.message, where=str(table.name), hint=error.hint) from error


def schema_of(families: Sequence[Family]) -> pa.Schema:
    """The Arrow schema of batches whose columns these families decode."""
    return pa.schema([pa.field(family.column.name, family.arrow_type) for family in families])
