"""The course of the demo: servers, sample data, writes, migration, comparison, summary."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from tests.lab.comparison import TableResult, compare
from tests.lab.demo import processes, shop, target
from tests.lab.demo.processes import FOLDER
from tests.lab.install import ROOT, Kind, ServerMissing
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import SOURCE_OPTIONS, LabServer, Server

JOB = FOLDER / "job.yaml"
WRITES = FOLDER / "writes.json"
COMMAND = ".venv/bin/mysql-to-tidb"
LIVE_SECONDS = 8
"""How long the writes go on once the job has caught up."""
DRAIN_SECONDS_MAX = 120

console = Console(highlight=False, soft_wrap=True)


class DemoFailed(Exception):
    """The demo could not go on; the message says at what."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run demo", description="Migrate a busy sample database and compare it.")
    parser.add_argument("action", nargs="?", choices=["stop"], help="end all that an earlier demo has started")
    parser.add_argument("--source", choices=list(Kind), default=Kind.MYSQL, help="which kind of source to start")
    chosen = parser.parse_args()
    stopped = processes.stop_all()
    if chosen.action == "stop":
        console.print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
        return 0
    try:
        return run(Kind(chosen.source))
    except (DemoFailed, ServerMissing) as failure:
        console.print(f"[bold red]the demo failed:[/] {failure}")
        console.print(f"what was printed is in {_short(FOLDER)}; `./run demo stop` ends what is still running")
        return 1


def run(kind: Kind) -> int:
    """The whole demo; 0 only if target and source are equal in the end."""
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        console.print("starting a source, a target and a Prefect server ...")
        prefect = pool.submit(_start_prefect)
        source, rows, destination = _start_source(kind), 0, target.ready()
        console.print(f"  source: {source.version} at {source.settings.address}")
        console.print(f"  target: {destination.server.version}, {destination.description}")
        console.print("filling the source with sample data ...")
        rows = shop.create(source)
        console.print(f"  {rows:,} rows in {len(shop.TABLES)} tables after {time.monotonic() - began:.0f} s")
        ui, environment = prefect.result()
    _forget_earlier(destination.server, source, environment)

    processes.start("writes", [sys.executable, "-m", "tests.lab.demo.writes", source.url, str(WRITES)], _importable())
    console.print("customers now write to the source without a pause\n")
    migration_began = time.monotonic()
    _mysql_to_tidb(environment, "check", ok=(0, 3))
    figures = _mysql_to_tidb(environment, "start", "--until", "caught-up")
    console.print(f"caught up with the running source after {time.monotonic() - migration_began:.0f} s\n")

    console.print(f"the sync goes on in the background, and so do the writes, for {LIVE_SECONDS} seconds ...")
    processes.start("sync", [str(ROOT / COMMAND), "start", str(JOB)], environment)
    time.sleep(LIVE_SECONDS)
    if not processes.stop("writes"):
        raise DemoFailed(f"the writes ended by themselves; see {_short(FOLDER / 'writes.log')}")
    figures |= _wait_until_drained(environment)
    console.print("the writes have ended, the sync has drained; comparing every row on both sides ...")
    results = compare(source, destination.server, shop.DATABASE)
    _summarise(results, figures, time.monotonic() - began)
    _say_what_next(source, destination.server, ui)
    return 0 if all(result.equal for result in results) else 1


def _start_source(kind: Kind) -> Server:
    options = (*SOURCE_OPTIONS, *target.BIG_OPTIONS)
    source = LabServer(kind, *options, folder=FOLDER / "source", lasting=True)
    processes.remember("source", source.pid)
    return source


def _start_prefect() -> tuple[str, dict[str, str]]:
    try:
        server = PrefectServer(FOLDER / "prefect", lasting=True)
    except RuntimeError as failure:
        raise DemoFailed(str(failure)) from failure
    processes.remember("prefect", server.process.pid)
    return server.ui_url, server.environment


