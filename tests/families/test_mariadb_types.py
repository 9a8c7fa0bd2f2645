"""What only MariaDB has arrives as text, or without its compression."""

import ipaddress
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, hexadecimal, rows, unicode_text

UUIDS = [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), *(uuid.UUID(int=1 << bit) for bit in (0, 7, 64, 127))]
ADDRESSES = ["::", "::1", "::2", "::1:0:0", "1::", "::ffff:1.2.3.4", "::1.2.3.4", "1:0:2:3:4:5:6:7", "1:0:0:2:3:0:0:4"]


def uuids() -> Literals:
    return st.one_of(st.sampled_from(UUIDS), st.uuids()).map(lambda value: f"'{value}'")


def addresses() -> Literals:
    """Zeros in all places, as they are what is left out in print."""
    groups = st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0x10, 0xABCD]), min_size=8, max_size=8)
    written = groups.map(lambda numbers: ":".join(f"{number:x}" for number in numbers))
    return st.one_of(st.sampled_from(ADDRESSES), written).map(lambda text: f"'{text}'")


def old_addresses() -> Literals:
    return st.one_of(st.just(0), st.integers(0, 2**32 - 1)).map(lambda number: f"'{ipaddress.IPv4Address(number)}'")


@pytest.fixture(scope="module")
def printed(mariadb_journey: Journey) -> Route:
    utf8 = "COLLATE utf8mb4_bin"
    return mariadb_journey.route(
        Kind("UUID", f"CHAR(36) {utf8}"), Kind("INET6", f"VARCHAR(39) {utf8}"), Kind("INET4", f"VARCHAR(15) {utf8}")
    )


@given(rows=rows(uuids(), addresses(), old_addresses()))
@few_examples
def test_uuids_and_addresses_arrive_as_they_are_printed(printed: Route, rows: Rows) -> None:
    printed.carry(rows)


@pytest.fixture(scope="module", params=["OFF", "ON"])
def compressed(request: pytest.FixtureRequest, mariadb_journey: Journey) -> Route:
    """In both forms that a compressed value has in the binary log."""
    mariadb_journey.run(f"SET column_compression_zlib_wrap = {request.param}, column_compression_threshold = 20")
    texts = [
        Kind(f"{sql} COMPRESSED CHARACTER SET utf8mb4", sql, "HEX({})") for sql in ("VARCHAR(300)", "TEXT", "LONGTEXT")
    ]
    latin = Kind("TEXT COMPRESSED CHARACTER SET latin1", "TEXT", "HEX(CONVERT({} USING utf8mb4))", "HEX({})")
    blobs = [Kind(f"{sql} COMPRESSED", sql, "HEX({})") for sql in ("VARBINARY(300)", "BLOB", "MEDIUMBLOB")]
    return mariadb_journey.route(*texts, latin, *blobs)


def repeated() -> Literals:
    """What becomes shorter, and what does not."""
    return st.one_of(
        hexadecimal(st.binary(max_size=50)), hexadecimal(st.binary(max_size=3).map(lambda part: part * 90))
    )


@given(
    rows=rows(
        *[unicode_text(characters_max=100).flatmap(lambda text: st.sampled_from([text, f"REPEAT({text}, 3)"]))] * 3,
        st.sampled_from(["''", "'é'", "REPEAT('é', 500)"]),
        *[repeated()] * 3,
    )
)
@few_examples
def test_compressed_columns_arrive_as_ordinary_ones(compressed: Route, rows: Rows) -> None:
    compressed.carry(rows)


def test_long_compressed_values_arrive(compressed: Route) -> None:
    compressed.carry(
        [("REPEAT('a', 300)", "REPEAT('b', 65535)", "REPEAT('c', 70000)", "'x'", "''", "''", "REPEAT('d', 1000000)")]
    )
