"""Places in the source's history of changes: file and offset, and sets of GTIDs."""

from dataclasses import dataclass
from typing import Self

from mysql_to_tidb.model.gtids import gtids_beyond


@dataclass(frozen=True, slots=True)
class Position:
    """Behind the last byte of an event in the binary log of one server.

    `file` and `offset` order positions on the same server (files by their number, which grows past six
    digits); without a file, the position is one that another server had. `gtid_set` is the text of the set
    executed up to here, where the source has GTIDs: MySQL's `uuid[:tag]:1-5,...` or MariaDB's
    `domain-server-sequence,...`.
    """

    file: str
    offset: int
    gtid_set: str = ""

    @property
    def order(self) -> tuple[int, int]:
        """What two positions of one server compare by."""
        number = self.file.rpartition(".")[2]
        return (int(number) if number.isdigit() else 0, self.offset)

    def reaches(self, other: Self) -> bool:
        """Whether everything up to `other` is contained: both being of the same server, or by their GTIDs."""
        if self.file and other.file:
            return self.order >= other.order
        if other.file and not other.gtid_set:
            return False
        return not gtids_beyond(other.gtid_set, self.gtid_set)

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}" if self.file or not self.gtid_set else f"GTIDs {self.gtid_set}"


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """Which server a position belongs to, and which dialect it speaks."""

    uuid: str
    """`@@server_uuid`; MariaDB has none, its `server_id` with host name and port stands in."""
    server_id: int
    version: str
    mariadb: bool
    gtids: bool
    """Whether every transaction of the server carries a GTID (`gtid_mode` ON; MariaDB always)."""
