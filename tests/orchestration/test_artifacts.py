"""What people see in Prefect before anything is written: the precheck and the plan."""

import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.lab.jobs import JobRun, job_fields
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import Server


def latest_artifacts(server: PrefectServer) -> dict[str, Any]:
    """The newest artifact of each key."""
    request = urllib.request.Request(
        f"{server.environment['PREFECT_API_URL']}/artifacts/latest/filter",
        data=json.dumps({"sort": "UPDATED_DESC"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return {artifact["key"]: artifact["data"] for artifact in json.load(answer)}


def test_precheck_and_plan_are_artifacts_of_the_run(
    source_mysql: Server, target: Server, database_name: str, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    source_mysql.execute(
        f"CREATE DATABASE `{database_name}`",
        f"CREATE TABLE `{database_name}`.t (id INT PRIMARY KEY, d VARCHAR(9) COLLATE utf8mb4_da_0900_ai_ci)",
    )
    fields = job_fields(database_name, source_mysql, target, objects={"databases": [database_name]})
    JobRun(tmp_path, prefect_server.environment, **fields).start("loaded")
    artifacts = latest_artifacts(prefect_server)
    assert '"binlog_format"' in artifacts["precheck"]
    (row,) = json.loads(artifacts["plan"])
    assert (row["table"], row["action"]) == (f"{database_name}.t", "create")
    assert "collation d: " in row["what changes"]
    assert row["statement"].startswith("CREATE TABLE")
    assert artifacts["plan-report"].startswith(f"# Plan of {database_name}")
