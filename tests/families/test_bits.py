"""Bits arrive as they are, the highest and the lowest of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Rows, few_examples, rows

SIZES = [1, 8, 9, 31, 63, 64]


@pytest.fixture(scope="module")
def route(journey: Journey) -> Route:
    return journey.route(*(Kind(f"BIT({size})", seen="HEX({})") for size in SIZES))


@given(rows=rows(*(st.integers(0, 2**size - 1).map(lambda bits: f"{bits}") for size in SIZES)))
@few_examples
def test_every_bit_arrives(route: Route, rows: Rows) -> None:
    route.carry([*rows, ["0"] * len(SIZES), [str(2**size - 1) for size in SIZES]])
