"""Dates and times arrive as they are printed, zero, partial and impossible dates among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, rows

DIGITS = range(7)
DATES = ["0000-00-00", "2020-00-10", "2020-10-00", "2021-02-31", "0000-01-01", "0001-01-01", "9999-12-31", "2024-02-29"]


def dates() -> Literals:
    any_day = st.builds("{:04}-{:02}-{:02}".format, st.integers(1, 9999), st.integers(1, 12), st.integers(1, 31))
    return st.one_of(st.sampled_from(DATES), any_day).map(quoted)


def date_times(digits: int) -> Literals:
    day = st.builds("{:04}-{:02}-{:02}".format, st.integers(1, 9999), st.integers(0, 12), st.integers(0, 31))
    clock = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
    whole = st.builds("{} {}".format, day, clock)
    edges = st.sampled_from(["0000-00-00 00:00:00", "9999-12-31 23:59:59", "2021-03-14 02:30:00"])
    return st.builds("{}{}".format, st.one_of(edges, whole), fractions(digits)).map(quoted)


def timestamps(digits: int) -> Literals:
    seconds = st.one_of(st.sampled_from([1, 2**31 - 1, 951_782_400, 951_868_800]), st.integers(1, 2**31 - 1))
    return seconds.flatmap(
        lambda second: fractions(digits).map(
            lambda fraction: f"FROM_UNIXTIME(0) + INTERVAL '{second}{fraction}' SECOND_MICROSECOND"
        )
    )


def times(digits: int) -> Literals:
    whole = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 837), st.integers(0, 59), st.integers(0, 59))
    signed = st.builds("{}{}{}".format, st.sampled_from(["", "-"]), whole, fractions(digits))
    edges = st.sampled_from(
        ["838:59:59", "-838:59:59", "00:00:00", "-00:00:00." + "0" * (digits - 1) + "1", "99:59:59"]
    )
    return st.one_of(edges, signed).map(quoted)


def fractions(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=digits, max_size=digits).map(lambda text: f".{text}" if text else "")


def quoted(text: str) -> str:
    return f"'{text}'"


@pytest.fixture(scope="module")
def date_route(journey: Journey) -> Route:
    return journey.route(Kind("DATE"), Kind("YEAR"), *(Kind(f"DATETIME({digits})") for digits in DIGITS))


@given(
    rows=rows(
        dates(),
        st.one_of(st.just("0"), st.integers(1901, 2155).map(str)).map(lambda year: f"'{int(year):04}'"),
        *(date_times(digits) for digits in DIGITS),
    )
)
@few_examples
def test_every_date_arrives(date_route: Route, rows: Rows) -> None:
    date_route.carry(rows)


@pytest.fixture(scope="module")
def time_route(journey: Journey) -> Route:
    return journey.route(*(Kind(f"TIME({digits})") for digits in DIGITS))


@given(rows=rows(*(times(digits) for digits in DIGITS)))
@few_examples
def test_every_time_arrives(time_route: Route, rows: Rows) -> None:
    time_route.carry(rows)


@pytest.fixture(scope="module")
def timestamp_route(journey: Journey) -> Route:
    return journey.route(*(Kind(f"TIMESTAMP({digits}) NULL") for digits in DIGITS))


@given(rows=rows(*(st.one_of(st.just("'0000-00-00'"), timestamps(digits)) for digits in DIGITS)))
@few_examples
def test_every_timestamp_arrives(timestamp_route: Route, rows: Rows) -> None:
    timestamp_route.carry(rows)
