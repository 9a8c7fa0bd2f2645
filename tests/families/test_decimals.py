"""Decimals of every size arrive digit by digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, rows

SIZES = [(65, 30), (65, 0), (30, 30), (5, 5), (1, 0), (10, 2), (19, 9), (20, 10), (38, 18)]


def decimals(precision: int, scale: int, *, unsigned: bool = False) -> Literals:
    largest = 10**precision - 1
    smallest = 0 if unsigned else -largest
    units = st.one_of(
        st.sampled_from([largest, smallest, 0, 1, smallest and -1]),
        st.integers(smallest, largest),
        st.integers(0, precision).map(lambda digits: 10**digits - 1),
    )
    return units.map(lambda unit: f"{Decimal(unit).scaleb(-scale):f}" if unit else "0")


@pytest.fixture(scope="module")
def route(journey: Journey) -> Route:
    # Seen as they are: TiDB 8.5 cuts the last digit of CAST(-0.00001 AS CHAR), and fills no number up with zeros.
    kinds = [Kind(f"DECIMAL({precision},{scale})", seen="{}") for precision, scale in SIZES]
    return journey.route(
        *kinds, Kind("DECIMAL(12,3) UNSIGNED", seen="{}"), Kind("DECIMAL(12,3) ZEROFILL", seen="{} + 0")
    )


@given(
    rows=rows(
        *(decimals(precision, scale) for precision, scale in SIZES),
        decimals(12, 3, unsigned=True),
        decimals(12, 3, unsigned=True),
    )
)
@few_examples
def test_every_decimal_arrives(route: Route, rows: Rows) -> None:
    route.carry(rows)


def test_what_rounds_to_zero_has_no_sign(route: Route) -> None:
    batch = route.carry([("-0.0000000000000000000000000000000001", "-0.4", *["-0.0"] * 7, "0", "0")])
    assert {str(values[0]) for values in batch.columns[1:-2]} <= {"0", "0.00", "0." + "0" * 30} | {
        f"0.{'0' * scale}" for _, scale in SIZES
    }
