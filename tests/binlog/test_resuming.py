"""However often the connection breaks, each change comes exactly once."""

import contextlib
import random
import threading
from collections.abc import Callable

import pytest

from mysql_to_tidb.errors import SourceUnavailable
from mysql_to_tidb.model.changes import Change, ChangeKind, RowChanges, Statement, TransactionEnd
from mysql_to_tidb.model.positions import Position
from tests.lab.follower import Follower
from tests.lab.proxy import Proxy
from tests.lab.servers import Server

TRANSACTIONS = 400
CUTS_MAX = 15


class Replica:
    """A table by its key, changed transaction by transaction; what does not fit fails the test."""

    def __init__(self, position: Position) -> None:
        self.rows: dict[object, object] = {}
        self.position = position
        self._waiting: list[RowChanges] = []

    def forget_unfinished(self) -> None:
        self._waiting.clear()

    def take(self, change: Change) -> None:
        if isinstance(change, RowChanges):
            self._waiting.append(change)
        elif isinstance(change, TransactionEnd | Statement):
            for rows in self._waiting:
                self._apply(rows)
            self._waiting.clear()
            self.position = change.position

    def _apply(self, change: RowChanges) -> None:
        images = list(change.images)
        while images:
            if change.kind is not ChangeKind.INSERT:
                key, value = images.pop(0)
                assert self.rows.pop(key) == value
            if change.kind is not ChangeKind.DELETE:
                key, value = images.pop(0)
                assert key not in self.rows
                self.rows[key] = value


def write(source: Follower, pick: random.Random) -> None:
    """Transactions that set, count, move and delete rows, some of them rolled back, some in part."""
    for number in range(TRANSACTIONS):
        statements = ["BEGIN"]
        for _ in range(pick.randint(1, 5)):
            one, other = pick.randint(1, 50), pick.randint(51, 100)
            statements += pick.choice(
                [
                    [f"INSERT INTO a VALUES ({one}, 0) ON DUPLICATE KEY UPDATE value = value + 1"],
                    [f"DELETE FROM a WHERE id = {other}", f"UPDATE a SET id = {other} WHERE id = {one}"],
                    [f"DELETE FROM a WHERE id = {one}"],
                    ["SAVEPOINT s", f"REPLACE INTO a VALUES ({one}, {number})", "ROLLBACK TO s"],
                    ["UPDATE a SET value = value + 1"],
                ]
            )
        source.run(*statements, pick.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))
        if number % 100 == 50:
            source.run("FLUSH BINARY LOGS")


@pytest.mark.parametrize("by_file", [False, True], ids=["by GTID", "by file"])
def test_each_change_comes_exactly_once(source: Server, follow: Callable[[Server], Follower], by_file: bool) -> None:
    pick = random.Random(by_file)
    follower = follow(source)
    follower.create("CREATE TABLE a (id INT PRIMARY KEY, value INT)")
    replica = Replica(follower.start)

    def write_all() -> None:
        write(follower, pick)
        follower.run("INSERT INTO a VALUES (1000, 1000)")

    writer = threading.Thread(target=write_all)
    writer.start()
    breaks = random.Random(7)
    cuts = 0
    with Proxy(source) as proxy:
        while 1000 not in replica.rows:
            limit = breaks.randint(1, 60) if cuts < CUTS_MAX else -1
            with (
                contextlib.suppress(SourceUnavailable),
                contextlib.closing(follower.stream(replica.position, by_file=by_file, server=proxy)) as stream,
            ):
                for change in stream.changes(wait_seconds=0.05):
                    replica.take(change)
                    limit -= 1
                    if limit == 0:
                        proxy.cut()
                        cuts += 1
                    if 1000 in replica.rows:
                        break
            replica.forget_unfinished()
    writer.join()
    assert cuts > 3
    with follower.writer.cursor() as cursor:
        cursor.execute("SELECT id, value FROM a")
        assert replica.rows == dict(cursor.fetchall())
