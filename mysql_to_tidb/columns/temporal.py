"""DATE, TIME, DATETIME, TIMESTAMP and YEAR, zero, partial and invalid dates included."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mysql_to_tidb.columns.arrays import (
    Bytes,
    Numbers,
    big_endian,
    byte_matrix,
    fields_text,
    fixed_text_array,
    flags_array,
    little_endian,
    ragged_text_array,
    text_matrix,
)
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.changes import ImageColumn

# Type codes of row images (MySQL source, enum_field_types). Those without a 2 are of tables made before 5.6.
DATE, TIME, DATETIME, TIMESTAMP, NEWDATE = 10, 11, 12, 7, 14
TIMESTAMP2, DATETIME2, TIME2 = 17, 18, 19

_MONTH_DAYS = np.array([31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
"""Days of each month; of month 0, which partial dates have, as many as any has."""


class Temporal(Family):
    """Travels as the text that MySQL prints; a TIMESTAMP in UTC, as both sessions have the time zone +00:00."""

    arrow_type = pa.string()
    escape_free: ClassVar = True

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values.view(pa.string())

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values.view(pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else f"'{value}'" for value in values.to_pylist()]


class Date(Temporal):
    """`2024-02-29`, `0000-00-00`, `2020-00-10`, `2021-02-31`."""

    data_types: ClassVar = frozenset({"date"})

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        matrix, flags = byte_matrix(values, 3)
        packed = little_endian(matrix)
        text = fields_text([(packed >> 9, 4), "-", (packed >> 5 & 15, 2), "-", (packed & 31, 2)], len(packed))
        return fixed_text_array(text, flags)

    def unloadable(self, values: pa.Array) -> pa.Array | None:
        return _irregular_dates(values)


class DateTime(Temporal):
    """A date and a time of day, with as many digits of the second's fraction as the column has."""

    data_types: ClassVar = frozenset({"datetime"})

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        if image.type_code == DATETIME:
            matrix, flags = byte_matrix(values, 8)
            return fixed_text_array(_decimal_datetime_text(little_endian(matrix)), flags)
        digits = image.metadata[0]
        matrix, flags = byte_matrix(values, 5 + _fraction_bytes(digits))
        packed = big_endian(matrix[:, :5]) & (1 << 39) - 1
        months = packed >> 22
        clock = _clock(packed >> 12 & 31, packed >> 6 & 63, packed & 63)
        fraction = _fraction(big_endian(matrix[:, 5:]), digits)
        parts = [*_calendar(months // 13, months % 13, packed >> 17 & 31), " ", *clock, *fraction]
        return fixed_text_array(fields_text(parts, len(packed)), flags)

    def unloadable(self, values: pa.Array) -> pa.Array | None:
        return _irregular_dates(values)


class Timestamp(Temporal):
    """A moment in UTC. The first second of 1970 stands for the zero date."""

    data_types: ClassVar = frozenset({"timestamp"})

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        old = image.type_code == TIMESTAMP
        digits = 0 if old else image.metadata[0]
        matrix, flags = byte_matrix(values, 4 + _fraction_bytes(digits))
        seconds = (little_endian if old else big_endian)(matrix[:, :4])
        days = seconds.astype("datetime64[s]").astype("datetime64[D]")
        months = days.astype("datetime64[M]")
        there = seconds > 0
        year = (months.astype("datetime64[Y]").astype(np.int64) + 1970) * there
        month = (months.astype(np.int64) % 12 + 1) * there
        day = ((days - months.astype("datetime64[D]")).astype(np.int64) + 1) * there
        clock = _clock(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
        fraction = _fraction(big_endian(matrix[:, 4:]) * there, digits)
        return fixed_text_array(fields_text([*_calendar(year, month, day), " ", *clock, *fraction], len(days)), flags)


class Time(Temporal):
    """A duration of up to 838:59:59 either way."""

    data_types: ClassVar = frozenset({"time"})

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        if image.type_code == TIME:
            matrix, flags = byte_matrix(values, 3)
            signed = little_endian(matrix)
            signed -= (signed >> 23) << 24
            size = np.abs(signed)
            hours, clock = size // 10000, _minutes(size // 100 % 100, size % 100)
        else:
            digits = image.metadata[0]
            shift = 8 * _fraction_bytes(digits)
            matrix, flags = byte_matrix(values, 3 + _fraction_bytes(digits))
            # One number, fraction and all, counted from the middle of its range.
            signed = big_endian(matrix) - (0x800000 << shift)
            size = np.abs(signed)
            packed = size >> shift
            hours = packed >> 12 & 1023
            clock = [*_minutes(packed >> 6 & 63, packed & 63), *_fraction(size & (1 << shift) - 1, digits)]
        text = fields_text(["-", (hours, 3), *clock], len(hours))
        negative, short = signed < 0, hours < 100
        text[short, 1] = ord("-")
        return ragged_text_array(text, 1 + short - negative, flags)


class Year(Temporal):
    """`1901` to `2155`, and `0000`."""

    data_types: ClassVar = frozenset({"year"})

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        numbers = pa.array(values, pa.int64())
        flags = None if not numbers.null_count else numbers.is_valid().to_numpy(zero_copy_only=False)
        years = numbers.fill_null(0).to_numpy()
        return fixed_text_array(fields_text([(np.where(years, years + 1900, 0), 4)], len(years)), flags)


Parts = list[tuple[Numbers, int] | str]


def _calendar(year: Numbers, month: Numbers, day: Numbers) -> Parts:
    return [(year, 4), "-", (month, 2), "-", (day, 2)]


def _clock(hour: Numbers, minute: Numbers, second: Numbers) -> Parts:
    return [(hour, 2), *_minutes(minute, second)]


def _minutes(minute: Numbers, second: Numbers) -> Parts:
    return [":", (minute, 2), ":", (second, 2)]


def _fraction_bytes(digits: int) -> int:
    return (digits + 1) // 2


def _fraction(units: Numbers, digits: int) -> Parts:
    """The stored fraction counts hundredths, ten thousandths or millionths; the column shows `digits` of them."""
    stored = 2 * _fraction_bytes(digits)
    return [".", (units // 10 ** (stored - digits), digits)] if digits else []


def _decimal_datetime_text(packed: Numbers) -> Bytes:
    """Before 5.6 a DATETIME was the decimal number YYYYMMDDhhmmss."""
    date, time = packed // 1_000_000, packed % 1_000_000
    clock = _clock(time // 10000, time // 100 % 100, time % 100)
    return fields_text([*_calendar(date // 10000, date // 100 % 100, date % 100), " ", *clock], len(packed))


def _irregular_dates(values: pa.Array) -> pa.Array | None:
    """Flags of partial and impossible dates.

    TiDB's LOAD DATA heeds no sql_mode and takes, of all such dates, none but the zero date; its INSERT does.
    """
    present = values.drop_null()
    text = text_matrix(present)
    year, month, day = (_number(text[:, place]) for place in (slice(0, 4), slice(5, 7), slice(8, 10)))
    leap = (month == 2) & (day == 29) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)) & (year > 0)
    impossible = (month == 0) | (day == 0) | (day > _MONTH_DAYS[month]) & ~leap
    zero = ~((text > ord("0")) & (text <= ord("9"))).any(axis=1)
    irregular = impossible & ~zero
    if not irregular.any():
        return None
    flags = np.zeros(len(values), np.bool_)
    flags[values.is_valid().to_numpy(zero_copy_only=False)] = irregular
    return flags_array(flags)


def _number(text: Bytes) -> Numbers:
    powers: Numbers = 10 ** np.arange(text.shape[1] - 1, -1, -1)
    number: Numbers = np.sum((text - np.uint8(ord("0"))) * powers, axis=1)
    return number
