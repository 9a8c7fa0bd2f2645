"""CHAR, VARCHAR and the TEXTs, of every character set that can be read without loss."""

import re
from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.columns.arrays import binary_array
from mysql_to_tidb.columns.charsets import UTF8, Decoder, decoder_of, extends_ascii
from mysql_to_tidb.columns.compressed import plain
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.tables import Column

_SPECIAL = re.compile(r"['\\\x00-\x1f]")


class Text(Family):
    """Travels as UTF-8.

    Values of other character sets leave the source as the bytes they are and are read here, strictly: the
    server itself would turn what it cannot convert into question marks.
    """

    data_types: ClassVar = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
    arrow_type = pa.string()

    def __init__(self, column: Column) -> None:
        super().__init__(column)
        self.character_set = (column.character_set or "utf8mb4").lower()
        decoder = decoder_of(self.character_set)
        if decoder is None:
            what = f"column {quote_name(column.name)} ({column.column_type})"
            raise UnsupportedSchema(f"{what} has the character set {self.character_set}, which cannot be read")
        self._decoder: Decoder = decoder

    def select_expression(self) -> str:
        name = super().select_expression()
        return name if self.character_set in UTF8 else f"CAST({name} AS BINARY)"

    def _from_text(self, values: pa.Array) -> pa.Array:
        if self.character_set in UTF8:
            return values.cast(pa.string())
        if extends_ascii(self.character_set) and _all_ascii(values):
            return values.view(pa.string())
        texts = [None if value is None else self._decoder(value).encode() for value in values.to_pylist()]
        return binary_array(texts, pa.string())

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        return self._from_text(binary_array(plain(values, image)))

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values.view(pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return literals_of_text(values)

    def equals(self, column_sql: str, literal: str) -> str:
        # The first half may use an index, the second one heeds case, accents and spaces at the end. It is no
        # CAST AS BINARY: of a column, TiDB 8.5 makes that as many bytes long as the column has characters.
        return f"{column_sql} <=> {literal} AND HEX({column_sql}) <=> HEX({literal})"


def _all_ascii(values: pa.Array) -> bool:
    data = values.buffers()[2]
    return data is None or data.to_pybytes().isascii()


def literals_of_text(values: pa.Array) -> list[str]:
    """SQL literals of a string array."""
    return ["NULL" if value is None else literal_of_text(value) for value in values.to_pylist()]


def literal_of_text(value: str) -> str:
    """Quoted where every sql_mode reads it alike, hexadecimal elsewhere."""
    if not _SPECIAL.search(value):
        return f"'{value}'"
    return f"_utf8mb4 X'{value.encode().hex()}'"
