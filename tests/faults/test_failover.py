"""The source dies and a replica answers in its stead: the job goes on by GTIDs, exactly once, or says why not."""

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mysql_to_tidb.points import VARIABLE, Point
from mysql_to_tidb.stages.running import open_store
from tests.faults.test_kill_points import bank_job, ended_well, killed
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.install import Kind
from tests.lab.jobs import JobRun
from tests.lab.proxy import Proxy
from tests.lab.replication import catch_up, executed, promote, replicate, start_pair
from tests.lab.servers import LabServer, Server

seeds = itertools.count(100)
"""The same writes would not be possible twice."""


class Pair:
    """A primary with its replica, and the address under which jobs find whichever is in charge."""

    def __init__(self, kind: Kind) -> None:
        self.primary, self.replica = start_pair(kind)
        self.address = Proxy(self.primary)

    def fail_over(self, *, complete: bool = True) -> None:
        """The primary dies; the replica has all that it had, unless its replication was stopped before."""
        if complete:
            catch_up(self.primary, self.replica)
        self.primary.kill()
        promote(self.replica)
        self.address.lead_to(self.replica)

    def fall_back(self) -> None:
        """The old primary comes back as a replica, and takes its place again."""
        self.primary.start()
        if "MariaDB" in self.primary.version:
            self.primary.execute(f"SET GLOBAL gtid_slave_pos = '{executed(self.primary)}'")
        replicate(self.replica, self.primary)
        catch_up(self.replica, self.primary)
        promote(self.primary)
        self.address.lead_to(self.primary)

    def close(self) -> None:
        self.address.close()
        self.primary.discard()
        self.replica.discard()


@pytest.fixture(params=list(Kind))
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    pair = Pair(request.param)
    yield pair
    pair.close()


@pytest.fixture
def job(pair: Pair, target: Server, database_name: str, tmp_path: Path) -> JobRun:
    return bank_job(pair.address, target, database_name, tmp_path, {})


def write(server: LabServer, database: str, seconds: float = 1.0) -> None:
    with bank.Writer(server, database, seed=next(seeds)):
        threading.Event().wait(seconds)


def purge(server: LabServer) -> None:
    """Leave nothing in the log; MariaDB keeps a file until its storage engine has written a checkpoint."""
    newest = server.execute("FLUSH BINARY LOGS", "SHOW BINARY LOGS")[-1][0]
    deadline = time.monotonic() + 30
    while len(server.execute(f"PURGE BINARY LOGS TO '{newest}'", "SHOW BINARY LOGS")) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_job_goes_on_at_the_replica_in_sync(pair: Pair, job: JobRun, target: Server, database_name: str) -> None:
    ended_well(job.drive())
    write(pair.primary, database_name)
    killed(job.drive(**{VARIABLE: f"{Point.AFTER_SYNC_COMMIT}:2"}))
    pair.fail_over()
    write(pair.replica, database_name)
    ended_well(job.drive())
    assert differences(pair.replica, target, database_name) == []
    with open_store(target.settings) as store:
        checkpoint = store.checkpoints.read(database_name)
    assert checkpoint is not None
    assert checkpoint.position.file.startswith("other.")
    pair.fall_back()
    write(pair.primary, database_name, 0.3)
    ended_well(job.drive())
    assert differences(pair.primary, target, database_name) == []


def test_a_job_goes_on_at_the_replica_in_load(pair: Pair, job: JobRun, target: Server, database_name: str) -> None:
    with bank.Writer(pair.primary, database_name, seed=next(seeds)):
        killed(job.drive(**{VARIABLE: f"{Point.AFTER_LOAD_COMMIT}:6"}))
    pair.fail_over()
    with bank.Writer(pair.replica, database_name, seed=next(seeds)):
        ended_well(job.drive())
    ended_well(job.drive())
    assert differences(pair.replica, target, database_name) == []


def test_a_replica_that_lacks_what_the_target_has_is_refused(pair: Pair, job: JobRun, database_name: str) -> None:
    ended_well(job.drive())
    catch_up(pair.primary, pair.replica)
    promote(pair.replica)
    write(pair.primary, database_name, 0.3)
    ended_well(job.drive())
    pair.fail_over(complete=False)
    before = executed(pair.replica)
    write(pair.replica, database_name, 0.6)  # its own history goes on, with numbers that may be the same
    refused = job.drive()
    assert refused.code == 1
    assert "BINLOG_HISTORY_CHANGED" in refused.err
    assert executed(pair.replica) != before


def test_rows_read_from_a_lost_primary_are_not_left_behind(pair: Pair, job: JobRun, database_name: str) -> None:
    killed(job.drive(**{VARIABLE: Point.AFTER_CHUNKS_PLANNED}))
    catch_up(pair.primary, pair.replica)
    promote(pair.replica)
    pair.primary.execute(f"INSERT INTO {database_name}.account (owner) VALUES ('lost')")
    killed(job.drive(**{VARIABLE: f"{Point.AFTER_LOAD_COMMIT}:9"}))
    pair.fail_over(complete=False)
    refused = job.drive()
    assert refused.code == 1
    assert "BINLOG_HISTORY_CHANGED" in refused.err


def test_a_replica_that_has_purged_what_is_missing_is_refused(pair: Pair, job: JobRun, database_name: str) -> None:
    ended_well(job.drive())
    write(pair.primary, database_name, 0.3)
    pair.fail_over()
    purge(pair.replica)
    refused = job.drive()
    assert refused.code == 1
    assert "BINLOG_PURGED" in refused.err
