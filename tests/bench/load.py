"""How fast the full load is: against the raw limit of the same target, and against mydumper and myloader.

The raw limit is what the target takes from four connections that push ready-made files with LOAD DATA LOCAL
REPLACE, 10,000 rows in a transaction. Source, client and target share the machine, in every measurement alike.
The ratios go to standard output, all figures to `build/bench/load.json` and a picture of them beside it.
Run it with `python -m tests.bench.load [rows]`; TIDB_URL and SOURCE_MYSQL_URL name the servers.
"""

import contextlib
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import yaml

from mysql_to_tidb.columns import families_of
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.source.connection import open_source
from mysql_to_tidb.source.rows import read_batches, select_statement
from mysql_to_tidb.source.schema import read_table
from mysql_to_tidb.staging.encode import LOAD_FORMAT, encode_rows, load_columns
from tests.bench.servers import lab
from tests.bench.tables import TABLES, fill
from tests.lab.jobs import job_fields
from tests.lab.servers import Server

ROUNDS = 3
DATABASE = "bench_load"
CONNECTIONS = 4
TRANSACTION_ROWS = 10_000
SMALL_TABLES = 2_000
FOLDER = Path("build/bench")
PROCESSOR_GOALS = {"four_columns": 4.0, "twelve_columns": 9.0}
"""Microseconds of the client's processor per row: read, stage, encode and send."""

Figures = dict[str, dict[str, float]]
"""By contender, its figures by name."""


def fresh_target(source: Server, target: Server) -> None:
    """The database of the target as the source has it, without rows."""
    target.execute(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    for (name,) in source.execute(f"SHOW TABLES FROM {DATABASE}"):
        ((_, create),) = source.execute(f"SHOW CREATE TABLE {DATABASE}.`{name}`")
        target.execute(f"USE {DATABASE}", create)


def files_of(source: Server, name: str, folder: Path) -> tuple[list[Path], str]:
    """The rows of a table as files for LOAD DATA, one for each transaction, and the columns they hold."""
    with contextlib.closing(open_source(source.settings)) as connection:
        table = read_table(connection, TableName(DATABASE, name))
        assert table is not None
        families = families_of(table)
        select = select_statement(table, families)
        batches = read_batches(connection, select, families, batch_rows_max=TRANSACTION_ROWS, batch_bytes_max=64 << 20)
        paths = []
        for number, batch in enumerate(batches):
            paths.append(folder / f"{number}.tsv")
            paths[-1].write_bytes(encode_rows(batch, families))
    return paths, load_columns(families)


def push(target: Server, name: str, paths: list[Path], columns: str) -> dict[str, float]:
    """The raw limit: the files go into the target as fast as it takes them."""
    waiting = iter(paths)
    lock = threading.Lock()

    def work() -> None:
        with contextlib.closing(target.connect(local_infile=True)) as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_mode = 'STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO'")
            for _ in paths:
                with lock:
                    path = next(waiting, None)
                if path is None:
                    return
                into = f"REPLACE INTO TABLE {DATABASE}.`{name}` {LOAD_FORMAT} {columns}"
                cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' {into}")

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - began}


