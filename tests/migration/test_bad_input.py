"""Bad input: one line with a code and what to do, the right exit code, and nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mysql_to_tidb.model.names import OWN_SCHEMA
from tests.lab.install import Kind
from tests.lab.jobs import JobRun, Ran, job_fields
from tests.lab.servers import LabServer, Server


def refused(ran: Ran, code: str, *said: str, exit_code: int = 1) -> None:
    assert ran.code == exit_code, f"{ran.out}\n{ran.err}"
    assert ran.err.startswith(f"{code}: ")
    assert "what to do: " in ran.err
    assert "Traceback" not in ran.err
    for words in said:
        assert words in ran.err


@pytest.fixture
def shop(source_mysql: Server, database_name: str) -> str:
    source_mysql.execute(
        f"CREATE DATABASE `{database_name}`", f"CREATE TABLE `{database_name}`.item (id INT PRIMARY KEY, name TEXT)"
    )
    return database_name


@pytest.fixture
def job(source_mysql: Server, target: Server, shop: str, tmp_path: Path) -> Callable[..., JobRun]:
    def make(**fields: Any) -> JobRun:
        made = job_fields("refused", source_mysql, target, objects={"databases": [shop]}) | fields
        return JobRun(tmp_path, {}, **made)

    return make


def nothing_was_written(target: Server, database: str) -> None:
    schemas = {name for (name,) in target.execute("SELECT schema_name FROM information_schema.schemata")}
    assert database not in schemas
    if OWN_SCHEMA in schemas:
        assert target.execute(f"SELECT * FROM {OWN_SCHEMA}.jobs WHERE name = 'refused'") == []


def with_password(url: str, password: str) -> str:
    return url.replace("root@", f"root:{password}@")


def test_a_wrong_password_of_the_source_is_said_so(job: Callable[..., JobRun], source_mysql: Server) -> None:
    made = job(source={"url": with_password(source_mysql.url, "not-this-one")})
    for command in ("start", "plan"):
        ran = made.command(command)
        refused(ran, "SOURCE_CONNECTION", "Failed to connect to the source database using given parameters.")
        assert "not-this-one" not in ran.err + ran.out


def test_a_wrong_password_of_the_target_is_said_so(job: Callable[..., JobRun], target: Server) -> None:
    ran = job(target={"url": with_password(target.url, "not-this-one")}).command("start")
    refused(ran, "TARGET_CONNECTION", "Failed to connect to the TiDB cluster using the given user and password.")
    assert "not-this-one" not in ran.err + ran.out


def test_an_unreachable_source_is_said_so(job: Callable[..., JobRun]) -> None:
    ran = job(source={"url": "mysql://root@127.0.0.1:1"}).command("start")
    refused(ran, "SOURCE_UNAVAILABLE", "Failed to connect to the source database.", "127.0.0.1:1")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "1st"}, "starts with a letter"),
        ({"speed": "fast"}, "speed: no such field"),
        ({"mode": "some"}, "mode"),
    ],
)
def test_a_bad_field_is_named(job: Callable[..., JobRun], fields: dict[str, Any], said: str) -> None:
    refused(job(**fields).command("start"), "JOB_INVALID", said)


def test_a_missing_database_fails_the_precheck_and_nothing_is_written(
    job: Callable[..., JobRun], target: Server, shop: str
) -> None:
    made = job(objects={"databases": ["no_such_database"]})
    checked = made.command("check", "--json")
    assert checked.code == 4
    assert "no_such_database" in checked.out
    started = made.command("start")
    refused(started, "PRECHECK_FAILED", "no_such_database", exit_code=4)
    nothing_was_written(target, shop)


def test_a_source_without_a_binary_log_fails_the_precheck_and_nothing_is_written(
    job: Callable[..., JobRun], start_server: Callable[..., LabServer], target: Server, shop: str
) -> None:
    server = start_server(Kind.MYSQL, "--skip-log-bin")
    server.execute(f"CREATE DATABASE `{shop}`", f"CREATE TABLE `{shop}`.item (id INT PRIMARY KEY)")
    made = job(source={"url": server.url})
    assert made.command("check").code == 4
    refused(made.command("start"), "PRECHECK_FAILED", "binlog_enabled", exit_code=4)
    nothing_was_written(target, shop)


def test_a_job_that_is_not_there_is_said_so(job: Callable[..., JobRun]) -> None:
    for command in ("status", "pause", "resume", "delete"):
        refused(job(name="never-started").command(command), "JOB_NOT_FOUND", "never-started")


def test_the_own_schema_is_not_migrated(job: Callable[..., JobRun]) -> None:
    refused(job(objects={"databases": [OWN_SCHEMA]}).command("check"), "JOB_INVALID", "never migrated")
