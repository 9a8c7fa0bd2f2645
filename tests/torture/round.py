"""One round: a random workload is written while fault follows fault, then both sides are compared."""

import contextlib
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import yaml

from mysql_to_tidb.points import VARIABLE
from tests.fuzz.round import settings_of, validated, write_job
from tests.fuzz.workload import Workload
from tests.fuzz.writer import Writer, execute
from tests.lab.comparison import compare
from tests.lab.jobs import JobRun
from tests.lab.proxy import Proxy
from tests.lab.servers import LabServer, Server
from tests.torture.faults import ENDS_SOURCE, LOAD_POINTS, SYNC_POINTS, Fault, network_fault, server_fault

FAULTS = 8
PAUSE_SECONDS = 0.01
DELAY_SECONDS = (0.0, 2.5)
POINT_SECONDS_MAX = 8
"""How long a run is waited for that should be killed at a point which it may never come to."""
RUN_SECONDS_MAX = 120
PASSING = ("SOURCE_UNAVAILABLE", "TARGET_UNAVAILABLE", "TARGET_CONNECTION_LOST", "TARGET_BUSY", "JOB_ALREADY_RUNNING")
"""What a run may end with that is simply begun again."""


@dataclass(frozen=True)
class Outcome:
    """What a round came to."""

    workload: Workload
    faults: Counter[Fault]
    runs: int
    """How often the job was begun again."""
    rows: int
    problems: tuple[str, ...]

    def __str__(self) -> str:
        verdict = "NOT EQUAL" if self.problems else "equal"
        tried = f"{self.faults.total()} faults, {self.runs} runs, {self.rows} rows"
        return f"seed {self.workload.seed:<11} {self.workload.kind:8} {tried}  {verdict}"


class Round:
    """The source is one of the lab's own, as it is restarted; the target may be any."""

    def __init__(self, workload: Workload, source: LabServer, target: Server, folder: Path) -> None:
        self._workload, self._source, self._target = workload, source, target
        self._chance = Random(f"{workload.seed} torture")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._faults: Counter[Fault] = Counter()
        self._runs = 0

    def play(self) -> Outcome:
        """Raises AssertionError where the job stops with an error that no fault explains."""
        first, changes = self._workload.writes()
        with contextlib.ExitStack() as stack:
            self._ways = stack.enter_context(Proxy(self._source)), stack.enter_context(Proxy(self._target))
            stack.enter_context(settings_of(self._workload, self._source))
            with contextlib.closing(self._source.connect()) as connection:
                execute(connection, [*self._workload.session_statements(), *self._workload.create_statements()])
                for transaction in first:
                    execute(connection, transaction)
                execute(connection, self._workload.statistics_statements())
            path = write_job(self._workload, *self._ways, self._folder)
            self._job = JobRun(self._folder, {}, **yaml.safe_load(path.read_text()))
            stack.callback(self._end)
            share = len(changes) // FAULTS
            for number, fault in enumerate(self._chance.sample(list(Fault), FAULTS)):
                self._suffer(fault, changes[number * share : (number + 1) * share])
            self._end()
            self._finish()
            return self._compared(path)

    def _suffer(self, fault: Fault, transactions: list[list[str]]) -> None:
        """Write some transactions, and have the fault happen meanwhile, or behind them where they would break."""
        self._faults[fault] += 1
        point = self._chance.choice(SYNC_POINTS if self._faults.total() > FAULTS // 2 else LOAD_POINTS)
        if fault is Fault.KILL_AT_POINT:
            self._end()
            self._begin(**{VARIABLE: f"{point}:{self._chance.randint(1, 3)}"})
        else:
            self._keep_running()
        with contextlib.closing(self._source.connect()) as connection:
            execute(connection, [*self._workload.session_statements(), f"USE `{self._workload.database}`"])
            with Writer(connection, transactions, pause_seconds=PAUSE_SECONDS) as writer:
                time.sleep(self._chance.uniform(*DELAY_SECONDS))
                if fault not in ENDS_SOURCE:
                    self._commit(fault)
                writer.finish()
        if fault in ENDS_SOURCE:
            server_fault(fault, self._source)

    def _commit(self, fault: Fault) -> None:
        assert self._process is not None
        if fault is Fault.KILL:
            self._process.kill()
        elif fault is Fault.KILL_AT_POINT:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(POINT_SECONDS_MAX)
            self._process.kill()
        elif fault is Fault.LOG_ROTATED:
            self._source.execute("FLUSH BINARY LOGS")
        else:
            network_fault(fault, *self._ways, self._chance)

    def _begin(self, **variables: str) -> None:
        self._runs += 1
        self._process = self._job.driven(RETRY="1", **variables)

    def _keep_running(self) -> None:
        """Begin a run unless one is going on. Raises AssertionError where the last one should not have ended."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None and self._process.returncode not in {-signal.SIGKILL, -signal.SIGINT}:
                self._check_reason()
            self._begin()

    def _check_reason(self) -> None:
        said = self._job.said
        codes = [line.partition(":")[0] for line in said.splitlines() if line[:1].isupper() and ": " in line]
        assert codes[-1:] in [[code] for code in PASSING], (
            f"seed {self._workload.seed}: the job has stopped:\n{said[-3000:]}"
        )

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _finish(self) -> None:
        """With everything in order again, the job must come to where the source is."""
        deadline = time.monotonic() + RUN_SECONDS_MAX
        ran = None
        while ran is None or ran.code:
            self._runs += 1
            ran = self._job.drive(RETRY="1")
            passing = any(code in ran.err for code in PASSING) and time.monotonic() < deadline
            said = f"seed {self._workload.seed}: the job does not come to an end:\n{ran.err[-3000:]}"
            assert passing or not ran.code, said

    def _compared(self, path: Path) -> Outcome:
        results = compare(self._source, self._target, self._workload.database)
        problems = [line for result in results for line in result.differences] or validated(path)
        rows = sum(result.source_rows for result in results)
        return Outcome(self._workload, self._faults, self._runs, rows, tuple(problems))
