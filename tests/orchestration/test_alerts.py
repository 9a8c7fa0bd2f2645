"""Alerts: each is set off on a real Prefect server, and arrives once, by mail and by webhook."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.lab.jobs import JobRun, job_fields
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import Server, free_port

ROOT = Path(__file__).parents[2]
ARRIVAL_SECONDS_MAX = 150

SET_UP = """
from datetime import timedelta
from blocks import Notification
from deployments.automations import AlertTimes
from deployments.setup import set_up
Notification(
    recipients=["night@example.com", "day@example.com"], smtp_host="127.0.0.1", smtp_port={mail}, smtp_security="none",
    webhook_urls=["http://127.0.0.1:{web}/secret-path"],
).save("ops", overwrite=True)
short = timedelta(seconds={seconds})
for line in set_up("ops", AlertTimes(no_progress=short, paused=short)):
    print(line)
"""

GIVE = """
from mysql_to_tidb.stages.signs import Sign
from tasks.signs import give
for job, sign in {signs!r}:
    give(job, Sign(sign), {{"stage": "sync", "lag_seconds": 1234.5, "position": "binlog.000007:815"}})
"""


class Mailbox:
    """Keeps the mails that arrive."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        assert envelope.rcpt_tos == ["night@example.com", "day@example.com"]
        self.mails.append(envelope.content.decode())
        return "250 OK"


