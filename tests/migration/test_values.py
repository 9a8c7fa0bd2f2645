"""Values that a whole job must carry rightly, or stop at by name."""

from pathlib import Path

import pytest

from mysql_to_tidb.errors import UnsupportedSchema, ValueUnrepresentable
from mysql_to_tidb.model.states import Until
from tests.lab.comparison import differences
from tests.lab.drive import drive
from tests.lab.install import Kind
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import SOURCE_OPTIONS, LabServer, Server


def job_of(source: Server, target: Server, database: str, folder: Path, **fields: object) -> Path:
    """The file of a job that migrates a database."""
    every = {**job_fields(database, source, target, objects={"databases": [database]}), **fields}
    return JobRun(folder, {}, **every).path


@pytest.mark.parametrize("kind", list(Kind))
def test_instants_arrive_whatever_the_time_zone_of_the_source(
    kind: Kind, target: Server, database_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server's own zone has daylight saving: half past two is there twice, or not at all.
    monkeypatch.setenv("TZ", "Europe/Berlin")
    source = LabServer(kind, *SOURCE_OPTIONS)
    try:
        instants = ["1970-01-01 00:00:01", "2021-03-28 00:59:59", "2021-03-28 01:00:00", "2021-10-31 00:30:00"]
        instants += ["2021-10-31 01:30:00", "2038-01-19 03:14:07"]
        twice = [source.execute(f"SELECT CAST(FROM_UNIXTIME({at}) AS CHAR)")[0][0] for at in (1635640200, 1635643800)]
        assert twice == ["2021-10-31 02:30:00"] * 2
        rows = ", ".join(f"({place}, '{text}', '{text}')" for place, text in enumerate(instants))
        utc = "SET time_zone = '+00:00'"
        source.execute(
            f"CREATE DATABASE {database_name}",
            f"USE {database_name}",
            "CREATE TABLE a (id INT PRIMARY KEY, at TIMESTAMP(3) NULL, local DATETIME(3) NULL)",
            utc,
            f"INSERT INTO a VALUES {rows}",
        )
        job = job_of(source, target, database_name, tmp_path)
        drive(job, Until.LOADED)
        source.execute(utc, f"INSERT INTO {database_name}.a SELECT id + 100, at, local FROM {database_name}.a")
        source.execute(f"UPDATE {database_name}.a SET local = '2021-03-28 02:30:00' WHERE id = 100")
        drive(job, Until.CAUGHT_UP)
        assert differences(source, target, database_name) == []
        seen = target.execute(utc, f"SELECT CAST(at AS CHAR) FROM {database_name}.a WHERE id >= 100 ORDER BY id")
        assert [text for (text,) in seen] == [f"{instant}.000" for instant in instants]
    finally:
        source.discard()


@pytest.mark.parametrize("way", ["load", "sync"])
def test_bytes_that_are_no_text_stop_the_job_by_table_and_column(
    source: Server, target: Server, database_name: str, tmp_path: Path, way: str
) -> None:
    row = f"INSERT INTO {database_name}.a VALUES (7, _tis620 X'FF')"
    source.execute(
        f"CREATE DATABASE {database_name}",
        f"CREATE TABLE {database_name}.a (id INT PRIMARY KEY, word VARCHAR(20) CHARACTER SET tis620)",
        f"INSERT INTO {database_name}.a VALUES (1, 'plain')",
        *([row] if way == "load" else []),
    )
    job = job_of(source, target, database_name, tmp_path)
    if way == "sync":
        drive(job, Until.CAUGHT_UP)
        source.execute(row)
    with pytest.raises(ValueUnrepresentable, match="`word`") as stopped:
        drive(job, Until.CAUGHT_UP)
    assert "`id` " in stopped.value.message.partition("the row has ")[2]
    assert stopped.value.where == f"{database_name}.a"
    assert (7,) not in target.execute(f"SELECT id FROM {database_name}.a")
    source.execute(f"UPDATE {database_name}.a SET word = 'mended' WHERE id = 7")
    if way == "load":
        drive(job, Until.CAUGHT_UP)
        assert differences(source, target, database_name) == []


def test_a_column_that_the_target_cannot_have_is_refused_by_name_and_harms_no_other_table(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source.execute(
        f"CREATE DATABASE {database_name}",
        f"CREATE TABLE {database_name}.place (id INT PRIMARY KEY, at POINT)",
        f"CREATE TABLE {database_name}.a (id INT PRIMARY KEY, word VARCHAR(20))",
        f"INSERT INTO {database_name}.a VALUES (1, 'one')",
    )
    with pytest.raises(UnsupportedSchema, match="column `at` has the type point") as refused:
        drive(job_of(source, target, database_name, tmp_path), Until.CAUGHT_UP)
    assert refused.value.where == f"{database_name}.place"
    objects = {"databases": [database_name], "exclude": [f"{database_name}.place"]}
    job = job_of(source, target, database_name, tmp_path, name=f"{database_name}_rest", objects=objects)
    drive(job, Until.CAUGHT_UP)
    source.execute(
        f"INSERT INTO {database_name}.place VALUES (1, POINT(1, 2))",
        f"UPDATE {database_name}.a SET word = 'two'",
        f"DELETE FROM {database_name}.place",
    )
    drive(job, Until.CAUGHT_UP)
    assert target.execute(f"SELECT word FROM {database_name}.a") == [("two",)]
