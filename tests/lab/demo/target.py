"""The target of the demo: the TiDB that is named or can be started, else a MySQL in its stead."""

import os
import shutil
import time
from dataclasses import dataclass

from tests.lab.demo import processes
from tests.lab.install import SEARCH_PATH, Kind, ServerMissing
from tests.lab.servers import TARGET_OPTIONS, LabServer, Server, free_port

BIG_OPTIONS = ("--innodb-buffer-pool-size=512M", "--loose-innodb-redo-log-capacity=1G")
TIDB_START_SECONDS_MAX = 60
TIUP_START_SECONDS_MAX = 600  # may download a whole cluster first


@dataclass(frozen=True, slots=True)
class Target:
    """A server to migrate to, and how to call it."""

    server: Server
    description: str


def ready() -> Target:
    """Raises ServerMissing where nothing answers."""
    if url := os.environ.get("TIDB_URL"):
        server = Server.at(url)
        if not server.answers():
            raise ServerMissing(f"TIDB_URL names {server.settings}, which does not answer")
        return Target(server, f"your TiDB at {server.settings.address}")
    if program := shutil.which("tidb-server", path=SEARCH_PATH):
        return Target(_tidb(program), "a TiDB of the demo's own, with its storage in one process")
    if program := shutil.which("tiup", path=SEARCH_PATH):
        return Target(_playground(program), "a TiDB playground of the demo's own")
    stand_in = LabServer(Kind.MYSQL, *TARGET_OPTIONS, *BIG_OPTIONS, folder=processes.FOLDER / "target", lasting=True)
    processes.remember("target", stand_in.pid)
    return Target(stand_in, "a second MySQL as a stand-in for TiDB; put tidb-server or tiup on PATH, or set TIDB_URL")


def _tidb(program: str) -> Server:
    port = free_port()
    folder = processes.FOLDER / "target"
    folder.mkdir(parents=True)
    options = ["-store", "unistore", "-path", str(folder), "-host", "127.0.0.1", "-P", str(port)]
    processes.start("target", [program, *options, "-status", str(free_port()), "-socket", ""])
    return _answering(port, TIDB_START_SECONDS_MAX)


def _playground(program: str) -> Server:
    port = free_port()
    size = ["--db", "1", "--kv", "1", "--pd", "1", "--tiflash", "0", "--without-monitor"]
    address = ["--host", "127.0.0.1", "--db.port", str(port), "--tag", "mysql-to-tidb-demo"]
    processes.start("target", [program, "playground", "v8.5", *size, *address])
    return _answering(port, TIUP_START_SECONDS_MAX)


def _answering(port: int, seconds_max: float) -> Server:
    server = Server.at(f"mysql://root@127.0.0.1:{port}")
    deadline = time.monotonic() + seconds_max
    while not server.answers():
        if time.monotonic() > deadline:
            raise ServerMissing(f"TiDB did not start; {processes.FOLDER / 'target.log'} says why")
        time.sleep(0.2)
    return server
