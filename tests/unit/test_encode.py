"""What is written for LOAD DATA reads as the values that went in."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Column, Table
from mysql_to_tidb.staging.encode import encode_rows, insert_statement, load_columns, unloadable_rows

COLUMNS = (
    Column("id", "int", "int"),
    Column("data", "blob", "blob"),
    Column("a`b", "text", "text", character_set="utf8mb4"),
    Column("day", "date", "date"),
    Column("document", "json", "json"),
)
NAME = TableName("shop", "item")
FAMILIES = families_of(Table(NAME, COLUMNS))

special = st.sampled_from([b"", b"\\N", b"\\", b"\t", b"\n", b"\\\t\n", b"\0", b"NULL", b"N"])
fields = st.none() | special | st.binary(max_size=12)


def batch_of(*columns: list[object], families: tuple[Family, ...] = FAMILIES) -> pa.RecordBatch:
    arrays = [pa.array(values, family.arrow_type) for values, family in zip(columns, families, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, [family.column.name for family in families])


def decode(payload: bytes) -> list[list[bytes | None]]:
    """LOAD DATA's own reading (MySQL manual, LOAD DATA Statement, Field and Line Handling)."""
    rows: list[list[bytes | None]] = []
    row: list[bytes | None] = []
    field, null, place = b"", False, 0
    while place < len(payload):
        byte = payload[place : place + 1]
        if byte == b"\\":
            escaped = payload[place + 1 : place + 2]
            null = escaped == b"N" and not field
            field += b"" if null else {b"n": b"\n", b"t": b"\t", b"0": b"\0"}.get(escaped, escaped)
            place += 2
            continue
        if byte in {b"\t", b"\n"}:
            row.append(None if null else field)
            field, null = b"", False
            if byte == b"\n":
                rows.append(row)
                row = []
        else:
            field += byte
        place += 1
    assert not row
    assert not field
    return rows


@given(st.lists(st.tuples(fields, fields), max_size=20), st.integers(0, 5))
def test_every_byte_reads_as_itself(rows: list[tuple[bytes | None, bytes | None]], start: int) -> None:
    families = families_of(Table(NAME, (COLUMNS[1], Column("other", "varbinary", "varbinary(9)"))))
    batch = batch_of([row[0] for row in rows], [row[1] for row in rows], families=families)
    assert decode(bytes(encode_rows(batch, families))) == [list(row) for row in rows]
    rest = batch.slice(start)
    assert decode(bytes(encode_rows(rest, families))) == [list(row) for row in rows[start:]]


def test_a_line_holds_every_column_in_order() -> None:
    batch = batch_of([1, None], [b"\0", None], ["é\t", None], ["2024-02-29", None], ['{"a": "\\n"}', None])
    assert bytes(encode_rows(batch, FAMILIES)).decode() == (
        '1\t\0\té\\t\t2024-02-29\t{"a": "\\\\n"}\n' + r"\N" + "\t\\N" * 4 + "\n"
    )


def test_no_rows_are_no_bytes() -> None:
    assert bytes(encode_rows(batch_of([], [], [], [], []), FAMILIES)) == b""


def test_columns_that_need_it_go_through_a_variable() -> None:
    assert load_columns(FAMILIES) == ("(`id`, `data`, `a``b`, `day`, @v4) SET `document` = CONVERT(@v4 USING utf8mb4)")


def test_rows_with_impossible_dates_are_told_apart() -> None:
    batch = batch_of([1, 2], [b"", b""], ["", ""], ["2021-02-31", "2021-02-28"], ["1", "1"])
    flags = unloadable_rows(batch, FAMILIES)
    assert flags is not None
    assert flags.to_pylist() == [True, False]
    assert unloadable_rows(batch.slice(1), FAMILIES) is None


def test_an_insert_holds_the_same_values() -> None:
    batch = batch_of([1], [b"\xff"], ["it's"], ["2021-02-31"], [None])
    assert insert_statement("REPLACE INTO", NAME, batch, FAMILIES) == (
        "REPLACE INTO `shop`.`item` (`id`, `data`, `a``b`, `day`, `document`) "
        "VALUES (1, X'ff', _utf8mb4 X'69742773', '2021-02-31', NULL)"
    )
