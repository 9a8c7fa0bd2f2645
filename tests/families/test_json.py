"""JSON arrives with the same values in it, and `null` apart from NULL."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families.journey import Journey, Kind, Route
from tests.families.strategies import Literals, Rows, few_examples, rows

TYPED = [
    "JSON_ARRAY(CAST('1.50' AS DECIMAL(10,2)), CAST('-0.001' AS DECIMAL(3,3)), CAST(0 AS DECIMAL(65,0)))",
    "JSON_ARRAY(DATE'2020-02-29', TIME'-10:11:12.5', TIME'838:59:59', CAST('00:00:00' AS TIME(6)))",
    "JSON_ARRAY(TIMESTAMP'2020-01-01 10:11:12.000001', TIMESTAMP'9999-12-31 23:59:59', TIME'-00:00:00.000001')",
    "JSON_OBJECT('bytes', X'00ff', 'many', REPEAT(X'61', 300), 'line', REPEAT(X'61', 57), 'bits', b'101')",
    "JSON_ARRAY(CAST(18446744073709551615 AS UNSIGNED), -9223372036854775808, 4294967295, -2147483648, 65535)",
    "CAST('null' AS JSON)",
    "JSON_ARRAY()",
    "JSON_OBJECT('', JSON_OBJECT())",
    "JSON_OBJECT('long', REPEAT('x', 70000), 'longer', JSON_ARRAY(REPEAT('y', 70000), 1, 40000, 100000, NULL, 1e0))",
    "JSON_ARRAY(TRUE, FALSE, NULL, 1e0, 1.5e300, 1e15, 1e-15, 123456789012345678e0, 1234567890123456.5e0)",
]

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.sampled_from([32767, 32768, 65536, 2**31, 2**32, 2**63, -32769, -(2**31) - 1]),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number or math.copysign(1, number) > 0),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts, st.sampled_from(['"\\/\b\f\n\r\t\x01\x1f\x7f', "é😀"]))
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(texts, inner, max_size=6)),
    max_leaves=25,
)


def parse(text: object) -> object:
    return json.loads(str(text), parse_float=Decimal, parse_int=Decimal)


def literal(document: object) -> str:
    return f"CAST(_utf8mb4 X'{json.dumps(document).encode().hex()}' AS JSON)"


def parsed() -> Literals:
    return st.one_of(st.sampled_from(TYPED), documents.map(literal))


@pytest.fixture(scope="module")
def route(mysql_journey: Journey) -> Route:
    # TiDB prints 1.0 as 1 and 1e20 with all its zeros, which are the same numbers.
    return mysql_journey.route(Kind("JSON", read=parse, comparable=False))


@given(rows=rows(parsed()))
@few_examples
def test_every_document_arrives(route: Route, rows: Rows) -> None:
    route.carry(rows)


@pytest.mark.parametrize("expression", TYPED)
def test_values_of_sql_types_arrive_as_mysql_prints_them(route: Route, expression: str) -> None:
    route.carry([(expression,)])


def test_null_and_null_are_two_things(route: Route) -> None:
    batch = route.carry([("NULL",), ("CAST('null' AS JSON)",)])
    assert batch["c0"].to_pylist() == [None, "null"]


def test_what_insert_ignore_leaves_in_a_column_that_is_not_null_arrives_as_null(mysql_journey: Journey) -> None:
    route = mysql_journey.route(Kind("JSON NOT NULL", read=lambda text: json.loads(str(text)), comparable=False))
    route.insert = "INSERT IGNORE INTO"
    batch = route.carry([("NULL",)])
    assert batch["c0"].to_pylist() == ["null"]


def test_json_of_mariadb_arrives_letter_by_letter(mariadb_journey: Journey) -> None:
    route = mariadb_journey.route(Kind("JSON", "LONGTEXT", "HEX({})"))
    route.carry([('\'{"a":1.0,  "a":2}\'',), ("NULL",), ("'null'",), ("'\"\\\\u00e9 é\\\\n\"'",)])
