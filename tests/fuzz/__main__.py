"""Rounds of random workloads, one after another, both kinds of source in turn: `./run fuzz --seed N --minutes M`."""

import argparse
import contextlib
import faulthandler
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.round import Verdict, forget, play, remove_a_row
from tests.fuzz.workload import Workload
from tests.lab.install import Kind
from tests.lab.servers import SOURCE_OPTIONS, TARGET_OPTIONS, LabServer, Server

ROUND_SECONDS_MAX = 300
KEPT = Path("build/fuzz")
GTIDS = ("--gtid-mode=ON", "--enforce-gtid-consistency=ON")
VARIABLES = {Kind.MYSQL: "SOURCE_MYSQL_URL", Kind.MARIADB: "SOURCE_MARIADB_URL"}


def main() -> int:
    options = parsed_options()
    minutes = options.minutes if options.minutes is not None else 0.0 if options.rounds else 1.0
    deadline = time.monotonic() + minutes * 60
    print(f"seed {options.seed}", flush=True)
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        servers = Servers(stack)
        done = 0
        while done < options.rounds or time.monotonic() < deadline:
            workload = Workload(options.seed + done)
            verdict = play_one(workload, servers, Path(folder), corrupt=options.corrupt)
            print(verdict, flush=True)
            if not verdict.equal:
                keep(verdict)
                return 1
            done += 1
    print(f"{done} rounds, all equal")
    return 0


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("./run fuzz", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(10**9), help="of the first round; the next adds 1"
    )
    parser.add_argument("--minutes", type=float, help="begin no round after so long; 1 if --rounds is not given")
    parser.add_argument("--rounds", type=int, default=0, help="play at least so many rounds; 1 replays one seed")
    parser.add_argument(
        "--corrupt",
        action="store_true",
        help="remove a row from the target before the comparison, which must find that",
    )
    return parser.parse_args()


class Servers:
    """The sources and the target: those that the environment names, else started once they are needed."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._sources: dict[Kind, Server] = {}
        self.target = self._server("TIDB_URL", Kind.MYSQL, TARGET_OPTIONS)

    def source(self, kind: Kind) -> Server:
        if kind not in self._sources:
            options = (*SOURCE_OPTIONS, *GTIDS) if kind is Kind.MYSQL else SOURCE_OPTIONS
            self._sources[kind] = self._server(VARIABLES[kind], kind, options)
        return self._sources[kind]

    def _server(self, variable: str, kind: Kind, options: tuple[str, ...]) -> Server:
        if url := os.environ.get(variable):
            return Server.at(url)
        server = LabServer(kind, *options)
        self._stack.callback(server.discard)
        return server


def play_one(workload: Workload, servers: Servers, folder: Path, *, corrupt: bool) -> Verdict:
    """A round that comes to an end: where it hangs, all threads are shown and the process ends."""
    source = servers.source(workload.kind)
    forget(workload, source, servers.target)
    faulthandler.dump_traceback_later(ROUND_SECONDS_MAX, exit=True)
    try:
        interference = remove_a_row if corrupt else None
        verdict = play(workload, source, servers.target, folder, before_comparison=interference)
    finally:
        faulthandler.cancel_dump_traceback_later()
    if verdict.equal:
        forget(workload, source, servers.target)
    return verdict


def keep(verdict: Verdict) -> None:
    """Say what is wrong and how to see it again, and keep all statements of the round."""
    KEPT.mkdir(parents=True, exist_ok=True)
    script = KEPT / f"{verdict.workload.seed}.sql"
    script.write_text(verdict.workload.script())
    for line in verdict.problems:
        print(f"  {line}")
    print(f"  {script} has the statements; ./run fuzz --seed {verdict.workload.seed} --rounds 1 plays them again")


if __name__ == "__main__":
    sys.exit(main())
