"""ENUM and SET arrive with their labels, whatever those look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.errors import UnsupportedSchema
from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Rows, few_examples, rows

LABELS = ["2", "1", "0", "", "a b", "é", "中", "it''s", "back\\\\slash", "NULL", "%s{}"]
MANY = [f"label {number}" for number in range(300)]
FLAGS = [f"flag {number}" for number in range(64)]


def listed(labels: list[str]) -> str:
    return ", ".join(f"'{label}'" for label in labels)


@pytest.fixture(scope="module")
def route(journey: Journey) -> Route:
    latin = "ENUM('é', 'ü', 'x') CHARACTER SET latin1"
    return journey.route(
        Kind(f"ENUM({listed(LABELS)})", seen="CONCAT(HEX({0}), '/', CAST({0} AS UNSIGNED))"),
        Kind(f"ENUM({listed(MANY)})"),
        Kind(latin, "ENUM('é', 'ü', 'x')"),
        # By its labels alone: as a number, TiDB takes a SET for a DOUBLE, which has no room for 64 of them.
        *(Kind(f"SET({listed(FLAGS[:size])})") for size in (1, 9, 17, 33, 64)),
        Kind(f"SET({listed([label for label in LABELS if label])})"),
    )


@given(
    rows=rows(
        st.integers(1, len(LABELS)).map(str),
        st.integers(1, len(MANY)).map(str),
        st.integers(1, 3).map(str),
        *(st.integers(0, 2**size - 1).map(str) for size in (1, 9, 17, 33, 64)),
        st.integers(0, 2 ** (len(LABELS) - 1) - 1).map(str),
    )
)
@few_examples
def test_every_label_arrives(route: Route, rows: Rows) -> None:
    route.carry(rows)


def test_all_flags_of_the_largest_set_arrive(route: Route) -> None:
    route.carry([("1", "300", "1", "1", "511", "131071", str(2**33 - 1), str(2**64 - 1), "0")])


def test_labels_that_the_catalog_cannot_show_are_refused(journey: Journey) -> None:
    with pytest.raises(UnsupportedSchema, match=r"`c0`.*中\?"):
        journey.route(Kind("ENUM('中😀', 'b') CHARACTER SET utf8mb4"))
    journey.route(Kind("ENUM('?', 'b') CHARACTER SET latin1", "ENUM('?', 'b')"))


def test_an_enum_value_of_no_label_arrives_as_such(journey: Journey) -> None:
    number = "CONCAT({0}, '/', CAST({0} AS UNSIGNED))"
    route = journey.route(Kind("ENUM('a', 'b')", seen=number), Kind("ENUM('é') NOT NULL", seen=number))
    batch = route.carry([("'a'", "1"), ("'unknown'", "1"), ("NULL", "'unknown'"), ("'unknown'", "'unknown'")])
    assert batch["c0"].to_pylist() == [1, 0, None, 0]
    route.carry([("'unknown'", "'unknown'")] * 600)


def test_an_enum_value_of_no_label_is_told_from_an_empty_label(journey: Journey) -> None:
    route = journey.route(Kind("ENUM('a', '')", seen="CONCAT({0}, '/', CAST({0} AS UNSIGNED))"))
    route.carry([("0",), ("2",), ("1",), ("0",)])


def test_a_large_set_is_read_exactly_at_both_sides(journey: Journey) -> None:
    """What validation asks the target for; TiDB makes a DOUBLE of a SET that is taken as a number."""
    route = journey.route(Kind(f"SET({listed(FLAGS)})"), Kind(f"SET({listed(LABELS[4:] + FLAGS[:57])})"))
    numbers = [0, 1, 2**53 + 1, 2**62 + 2, 2**63, 2**64 - 1]
    route.carry([(str(number), str(number)) for number in numbers] + [("NULL", "NULL")])
    for connection in (journey.writer, journey.loader):
        for family in route.families[1:]:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {family.select_expression()} FROM {route.name.quoted} ORDER BY id")
                assert [value for (value,) in cursor.fetchall()] == [*numbers, None]
