"""A job with one lane into a database of its own, without a source: windows are made by hand."""

from collections.abc import Iterable, Sequence

from mysql_to_tidb.model.changes import MappedTable, RowChanges, RowImage
from mysql_to_tidb.model.checkpoints import ApplyMode
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Column
from mysql_to_tidb.staging.fold import Window, WindowLimits
from mysql_to_tidb.target.apply import apply_window
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.state import StateStore
from mysql_to_tidb.target.state_lock import acquire
from tests.lab.row_changes import Log, create_statement, mapped
from tests.lab.servers import Server

LIMITS = WindowLimits(changes_max=1_000_000, bytes_max=1 << 30)


class Lane:
    """Creates the job `database` and the database of that name."""

    def __init__(self, server: Server, database: str) -> None:
        self.server = server
        self.database = database
        self.log = Log()
        self.connection = open_target(server.settings)
        self.store = StateStore(self.connection)
        self.store.create_job(database, "{}", "f")
        self.connection.query(f"CREATE DATABASE `{database}`")
        with acquire(server.settings, database, "run") as lock:
            self.fence = lock.fence
        self.store.set_start(self.fence, self.log.position(), "uuid")
        self.checkpoint = self.store.checkpoints.take(self.fence)

    def close(self) -> None:
        """Forget the job; its database is dropped by the fixture that named it."""
        self.store.delete_job(self.database)
        self.connection.close()

    def table(self, columns: Sequence[Column], *unique: Sequence[str], name: str = "t") -> MappedTable:
        """A new table; its first unique index is its primary key."""
        table = mapped(TableName(self.database, name), columns, *unique)
        self.connection.query(create_statement(table.table))
        return table

    def window(self, *changes: RowChanges, contradictions_allowed: bool = False) -> Window:
        """One source transaction."""
        window = Window(LIMITS, contradictions_allowed=contradictions_allowed)
        for change in changes:
            window.add(change)
        window.end(self.log.end())
        return window

    def apply(self, *changes: RowChanges, mode: ApplyMode = ApplyMode.EXACT) -> None:
        """One source transaction as a window of its own."""
        window = self.window(*changes, contradictions_allowed=mode is ApplyMode.OVERWRITE)
        self.checkpoint = apply_window(self.connection, self.checkpoint, window, mode)

    def execute(self, statement: str) -> None:
        """What a stranger does to the target; `{t}` stands for the table."""
        self.connection.query(statement.replace("{t}", f"`{self.database}`.t"))

    def rows(self, table: MappedTable) -> list[RowImage]:
        """The target's rows in the form of images, in the order of `ordered`."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table.table.name.quoted}")
            found = cursor.fetchall()
        return ordered(tuple(value.encode() if isinstance(value, str) else value for value in row) for row in found)


def ordered(images: Iterable[RowImage]) -> list[RowImage]:
    """Images in one order of many, to compare them by."""
    return sorted(images, key=repr)