class Webhook(BaseHTTPRequestHandler):
    """Keeps the calls that arrive."""

    calls: list[dict[str, Any]]

    def do_POST(self) -> None:
        assert self.path == "/secret-path"
        self.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Lab:
    """A Prefect server that has been set up, a worker, a mail server and a webhook."""

    def __init__(self, server: PrefectServer, mails: list[str], calls: list[dict[str, Any]], log: Path) -> None:
        self.server = server
        self.mails = mails
        self.calls = calls
        self.log = log

    def run(self, script: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | self.server.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def give(self, *signs: tuple[str, str]) -> None:
        self.run(GIVE.format(signs=list(signs)))

    def told(self, *expected: tuple[str, str]) -> list[dict[str, Any]]:
        """The calls of the webhook about these jobs, once all have arrived that are expected."""
        jobs = {job for job, _ in expected}
        deadline = time.monotonic() + ARRIVAL_SECONDS_MAX
        arrived: list[dict[str, Any]] = []
        while time.monotonic() < deadline:
            arrived = [call for call in self.calls if call["job"] in jobs]
            if {(call["job"], call["kind"]) for call in arrived} >= set(expected):
                break
            time.sleep(0.5)
        assert sorted((call["job"], call["kind"]) for call in arrived) == sorted(expected), self.log.read_text()[-2000:]
        return arrived


@pytest.fixture(scope="module")
def lab(prefect_server: PrefectServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    mailbox, calls = Mailbox(), []
    mail = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    mail.start()
    web = HTTPServer(("127.0.0.1", 0), type("Webhook", (Webhook,), {"calls": calls}))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    log = tmp_path_factory.mktemp("alerts") / "worker.log"
    made = Lab(prefect_server, mailbox.mails, calls, log)
    script = SET_UP.format(mail=mail.port, web=web.server_port, seconds=15)
    first = made.run(script)
    assert len([line for line in first.splitlines() if line.startswith("automation ")]) == 9, first
    again = made.run(script)
    assert [line.split(": ")[-1] for line in again.splitlines() if line.startswith("automation ")] == ["kept"] * 9
    with prefect_server.worker("mysql-to-tidb", log):
        yield made
    mail.stop()
    web.shutdown()


def test_each_sign_that_needs_somebody_becomes_one_alert(lab: Lab) -> None:
    lab.give(("behind", "lag-high"), ("behind", "lag-over"), ("purged-soon", "retention-low"), ("back", "recovered"))
    lab.give(("hangs", "progress"), ("rests", "paused"), ("fine", "progress"))
    lab.give(("fine", "ended"))
    calls = lab.told(
        ("behind", "lag-high"),
        ("behind", "lag-over"),
        ("purged-soon", "retention-low"),
        ("back", "recovered"),
        ("back", "no-progress"),
        ("hangs", "no-progress"),
        ("rests", "paused-long"),
    )
    assert not [call for call in lab.calls if call["job"] == "fine"]
    (high,) = [call for call in calls if call["kind"] == "lag-high"]
    assert "Migration behind falls behind its source" in high["text"]
    assert "Lag, in seconds: 1234.5" in high["text"]
    assert "Position: binlog.000007:815" in high["text"]
    assert "What to do: Give the target more room" in high["text"]
    (mail,) = [mail for mail in lab.mails if "Migration behind falls behind" in mail.split("\n\n")[0]]
    assert "Lag, in seconds: 1234.5" in mail


def test_a_job_that_fails_says_why_and_where_to_look(
    lab: Lab, source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source_mysql.execute(f"CREATE DATABASE `{database_name}`", f"CREATE TABLE `{database_name}`.t (id INT PRIMARY KEY)")
    fields = job_fields(database_name, source_mysql, target, objects={"databases": [database_name]})
    job = JobRun(tmp_path, lab.server.environment, **fields)
    job.start("loaded")
    target.execute(f"INSERT INTO `{database_name}`.t VALUES (1)")
    source_mysql.execute(f"INSERT INTO `{database_name}`.t VALUES (1)")
    assert job.command("start", "--until", "caught-up").code == 1
    (call,) = lab.told((database_name, "failed"))
    assert call["code"] == "TARGET_CONFLICT"
    assert "What to do: " in call["text"]
    assert f"{lab.server.ui_url}/runs/flow-run/" in call["link"]
    assert call["link"] in call["text"]


def test_a_job_that_cannot_even_begin_is_told_of(lab: Lab, source_mysql: Server, database_name: str) -> None:
    nowhere = Server.at(f"mysql://root@127.0.0.1:{free_port()}")
    fields = job_fields(database_name, source_mysql, nowhere)
    deployed = ["deployment", "run", "migrate/mysql-to-tidb", "--params", json.dumps({"job": fields})]
    subprocess.run(
        [sys.executable, "-m", "prefect", *deployed],
        env=os.environ | lab.server.environment,
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (call,) = lab.told((database_name, "failed"))
    assert call["code"] == "TARGET_UNAVAILABLE"


def test_a_run_that_is_killed_is_told_of(lab: Lab, source_mysql: Server, target: Server, database_name: str) -> None:
    source_mysql.execute(f"CREATE DATABASE `{database_name}`", f"CREATE TABLE `{database_name}`.t (id INT PRIMARY KEY)")
    fields = job_fields(database_name, source_mysql, target, objects={"databases": [database_name]})
    parameters = json.dumps({"job": fields})
    subprocess.run(
        [sys.executable, "-m", "prefect", "deployment", "run", "migrate/mysql-to-tidb", "--params", parameters],
        env=os.environ | lab.server.environment,
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    ask = f"SELECT run_id FROM mysql_to_tidb.jobs WHERE name = '{database_name}' AND stage = 'sync'"
    deadline = time.monotonic() + ARRIVAL_SECONDS_MAX
    run_id: list[tuple[Any, ...]] = []
    while not run_id and time.monotonic() < deadline:
        time.sleep(0.5)
        run_id = target.execute(ask) if target.execute("SHOW DATABASES LIKE 'mysql_to_tidb'") else []
    os.kill(int(run_id[0][0].rpartition(":")[2]), 9)
    (call,) = lab.told((database_name, "crashed"))
    assert "has lost the process that ran it" in call["text"]


def test_times_are_those_that_were_promised() -> None:
    from deployments.automations import AlertTimes

    assert AlertTimes().no_progress == timedelta(minutes=20)
    assert AlertTimes().paused == timedelta(hours=6)
