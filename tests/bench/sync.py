"""How fast changes arrive: against mysql-replication's reader with folded windows, and from commit to visible.

A MySQL (over TLS, as it offers by itself) and a MariaDB are started as sources. Source, job and target share the
machine, in every measurement alike. The ratios go to standard output, all figures to `build/bench/sync.json`.
Run it with `python -m tests.bench.sync --help`; TIDB_URL names the target.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.position import current_position
from tests.bench import sync_loads
from tests.bench.sync_reference import catch_up
from tests.lab.install import Kind
from tests.lab.jobs import job_fields
from tests.lab.servers import SOURCE_OPTIONS, TARGET_OPTIONS, LabServer, Server

DATABASE = "bench_sync"
FOLDER = Path("build/bench")
RATIO_GOALS = {Kind.MYSQL: 3.0, Kind.MARIADB: 5.0}
"""How many times faster than the reference."""
MEDIAN_SECONDS_GOAL, HIGH_SECONDS_GOAL = 0.3, 1.0
"""From commit to visible: half of all transactions, and all but one in a hundred."""

Figures = dict[str, float]


@dataclass
class Bench:
    """One job between a source and a target."""

    source: Server
    target: Server
    folder: Path

    def create(self) -> None:
        """A fresh database at both sides; the job is forgotten."""
        with contextlib.suppress(Exception):
            self.target.execute("DELETE FROM mysql_to_tidb.jobs WHERE name = 'bench-sync'")
            for table in ("checkpoints", "chunks", "tables", "schema_history"):
                self.target.execute(f"DELETE FROM mysql_to_tidb.{table} WHERE job = 'bench-sync'")
        for server in (self.source, self.target):
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        sync_loads.create_tables(self.source, DATABASE)

    @property
    def command(self) -> list[str]:
        path = self.folder / "job.yaml"
        objects = {"databases": [DATABASE]}
        path.write_text(yaml.safe_dump(job_fields("bench-sync", self.source, self.target, objects=objects)))
        return [sys.executable, "-m", "tests.bench.sync_once", str(path)]

    def run(self) -> Figures:
        """Whatever is left to do, until the job has caught up."""
        done = subprocess.run([*self.command, "caught-up"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        figures: Figures = json.loads(done.stdout)
        return figures

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The job follows the source meanwhile."""
        quiet = subprocess.DEVNULL  # it ends by an interruption
        process = subprocess.Popen([*self.command, "forever"], stdout=quiet, stderr=quiet)
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def here(self) -> Position:
        with contextlib.closing(open_source(self.source.settings)) as connection:
            return current_position(connection, read_identity(connection))


def measure_catching_up(bench: Bench, transactions: int) -> dict[str, Figures]:
    """Ours goes from the state before; the reference replays the same log onto the result, which is as much work."""
    bench.create()
    bench.run()
    start = bench.here()
    sync_loads.write_only(bench.source, DATABASE, transactions)
    end = bench.here()
    figures = {"this": bench.run()}
    figures["reference"] = catch_up(bench.source, bench.target, DATABASE, start, end)
    assert figures["this"]["changes"] == figures["reference"]["changes"], figures
    return figures


def measure_latency(bench: Bench, per_second: int, seconds: float) -> Figures:
    bench.create()
    pace = sync_loads.Pace(bench.source, bench.target, DATABASE)
    pace.create()
    bench.run()
    with bench.running():
        time.sleep(5)  # so that it follows before the first transaction
        pace.run(per_second, seconds)
    hundredths = statistics.quantiles(pace.seconds, n=100)
    return {
        "transactions": len(pace.seconds),
        "median_seconds": hundredths[49],
        "high_seconds": hundredths[98],
        "highest_seconds": max(pace.seconds),
    }


def measure_hot_row(bench: Bench, updates: int) -> Figures:
    bench.create()
    bench.source.execute(
        f"CREATE TABLE {DATABASE}.hot (id INT PRIMARY KEY, n INT)", f"INSERT INTO {DATABASE}.hot VALUES (1, 0)"
    )
    bench.run()
    sync_loads.heat_row(bench.source, DATABASE, updates)
    figures = bench.run()
    assert bench.target.execute(f"SELECT n FROM {DATABASE}.hot") == [(updates,)]
    return figures