def ours(source: Server, target: Server) -> dict[str, float]:
    """The full load of one job, in a process of its own, from the plan of its chunks to the end of the last."""
    target.execute("DROP DATABASE IF EXISTS mysql_to_tidb")
    job = job_fields("bench-load", source, target, mode="full", objects={"databases": [DATABASE]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.yaml"
        path.write_text(yaml.safe_dump(job))
        command = [sys.executable, "-m", "tests.bench.load_once", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def theirs(source: Server, target: Server) -> dict[str, float]:
    """mydumper and myloader one after the other, as they are used."""
    with tempfile.TemporaryDirectory() as folder:
        dump = ["mydumper", *address(source), "--outputdir", folder, "--database", DATABASE, "--rows", "50000"]
        load = ["myloader", *address(target), "--directory", folder, "--overwrite-tables"]
        began = time.perf_counter()
        for command in (dump, load):
            threads = ["--threads", str(CONNECTIONS)]
            subprocess.run([*command, *threads], check=True, capture_output=True, timeout=600)
        return {"seconds": time.perf_counter() - began}


def address(server: Server) -> list[str]:
    settings = server.settings
    return ["--host", settings.host, "--port", str(settings.port), "--user", settings.user]


def check_rows(target: Server, name: str, rows: int) -> None:
    ((found,),) = target.execute(f"SELECT COUNT(*) FROM {DATABASE}.`{name}`")
    assert found == rows, f"{found} rows of {rows} are there"


def measure(source: Server, target: Server, name: str, rows: int) -> Figures:
    """The contenders in turn, some rounds; of each its median round."""
    fill(source, DATABASE, name, rows)
    with tempfile.TemporaryDirectory() as folder:
        paths, columns = files_of(source, name, Path(folder))
        contenders: dict[str, Callable[[], dict[str, float]]] = {
            "raw limit": lambda: push(target, name, paths, columns),
            "this": lambda: ours(source, target),
        }
        if shutil.which("mydumper") and shutil.which("myloader"):
            contenders["mydumper, myloader"] = lambda: theirs(source, target)
        found: dict[str, list[dict[str, float]]] = {contender: [] for contender in contenders}
        for _, (contender, run) in itertools.product(range(ROUNDS), contenders.items()):
            fresh_target(source, target)
            found[contender].append(run())
            check_rows(target, name, rows)
    source.execute(f"DROP TABLE {DATABASE}.`{name}`")
    return {
        contender: sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2] for contender, runs in found.items()
    }


def report(name: str, rows: int, figures: Figures) -> None:
    raw, this = figures["raw limit"]["seconds"], figures["this"]
    print(f"{name}, {rows} rows")
    for contender, run in figures.items():
        print(f"  {contender:<20}{run['seconds']:8.2f} s{rows / run['seconds']:12,.0f} rows/s", end="")
        print(f"{run['seconds'] / raw:8.2f} times the raw limit{run['seconds'] / this['seconds']:8.2f} times this")
    processor = this["processor_seconds"] / rows * 1e6
    print(f"  processor of the client {processor:.2f} us a row (goal {PROCESSOR_GOALS[name]:.0f})", end="")
    print(f", resident memory {this['resident_bytes'] / 1e6:.0f} MB")


def measure_small_tables(source: Server, target: Server, tables: int) -> Figures:
    """Very many tables of ten rows: the time of the job against that of their CREATE TABLE statements alone."""
    source.execute(f"USE {DATABASE}")
    creates = [f"CREATE TABLE t{number} (id INT PRIMARY KEY, name VARCHAR(20))" for number in range(tables)]
    values = ", ".join(f"({row}, 'row {row}')" for row in range(10))
    source.execute(f"USE {DATABASE}", *creates, *(f"INSERT INTO t{number} VALUES {values}" for number in range(tables)))
    target.execute(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    began = time.perf_counter()
    target.execute(f"USE {DATABASE}", *creates)
    alone = time.perf_counter() - began
    target.execute(f"DROP DATABASE {DATABASE}")
    job = ours(source, target)
    check_rows(target, "t0", 10)
    print(f"{tables} tables of 10 rows: their CREATE TABLE statements alone {alone:.1f} s, the job ", end="")
    print(f"{job['whole_seconds']:.1f} s, {job['whole_seconds'] / alone:.2f} times")
    return {"CREATE TABLE alone": {"seconds": alone}, "this": job}


def draw(figures: dict[str, Figures]) -> Path:
    """Rows per second of each contender as bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    speeds = pd.DataFrame(
        {
            name: {contender: run["rows"] / run["seconds"] for contender, run in runs.items()}
            for name, runs in figures.items()
        }
    ).T
    axes = speeds.plot.bar(rot=0, figsize=(8, 4), ylabel="rows per second", title="Full load")
    path = FOLDER / "load.png"
    axes.figure.savefig(path, dpi=100, bbox_inches="tight")
    return path


@contextlib.contextmanager
def servers() -> Iterator[tuple[Server, Server]]:
    with lab() as (source, target):
        source.execute(f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
        try:
            yield source, target
        finally:
            source.execute(f"DROP DATABASE {DATABASE}")
            target.execute(f"DROP DATABASE IF EXISTS {DATABASE}")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    figures: dict[str, Figures] = {}
    FOLDER.mkdir(parents=True, exist_ok=True)
    with servers() as (source, target):
        print(f"from {source.version} to {target.version}")
        for name in TABLES:
            figures[name] = measure(source, target, name, rows)
            for run in figures[name].values():
                run["rows"] = rows
            report(name, rows, figures[name])
        picture = draw(figures)
        figures["small tables"] = measure_small_tables(source, target, SMALL_TABLES)
    path = FOLDER / "load.json"
    path.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"figures in {path}, drawn in {picture}")


if __name__ == "__main__":
    main()
