"""The deployments: all are accepted, and a worker runs a whole job with `prefect deployment run`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.jobs import job_fields
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import Server

ROOT = Path(__file__).parents[2]
RUN_SECONDS_MAX = 240


def prefect(server: PrefectServer, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        env=os.environ | server.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def worker(prefect_server: PrefectServer, tmp_path: Path) -> Iterator[PrefectServer]:
    """A Prefect server with all deployments and a worker for them."""
    prefect(prefect_server, "work-pool", "create", "mysql-to-tidb", "--type", "process", "--overwrite")
    prefect(prefect_server, "deploy", "--all", "--prefect-file", "deployments/prefect.yaml")
    with prefect_server.worker("mysql-to-tidb", tmp_path / "worker.log"):
        yield prefect_server


def test_a_worker_runs_a_whole_job(
    worker: PrefectServer, source_mysql: Server, target: Server, database_name: str
) -> None:
    bank.build(source_mysql, database_name)
    job = job_fields(database_name, source_mysql, target, objects={"databases": [database_name]})
    parameters = json.dumps({"job": job, "until": "caught-up"})
    with bank.Writer(source_mysql, database_name) as writer:
        shown = prefect(
            worker, "deployment", "run", "migrate/mysql-to-tidb", "--params", parameters, "--watch",
            "--watch-timeout", str(RUN_SECONDS_MAX),
        )  # fmt: skip
        while writer.transactions < 20:
            time.sleep(0.1)
    assert "Completed" in shown
    shown = prefect(
        worker, "deployment", "run", "migrate/mysql-to-tidb", "--params", parameters, "--watch",
        "--watch-timeout", str(RUN_SECONDS_MAX),
    )  # fmt: skip
    assert "Completed" in shown
    assert differences(source_mysql, target, database_name) == []


def test_bad_parameters_are_refused_before_a_run_exists(worker: PrefectServer) -> None:
    parameters = json.dumps({"job": {"name": "x"}})
    with pytest.raises(AssertionError, match="required"):
        prefect(worker, "deployment", "run", "migrate/mysql-to-tidb", "--params", parameters)
