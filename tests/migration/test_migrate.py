"""Whole jobs by the command line, between real servers, while the source is being written to."""

import json
import time
from pathlib import Path

from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import Server


def test_a_job_ends_equal_though_the_source_is_written_to(
    source: Server, target: Server, database_name: str, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    bank.build(source, database_name)
    fields = job_fields(database_name, source, target, objects={"databases": [database_name]}, spec={"chunk_rows": 400})
    job = JobRun(tmp_path, prefect_server.environment, **fields)
    with bank.Writer(source, database_name) as writer:
        first = job.start("caught-up")
        assert first["stage"] == "sync"
        assert first["status"] == "paused"
        assert first["rows"] >= bank.ACCOUNTS + bank.TRANSFERS
    last = job.start("caught-up")
    assert writer.transactions > 50
    assert last["changes"] > 0
    assert last["lag_seconds"] == 0
    assert differences(source, target, database_name) == []
    status = json.loads(job.command("status", "--json").out)
    assert {table["state"] for table in status["tables"]} == {"loaded"}
    assert status["consistent_since"]
    assert job.command("delete").code == 0
    assert job.command("status").err.startswith("JOB_NOT_FOUND")


def test_a_paused_job_stands_still_and_goes_on_where_it_was(
    source_mysql: Server, target: Server, database_name: str, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    bank.build(source_mysql, database_name)
    fields = job_fields(database_name, source_mysql, target, objects={"databases": [database_name]})
    job = JobRun(tmp_path, prefect_server.environment, **fields)
    job.start("loaded")
    running = job.popen("start", "--until", "forever")
    try:
        _wait_for(job, "sync", "running")
        assert "JOB_ALREADY_RUNNING: " in job.command("start").err
        assert job.command("pause").code == 0
        _wait_for(job, "sync", "paused")
        source_mysql.execute(f"INSERT INTO `{database_name}`.journal (word) VALUES ('while paused')")
        time.sleep(2)
        counted = f"SELECT COUNT(*) FROM `{database_name}`.journal WHERE word = 'while paused'"
        assert target.execute(counted)[0][0] == 0
        assert job.command("resume").code == 0
        _wait_for(job, "sync", "running")
        deadline = time.monotonic() + 20
        while target.execute(counted)[0][0] == 0 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert target.execute(counted)[0][0] == 1
    finally:
        running.terminate()
        running.wait(timeout=60)
    assert differences(source_mysql, target, database_name) == []


def _wait_for(job: JobRun, stage: str, status: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ran = job.command("status", "--json")
        found = json.loads(ran.out) if ran.code == 0 else {}
        if (found.get("stage"), found.get("status")) == (stage, status):
            return
        time.sleep(0.3)
    raise AssertionError(f"the job did not come to {stage}, {status}: {found}")
