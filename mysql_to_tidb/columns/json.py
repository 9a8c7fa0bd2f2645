"""JSON of MySQL: binary in row images, text everywhere else. MariaDB's JSON is a LONGTEXT."""

from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.columns.arrays import binary_array
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.columns.json_binary import json_text
from mysql_to_tidb.columns.text import literal_of_text
from mysql_to_tidb.model.changes import ImageColumn


class Json(Family):
    """Travels as the text that MySQL prints; the document `null` as `null`, apart from NULL."""

    data_types: ClassVar = frozenset({"json"})
    arrow_type = pa.string()
    # MySQL makes no JSON out of a field that is read as bytes.
    load_expression = "CONVERT({} USING utf8mb4)"

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values.cast(pa.string())

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        texts = [json_text(value).encode() if isinstance(value, bytes) else None for value in values]
        return binary_array(texts, pa.string())

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values.view(pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else f"CAST({literal_of_text(value)} AS JSON)" for value in values.to_pylist()]
