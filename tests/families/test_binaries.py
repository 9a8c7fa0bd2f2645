"""Bytes arrive as they are, those that end in zeros and those that LOAD DATA reads in its own way among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, hexadecimal, rows


def some_bytes(size_max: int) -> Literals:
    ends = st.sampled_from([b"", b"\0", b"\x01\0", b"\\N", b"\\", b"\t", b"\n", b"\r\n", b"\x1a", b" ", b"\xff" * 3])
    return hexadecimal(st.one_of(ends.map(lambda value: value[:size_max]), st.binary(max_size=size_max)))


@pytest.fixture(scope="module")
def route(journey: Journey) -> Route:
    definitions = ["BINARY(4)", "BINARY(255)", "VARBINARY(4)", "VARBINARY(300)"]
    blobs = ["TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"]
    return journey.route(*(Kind(definition, seen="HEX({})") for definition in [*definitions, *blobs]))


@given(rows=rows(*(some_bytes(size) for size in (4, 255, 4, 300, 255, 600, 600, 600))))
@few_examples
def test_every_byte_arrives(route: Route, rows: Rows) -> None:
    every_byte = f"X'{bytes(range(256)).hex()}'"
    route.carry([*rows, ["NULL"] * 3 + [every_byte, "''"] + [every_byte] * 3])
