"""The values at the edges of every type, without a server."""

import struct
from dataclasses import replace

import pyarrow as pa
import pytest

from mysql_to_tidb.columns import families_of, family_of, schema_of
from mysql_to_tidb.columns.batches import batch_from_images, batch_from_text, key_literals
from mysql_to_tidb.columns.temporal import DATETIME, DATETIME2, TIME, TIME2, TIMESTAMP, TIMESTAMP2
from mysql_to_tidb.errors import UnsupportedSchema, ValueUnrepresentable
from mysql_to_tidb.model.changes import ImageColumn, MappedTable
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table

PLAIN = ImageColumn(0, b"")


def column(column_type: str, **attributes: object) -> Column:
    data_type = column_type.partition("(")[0].partition(" ")[0]
    return replace(Column("c", data_type, column_type), **attributes)  # type: ignore[arg-type]


def from_text(column: Column, *texts: str | bytes | None) -> list[object]:
    values = [text.encode() if isinstance(text, str) else text for text in texts]
    found: list[object] = family_of(column).from_text(pa.array(values, pa.binary())).to_pylist()
    return found


def from_image(column: Column, image: ImageColumn, *values: object) -> list[object]:
    found: list[object] = family_of(column).from_image(values, image).to_pylist()
    return found


def loaded(column: Column, *texts: str | None) -> list[bytes | None]:
    family = family_of(column)
    values = pa.array([None if text is None else text.encode() for text in texts], pa.binary())
    found: list[bytes | None] = family.to_load(family.from_text(values)).to_pylist()
    return found


class TestIntegers:
    def test_the_largest_and_the_smallest_keep_all_digits(self) -> None:
        assert loaded(column("bigint unsigned"), "18446744073709551615", None) == [b"18446744073709551615", None]
        assert loaded(column("bigint"), "-9223372036854775808", "-0") == [b"-9223372036854775808", b"0"]

    def test_zerofill_is_no_part_of_the_value(self) -> None:
        assert from_text(column("int(10) unsigned zerofill"), "0000000042") == [42]

    def test_mediumint_is_read_from_three_bytes(self) -> None:
        raw = [b"\xff\xff\xff", None, b"\0\0\x80", b"\xff\xff\x7f"]
        assert from_image(column("mediumint"), PLAIN, *raw) == [-1, None, -8388608, 8388607]
        assert from_image(column("mediumint unsigned"), PLAIN, *raw) == [16777215, None, 8388608, 8388607]

    def test_a_number_beyond_the_type_is_refused_by_the_columns_name(self) -> None:
        with pytest.raises(ValueUnrepresentable, match=r"`c` \(bigint\)"):
            from_text(column("bigint"), "9223372036854775808")


class TestDecimals:
    def test_all_65_digits_are_read(self) -> None:
        image = ImageColumn(246, bytes([65, 30]))
        largest = decimal_bytes("9" * 35, "9" * 30)
        negative = bytes(byte ^ 0xFF for byte in largest)
        number = "9" * 35 + "." + "9" * 30
        assert from_image(column("decimal(65,30)"), image, largest, None, negative) == [number, None, f"-{number}"]

    def test_a_number_without_digits_before_the_point_has_a_zero_there(self) -> None:
        image = ImageColumn(246, bytes([5, 5]))
        raw = [b"\x80\0\x01", b"\x7f\xff\xfe", b"\x80\0\0"]
        assert from_image(column("decimal(5,5)"), image, *raw) == ["0.00001", "-0.00001", "0.00000"]

    def test_no_zero_has_a_sign(self) -> None:
        assert from_image(column("decimal(2,0)"), ImageColumn(246, bytes([2, 0])), b"\x7f") == ["0"]

    def test_bytes_of_another_size_are_refused(self) -> None:
        with pytest.raises(ValueUnrepresentable, match="`c`"):
            from_image(column("decimal(5,5)"), ImageColumn(246, bytes([5, 5])), b"\x80")


