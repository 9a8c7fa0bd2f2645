"""Values are equal by what they mean, and by nothing less."""

import pyarrow as pa
import pytest

from mysql_to_tidb.columns import family_of
from mysql_to_tidb.model.tables import Column
from mysql_to_tidb.validate.values import canonical_json, same_json, unequal


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("1.0", "1"),
        ('{"n": 1, "list": [1, 2.50]}', '{"list": [1, 2.5], "n": 1}'),
        ("1e2", "100"),
        ("123456789012345678901234567890", "1.2345678901234568e29"),
        ("1.2345678901234568e17", "123456789012345680"),
        ('[true, {"a": false}]', '[true, {"a":false}]'),
        ("-0.0", "0"),
        ('"\\u00e9"', '"é"'),
    ],
)
def test_documents_with_the_same_values_are_equal(source: str, target: str) -> None:
    assert same_json(source, target)
    assert canonical_json(source) == canonical_json(target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("true", "1"),
        ("[0]", "[false]"),
        ("null", '"null"'),
        ("9007199254740993", "9007199254740992"),
        ("9007199254740993", "9007199254740992.0"),
        ("0.1", "0.10000000000000002"),
        ('{"a": 1}', '{"a": 1, "b": null}'),
        ("[1, 2]", "[2, 1]"),
        ('"a"', '"a "'),
    ],
)
def test_documents_with_other_values_differ(source: str, target: str) -> None:
    assert not same_json(source, target)
    assert canonical_json(source) != canonical_json(target)


def test_null_equals_null_alone() -> None:
    family = family_of(Column("a", "int", "int"))
    source, target = pa.array([1, None, None, 4], pa.int64()), pa.array([1, None, 3, None], pa.int64())
    flags = unequal(source, target, family)
    assert flags is not None
    assert flags.to_pylist() == [False, False, True, True]
    assert unequal(source, source, family) is None
    assert not same_json(None, "null")