def _forget_earlier(destination: Server, source: Server, environment: dict[str, str]) -> None:
    """Writes the job file, and clears a lasting target of what an earlier demo left there."""
    user = f"{shop.USER}:{shop.PASSWORD}@{source.settings.address}"
    kind = "mariadb" if "MariaDB" in source.version else "mysql"
    job = {
        "name": "demo",
        "mode": "full+incremental",
        "source": {"url": f"mysql://{user}", "kind": kind},
        "target": {"url": destination.url},
        "objects": {"databases": [shop.DATABASE]},
        "ignore_warnings": "all",
    }
    JOB.write_text(yaml.safe_dump(job, sort_keys=False))
    destination.execute(f"DROP DATABASE IF EXISTS {shop.DATABASE}")
    if os.environ.get("TIDB_URL"):
        subprocess.run([ROOT / COMMAND, "delete", JOB], env=os.environ | environment, capture_output=True, check=False)


def _mysql_to_tidb(environment: dict[str, str], *words: str, ok: Sequence[int] = (0,)) -> dict[str, Any]:
    """Runs a command as a user would, its output in sight; the JSON object in its last line, if there is one."""
    command = [COMMAND, words[0], _short(JOB), *words[1:]]
    console.print(f"[bold]$ {' '.join(command)}[/]")
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True)
    last = ""
    for line in process.stdout or ():
        last = line
        print(line, end="", flush=True)
    if process.wait() not in ok:
        raise DemoFailed(f"`{' '.join(command)}` ended with {process.returncode}")
    found: dict[str, Any] = json.loads(last) if last.startswith("{") else {}
    return found


def _wait_until_drained(environment: dict[str, str]) -> dict[str, Any]:
    """The job's figures, once the target has everything that the source has."""
    deadline = time.monotonic() + DRAIN_SECONDS_MAX
    status: dict[str, Any] = {}
    command = [str(ROOT / COMMAND), "status", str(JOB), "--json"]
    while status.get("lag_seconds") != 0:
        if time.monotonic() > deadline:
            raise DemoFailed(f"the sync did not drain: {status}; see {_short(FOLDER / 'sync.log')}")
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoFailed(f"`{COMMAND} status` ended with {done.returncode}: {done.stderr}")
        status = json.loads(done.stdout)
        time.sleep(0.2)
    return status


def _summarise(results: list[TableResult], figures: dict[str, Any], seconds: float) -> None:
    table = Table(title="Source and target, every row compared", title_justify="left")
    for heading in ("Table", "Rows at the source", "Rows at the target", ""):
        table.add_column(heading, justify="right" if heading.startswith("Rows") else "left")
    for result in results:
        verdict = "[green]equal[/]" if result.equal else "[bold red]DIFFERENT[/]"
        table.add_row(result.name, f"{result.source_rows:,}", f"{result.target_rows:,}", verdict)
    console.print()
    console.print(table, soft_wrap=False)
    for line in (line for result in results for line in result.differences):
        console.print(line, style="red", markup=False)
    writes = json.loads(WRITES.read_text())
    total = sum(writes["transactions"].values())
    console.print(f"written meanwhile: {total:,} transactions, {writes['per_second']} a second")
    console.print(f"followed: {figures.get('changes', 0):,} row changes, up to {figures.get('position')}")
    console.print(f"the whole demo took {seconds:.0f} s\n")


def _say_what_next(source: Server, destination: Server, ui: str) -> None:
    job = _short(JOB)
    console.print(f"[bold]Look around:[/] the Prefect UI with all runs is at {ui}")
    console.print(f"The sync still runs: what you change in {shop.DATABASE} at")
    console.print(f"  {source.url} arrives within a second at")
    console.print(f"  {destination.url}")
    console.print("[bold]Try next:[/]")
    for words in (f"status {job}", f"plan {job}", f"pause {job}"):
        console.print(f"  {COMMAND} {words}")
    lasting = (
        f"; {shop.DATABASE} and the job stay in your TiDB until the next demo" if os.environ.get("TIDB_URL") else ""
    )
    console.print(f"[bold]When you have seen enough:[/] ./run demo stop{lasting}")


def _importable() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT)}


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