def decimal_bytes(whole: str, fraction: str) -> bytes:
    """A positive decimal in binary form, written down anew (MySQL source, decimal2bin)."""
    sizes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    head = len(whole) % 9
    groups = [whole[:head], *(whole[place : place + 9] for place in range(head, len(whole), 9))]
    groups += [fraction[place : place + 9] for place in range(0, len(fraction), 9)]
    data = b"".join(int(group).to_bytes(sizes[len(group)], "big") for group in groups if group)
    return bytes([data[0] ^ 0x80]) + data[1:]


class TestFloats:
    def test_a_float_is_loaded_with_the_digits_of_its_double(self) -> None:
        assert loaded(column("float"), "0.10000000149011612", "-0", None) == [b"0.10000000149011612", b"0", None]
        assert loaded(column("double"), "0.1", "1e20", "5e-324") == [b"0.1", b"1e+20", b"5e-324"]

    def test_literals_are_doubles(self) -> None:
        values = pa.array([0.1, 1e300, None, -3.0], pa.float64())
        assert family_of(column("double")).to_literals(values) == ["0.1e0", "1e+300", "NULL", "-3.0e0"]


class TestTimes:
    def test_negative_fractions_are_read_downwards(self) -> None:
        image = ImageColumn(TIME2, b"\x06")
        raw = [0x800000000000 - 1, 0x800000000000, 0x800000000000 - (838 << 36 | 59 << 30 | 59 << 24)]
        assert from_image(column("time(6)"), image, *(number.to_bytes(6, "big") for number in raw)) == [
            "-00:00:00.000001",
            "00:00:00.000000",
            "-838:59:59.000000",
        ]

    def test_fractions_of_every_length_are_read(self) -> None:
        raw = {1: 50, 2: 57, 3: 5670, 4: 5678, 5: 567890, 6: 567891}
        for digits, fraction in raw.items():
            size = (digits + 1) // 2
            value = (0x800000 + (1 << 12)).to_bytes(3, "big") + fraction.to_bytes(size, "big")
            (text,) = from_image(column(f"time({digits})"), ImageColumn(TIME2, bytes([digits])), value)
            assert text == "01:00:00." + f"{fraction:0{2 * size}}"[:digits]

    def test_times_before_5_6_are_decimal_numbers(self) -> None:
        raw = [struct.pack("<i", number)[:3] for number in (-8385959, 8385959, 5, 0)]
        assert from_image(column("time"), ImageColumn(TIME, b""), *raw, None) == [
            "-838:59:59",
            "838:59:59",
            "00:00:05",
            "00:00:00",
            None,
        ]


