"""MariaDB's UUID, INET4 and INET6: bytes in row images, everywhere else the text that MariaDB prints."""

import ipaddress
import uuid
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.columns.text import literals_of_text
from mysql_to_tidb.model.changes import ImageColumn


class _PrintedBytes(Family):
    """Travels as text, of which there is one for each value; a row image lacks the zero bytes at its end."""

    arrow_type = pa.string()
    escape_free = True
    width: ClassVar[int]
    """Bytes of a value."""

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values.cast(pa.string())

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        texts = [self._print(value.ljust(self.width, b"\0")) if isinstance(value, bytes) else None for value in values]
        return pa.array(texts, pa.string())

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values.view(pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return literals_of_text(values)

    @staticmethod
    @abstractmethod
    def _print(value: bytes) -> str: ...


class Uuid(_PrintedBytes):
    data_types: ClassVar = frozenset({"uuid"})
    width: ClassVar = 16

    @staticmethod
    def _print(value: bytes) -> str:
        return str(uuid.UUID(bytes=value))


class Inet4(_PrintedBytes):
    data_types: ClassVar = frozenset({"inet4"})
    width: ClassVar = 4

    @staticmethod
    def _print(value: bytes) -> str:
        return str(ipaddress.IPv4Address(value))


class Inet6(_PrintedBytes):
    """Printed without its longest run of zeros, be it a single one, and with an IPv4 address where it holds one.

    MariaDB source, plugin/type_inet/sql_type_inet.cc, Inet6::to_string.
    """

    data_types: ClassVar = frozenset({"inet6"})
    width: ClassVar = 16

    @staticmethod
    def _print(value: bytes) -> str:
        mapped = value[:12] == bytes(10) + b"\xff\xff"
        compatible = not any(value[:12]) and any(value[12:14])
        if mapped or compatible:
            return f"::{'ffff:' if mapped else ''}{ipaddress.IPv4Address(value[12:])}"
        groups = [f"{value[place] << 8 | value[place + 1]:x}" for place in range(0, 16, 2)]
        start, size = _longest_run_of_zeros(groups)
        if not size:
            return ":".join(groups)
        return f"{':'.join(groups[:start])}::{':'.join(groups[start + size :])}"


def _longest_run_of_zeros(groups: Sequence[str]) -> tuple[int, int]:
    """Where it starts, the first of equally long ones, and how many there are."""
    best = (0, 0)
    for start in range(len(groups)):
        size = next((place for place, group in enumerate(groups[start:]) if group != "0"), len(groups) - start)
        if size > best[1]:
            best = (start, size)
    return best
