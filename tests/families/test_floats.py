"""Floating numbers arrive to the last bit, those that no short text names among them."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, rows

FLOAT_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]


def doubles() -> Literals:
    edges = st.sampled_from([0.1, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e15, 1e16, 2.0**53])
    return st.one_of(edges, st.floats(allow_nan=False, allow_infinity=False)).map(literal)


def floats() -> Literals:
    edges = st.sampled_from([0.1, 16777217.0, 16777216.0, FLOAT_MAX, 1.401298464324817e-45])
    return st.one_of(edges, st.floats(width=32, allow_nan=False, allow_infinity=False)).map(literal)


def literal(number: float) -> str:
    # Sources keep the sign of zero and TiDB does not, so it is lost on the way, as `-0 = 0` says it may be.
    return repr(number or math.fabs(number)) + ("" if "e" in repr(number) else "e0")


@pytest.fixture(scope="module")
def route(journey: Journey) -> Route:
    bits = "{} + 0e0"
    kinds = {
        "FLOAT": "FLOAT",
        "DOUBLE": "DOUBLE",
        "FLOAT(7,3)": "FLOAT",
        "DOUBLE(10,2)": "DOUBLE",
        "DOUBLE UNSIGNED ZEROFILL": "DOUBLE UNSIGNED ZEROFILL",
    }
    return journey.route(*(Kind(definition, there, seen=bits) for definition, there in kinds.items()))


@given(
    rows=rows(
        floats(),
        doubles(),
        st.integers(-9999999, 9999999).map(lambda number: f"{number / 1000}"),
        st.integers(-(10**10) + 1, 10**10 - 1).map(lambda number: f"{number / 100}"),
        st.floats(0, 1e300).map(literal),
    )
)
@few_examples
def test_every_floating_number_arrives(route: Route, rows: Rows) -> None:
    route.carry(rows)


def test_negative_zero_arrives_as_zero(route: Route) -> None:
    batch = route.carry([("-0e0", "-0e0", "-0e0", "-0e0", "0e0")])
    assert [str(values[0]) for values in batch.columns[1:]] == ["0.0"] * 5
