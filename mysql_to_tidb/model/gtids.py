"""Sets of global transaction identifiers: MySQL's (tags included) and MariaDB's.

Both are followed transaction by transaction: `add` and `text` cost about a microsecond while one
server's numbers grow, however many intervals the set has.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self
from uuid import UUID


class TransactionSource(NamedTuple):
    """What numbers MySQL's transactions: a server's UUID, and a tag (8.3 and newer) or the empty string."""

    uuid: str
    tag: str


Intervals = list[tuple[int, int]]
"""First and last number of each run, both contained, in order and never touching each other."""


class MysqlGtidSet:
    """`uuid[:interval...][:tag:interval...]...,...` (MySQL manual, GTID Sets)."""

    def __init__(self, intervals: dict[TransactionSource, Intervals] | None = None) -> None:
        self._intervals = {source: merged(runs) for source, runs in (intervals or {}).items() if runs}
        self._growing: TransactionSource | None = None
        self._first = self._last = 0
        self._head = self._tail = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError when the text is no GTID set."""
        intervals: dict[TransactionSource, Intervals] = {}
        for part in "".join(text.split()).split(","):
            if not part:
                continue
            uuid_text, *fields = part.split(":")
            uuid, tag = str(UUID(uuid_text)), ""
            for field in fields:
                if field[:1].isdigit():
                    first, _, last = field.partition("-")
                    runs = intervals.setdefault(TransactionSource(uuid, tag), [])
                    runs.append(_checked(int(first), int(last or first)))
                else:
                    tag = _checked_tag(field)
        return cls(intervals)

    def add(self, source: TransactionSource, number: int) -> None:
        """Put one transaction into the set."""
        if source == self._growing and number == self._last + 1:
            self._last = number
            return
        self._settle()
        self._intervals[source] = merged([*self._intervals.get(source, []), (number, number)])
        self._grow(source)

    @property
    def text(self) -> str:
        """As MySQL prints it, without line breaks."""
        if self._growing:
            return f"{self._head}{self._last}{self._tail}"
        return _formatted(self._intervals)

    def __str__(self) -> str:
        return self.text

    def intervals(self) -> dict[TransactionSource, Intervals]:
        self._settle()
        return self._intervals

    def union(self, other: Self) -> Self:
        together = {source: list(runs) for source, runs in self.intervals().items()}
        for source, runs in other.intervals().items():
            together.setdefault(source, []).extend(runs)
        return type(self)(together)

    def subtract(self, other: Self) -> Self:
        """What is in this set and not in the other."""
        theirs = other.intervals()
        return type(self)(
            {source: list(_without(runs, theirs.get(source, []))) for source, runs in self.intervals().items()}
        )

    def contains(self, other: Self) -> bool:
        return not other.subtract(self).intervals()

    def encoded(self) -> bytes:
        """As a replica sends it with COM_BINLOG_DUMP_GTID, and as a PREVIOUS_GTIDS event carries it.

        Without tags: number of UUIDs (8 bytes), then UUID (16), number of intervals (8), and of each
        interval the first number and the one behind the last (8 + 8). With any tag (mysql-server,
        rpl_gtid_set.cc): format 1, the number of sources in 6 bytes, format 1 again; each UUID is
        followed by its tag with its length, doubled, in a byte before it.
        """
        intervals = self.intervals()
        tagged = any(source.tag for source in intervals)
        count = len(intervals)
        parts = [b"\1" + count.to_bytes(6, "little") + b"\1" if tagged else count.to_bytes(8, "little")]
        for source, runs in sorted(intervals.items()):
            parts.append(UUID(source.uuid).bytes)
            if tagged:
                parts.append(bytes([len(source.tag) << 1]) + source.tag.encode())
            parts.append(struct.pack("<Q", len(runs)))
            parts += (struct.pack("<QQ", first, last + 1) for first, last in runs)
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The reverse of `encoded`. Raises ValueError when the bytes are not such a set."""
        tagged = data[7:8] == b"\1"
        count = int.from_bytes(data[1:7] if tagged else data[:8], "little")
        place, intervals = 8, {}
        try:
            for _ in range(count):
                uuid, place = str(UUID(bytes=data[place : place + 16])), place + 16
                tag = ""
                if tagged:
                    start, place = place + 1, place + 1 + (data[place] >> 1)
                    tag = data[start:place].decode("ascii")
                (runs,) = struct.unpack_from("<Q", data, place)
                numbers = struct.unpack_from(f"<{2 * runs}Q", data, place + 8)
                place += 8 + 16 * runs
                pairs = zip(numbers[::2], numbers[1::2], strict=True)
                intervals[TransactionSource(uuid, tag)] = [_checked(first, behind - 1) for first, behind in pairs]
        except (struct.error, IndexError) as error:
            raise ValueError("the GTID set is cut short") from error
        if place != len(data):
            raise ValueError("the GTID set has bytes behind its end")
        return cls(intervals)

    def _grow(self, source: TransactionSource) -> None:
        """Keep the text around the last number of `source`, so that counting on costs nothing."""
        runs = self._intervals[source]
        self._first, self._last = runs[-1]
        marker = "\0"
        self._growing = source
        self._head, _, self._tail = _formatted(self._intervals, growing=source, marker=marker).partition(marker)
        if self._first == self._last:
            self._growing = None  # a run of one number is printed without its end: not yet worth keeping

    def _settle(self) -> None:
        if self._growing:
            self._intervals[self._growing][-1] = (self._first, self._last)
            self._growing = None


class MariadbGtidSet:
    """`domain-server-sequence,...`: of each domain the last transaction (MariaDB, Global Transaction ID)."""

    def __init__(self, last: dict[int, tuple[int, int]] | None = None) -> None:
        self._last = dict(last or {})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError when the text is no GTID list."""
        last = {}
        for part in "".join(text.split()).split(","):
            if part:
                domain, server, sequence = (int(number) for number in part.split("-"))
                last[domain] = (server, sequence)
        return cls(last)

    def add(self, domain: int, server: int, sequence: int) -> None:
        """Put one transaction into the set."""
        self._last[domain] = (server, sequence)

    @property
    def text(self) -> str:
        """As MariaDB prints gtid_binlog_pos, by domain."""
        last = self._last
        if len(last) > 1:
            last = dict(sorted(last.items()))
        return ",".join([f"{domain}-{server}-{sequence}" for domain, (server, sequence) in last.items()])

    def __str__(self) -> str:
        return self.text

    def union(self, other: Self) -> Self:
        together = dict(self._last)
        for domain, last in other._last.items():
            if last[1] > together.get(domain, (0, 0))[1]:
                together[domain] = last
        return type(self)(together)

    def subtract(self, other: Self) -> Self:
        """The domains in which this set is ahead of the other."""
        return type(self)(
            {domain: last for domain, last in self._last.items() if last[1] > other._last.get(domain, (0, 0))[1]}
        )

    def contains(self, other: Self) -> bool:
        return not other.subtract(self)._last


