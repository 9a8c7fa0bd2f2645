"""Creates the schema `mysql_to_tidb`, in which the target remembers every job."""

from mysql_to_tidb.errors import TargetRefused
from mysql_to_tidb.target.sql import statements
from mysql_to_tidb.target.state_access import StateAccess

VERSION = 1


class StateSchema(StateAccess):
    """The tables themselves."""

    file = "schema"

    def exists(self) -> bool:
        """Whether the schema is there; raises TargetRefused where its form is not known."""
        found = self._row("count_version_table")
        version = self._row("read_version") if found and found["tables_found"] else None
        if version and version["version"] != VERSION:
            raise TargetRefused(
                f"the schema mysql_to_tidb has form {version['version']}, this program knows form {VERSION}",
                hint="use the version of this program that wrote it",
            )
        return version is not None

    def create(self) -> None:
        """Create what is missing; harmless when repeated."""
        if self.exists():
            return
        for name in statements(self.file):
            if name.startswith("create_"):
                self._execute(name)
        self._execute("write_version", version=VERSION)
