"""Tables survive being kept as text."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.model.jobs import JobFailure
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.table_text import table_from_json, table_to_json
from mysql_to_tidb.model.tables import Column, Index, IndexPart, Table, TableKind

text = st.text(max_size=20)
maybe = st.none() | text
numbers = st.none() | st.integers(0, 1 << 40)
columns = st.builds(
    Column, text, text, text, st.booleans(), maybe, maybe, numbers, numbers, members=st.lists(text).map(tuple)
)
parts = st.builds(IndexPart, maybe, numbers, maybe, st.booleans())
indexes = st.builds(Index, text, st.booleans(), st.lists(parts).map(tuple), text)
tables = st.builds(
    Table,
    st.builds(TableName, text, text),
    st.lists(columns).map(tuple),
    st.lists(indexes).map(tuple),
    kind=st.sampled_from(TableKind),
    create_statement=text,
    rows_estimate=st.integers(0, 1 << 60),
    collation=maybe,
)


@given(tables)
def test_a_table_comes_back_from_its_text_as_it_was(table: Table) -> None:
    again = table_from_json(table_to_json(table))
    assert again == table
    assert isinstance(again.kind, TableKind)


@given(st.builds(JobFailure, text, text, text, text, st.booleans(), st.booleans()))
def test_a_failure_comes_back_from_its_text_as_it_was(failure: JobFailure) -> None:
    assert JobFailure.from_json(failure.to_json()) == failure
    assert json.loads(failure.to_json())["code"] == failure.code
