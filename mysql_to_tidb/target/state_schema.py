"""Creates the schema `mysql_to_tidb`, in which the target remembers every job, and brings older forms up to date."""

from mysql_to_tidb.errors import TargetRefused
from mysql_to_tidb.target.sql import statements
from mysql_to_tidb.target.state_access import StateAccess

VERSION = 4
UPGRADES = {2: "add_partial_changes", 3: "add_seen_gtids", 4: "create_validations"}
"""What brings the tables from the form before to this one."""
_HAS_IT_ALREADY = "1060"
"""Duplicate column name: another program has just added it, or was killed behind that."""


class StateSchema(StateAccess):
    """The tables themselves."""

    file = "schema"

    def exists(self) -> bool:
        """Whether the schema is there, in the form of this program; raises TargetRefused where it is newer."""
        found = self._row("count_version_table")
        row = self._row("read_version") if found and found["tables_found"] else None
        if row is None:
            return False
        if row["version"] > VERSION:
            raise TargetRefused(
                f"the schema mysql_to_tidb has form {row['version']}, this program knows form {VERSION}",
                hint="use the version of this program that wrote it",
            )
        if row["version"] < VERSION:
            self._upgrade(row["version"])
        return True

    def create(self) -> None:
        """Create what is missing; harmless when repeated."""
        if self.exists():
            return
        for name in statements(self.file):
            if name.startswith("create_"):
                self._execute(name)
        self._execute("write_version", version=VERSION)

    def _upgrade(self, version: int) -> None:
        """One form after the other; a run of an older program is refused at its next look."""
        for form in range(version + 1, VERSION + 1):
            try:
                self._execute(UPGRADES[form])
            except TargetRefused as error:
                if _HAS_IT_ALREADY not in error.message:
                    raise
            self._execute("set_version", version=form)