def gtids_beyond(text: str, other: str) -> str:
    """What of the first set is not in the second one; of MariaDB's, the last transactions of domains ahead of it.

    Raises ValueError where a text is no set, or they are of different kinds of servers.
    """
    if not text or text == other:
        return ""
    if ":" in text + other:
        return MysqlGtidSet.parse(text).subtract(MysqlGtidSet.parse(other)).text
    return MariadbGtidSet.parse(text).subtract(MariadbGtidSet.parse(other)).text


def gtids_together(texts: Iterable[str]) -> str:
    """All transactions that are in any of the sets. Raises ValueError as `gtids_beyond` does."""
    sets = [text for text in texts if text]
    if ":" in "".join(sets):
        return MysqlGtidSet.parse(",".join(sets)).text
    together = MariadbGtidSet()
    for text in sets:
        together = together.union(MariadbGtidSet.parse(text))
    return together.text


def merged(runs: Iterable[tuple[int, int]]) -> Intervals:
    """The same numbers in order, runs that touch or overlap made one."""
    result: Intervals = []
    for first, last in sorted(runs):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def _without(runs: Intervals, others: Intervals) -> Iterator[tuple[int, int]]:
    for run in runs:
        first, last = run
        place = bisect_left(others, first, key=lambda other: other[1])
        for other_first, other_last in others[place:]:
            if other_first > last:
                break
            if first < other_first:
                yield first, other_first - 1
            first = other_last + 1
        if first <= last:
            yield first, last


def _formatted(
    intervals: dict[TransactionSource, Intervals], *, growing: TransactionSource | None = None, marker: str = ""
) -> str:
    """The set as text, the last number of `growing` replaced by the marker."""
    parts: list[str] = []
    uuid = ""
    for source, runs in sorted(intervals.items()):
        texts = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
        if source == growing:
            texts[-1] = f"{runs[-1][0]}-{marker}"
        if source.uuid != uuid:
            parts.append(f"{',' if parts else ''}{source.uuid}")
            uuid = source.uuid
        parts += [f":{text}" for text in ([source.tag] if source.tag else []) + texts]
    return "".join(parts)


def _checked(first: int, last: int) -> tuple[int, int]:
    if not 0 < first <= last:
        raise ValueError(f"{first}-{last} is no interval of transaction numbers")
    return first, last


def _checked_tag(text: str) -> str:
    """A tag in lower case: a letter or underscore, then up to 31 letters, digits, underscores."""
    if not (0 < len(text) <= 32 and text.isascii() and text.isidentifier()):
        raise ValueError(f"{text!r} is neither an interval nor a tag")
    return text.lower()
