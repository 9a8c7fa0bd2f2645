"""Schema changes between changes of rows, read long after they happened: source and target end equal."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mysql_to_tidb.catalog import Catalog
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.target.connection import open_target
from mysql_to_tidb.target.schema_compare import type_of
from mysql_to_tidb.target.state import StateStore
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server

START = (
    """CREATE TABLE item (
        id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
        name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
        price DECIMAL(8, 2) NULL,
        amount INT UNSIGNED NOT NULL DEFAULT 1,
        kind ENUM('a', 'b') NULL,
        note TEXT CHARACTER SET latin1 NULL,
        KEY name (name), KEY both_of_them (kind, amount)
    )""",
    "CREATE TABLE twin LIKE item",
    "CREATE TABLE bag (word VARCHAR(20), number INT)",
    "INSERT INTO item (name, price, kind, note) VALUES ('1', 1.5, 'a', 'é'), ('2', NULL, 'b', NULL)",
    "INSERT INTO twin SELECT id + 100, name, price, amount, kind, note FROM item",
    "INSERT INTO bag VALUES ('x', 1), ('x', 1), (NULL, NULL)",
)
ROW = "INSERT INTO item (name, price) VALUES ('more', 9.99)"


class Followed:
    """A job that has loaded its databases, and a source on which statements run while nobody follows."""

    def __init__(self, source: Server, target: Server, folder: Path, *databases: str, **fields: object) -> None:
        self.source, self.target, self.databases = source, target, databases
        for database in databases:
            source.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4", f"USE `{database}`", *START)
        fields = {"objects": {"databases": list(databases)}, **fields}
        self.fields = job_fields(databases[0], source, target, **fields)
        self.folder = folder
        self.job = JobRun(folder, {}, **self.fields)
        self.follow()

    def run(self, *statements: str) -> None:
        """Run statements in the first database."""
        self.source.execute(f"USE `{self.databases[0]}`", *statements)

    def follow(self, **variables: str) -> None:
        ran = self.job.drive(**variables)
        assert ran.code == 0, ran.err

    def refused(self) -> str:
        ran = self.job.drive()
        assert ran.code == 1
        assert "DDL_REFUSED" in ran.err, ran.err
        return ran.err

    def again_with(self, **fields: object) -> None:
        self.job = JobRun(self.folder, {}, **self.fields, **fields)

    def differences(self, database: str) -> list[str]:
        """Of rows, and of the shapes that were derived from those that the source has."""
        found = differences(self.source, self.target, database)
        connection = self.source.connect(charset="utf8mb4")
        now = {str(table.name): table for table in Catalog(connection).tables(database) if table.kind == "table"}
        connection.close()
        connection = open_target(self.target.settings)
        records = StateStore(connection).tables.records(self.databases[0])
        connection.close()
        kept = {str(record.table.name): record.table for record in records if record.table.name.schema == database}
        if kept.keys() != now.keys():
            found.append(f"the job has {sorted(kept)}, the source {sorted(now)}")
        for name in kept.keys() & now.keys():
            if shape(kept[name]) != shape(now[name]):
                found.append(f"{name} is {shape(kept[name])} to the job, {shape(now[name])} at the source")
        return found


def shape(table: Table) -> Sequence[object]:
    """What of a table must be the same however it was learned."""
    columns = [
        (c.name, type_of(c), c.nullable, c.character_set, c.collation, c.generated, c.auto_increment, c.comment)
        for c in table.columns
    ]
    indexes = sorted((i.name.lower(), i.unique, [(p.column, p.prefix_length) for p in i.parts]) for i in table.indexes)
    return [columns, indexes, table.collation]


CHANGES = Path(__file__).with_name("schema_changes.sql")


def changes() -> list[list[str]]:
    """The statements of each kind of change."""
    kinds = CHANGES.read_text().split("-- kind: ")[1:]
    return [kind.partition("\n")[2].strip().removesuffix(";").split(";\n") for kind in kinds]


@pytest.fixture
def databases(source: Server, target: Server, database_name: str) -> Iterator[list[str]]:
    """A database for each kind of change."""
    names = [database_name, *(f"{database_name}_{number}" for number in range(1, len(changes())))]
    yield names
    for server in (source, target):
        server.execute(*(f"DROP DATABASE IF EXISTS `{name}`" for name in names))


def test_schema_changes_are_followed_by_a_reader_that_lags(
    source: Server, target: Server, databases: list[str], tmp_path: Path
) -> None:
    followed = Followed(source, target, tmp_path, *databases)
    for database, statements in zip(databases, changes(), strict=True):
        source.execute(f"USE `{database}`", ROW, *statements)
    followed.follow()
    for database in databases:
        assert followed.differences(database) == []


def test_a_change_that_the_target_may_carry_out_otherwise_stops_the_job(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    followed = Followed(source_mysql, target, tmp_path, database_name)
    followed.run(ROW, "ALTER TABLE item MODIFY price DOUBLE", ROW)
    said = followed.refused()
    assert "from decimal(8,2) to double" in said
    place = re.search(r'skip: \["(.*?)"\]', said)
    assert place
    statement = f"ALTER TABLE `{database_name}`.item MODIFY price DOUBLE NULL"
    followed.again_with(ddl={"replace": {place[1]: statement}})
    followed.follow()
    assert followed.differences(database_name) == []
    followed.run("ALTER TABLE bag ADD u INT NOT NULL AUTO_INCREMENT UNIQUE", ROW)
    place = re.search(r'skip: \["(.*?)"\]', followed.refused())
    assert place
    target.execute(f"ALTER TABLE `{database_name}`.bag ADD u INT NOT NULL AUTO_INCREMENT UNIQUE")
    followed.again_with(ddl={"skip": [place[1]]})
    followed.follow()


def test_tables_of_a_choice_are_not_renamed_out_of_it(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    objects = {"tables": [f"{database_name}.item"]}
    followed = Followed(source_mysql, target, tmp_path, database_name, objects=objects)
    followed.run("CREATE TABLE other (id INT)", "ALTER TABLE twin ADD x INT", "DROP TABLE other", ROW)
    followed.follow()
    followed.run("RENAME TABLE item TO _item_del, twin TO item")
    assert "shadow table" in followed.refused()


def test_secrets_in_statements_about_accounts_are_passed_by(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    followed = Followed(source_mysql, target, tmp_path, database_name)
    followed.run(f"CREATE USER `{database_name}` IDENTIFIED BY 'item'", f"DROP USER `{database_name}`", ROW)
    followed.follow()
    assert followed.differences(database_name) == []
    asked = f"SELECT COUNT(*) FROM mysql_to_tidb.schema_history WHERE job = '{database_name}'"
    assert target.execute(asked)[0][0] == 0
