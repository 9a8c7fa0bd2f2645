"""A column can stand in a table map in its own way only."""

import pytest

from mysql_to_tidb.columns.image_check import image_fits
from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.tables import Column

FITTING = [
    (Column("c", "int", "int"), 3, ""),
    (Column("c", "mediumint", "mediumint unsigned"), 9, ""),
    (Column("c", "decimal", "decimal(10,2)", numeric_precision=10, numeric_scale=2), 246, "0a02"),
    (Column("c", "decimal", "decimal"), 246, "0a00"),
    (Column("c", "decimal", "decimal(12) unsigned"), 246, "0c00"),
    (Column("c", "float", "float(7,3)"), 4, "04"),
    (Column("c", "double", "double"), 5, "08"),
    (Column("c", "bit", "bit(9)"), 16, "0101"),
    (Column("c", "bit", "bit(64)"), 16, "0008"),
    (Column("c", "varchar", "varchar(300)", characters_max=300, octets_max=1200), 15, "b004"),
    (Column("c", "varchar", "varchar(300)", character_set="utf8mb4"), 15, "b004"),
    (Column("c", "char", "char(255)", character_set="utf8mb4", octets_max=1020), 254, "cefc"),
    (Column("c", "char", "char(10)", character_set="latin1"), 254, "fe0a"),
    (Column("c", "binary", "binary(16)", octets_max=16), 254, "fe10"),
    (Column("c", "varbinary", "varbinary(16)", octets_max=16), 15, "1000"),
    (Column("c", "text", "text"), 252, "02"),
    (Column("c", "longblob", "longblob"), 252, "04"),
    (Column("c", "json", "json"), 245, "04"),
    (Column("c", "enum", "enum('a')", members=("a",)), 247, "f701"),
    (Column("c", "enum", "enum(...)", members=("a",) * 256), 247, "f702"),
    (Column("c", "set", "set(...)", members=("a",) * 17), 248, "f803"),
    (Column("c", "set", "set(...)", members=("a",) * 33), 248, "f808"),
    (Column("c", "date", "date"), 10, ""),
    (Column("c", "datetime", "datetime(3)", fraction_digits=3), 18, "03"),
    (Column("c", "datetime", "datetime"), 12, ""),
    (Column("c", "timestamp", "timestamp"), 17, "00"),
    (Column("c", "timestamp", "timestamp"), 7, ""),
    (Column("c", "time", "time"), 11, ""),
    (Column("c", "year", "year"), 13, ""),
    (Column("c", "uuid", "uuid"), 254, "fe10"),
    (Column("c", "inet6", "inet6"), 254, "fe10"),
    (Column("c", "inet4", "inet4"), 254, "fe04"),
    (Column("c", "vector", "vector(3)"), 242, "04"),
    (Column("c", "varchar", "varchar(100) /*M!100301 COMPRESSED*/", octets_max=400), 141, "9101"),
    (Column("c", "blob", "blob /*M!100301 COMPRESSED*/"), 140, "02"),
]

UNFITTING = [
    (Column("c", "int", "int"), 8, ""),
    (Column("c", "decimal", "decimal(10,2)", numeric_precision=10, numeric_scale=2), 246, "0a03"),
    (Column("c", "varchar", "varchar(300)", octets_max=1200), 15, "b104"),
    (Column("c", "varchar", "varchar(300)", octets_max=1200), 252, "02"),
    (Column("c", "char", "char(10)", octets_max=40), 254, "fe27"),
    (Column("c", "char", "char(10)", octets_max=40), 247, "f701"),
    (Column("c", "text", "text"), 252, "03"),
    (Column("c", "json", "json"), 252, "04"),
    (Column("c", "enum", "enum('a')", members=("a",)), 247, "f702"),
    (Column("c", "set", "set('a')", members=("a",)), 247, "f701"),
    (Column("c", "datetime", "datetime(3)", fraction_digits=3), 18, "00"),
    (Column("c", "datetime", "datetime(3)", fraction_digits=3), 12, ""),
    (Column("c", "timestamp", "timestamp"), 18, "00"),
    (Column("c", "uuid", "uuid"), 254, "fe04"),
    (Column("c", "varchar", "varchar(100) /*M!100301 COMPRESSED*/", octets_max=400), 15, "9001"),
    (Column("c", "blob", "blob"), 140, "02"),
]


@pytest.mark.parametrize(("column", "type_code", "metadata"), FITTING)
def test_a_column_fits_its_own_images(column: Column, type_code: int, metadata: str) -> None:
    assert image_fits(column, ImageColumn(type_code, bytes.fromhex(metadata)))


@pytest.mark.parametrize(("column", "type_code", "metadata"), UNFITTING)
def test_a_column_fits_no_other_images(column: Column, type_code: int, metadata: str) -> None:
    assert not image_fits(column, ImageColumn(type_code, bytes.fromhex(metadata)))


def test_what_no_family_carries_is_nothing_to_check() -> None:
    assert image_fits(Column("c", "geometry", "geometry"), ImageColumn(255, b"\x04"))
