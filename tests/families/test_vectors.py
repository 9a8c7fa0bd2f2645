"""VECTOR arrives at TiDB to the last bit of its 32-bit numbers; the stand-in takes no text, there it is only read."""

import json
import struct

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.errors import ValueUnrepresentable
from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, rows

FLOAT_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
FLOAT_MIN = struct.unpack("<f", b"\x01\0\0\0")[0]


def vectors(dimensions_max: int) -> Literals:
    edges = st.sampled_from([0.0, -0.0, 0.1, 1.0, 16777217.0, FLOAT_MAX, -FLOAT_MAX, FLOAT_MIN])
    numbers = st.one_of(edges, st.floats(width=32, allow_nan=False, allow_infinity=False))
    return st.lists(numbers, min_size=1, max_size=dimensions_max).map(literal)


def literal(numbers: list[float]) -> str:
    return f"X'{struct.pack(f'<{len(numbers)}f', *numbers).hex()}'"


def bits(seen: object) -> bytes:
    """Of MySQL's digits of bytes, and of TiDB's text of numbers."""
    text = seen.decode() if isinstance(seen, bytes) else str(seen)
    if not text.startswith("["):
        return bytes.fromhex(text)
    return b"".join(struct.pack("<f", number) for number in json.loads(text, parse_int=float))


@pytest.fixture(scope="module")
def route(mysql_journey: Journey) -> Route:
    return vector_route(mysql_journey, "VECTOR(3)", "VECTOR(50)")


def vector_route(journey: Journey, *definitions: str) -> Route:
    seen = {"seen": "HEX({})", "target_seen": "VEC_AS_TEXT({})", "read": bits, "comparable": False}
    return journey.route(*(Kind(definition, "VECTOR", **seen) for definition in definitions))


def travel(route: Route, rows: Rows) -> None:
    (route.carry if route.journey.target.is_tidb else route.read)(rows)


@given(rows=rows(vectors(3), vectors(50)))
@few_examples
def test_every_vector_arrives(route: Route, rows: Rows) -> None:
    travel(route, rows)


def test_the_longest_vector_arrives(mysql_journey: Journey) -> None:
    travel(vector_route(mysql_journey, "VECTOR(16383)"), [(literal([0.1 * place for place in range(16383)]),)])


def test_a_number_that_is_none_is_refused_by_name(route: Route) -> None:
    with pytest.raises(ValueUnrepresentable, match=r"`c0`.*not finite"):
        route.families[1].to_load(route.families[1].from_text(pa.array([struct.pack("<f", float("nan"))], pa.binary())))
