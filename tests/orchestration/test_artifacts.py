"""What people see in Prefect: the precheck and the plan, what a validation found, the evidence of a cutover."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.lab.jobs import JobRun, Ran, job_fields
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import Server

RUN = """
import sys
from flows.{flow} import {flow}
from mysql_to_tidb.job import load_job
from pathlib import Path
print({flow}(load_job(Path(sys.argv[1])), {options}))
"""


def run_flow(server: PrefectServer, job: JobRun, flow: str, options: str) -> Ran:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(flow=flow, options=options), str(job.path)],
        env=os.environ | server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_each_stage_leaves_its_report(
    source_mysql: Server, target: Server, database_name: str, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    source_mysql.execute(
        f"CREATE DATABASE `{database_name}`",
        f"CREATE TABLE `{database_name}`.t (id INT PRIMARY KEY, d VARCHAR(9) COLLATE utf8mb4_da_0900_ai_ci)",
        f"INSERT INTO `{database_name}`.t VALUES (1, 'ø'), (2, NULL)",
    )
    fields: dict[str, Any] = job_fields(database_name, source_mysql, target, objects={"databases": [database_name]})
    job = JobRun(tmp_path, prefect_server.environment, **fields)
    job.start()
    artifacts = prefect_server.latest_artifacts()
    assert '"binlog_format"' in artifacts["precheck"]
    (row,) = json.loads(artifacts["plan"])
    assert (row["table"], row["action"]) == (f"{database_name}.t", "create")
    assert "collation d: " in row["what changes"]
    assert row["statement"].startswith("CREATE TABLE")
    assert artifacts["plan-report"].startswith(f"# Plan of {database_name}")

    ran = run_flow(prefect_server, job, "validate", "repair=False")
    assert ran.code == 0, ran.err
    artifacts = prefect_server.latest_artifacts()
    assert artifacts["validation-report"].startswith(f"# Validation of {database_name}: equal")
    (row,) = json.loads(artifacts["validation"])
    assert (row["rows"], row["outcome"]) == (2, "equal")

    target.execute(f"UPDATE `{database_name}`.t SET d = 'o' WHERE id = 1")
    ran = run_flow(prefect_server, job, "validate", "repair=False")
    assert ran.code != 0
    assert "NOT_EQUAL: 1 rows differ" in ran.err
    (row,) = json.loads(prefect_server.latest_artifacts()["validation-differences"])
    assert "ø" in row.values()

    ran = run_flow(prefect_server, job, "cutover", "dry_run=True")
    assert ran.code != 0
    assert "CUTOVER_REFUSED: NO-GO: " in ran.err
    assert json.loads(prefect_server.latest_artifacts()["cutover"])

    assert run_flow(prefect_server, job, "validate", "repair=True").code == 0
    assert target.execute(f"SELECT d FROM `{database_name}`.t ORDER BY id") == [("ø",), (None,)]