def measure_much_log(bench: Bench, megabytes: int) -> Figures:
    bench.create()
    bench.source.execute(f"CREATE TABLE {DATABASE}.little (id INT PRIMARY KEY, filler TEXT)")
    bench.run()
    sync_loads.write_beside(bench.source, DATABASE, megabytes)
    return bench.run() | {"megabytes": float(megabytes)}


def measure(kind: Kind, target: Server, options: argparse.Namespace) -> dict[str, object]:
    source = LabServer(kind, *SOURCE_OPTIONS)
    found: dict[str, object] = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(source, target, Path(folder))
            print(f"{kind} {source.version} to {target.version}")
            catching_up = measure_catching_up(bench, options.transactions)
            report_catching_up(kind, catching_up)
            latency = measure_latency(bench, options.per_second, options.seconds)
            report_latency(latency)
            hot_row, much_log = measure_hot_row(bench, options.updates), measure_much_log(bench, options.megabytes)
            report_rest(hot_row, much_log)
            found = {"catching up": catching_up, "latency": latency, "hot row": hot_row, "much log": much_log}
    finally:
        source.discard()
        target.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    return found


def report_catching_up(kind: Kind, figures: dict[str, Figures]) -> None:
    this, reference = figures["this"], figures["reference"]
    print(f"  catching up {this['changes']:,.0f} changes")
    for name, run in figures.items():
        speed = run["changes"] / run["seconds"]
        print(f"    {name:<12}{run['seconds']:8.2f} s{run['processor_seconds']:8.2f} s CPU{speed:12,.0f} changes/s")
    times = reference["seconds"] / this["seconds"], reference["processor_seconds"] / this["processor_seconds"]
    print(f"    {times[0]:.1f} times faster, {times[1]:.1f} times less CPU (goal {RATIO_GOALS[kind]:.0f} times faster)")
    memory = this["resident_bytes"] / 1e6
    print(f"    {this['windows']:.0f} windows, {memory:.0f} MB; imports took {this['import_seconds']:.2f} s before")


def report_latency(figures: Figures) -> None:
    print(
        f"  from commit to visible, {figures['transactions']:,.0f} transactions: "
        f"p50 {figures['median_seconds']:.3f} s (goal {MEDIAN_SECONDS_GOAL}), "
        f"p99 {figures['high_seconds']:.3f} s (goal {HIGH_SECONDS_GOAL}), highest {figures['highest_seconds']:.3f} s"
    )


def report_rest(hot_row: Figures, much_log: Figures) -> None:
    print(f"  hot row, {hot_row['changes']:,.0f} updates: {_shown(hot_row)}")
    speed = much_log["megabytes"] / much_log["seconds"]
    print(f"  {much_log['megabytes']:,.0f} MB of log, 1 % of it migrated: {speed:,.0f} MB/s, {_shown(much_log)}")


def _shown(figures: Figures) -> str:
    speed = figures["changes"] / figures["seconds"]
    return (
        f"{figures['seconds']:.2f} s, {figures['processor_seconds']:.2f} s CPU, {speed:,.0f} changes/s, "
        f"{figures['resident_bytes'] / 1e6:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", choices=list(Kind), help="only this kind of source")
    parser.add_argument("--transactions", type=int, default=25_000, help="of sysbench, to catch up with")
    parser.add_argument("--per-second", type=int, default=500, help="transactions while the latency is measured")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long")
    parser.add_argument("--updates", type=int, default=200_000, help="of the hot row")
    parser.add_argument("--megabytes", type=int, default=1_000, help="of log, a hundredth of it migrated")
    options = parser.parse_args()
    kinds = [Kind(options.source)] if options.source else list(Kind)
    with contextlib.ExitStack() as stack:
        url = os.environ.get("TIDB_URL")
        target = Server.at(url) if url else LabServer(Kind.MYSQL, *TARGET_OPTIONS)
        if isinstance(target, LabServer):
            stack.callback(target.discard)
        found = {kind: measure(kind, target, options) for kind in kinds}
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "sync.json").write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
