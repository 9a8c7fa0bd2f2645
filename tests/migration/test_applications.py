"""The databases of widespread applications, written in their manner, are migrated whole and then followed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server

SCHEMAS = sorted(Path(__file__).with_name("schemas").glob("*.sql"))
LATER = "-- later\n"
"""Divides what is there at the start of the job from what happens while it runs."""

OFTEN_USED = ("SET SESSION sql_mode = ''", "SET SESSION time_zone = '+02:00'")


def statements(text: str) -> list[str]:
    return [statement for statement in text.split(";\n") if statement.strip()]


@pytest.fixture
def databases(source: Server, target: Server, database_name: str) -> Iterator[dict[str, Path]]:
    """A database for each application."""
    found = {f"{database_name}_{path.stem}": path for path in SCHEMAS}
    yield found
    for server in (source, target):
        server.execute(*(f"DROP DATABASE IF EXISTS `{name}`" for name in found))


def test_applications_are_migrated_whole(
    source: Server, target: Server, databases: dict[str, Path], tmp_path: Path, database_name: str
) -> None:
    for name, path in databases.items():
        first, _, _ = path.read_text().partition(LATER)
        source.execute(
            f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4", f"USE `{name}`", *OFTEN_USED, *statements(first)
        )
    fields = job_fields(database_name, source, target, objects={"databases": [f"{database_name}_*"]})
    job = JobRun(tmp_path, {}, **fields)
    loaded = job.drive("loaded")
    assert loaded.code == 0, loaded.err
    for name, path in databases.items():
        _, _, later = path.read_text().partition(LATER)
        source.execute(f"USE `{name}`", *OFTEN_USED, *statements(later))
    followed = job.drive()
    assert followed.code == 0, followed.err
    for name in databases:
        assert differences(source, target, name) == []
        views = "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = "
        for (view,) in target.execute(f"{views}'{name}'"):
            read = f"SELECT * FROM `{name}`.`{view}` ORDER BY 1"
            assert target.execute(read) == source.execute(read)
        assert len(target.execute(f"{views}'{name}'")) == len(source.execute(f"{views}'{name}'"))
