"""Integers of every size, signed and unsigned, arrive as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, rows

BITS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64}


def integers(bits: int, *, unsigned: bool) -> Literals:
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return st.one_of(st.sampled_from([low, low + 1, 0, high]), st.integers(low, high)).map(str)


@pytest.fixture(scope="module")
def route(journey: Journey) -> Route:
    signed = [Kind(data_type) for data_type in BITS]
    unsigned = [Kind(f"{data_type} UNSIGNED") for data_type in BITS]
    return journey.route(*signed, *unsigned, Kind("INT(9) ZEROFILL", seen="CAST({} + 0 AS CHAR)"), Kind("BOOL"))


@given(
    rows=rows(
        *(integers(bits, unsigned=False) for bits in BITS.values()),
        *(integers(bits, unsigned=True) for bits in BITS.values()),
        integers(32, unsigned=True),
        st.sampled_from(["TRUE", "FALSE"]),
    )
)
@few_examples
def test_every_integer_arrives(route: Route, rows: Rows) -> None:
    route.carry(rows)