class TestDates:
    def test_impossible_dates_are_read_as_they_are(self) -> None:
        raw = [2021 << 9 | 2 << 5 | 31, 2020 << 9 | 10, 0, 9999 << 9 | 12 << 5 | 31]
        assert from_image(column("date"), PLAIN, *(struct.pack("<I", number)[:3] for number in raw)) == [
            "2021-02-31",
            "2020-00-10",
            "0000-00-00",
            "9999-12-31",
        ]

    def test_date_times_of_both_ages_are_read(self) -> None:
        packed = (1 << 39 | (2021 * 13 + 2) << 22 | 31 << 17 | 23 << 12 | 59 << 6 | 58).to_bytes(5, "big")
        new = from_image(column("datetime(3)"), ImageColumn(DATETIME2, b"\x03"), packed + b"\x03\xd8", None)
        assert new == ["2021-02-31 23:59:58.098", None]
        old = from_image(column("datetime"), ImageColumn(DATETIME, b""), struct.pack("<q", 20210231235958))
        assert old == ["2021-02-31 23:59:58"]

    def test_the_first_second_of_a_timestamp_is_the_zero_date(self) -> None:
        image = ImageColumn(TIMESTAMP2, b"\x02")
        raw = [b"\0\0\0\0\0", b"\0\0\0\x01\0", b"\x7f\xff\xff\xff\x63", None]
        assert from_image(column("timestamp(2)"), image, *raw) == [
            "0000-00-00 00:00:00.00",
            "1970-01-01 00:00:01.00",
            "2038-01-19 03:14:07.99",
            None,
        ]
        leap = struct.pack("<I", 951_782_400)
        assert from_image(column("timestamp"), ImageColumn(TIMESTAMP, b""), leap) == ["2000-02-29 00:00:00"]

    def test_year_0_is_no_other_year(self) -> None:
        assert from_image(column("year"), PLAIN, 0, 1, 255, None) == ["0000", "1901", "2155", None]

    def test_only_dates_that_load_data_refuses_are_inserted(self) -> None:
        texts = ["0000-00-00", "2020-00-10", None, "2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "0000-01-01"]
        family = family_of(column("date"))
        flags = family.unloadable(family.from_text(pa.array(texts).cast(pa.binary())))
        assert flags is not None
        assert flags.to_pylist() == [False, True, False, False, True, True, False, False]
        assert family.unloadable(pa.array(["2024-04-30", None])) is None
        assert family.unloadable(pa.array([], pa.string())) is None

    def test_slices_are_looked_at_alone(self) -> None:
        family = family_of(column("datetime"))
        dates = pa.array(["2020-00-10 00:00:00", "2020-01-10 00:00:00", None, "2021-02-31 00:00:00"])
        assert family.unloadable(dates.slice(1, 2)) is None
        assert family.unloadable(dates.slice(1)).to_pylist() == [False, False, True]


class TestBytes:
    def test_binary_is_filled_up_with_the_zeros_that_its_image_lacks(self) -> None:
        image = ImageColumn(254, b"\xfe\x04")
        values = from_image(column("binary(4)"), image, b"ab", None, b"", b"abcd", b"a\0\0b")
        assert values == [b"ab\0\0", None, b"\0\0\0\0", b"abcd", b"a\0\0b"]

    def test_bits_keep_their_bytes(self) -> None:
        family = family_of(column("bit(64)"))
        values = family.from_image([b"\xff" * 8, None], ImageColumn(16, b"\0\x08"))
        assert family.to_literals(values) == ["18446744073709551615", "NULL"]


class TestTexts:
    def test_latin1_is_windows_1252_with_its_holes_filled(self) -> None:
        latin = column("varchar(9)", character_set="latin1")
        assert from_image(latin, PLAIN, b"\x81\x80\xe9", None, b"plain") == ["\x81€é", None, "plain"]
        assert family_of(latin).select_expression() == "CAST(`c` AS BINARY)"

    def test_bytes_that_are_no_text_are_refused(self) -> None:
        for character_set, bad in (("utf8mb4", b"\xff"), ("ascii", b"\x80"), ("utf16", b"\xd8\0"), ("cp1251", b"\x98")):
            with pytest.raises(ValueUnrepresentable, match="`c`"):
                from_image(column("varchar(9)", character_set=character_set), PLAIN, bad)

    def test_literals_are_read_alike_under_every_sql_mode(self) -> None:
        values = pa.array(["plain é%s", "it's", "back\\slash", "\0", "", None])
        assert family_of(column("text", character_set="utf8mb4")).to_literals(values) == [
            "'plain é%s'",
            "_utf8mb4 X'69742773'",
            "_utf8mb4 X'6261636b5c736c617368'",
            "_utf8mb4 X'00'",
            "''",
            "NULL",
        ]

    def test_a_character_set_that_cannot_be_read_is_refused(self) -> None:
        with pytest.raises(UnsupportedSchema, match="eucjpms"):
            family_of(column("text", character_set="eucjpms"))


class TestLabels:
    def test_labels_are_loaded_and_numbers_travel(self) -> None:
        enum = column("enum('2','','b')", members=("2", "", "b"))
        assert from_text(enum, "1", "2", None, "3") == [1, 2, None, 3]
        assert loaded(enum, "1", "2", None, "3") == [b"2", b"", None, b"b"]
        members = tuple(f"m{place}" for place in range(64))
        assert loaded(column("set('m0')", members=members), str(2**63 + 1), "0", None) == [b"m0,m63", b"", None]

    @pytest.mark.parametrize("number", ["3", "18446744073709551615"])
    def test_a_number_without_label_is_refused(self, number: str) -> None:
        with pytest.raises(ValueUnrepresentable, match="`c`"):
            loaded(column("enum('a','b')", members=("a", "b")), "1", number)

    def test_a_bit_without_label_is_refused(self) -> None:
        with pytest.raises(ValueUnrepresentable, match="`c`"):
            loaded(column("set('a','b')", members=("a", "b")), "4")


class TestRegistry:
    @pytest.mark.parametrize(
        "column_type",
        ["geometry", "point", "year(2)", "xmltype", "serial"],
    )
    def test_a_type_that_tidb_does_not_know_is_refused_by_name(self, column_type: str) -> None:
        refused = column(column_type)
        with pytest.raises(UnsupportedSchema, match="`c`"):
            family_of(refused)
        with pytest.raises(UnsupportedSchema) as raised:
            families_of(Table(TableName("a", "t"), (refused,)))
        assert raised.value.where == "a.t"

    def test_generated_columns_are_left_out(self) -> None:
        columns = (column("int"), replace(column("int"), name="g", generation_expression="c + 1"))
        assert schema_of(families_of(Table(TableName("a", "t"), columns))) == pa.schema({"c": pa.int64()})


class TestBatches:
    table = Table(
        TableName("a", "t"),
        (
            replace(column("int"), name="id", nullable=False),
            replace(column("int"), name="generated", generation_expression="1"),
            replace(column("varchar(9)", character_set="utf8mb4"), name="name", nullable=False),
        ),
        (Index("PRIMARY", unique=True, parts=(IndexPart("id"), IndexPart("name"))),),
    )
    mapped = MappedTable(table, (PLAIN, PLAIN, PLAIN))

    def test_images_give_the_stored_columns(self) -> None:
        batch = batch_from_images(self.mapped, [(1, 1, b"a"), (2, 1, b"b")], families_of(self.table))
        assert batch.to_pydict() == {"id": [1, 2], "name": ["a", "b"]}
        assert batch_from_images(self.mapped, [], families_of(self.table)).num_rows == 0

    def test_an_error_names_the_table(self) -> None:
        with pytest.raises(ValueUnrepresentable, match="`name`") as raised:
            batch_from_images(self.mapped, [(1, 1, b"\xff")], families_of(self.table))
        assert raised.value.where == "a.t"

    def test_keys_of_several_columns_are_written_as_rows(self) -> None:
        assert key_literals(self.mapped, [(1, b"a"), (2, b"it's")]) == ["(1, 'a')", "(2, _utf8mb4 X'69742773')"]
        single = MappedTable(
            replace(self.table, indexes=(Index("PRIMARY", True, (IndexPart("id"),)),)), self.mapped.image
        )
        assert key_literals(single, [5, 7]) == ["5", "7"]
        assert key_literals(single, []) == []

    def test_text_gives_the_same(self) -> None:
        columns = [pa.array([b"1"]), pa.array([b"a"])]
        assert batch_from_text(columns, families_of(self.table)).to_pydict() == {"id": [1], "name": ["a"]}


def test_an_empty_enum_label_is_told_apart_from_the_value_that_is_none() -> None:
    column = Column("c", "enum", "enum('a','')", character_set="utf8mb4", members=("a", ""))
    family = family_of(column)
    assert family.to_literals(pa.array([1, None], pa.uint64())) == ["'a'", "NULL"]
    assert family.to_literals(pa.array([1, 2, None], pa.uint64())) == ["1", "2", "NULL"]
    assert family.to_literals(pa.array([0, 1], pa.uint64())) == ["0", "1"]
