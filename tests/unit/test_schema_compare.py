"""When a table of the target can take the rows of a source's table, and when it is exactly what was meant."""

from dataclasses import replace
from typing import Any

import pytest

from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table
from mysql_to_tidb.target.schema_compare import differences, holds, incompatibilities, type_of


def column(column_type: str, name: str = "a", **fields: Any) -> Column:
    """A column with what information_schema would say of its type."""
    data_type, _, rest = column_type.partition("(")
    data_type = data_type.split()[0]
    numbers = [int(number) for number in rest.partition(")")[0].split(",") if number.isdigit()] if rest else []
    told: dict[str, Any] = {}
    if data_type in {"char", "varchar", "binary", "varbinary"}:
        told = {"characters_max": numbers[0], "octets_max": numbers[0]}
    elif data_type == "decimal":
        told = {"numeric_precision": numbers[0], "numeric_scale": numbers[1]}
    elif data_type in {"time", "datetime", "timestamp"}:
        told = {"fraction_digits": numbers[0] if numbers else 0}
    elif data_type in {"enum", "set"}:
        told = {"members": tuple(label.strip("'") for label in rest.rstrip(")").split(","))}
    if "char" in data_type or data_type.endswith("text"):
        told |= {"character_set": "utf8mb4", "collation": "utf8mb4_bin"}
    return replace(Column(name, data_type, column_type), **(told | fields))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("int", "int(11)"),
        ("bigint unsigned", "bigint(20) unsigned zerofill"),
        ("year", "year(4)"),
        ("int(5) unsigned zerofill", "int unsigned"),
        ("datetime(0)", "datetime"),
    ],
)
def test_spellings_of_one_type_are_equal(one: str, other: str) -> None:
    assert type_of(column(one)) == type_of(column(other))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("int", "bigint"),
        ("int unsigned", "bigint"),
        ("tinyint unsigned", "smallint"),
        ("varchar(10)", "varchar(20)"),
        ("char(10)", "varchar(10)"),
        ("varchar(16383)", "text"),
        ("text", "longtext"),
        ("varbinary(10)", "varbinary(11)"),
        ("varbinary(10)", "blob"),
        ("decimal(10,2)", "decimal(12,2)"),
        ("datetime", "datetime(6)"),
        ("enum('a','b')", "enum('a','b','c')"),
        ("set('a','b')", "set('a','b','c')"),
    ],
)
def test_a_wider_type_holds_every_value_and_a_narrower_one_does_not(source: str, target: str) -> None:
    assert holds(column(source), column(target))
    assert not holds(column(target), column(source))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("int", "int unsigned"),
        ("bigint unsigned", "bigint"),
        ("binary(16)", "binary(17)"),
        ("decimal(10,2)", "decimal(12,3)"),
        ("decimal(10,2)", "decimal(10,2) unsigned"),
        ("datetime", "timestamp"),
        ("float", "double"),
        ("json", "longtext"),
        ("enum('a','b')", "enum('b','a')"),
        ("varchar(16383)", "tinytext"),
        ("bit(8)", "bit(9)"),
        ("date", "datetime"),
    ],
)
def test_another_type_does_not_hold_every_value(source: str, target: str) -> None:
    assert not holds(column(source), column(target))


PRIMARY = Index("PRIMARY", unique=True, parts=(IndexPart("id"),))
WANTED = Table(
    TableName("s", "t"),
    (column("int", "id", nullable=False), column("varchar(10)", "v"), column("int", "g", generation_expression="1")),
    (PRIMARY,),
)


def changed(place: int, **fields: Any) -> Table:
    columns = list(WANTED.columns)
    columns[place] = replace(columns[place], **fields)
    return replace(WANTED, columns=tuple(columns))


def with_column(extra: Column) -> Table:
    return replace(WANTED, columns=(*WANTED.columns, extra))


def with_index(*indexes: Index) -> Table:
    return replace(WANTED, indexes=indexes)


UNIQUE_V = Index("u", unique=True, parts=(IndexPart("v"),))


@pytest.mark.parametrize(
    "found",
    [
        WANTED,
        replace(WANTED, columns=tuple(reversed(WANTED.columns))),
        changed(1, column_type="varchar(20)", characters_max=20),
        changed(1, collation="utf8mb4_0900_bin"),
        with_column(column("int", "extra")),
        with_column(column("int", "extra", nullable=False, default="0")),
        with_index(PRIMARY, Index("i", unique=False, parts=(IndexPart("v"),))),
    ],
)
def test_a_table_that_can_take_the_rows_is_compatible(found: Table) -> None:
    assert incompatibilities(WANTED, found) == ()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (replace(WANTED, columns=WANTED.columns[:2]), "column g is missing"),
        (changed(1, column_type="varchar(5)", characters_max=5), "cannot hold every varchar(10)"),
        (changed(1, nullable=False), "column v refuses NULL"),
        (changed(1, collation="utf8mb4_general_ci"), "collation utf8mb4_general_ci"),
        (changed(1, collation="latin1_bin"), "collation latin1_bin"),
        (changed(2, generation_expression=""), "column g is not generated"),
        (changed(1, generation_expression="1"), "column v is generated"),
        (with_column(column("int", "extra", nullable=False)), "NOT NULL and has no default"),
        (with_index(), "its key is (none), not (id)"),
        (with_index(PRIMARY, UNIQUE_V), "its own unique index u may refuse rows"),
    ],
)
def test_a_table_that_cannot_take_the_rows_is_refused_with_the_reason(found: Table, reason: str) -> None:
    assert reason in "; ".join(incompatibilities(WANTED, found))


def test_what_was_meant_differs_from_itself_in_nothing() -> None:
    assert differences(WANTED, WANTED) == ()


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        (replace(WANTED, columns=tuple(reversed(WANTED.columns))), "its columns are g, v, id"),
        (changed(0, column_type="int unsigned"), "column id is int unsigned, not int"),
        (changed(1, collation="utf8mb4_general_ci"), "column v has the collation utf8mb4_general_ci"),
        (changed(1, nullable=False), "column v refuses NULL"),
        (changed(0, extra="auto_increment"), "column id is AUTO_INCREMENT"),
        (changed(2, generation_expression=""), "column g is not generated"),
        (with_index(), "index PRIMARY is missing"),
        (with_index(PRIMARY, UNIQUE_V), "index u is not meant to be there"),
        (with_index(replace(PRIMARY, unique=False)), "index PRIMARY is missing or different"),
    ],
)
def test_every_difference_from_what_was_meant_is_named(found: Table, difference: str) -> None:
    assert difference in "; ".join(differences(WANTED, found))
