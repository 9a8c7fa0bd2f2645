"""What a target may cut or round before it is compared is compared whole."""

from pathlib import Path

import pytest

from mysql_to_tidb.job import load_job
from mysql_to_tidb.model.states import Until
from mysql_to_tidb.stages import validate as stage
from tests.lab.drive import drive
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server

MEMBERS = ", ".join(f"'member {number}'" for number in range(64))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "LOOK_AGAIN_SECONDS", (0.0,))


def test_a_difference_in_the_last_bytes_is_found(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source.execute(
        f"CREATE DATABASE {database_name} CHARACTER SET utf8mb4",
        f"USE {database_name}",
        f"CREATE TABLE a (id INT PRIMARY KEY, word VARCHAR(5), letters CHAR(5), flags SET({MEMBERS}))",
        "INSERT INTO a VALUES (1, 'ééa', 'ééa', 18446744073709551615), (2, 'ééééé', '中中中中中', 9007199254740993)",
    )
    path = JobRun(
        tmp_path, {}, **job_fields(database_name, source, target, objects={"databases": [database_name]})
    ).path
    drive(path, Until.CAUGHT_UP)
    job = load_job(path)
    settings = job.source_settings(), job.target_settings()
    (table,) = stage.validate(job, *settings).tables
    assert (table.outcome, table.problem, table.differences) == ("equal", "", ())
    for column, value in (("word", "'ééab'"), ("letters", "'ééab'"), ("flags", f"'{'member 1'}'")):
        target.execute(f"UPDATE {database_name}.a SET {column} = {value} WHERE id = 1")
        (table,) = stage.validate(job, *settings).tables
        assert len(table.differences) == 1, column
        source.execute(f"UPDATE {database_name}.a SET {column} = {value} WHERE id = 1")
        target.execute(f"UPDATE {database_name}.a SET {column} = {value} WHERE id = 1")
