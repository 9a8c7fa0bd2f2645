"""Jobs whose process is killed every few seconds, or whose servers and networks fail: equal at the end.

MYSQL_TO_TIDB_ENDURANCE_SECONDS says for how long it is killed: some seconds by default, ten minutes to be sure.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from mysql_to_tidb.model.checkpoints import Checkpoint
from mysql_to_tidb.stages.running import open_store
from tests.faults.test_kill_points import bank_job, ended_well
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.install import Kind
from tests.lab.proxy import Proxy
from tests.lab.servers import LabServer, Server

ENDURANCE_SECONDS = float(os.environ.get("MYSQL_TO_TIDB_ENDURANCE_SECONDS", "12"))
PROGRESS_SECONDS_MAX = 90


def checkpoint(target: Server, job: str) -> Checkpoint | None:
    with open_store(target.settings) as store:
        return store.checkpoints.read(job) if store.schema.exists() else None


def wait_for_progress(target: Server, job: str, process: Popen[bytes], said: Callable[[], str]) -> None:
    """Until changes have been applied that were not applied when this began."""
    before, deadline = checkpoint(target, job), time.monotonic() + PROGRESS_SECONDS_MAX
    while (now := checkpoint(target, job)) is None or (before and now.changes <= before.changes) or not now.changes:
        assert process.poll() is None, said()
        assert time.monotonic() < deadline, f"no change arrived\n{said()}"
        time.sleep(0.1)


@pytest.mark.timeout(ENDURANCE_SECONDS + 280)
def test_a_job_killed_every_few_seconds_ends_equal(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    job = bank_job(source, target, database_name, tmp_path, {})
    chance = random.Random(5)
    applied = 0
    with bank.Writer(source, database_name, seed=11, pause_seconds=0.01):
        began = time.monotonic()
        while time.monotonic() - began < ENDURANCE_SECONDS:
            process = job.driven()
            if chance.random() < 0.7:  # else it is killed while it starts, or loads
                wait_for_progress(target, database_name, process, lambda: job.said)
            time.sleep(chance.uniform(0, 2))
            process.kill()
            assert process.wait() == -signal.SIGKILL, job.said
            now = checkpoint(target, database_name)
            assert now is None or now.changes >= applied
            applied = now.changes if now else 0
    ended_well(job.drive(RETRY="1"))
    assert applied
    assert differences(source, target, database_name) == []


@pytest.fixture(params=list(Kind))
def own_source(request: pytest.FixtureRequest, start_server: Callable[..., LabServer]) -> LabServer:
    return start_server(request.param)


@pytest.fixture
def source_address(own_source: LabServer) -> Iterator[Proxy]:
    with Proxy(own_source) as address:
        yield address


def test_a_job_outlives_its_servers_and_networks(
    own_source: LabServer, source_address: Proxy, proxy: Proxy, target: Server, database_name: str, tmp_path: Path
) -> None:
    job = bank_job(source_address, proxy, database_name, tmp_path, {})
    process = job.driven(RETRY="1")

    def arrives() -> None:
        with bank.Writer(own_source, database_name, seed=len(job.said)):
            wait_for_progress(target, database_name, process, lambda: job.said)

    arrives()
    for address in (source_address, proxy):
        address.cut()
        arrives()
        address.refuse()
        with bank.Writer(own_source, database_name, seed=1 + len(job.said)):
            time.sleep(3)
        address.let_through()
        arrives()
        address.stall()
        time.sleep(5)
        address.cut()  # as after a time, when the other side has forgotten the connection
        address.let_through()
        arrives()
    own_source.restart()
    arrives()
    own_source.kill()
    own_source.start()
    arrives()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert "SOURCE_UNAVAILABLE" in job.said
    assert "TARGET_" in job.said
    ended_well(job.drive())
    assert differences(own_source, target, database_name) == []
